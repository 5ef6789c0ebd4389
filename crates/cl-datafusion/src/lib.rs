#![doc = include_str!("../README.md")]
//!
//! # Architecture invariant
//!
//! This crate knows how an engine asks for scores and selections. What these are, `cl-difficulty` and `cl-prune` know: no
//! metric and no rule is defined here.

#![forbid(unsafe_code)]

#[cfg(feature = "ballista")]
pub mod cluster;
mod engine;
mod error;
mod metric;
mod register;
mod selection;

pub use engine::{
    EngineOptions, LogColumns, LogOptions, Missing, PruneReport, PruneRequest, ScoreReport, ScoreRequest,
    prune_table, score, score_log,
};
pub use error::EngineError;
pub use metric::{
    MetricColumns, dynamics_call, dynamics_function, metric_call, metric_function, metric_functions,
};
pub use register::register;
pub use selection::{PruneColumns, Pruned, prune};
