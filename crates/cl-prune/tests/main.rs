//! All integration tests of the crate in one program, which links once.

mod constraints;
mod damaged_states;
mod domains;
mod duplicates;
mod golden;
mod library;
mod neighbors;
mod properties;
