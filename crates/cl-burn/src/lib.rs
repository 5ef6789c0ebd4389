#![doc = include_str!("../README.md")]
//!
//! # Architecture invariant
//!
//! This crate knows how burn asks for batches, devices and records. Which examples a batch has, a sampler knows; what a
//! score is, `cl-difficulty`: no sampler and no metric is defined here.

#![forbid(unsafe_code)]

mod blob;
mod checkpoint;
mod device;
mod error;
mod loader;
mod losses;
mod recorder;
mod sampled;
mod shared;
mod slice;

pub use checkpoint::Checkpoint;
pub use device::{backends, device};
pub use error::BurnError;
pub use loader::{Batches, Loader};
pub use losses::per_example_losses;
pub use recorder::Recorder;
pub use sampled::Sampled;
