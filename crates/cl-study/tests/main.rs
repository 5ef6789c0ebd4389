//! All integration tests of the crate in one program, which links once.

mod figures;
mod prune_curves;
mod resume;
