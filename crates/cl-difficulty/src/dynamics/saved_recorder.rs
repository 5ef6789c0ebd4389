//! What a recorder is made of, as it is asked for and as it is read back.

use cl_data::Version;
use serde::Deserialize;

use super::accumulators::Accumulator;
use super::catalogue::MetricSettings;
use super::dynamics_recorder::DynamicsRecorder;
use super::metric::Range;
use super::shard::{SHARD, Shard};
use crate::error::DifficultyError;

/// What is read back, before it is checked.
#[derive(Deserialize)]
pub(super) struct Unchecked {
    version: Version<1>,
    n_examples: usize,
    n_classes: usize,
    metrics: Vec<MetricSettings>,
    shards: Vec<Shard>,
    partial_epochs: bool,
    soft_labels: Option<Vec<f64>>,
    error: Option<String>,
}

impl TryFrom<Unchecked> for DynamicsRecorder {
    type Error = DifficultyError;

    /// Every part has the sizes and settings that the metrics ask for, so that nothing later has to ask.
    fn try_from(unchecked: Unchecked) -> Result<Self, DifficultyError> {
        let Unchecked { version, n_examples, n_classes, metrics, shards, partial_epochs, soft_labels, error } =
            unchecked;
        let accumulators = needed(n_examples, n_classes, &metrics)?;
        let firsts = (0..n_examples).step_by(SHARD);
        let fit = |(shard, first): (&Shard, usize)| {
            shard.fits(first, SHARD.min(n_examples - first), n_classes, &accumulators)
        };
        if shards.len() != firsts.len() || !shards.iter().zip(firsts).all(fit) {
            return Err(DifficultyError::InvalidArgument {
                argument: "the recorder read",
                value: format!("one of {} examples in {} shards", n_examples, shards.len()),
                expected: "what its examples, classes and metrics ask for",
            });
        }
        let recorder = Self {
            version,
            n_examples,
            n_classes,
            metrics,
            accumulators,
            shards,
            partial_epochs,
            soft_labels,
            error,
        };
        recorder.soft_labels.iter().try_for_each(|soft| recorder.check_soft_labels(soft))?;
        Ok(recorder)
    }
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
