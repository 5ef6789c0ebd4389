#![doc = include_str!("../README.md")]
//!
//! # Architecture invariant
//!
//! This crate knows no model, no optimiser and no training loop, and not where a score comes from. A new rule is
//! one file and one line in its module's list.

#![forbid(unsafe_code)]

mod budget;
pub mod coreset;
mod error;
mod rule;
mod selection;

pub use budget::Budget;
pub use error::PruneError;
pub use rule::{KeepEasiest, KeepHardest, KeepRandom, SelectionRule};
pub use selection::{Decision, Selection};
