use cl_data::{Batch, Epoch, Sampler};

use super::PrefixSampler;
use crate::{Full, PacingError, Random, SamplerFingerprint};

/// Plain epochs, each in a new random order: standard training, the baseline of every comparison.
///
/// Exactly the [`PrefixSampler`] of a [`Random`] order and [`Full`] pacing under the same seed.
///
/// ```
/// use cl_pacing::{Batch, Sampler, ShuffleSampler};
///
/// let mut sampler = ShuffleSampler::new(5, 2, 0)?;
/// assert_eq!(sampler.epoch(3).index, 1);
/// let mut batch = Batch::default();
/// sampler.batch(2, &mut batch);
/// assert_eq!(batch.indices.len(), 1); // what is left of five
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ShuffleSampler(PrefixSampler);

impl ShuffleSampler {
    /// Batches of `batch_size` out of `n_examples`.
    ///
    /// # Errors
    /// Unless both are at least 1, and there are enough examples for a batch.
    pub fn new(n_examples: usize, batch_size: usize, seed: u64) -> Result<Self, PacingError> {
        // The full data know no progress, so any budget will do.
        PrefixSampler::new(Random::of(n_examples, seed), Full, batch_size, 1, seed).map(Self)
    }

    /// The settings that decide every batch. O(n).
    pub fn fingerprint(&self) -> SamplerFingerprint {
        self.0.fingerprint()
    }
}

impl Sampler for ShuffleSampler {
    fn n_examples(&self) -> usize {
        self.0.n_examples()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) {
        self.0.batch(step, batch);
    }

    fn epoch(&self, step: u64) -> Epoch {
        self.0.epoch(step)
    }

    fn save(&self) -> Option<String> {
        self.0.save()
    }

    fn restore(&mut self, state: Option<&str>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.0.restore(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Order;

    #[test]
    fn is_the_prefix_sampler_of_all() {
        let order = Random.order(&[0.0; 23], 9).unwrap();
        let mut prefix = PrefixSampler::new(order, Full, 4, 100, 9).unwrap();
        let mut shuffle = ShuffleSampler::new(23, 4, 9).unwrap();
        let (mut left, mut right) = (Batch::default(), Batch::default());
        for step in 0..30 {
            prefix.batch(step, &mut left);
            shuffle.batch(step, &mut right);
            assert_eq!((&left, prefix.epoch(step)), (&right, shuffle.epoch(step)));
        }
        assert!(ShuffleSampler::new(0, 1, 0).is_err() && ShuffleSampler::new(1, 0, 0).is_err());
    }
}
