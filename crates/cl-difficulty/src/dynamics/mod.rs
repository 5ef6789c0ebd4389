//! Scores from what happened while training: one accumulator per metric, each of O(n) memory.

mod el2n;
mod forgetting;
mod mean_loss;
mod recorder;

pub use el2n::El2n;
pub use forgetting::{Forgetting, NeverLearned};
pub use mean_loss::MeanLoss;
pub use recorder::Recorder;

use crate::DifficultyError;

/// The mean over presentations that loss and EL2N share.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct RunningMean {
    sums: Vec<f64>,
    counts: Vec<u32>,
}

impl RunningMean {
    fn new(n_examples: usize) -> Self {
        Self { sums: vec![0.0; n_examples], counts: vec![0; n_examples] }
    }

    fn record(&mut self, example: usize, value: f64) -> Result<(), DifficultyError> {
        let n_examples = self.sums.len();
        let sum = self.sums.get_mut(example).ok_or(DifficultyError::ExampleOutOfRange { example, n_examples })?;
        *sum += value;
        self.counts[example] += 1;
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<(), DifficultyError> {
        same_length(self.sums.len(), other.sums.len())?;
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, other)| *sum += other);
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, other)| *count += other);
        Ok(())
    }

    fn values(&self, metric: &'static str) -> Result<Vec<f64>, DifficultyError> {
        if let Some(example) = self.counts.iter().position(|&count| count == 0) {
            return Err(DifficultyError::NeverPresented { example, metric });
        }
        Ok(self.sums.iter().zip(&self.counts).map(|(sum, &count)| sum / f64::from(count)).collect())
    }
}

fn same_length(expected: usize, found: usize) -> Result<(), DifficultyError> {
    let what = "the accumulator to merge";
    if found == expected { Ok(()) } else { Err(DifficultyError::LengthMismatch { what, found, expected }) }
}
