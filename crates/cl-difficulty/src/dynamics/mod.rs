//! Scores from what happened while training: one accumulator per metric, each of O(n) memory.

mod accumulator;
mod aum;
mod block;
mod cartography;
mod column;
mod dual;
mod dyn_unc;
mod dynamics_recorder;
mod el2n;
mod exponential;
mod forgetting;
mod l1_error;
mod last_epoch;
mod learning_time;
mod loss_average;
mod mean_loss;
mod mean_probabilities;
mod observations;
mod recorder;
mod shard;
mod tdds;
mod windows;

pub use column::{Column, ColumnValues};
pub use dynamics_recorder::DynamicsRecorder;
pub use el2n::El2n;
pub use forgetting::{Forgetting, NeverLearned};
pub use mean_loss::MeanLoss;
pub use observations::{Log, Observations, Outputs};
pub use recorder::Recorder;

pub(crate) use accumulator::{Accumulator, Range, View};
pub(crate) use aum::Margins;
pub(crate) use last_epoch::{Quantity, entropy};

use accumulator::TooFew;
use aum::Aum;
use block::{Block, Lanes};
use cartography::Cartography;
use dual::Dual;
use dyn_unc::DynUnc;
use l1_error::L1Error;
use last_epoch::LastEpoch;
use learning_time::LearningTime;
use loss_average::LossAverage;
use mean_probabilities::MeanProbabilities;
use tdds::Tdds;

use crate::DifficultyError;

/// The mean over presentations that loss, EL2N and AUM share.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "UncheckedMean")]
struct RunningMean {
    sums: Vec<f64>,
    counts: Vec<u32>,
}

/// What is read back, before it is checked.
#[derive(serde::Deserialize)]
struct UncheckedMean {
    sums: Vec<f64>,
    counts: Vec<u32>,
}

impl TryFrom<UncheckedMean> for RunningMean {
    type Error = DifficultyError;

    fn try_from(UncheckedMean { sums, counts }: UncheckedMean) -> Result<Self, DifficultyError> {
        same_length(sums.len(), counts.len())?;
        match sums.iter().position(|sum| sum.is_nan()) {
            None => Ok(Self { sums, counts }),
            Some(example) => Err(DifficultyError::InvalidScore {
                metric: "sum".into(),
                example,
                value: sums[example],
                expected: "a number",
            }),
        }
    }
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

    #[inline(always)]
    fn update(&mut self, block: &Block, values: &Lanes) {
        block.update(&mut self.sums, values, |sum, value| *sum += value);
        block.update(&mut self.counts, &[1; block::LANES], |count, one| *count += one);
    }

    fn fits(&self, fresh: &Self) -> bool {
        self.sums.len() == fresh.sums.len()
    }

    fn absorb(&mut self, i: usize, other: &Self) {
        self.sums[i] += other.sums[i];
        self.counts[i] += other.counts[i];
    }

    fn merge(&mut self, other: &Self) -> Result<(), DifficultyError> {
        same_length(self.sums.len(), other.sums.len())?;
        (0..self.sums.len()).for_each(|i| self.absorb(i, other));
        Ok(())
    }

    fn mean(&self) -> Result<Vec<f64>, TooFew> {
        TooFew::check(&self.counts, 1)?;
        Ok(self.sums.iter().zip(&self.counts).map(|(sum, &count)| sum / f64::from(count)).collect())
    }

    fn values(&self, metric: &'static str) -> Result<Vec<f64>, DifficultyError> {
        self.mean().map_err(|TooFew { example, .. }| DifficultyError::NeverPresented { example, metric })
    }
}

fn same_length(expected: usize, found: usize) -> Result<(), DifficultyError> {
    let what = "the accumulator to merge";
    if found == expected { Ok(()) } else { Err(DifficultyError::LengthMismatch { what, found, expected }) }
}
