use cl_data::{Batch, Epoch, Sampler};

use super::{check_batch_size, check_permutation, check_sizes, chunk, n_batches};
use crate::{PacingError, SamplerFingerprint};

/// The same order in every epoch, unshuffled: index order, or one that is given. O(batch) per step.
///
/// ```
/// use cl_pacing::{Batch, Sampler, SequentialSampler};
///
/// let mut sampler = SequentialSampler::new(5, 2)?;
/// let mut batch = Batch::default();
/// sampler.batch(4, &mut batch);
/// assert_eq!(batch.indices, [2, 3]); // the second batch of the second epoch
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SequentialSampler {
    order: Vec<usize>,
    batch_size: usize,
}

impl SequentialSampler {
    /// Index order.
    ///
    /// # Errors
    /// Unless `batch_size` is from 1 to `n_examples`.
    pub fn new(n_examples: usize, batch_size: usize) -> Result<Self, PacingError> {
        Self::in_order((0..n_examples).collect(), batch_size)
    }

    /// The given order, such as easy first without any shuffling.
    ///
    /// # Errors
    /// Unless it is a permutation, and `batch_size` from 1 to its length.
    pub fn in_order(order: Vec<usize>, batch_size: usize) -> Result<Self, PacingError> {
        check_sizes(order.len(), batch_size)?;
        check_batch_size(order.len(), batch_size)?;
        check_permutation(&order)?;
        Ok(Self { order, batch_size })
    }

    /// The settings that decide every batch. O(n).
    pub fn fingerprint(&self) -> SamplerFingerprint {
        SamplerFingerprint::new("sequential").with_order(&self.order).with("batch size", self.batch_size)
    }
}

impl Sampler for SequentialSampler {
    fn n_examples(&self) -> usize {
        self.order.len()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) {
        batch.clear();
        batch.indices.extend_from_slice(chunk(&self.order, self.epoch(step).step, self.batch_size));
    }

    fn epoch(&self, step: u64) -> Epoch {
        let n_steps = n_batches(self.order.len(), self.batch_size);
        Epoch { index: step / n_steps, step: step % n_steps, n_steps }
    }

    fn save(&self) -> Option<String> {
        self.fingerprint().saved()
    }

    fn restore(&mut self, state: Option<&str>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.fingerprint().check_saved(state)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_round_in_order() {
        let mut sampler = SequentialSampler::in_order(vec![2, 0, 1], 2).unwrap();
        let mut batch = Batch::default();
        let mut shown = Vec::new();
        for step in 0..4 {
            sampler.batch(step, &mut batch);
            shown.push(batch.indices.clone());
        }
        assert_eq!(shown, [vec![2, 0], vec![1], vec![2, 0], vec![1]]);
        assert_eq!(sampler.epoch(3), Epoch { index: 1, step: 1, n_steps: 2 });
        sampler.batch(u64::MAX, &mut batch);
        assert_eq!(batch.indices, [1]);
        assert!(SequentialSampler::in_order(vec![1, 1], 1).is_err());
    }
}
