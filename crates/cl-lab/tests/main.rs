//! All integration tests of the crate in one program, which links once.

mod compare;
mod problem;
mod training;
