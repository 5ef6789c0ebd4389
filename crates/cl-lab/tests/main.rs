//! All integration tests of the crate in one program, which links once.

mod advise;
mod compare;
mod own_training;
mod problem;
mod schema;
mod training;
