use serde::{Deserialize, Serialize};

use super::RunningMean;
use super::accumulator::{Accumulate, TooFew};
use super::block::Block;
use crate::DifficultyError;

/// The mean of an example's loss over its presentations: the simplest difficulty there is.
///
/// ```text
/// loss_i = 1/E sum_e l_i(e)              in nats, where the loss is cross-entropy; higher = harder
/// ```
///
/// O(1) per observation, O(n) memory.
///
/// ```
/// let mut loss = cl_difficulty::MeanLoss::new(1);
/// loss.record(0, 0.5)?;
/// loss.record(0, 1.5)?;
/// assert_eq!(loss.values()?, [1.0]);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeanLoss(RunningMean);

impl MeanLoss {
    /// For `n_examples` examples, none presented yet.
    pub fn new(n_examples: usize) -> Self {
        Self(RunningMean::new(n_examples))
    }

    /// Example `example` was presented and had this loss.
    ///
    /// # Errors
    /// Where the loss is not finite or the example out of range.
    pub fn record(&mut self, example: usize, loss: f64) -> Result<(), DifficultyError> {
        if !loss.is_finite() {
            let expected = "a finite number";
            return Err(DifficultyError::InvalidScore { metric: "loss".into(), example, value: loss, expected });
        }
        self.0.record(example, loss)
    }

    /// Adds what another accumulator saw, of other examples or other epochs.
    ///
    /// # Errors
    /// Where it was made for another number of examples.
    pub fn merge(&mut self, other: &Self) -> Result<(), DifficultyError> {
        self.0.merge(&other.0)
    }

    /// The mean loss of each example.
    ///
    /// # Errors
    /// Where an example was never presented.
    pub fn values(&self) -> Result<Vec<f64>, DifficultyError> {
        self.0.values("loss")
    }

    pub(crate) fn n_examples(&self) -> usize {
        self.0.sums.len()
    }

    pub(crate) fn mean(&self) -> Result<Vec<f64>, TooFew> {
        self.0.mean()
    }
}

impl Accumulate for MeanLoss {
    fn update(&mut self, block: &Block) {
        self.0.update(block, &block.loss);
    }

    fn fits(&self, fresh: &Self) -> bool {
        self.0.fits(&fresh.0)
    }

    fn absorb(&mut self, i: usize, other: &Self) {
        self.0.absorb(i, &other.0);
    }
}
