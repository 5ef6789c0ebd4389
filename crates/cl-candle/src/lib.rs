#![doc = include_str!("../README.md")]
//!
//! # Architecture invariant
//!
//! This crate knows candle's tensors, variables and devices. Which examples a batch has, a sampler knows; what a score is,
//! `cl-difficulty`: no sampler and no metric is defined here.

#![forbid(unsafe_code)]

mod adam_w;
mod blob;
mod checkpoint;
mod device;
mod error;
mod feed;
mod losses;
mod recorder;
mod variables;

pub use adam_w::AdamW;
pub use checkpoint::Checkpoint;
pub use device::device;
pub use error::CandleError;
pub use feed::{Drawn, Feed};
pub use losses::per_example_losses;
pub use recorder::Recorder;
pub use variables::draw_weights;
