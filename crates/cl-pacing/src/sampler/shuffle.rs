use super::{
    check_sizes,
    curriculum::{Curriculum, CurriculumSampler},
    entry::{SamplerEntry, SamplerInput},
    prefix::Epochs,
};
use crate::{error::PacingError, order::Random, pacing::Full};

/// Plain epochs, each in a new random order: standard training, the baseline of every comparison.
///
/// Exactly the [`PrefixSampler`](crate::PrefixSampler) of a [`Random`] order and [`Full`] pacing under the same seed.
///
/// ```
/// use cl_pacing::{Batch, Sampler, ShuffleSampler};
///
/// let mut sampler = ShuffleSampler::new(5, 2, 0)?;
/// assert_eq!(sampler.epoch(3).index, 1);
/// let mut batch = Batch::default();
/// sampler.batch(2, &mut batch)?;
/// assert_eq!(batch.indices.len(), 1); // what is left of five
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type ShuffleSampler = CurriculumSampler<Epochs<true>>;

impl ShuffleSampler {
    /// Batches of `batch_size` out of `n_examples`.
    ///
    /// # Errors
    /// Unless both are at least 1, and there are enough examples for a batch.
    pub fn new(n_examples: usize, batch_size: usize, seed: u64) -> Result<Self, PacingError> {
        check_sizes(n_examples, batch_size)?;
        // The full data know no progress, so any budget will do.
        let curriculum = Curriculum::new(&Random::of(n_examples, seed), Full, batch_size, 1, seed)?;
        let epochs = Epochs::new(&curriculum);
        Ok(Self::of(curriculum, epochs))
    }
}

pub(super) static ENTRY: SamplerEntry = SamplerEntry::new(
    "shuffle",
    "epochs in a new random order each: standard training",
    &[],
    &[SamplerInput::NExamples],
    |_, of| {
        let sampler = ShuffleSampler::new(of.n_examples, of.batch_size, of.seed)?;
        Ok(Box::new(sampler.with_batch_sizes(of.later_batch_sizes)?))
    },
)
.resized();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{order::Order, sampler::PrefixSampler};
    use cl_data::{Batch, Sampler};

    #[test]
    fn is_the_prefix_sampler_of_all() {
        let order = Random.order(&[0.0; 23], 9).unwrap();
        let mut prefix = PrefixSampler::new(order, Full, 4, 100, 9).unwrap();
        let mut shuffle = ShuffleSampler::new(23, 4, 9).unwrap();
        let (mut left, mut right) = (Batch::default(), Batch::default());
        for step in 0..30 {
            prefix.batch(step, &mut left).unwrap();
            shuffle.batch(step, &mut right).unwrap();
            assert_eq!((&left, prefix.epoch(step)), (&right, shuffle.epoch(step)));
        }
        assert!(ShuffleSampler::new(0, 1, 0).is_err() && ShuffleSampler::new(1, 0, 0).is_err());
    }
}
