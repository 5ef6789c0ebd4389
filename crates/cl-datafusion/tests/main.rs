//! The tests of this crate, one program.

#[cfg(feature = "ballista")]
mod cluster;
mod coresets;
mod files;
mod log_table;
mod metrics;
mod noise;
mod refusals;
mod selections;
