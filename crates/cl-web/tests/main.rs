//! All integration tests of the crate in one program, which links once.

mod race;
mod self_paced_demo;
