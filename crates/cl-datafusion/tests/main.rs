//! The tests of this crate, one program.

#[cfg(feature = "ballista")]
mod cluster;
mod files;
mod log_table;
mod metrics;
mod refusals;
mod selections;
