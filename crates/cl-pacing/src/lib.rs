#![doc = include_str!("../README.md")]
//!
//! # Architecture invariant
//!
//! This crate knows no model and no optimiser, and not where a difficulty comes from: scores and losses are
//! slices of `f64`. A new order, pacing, weighting or sampler is one file, its `mod` line and its line in the list of
//! its family's `catalogue.rs`.

#![forbid(unsafe_code)]

pub mod continuation;
mod cursor;
mod entry;
mod error;
mod exposure;
mod exposure_histogram;
mod order;
mod pacing;
mod sampler;
mod sharding;
mod validated;
mod weighting;

pub use cl_data::catalogue::{CatalogueError, Description, Parameter};
pub use cl_data::{Batch, Epoch, Sampler, SamplerError, SamplerFingerprint};
pub use cursor::Cursor;
pub use entry::Given;
pub use error::PacingError;
pub use exposure::Exposure;
pub use exposure_histogram::ExposureHistogram;
pub use order::*;
pub use pacing::*;
pub use sampler::*;
pub use sharding::{Remainder, Sharding, micro_batches, share_of_rank};
pub use weighting::*;
