use cl_data::{Batch, Sampler};
use serde::{Deserialize, Serialize};

use crate::PacingError;

/// What the learner saw: how often each example was shown, when first, and which never.
///
/// ```
/// use cl_pacing::{Exposure, Linear, PrefixSampler};
///
/// // Full data at 1.6 of the budget: the hardest third is never shown.
/// let mut sampler = PrefixSampler::new((0..100).collect(), Linear::new(1.6, 0.1)?, 10, 200, 0)?;
/// let exposure = Exposure::of(&mut sampler, 200)?;
/// assert!(exposure.never_shown().ends_with(&(65..100).collect::<Vec<_>>()));
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    counts: Vec<u64>,
    first_steps: Vec<Option<u64>>,
}

impl Exposure {
    /// Nothing shown yet of `n_examples`.
    pub fn new(n_examples: usize) -> Self {
        Self { counts: vec![0; n_examples], first_steps: vec![None; n_examples] }
    }

    /// A dry run: what `sampler` shows in its first `n_steps` steps. A sampler that learns from losses has none to
    /// learn from here; [record](Self::record) its batches while it trains.
    ///
    /// # Errors
    /// [`PacingError::IndexOutOfRange`] where the sampler shows an example that it has not got.
    pub fn of(sampler: &mut dyn Sampler, n_steps: u64) -> Result<Self, PacingError> {
        let mut exposure = Self::new(sampler.n_examples());
        let mut batch = Batch::default();
        for step in 0..n_steps {
            sampler.batch(step, &mut batch);
            exposure.record(step, &batch.indices)?;
        }
        Ok(exposure)
    }

    /// Notes that the examples at `indices` were shown at `step`, once for each time that they are named.
    ///
    /// # Errors
    /// [`PacingError::IndexOutOfRange`]; nothing is noted then.
    pub fn record(&mut self, step: u64, indices: &[usize]) -> Result<(), PacingError> {
        let n_examples = self.counts.len();
        if let Some(&index) = indices.iter().find(|&&index| index >= n_examples) {
            return Err(PacingError::IndexOutOfRange { what: "example shown", index, n_examples });
        }
        for &index in indices {
            self.counts[index] += 1;
            let first = self.first_steps[index].get_or_insert(step);
            *first = step.min(*first);
        }
        Ok(())
    }

    /// How often each example was shown.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The step at which each example was shown first.
    pub fn first_steps(&self) -> &[Option<u64>] {
        &self.first_steps
    }

    /// The examples never shown, by index.
    pub fn never_shown(&self) -> Vec<usize> {
        (0..self.counts.len()).filter(|&example| self.counts[example] == 0).collect()
    }

    /// How many examples were shown, each presentation counted.
    pub fn n_presented(&self) -> u64 {
        self.counts.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_repetitions_and_remembers_the_first() {
        let mut exposure = Exposure::new(4);
        exposure.record(7, &[1, 1, 3]).unwrap();
        exposure.record(2, &[3]).unwrap();
        assert_eq!(exposure.counts(), [0, 2, 0, 2]);
        assert_eq!(exposure.first_steps(), [None, Some(7), None, Some(2)]);
        assert_eq!((exposure.never_shown(), exposure.n_presented()), (vec![0, 2], 4));
        assert!(exposure.record(8, &[0, 4]).is_err());
        assert_eq!(exposure.n_presented(), 4);
    }
}
