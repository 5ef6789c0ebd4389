//! All integration tests of the crate in one program, which links once.

mod cursor;
mod golden;
mod lists;
mod samplers;
mod samplers_by_name;
mod weighting;
