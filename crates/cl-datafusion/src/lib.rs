#![doc = include_str!("../README.md")]
//!
//! # Architecture invariant
//!
//! This crate knows how an engine asks for scores and selections. What these are, `cl-difficulty` and `cl-prune` know: no
//! metric and no rule is defined here.

#![forbid(unsafe_code)]

#[cfg(feature = "ballista")]
pub mod cluster;
mod coreset;
mod engine;
mod error;
mod id_order;
mod metric;
mod noise;
mod register;
mod selection;
mod tables;

pub use coreset::{CoresetColumns, EngineCoreset, choose_coreset, coreset_function};
pub use engine::{
    CoresetReport, CoresetRequest, EngineOptions, LogColumns, LogOptions, Missing, NoiseReport, NoiseRequest,
    PruneReport, PruneRequest, ScoreReport, ScoreRequest, coreset_of_table, label_issues_of_log,
    mean_probabilities, prune_table, score, score_log,
};
pub use error::EngineError;
pub use metric::{
    MetricColumns, dynamics_call, dynamics_function, mean_probabilities_call, mean_probabilities_function,
    metric_call, metric_function, metric_functions,
};
pub use noise::{LabelIssues, NoiseColumns, label_issues};
pub use register::register;
pub use selection::{PruneColumns, Pruned, prune};
