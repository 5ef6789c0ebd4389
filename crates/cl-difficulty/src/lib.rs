#![doc = include_str!("../README.md")]
//!
//! # Architecture invariant
//!
//! This crate knows how hard an example is and how far two opinions of that agree. It does not know what is
//! done with a score: no pacing, no pruning.

#![forbid(unsafe_code)]

mod correlation;
mod dynamics;
mod error;
mod margin;
mod scores;

pub use correlation::{average_ranks, kendall, pearson, spearman};
pub use dynamics::{El2n, Forgetting, MeanLoss, NeverLearned, Recorder};
pub use error::DifficultyError;
pub use margin::{boundary_closeness, hyperplane_margin};
pub use scores::{Metric, Provenance, Scores};
