//! All integration tests of the crate in one program, which links once.

mod conv_net;
mod losses;
mod optimizers;
mod perceptron;
mod runs;
mod training;
mod window;
