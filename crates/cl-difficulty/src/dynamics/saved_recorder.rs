//! What a recorder is made of, as it is asked for and as it is read back.

use serde::{Deserialize, Serialize};

use super::accumulators::Accumulator;
use super::catalogue::MetricSettings;
use super::metric::Range;
use super::shard::Shard;
use crate::error::DifficultyError;

/// What is read back, before it is checked.
#[derive(Serialize, Deserialize)]
pub(crate) struct Unchecked {
    pub(super) n_examples: usize,
    pub(super) n_classes: usize,
    pub(super) metrics: Vec<MetricSettings>,
    pub(super) shards: Vec<Shard>,
    pub(super) partial_epochs: bool,
    pub(super) soft_labels: Option<Vec<f64>>,
    pub(super) error: Option<String>,
}

/// The same as it is written.
#[derive(Serialize)]
pub(crate) struct Fields<'a> {
    pub(super) n_examples: usize,
    pub(super) n_classes: usize,
    pub(super) metrics: &'a [MetricSettings],
    pub(super) shards: &'a [Shard],
    pub(super) partial_epochs: bool,
    pub(super) soft_labels: &'a Option<Vec<f64>>,
    pub(super) error: &'a Option<String>,
}

/// The accumulators of the metrics, each once.
pub(super) fn needed(
    n_examples: usize,
    n_classes: usize,
    metrics: &[MetricSettings],
) -> Result<Vec<(Accumulator, Range)>, DifficultyError> {
    let invalid =
        |argument, value: String, expected| Err(DifficultyError::InvalidArgument { argument, value, expected });
    if n_examples == 0 {
        return invalid("n_examples", "0".into(), "at least one example");
    }
    if !(2..u32::MAX as usize).contains(&n_classes) {
        return invalid("n_classes", n_classes.to_string(), "at least two classes");
    }
    if metrics.is_empty() {
        return invalid("metrics", "empty".into(), "at least one metric");
    }
    let mut accumulators = Vec::new();
    for (k, settings) in metrics.iter().enumerate() {
        if metrics[..k].contains(settings) {
            return invalid("metrics", format!("{} twice", settings.metric().name), "each metric once");
        }
        let needed = settings.accumulator();
        if !accumulators.contains(&needed) {
            accumulators.push(needed);
        }
    }
    Ok(accumulators)
}
