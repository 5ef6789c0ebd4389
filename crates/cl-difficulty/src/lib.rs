#![doc = include_str!("../README.md")]
//!
//! # Architecture invariant
//!
//! This crate knows how hard an example is and how far two opinions of that agree. It does not know what is
//! done with a score: no pacing, no pruning.

#![forbid(unsafe_code)]

pub mod agreement;
mod correlation;
pub mod data_based;
mod dynamics;
mod error;
mod label_noise;
pub mod log;
mod margin;
pub mod model_based;
mod scores;
pub mod table;

pub use correlation::{average_ranks, kendall, pearson, spearman};
pub use dynamics::{
    Column, ColumnValues, DynamicsRecorder, El2n, ExampleState, Float, Forgetting, Index, Log, MeanLoss,
    MetricDescription, MetricSettings, Needs, NeverLearned, Observations, OutputKind, Outputs, Recorder, Value,
    description_of, metrics,
};
pub use error::DifficultyError;
pub use half::{bf16, f16};
pub use label_noise::{
    ConfidentLearning, IssueFilter, LabelIssue, LabelQuality, NoiseRate, ThresholdSamples, agrees_with_label,
    confidence_weighted_entropy, confident_class, normalized_margin,
};
pub use margin::{boundary_closeness, hyperplane_margin};
pub use scores::{Metric, Provenance, Scores};
