use super::{
    curriculum::{Curriculum, CurriculumSampler, Drawing},
    entry::{SamplerEntry, SamplerInput},
};
use crate::{error::PacingError, pacing::Pacing};

/// Every mini-batch drawn anew from the prefix of an order that is available at its step.
///
/// ```text
/// available at step i    k_i = count(i / T)                 the first k_i of the order
/// batch of step i        min(batch size, k_i) of them, uniformly, without replacement
/// ```
///
/// Steps count mini-batches from 0, and there are no epochs: the batch of a step depends on (seed, step) alone, so
/// that two batches in a row may share examples. [`epoch`](cl_data::Sampler::epoch) counts passes of n examples. O(batch) per
/// step at any step; 4 bytes an example.
///
/// Source: Hacohen and Weinshall (2019), On the power of curriculum learning in training deep networks, algorithm 1.
///
/// ```
/// use cl_pacing::{Batch, EasyFirst, Linear, MiniBatchSampler, Order, Sampler};
///
/// let order = EasyFirst.order(&[0.3, 0.9, 0.1, 0.5], 0)?;
/// let mut sampler = MiniBatchSampler::new(order, Linear::new(0.5, 0.5)?, 2, 100, 0)?;
/// let mut batch = Batch::default();
/// sampler.batch(0, &mut batch);
/// batch.indices.sort();
/// assert_eq!(batch.indices, [0, 2]); // both of the easy half
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
pub type MiniBatchSampler = CurriculumSampler<Anew>;

impl MiniBatchSampler {
    /// Batches of `batch_size` from the prefixes of `order` that `pacing` makes available over `total_steps`.
    ///
    /// # Errors
    /// Unless the order is a permutation, the batch size from 1 to its length, and total steps at least 1.
    pub fn new(
        order: Vec<usize>,
        pacing: impl Pacing + 'static,
        batch_size: usize,
        total_steps: u64,
        seed: u64,
    ) -> Result<Self, PacingError> {
        Ok(Self::of(Curriculum::new(&order, pacing, batch_size, total_steps, seed)?, Anew))
    }
}

/// Every batch drawn anew from what is available.
#[derive(Debug, Clone, Copy)]
pub struct Anew;

impl Drawing for Anew {
    const NAME: &'static str = "mini-batch";
}

pub(super) static ENTRY: SamplerEntry = SamplerEntry::new(
    "mini-batch",
    "every batch anew from what is available (Hacohen)",
    &[],
    &[SamplerInput::Order, SamplerInput::Pacing, SamplerInput::TotalSteps],
    |o, of| {
        let pacing = of.pacing();
        let sampler = MiniBatchSampler::new(of.order(o)?, pacing, of.batch_size, of.total_steps, of.seed)?;
        Ok(Box::new(sampler.with_batch_sizes(of.later_batch_sizes)?))
    },
)
.resized();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pacing::{Competence, Full, Linear};
    use cl_data::{Batch, Sampler};
    use proptest::prelude::*;

    fn sampler(n: usize, a: f64, b: f64, batch_size: usize, total_steps: u64, seed: u64) -> MiniBatchSampler {
        let order = (0..n).rev().collect();
        MiniBatchSampler::new(order, Linear::new(a, b).unwrap(), batch_size, total_steps, seed).unwrap()
    }

    fn batch(sampler: &mut MiniBatchSampler, step: u64) -> Vec<usize> {
        let mut batch = Batch::default();
        sampler.batch(step, &mut batch).unwrap();
        batch.indices
    }

    prop_compose! {
        fn any_sampler()(
            n in 1usize..60, a in prop_oneof![Just(0.0), 0.01..2.0], b in 0.0..=1.0, batch_size in 1usize..20,
            total_steps in 1u64..120, seed: u64,
        ) -> MiniBatchSampler {
            sampler(n, a, b, batch_size.min(n), total_steps, seed)
        }
    }

    proptest! {
        #[test]
        fn seeking_is_walking(fresh in any_sampler(), jumps in prop::collection::vec(0u64..200, 1..30)) {
            let mut walker = fresh.clone();
            let walked: Vec<_> = (0..200).map(|step| batch(&mut walker, step)).collect();
            let mut jumper = fresh.clone();
            for step in jumps {
                prop_assert_eq!(&batch(&mut fresh.clone(), step), &walked[step as usize]);
                prop_assert_eq!(&batch(&mut jumper, step), &walked[step as usize]);
            }
        }

        #[test]
        fn batches_are_distinct_and_available(mut sampler in any_sampler(), step in 0u64..200) {
            let (n, n_available) = (sampler.n_examples(), sampler.n_available(step));
            let mut examples = batch(&mut sampler, step);
            prop_assert!(examples.iter().all(|&example| n - 1 - example < n_available));
            let shown = examples.len();
            prop_assert_eq!(shown, sampler.batch_size(step));
            examples.sort_unstable();
            examples.dedup();
            prop_assert_eq!(examples.len(), shown);
        }

        /// Saved after every step, restored into a fresh sampler: the rest is the same.
        #[test]
        fn resuming_is_not_interrupting(fresh in any_sampler()) {
            let mut whole = fresh.clone();
            let saved = |sampler: &MiniBatchSampler, n_steps| sampler.save(n_steps).unwrap();
            for step in 0..40 {
                let mut resumed = fresh.clone();
                prop_assert_eq!(resumed.restore(&saved(&whole, step)).unwrap(), step);
                prop_assert_eq!(saved(&resumed, step), saved(&whole, step));
                prop_assert_eq!(batch(&mut resumed, step), batch(&mut whole, step));
                prop_assert_eq!(saved(&resumed, step + 1), saved(&whole, step + 1));
            }
        }
    }

    /// Every example, every ordered pair of a batch and every place alike: chi-squared over many steps, with the
    /// 0.999 quantiles.
    #[test]
    fn draws_are_uniform() {
        let mut sampler = sampler(5, 0.0, 1.0, 2, 1, 7);
        let mut pairs = [0u32; 25];
        let n_steps = 20_000;
        for step in 0..n_steps {
            let examples = batch(&mut sampler, step);
            pairs[5 * examples[0] + examples[1]] += 1;
        }
        assert!((0..5).all(|example| pairs[6 * example] == 0));
        let expected = n_steps as f64 / 20.0;
        let distinct = pairs.iter().enumerate().filter(|(pair, _)| pair % 6 != 0);
        let chi_squared: f64 = distinct.map(|(_, &count)| (f64::from(count) - expected).powi(2) / expected).sum();
        assert!(chi_squared < 43.82, "{chi_squared} on 19 degrees of freedom");
    }

    /// Hacohen and Weinshall round upwards, and count mini-batches from 0.
    #[test]
    fn the_prefix_is_the_pacings_at_each_step() {
        let pacing = Competence::linear(0.07).unwrap();
        let sampler = MiniBatchSampler::new((0..100).collect(), pacing, 5, 10, 0).unwrap();
        let counts = [0, 1, 2, 9, 10, 11].map(|step| sampler.n_available(step));
        assert_eq!(counts, [7, 17, 26, 91, 100, 100]); // 7, 16.3, 25.6, 90.7
    }

    #[test]
    fn the_future_may_be_edited_and_the_past_may_not() {
        let mut own = sampler(30, 1.0, 0.1, 3, 100, 4);
        batch(&mut own, 19);
        let saved = own.save(20).unwrap();
        let mut edited = sampler(30, 1.0, 0.1, 3, 100, 4);
        edited.replace_pacing(20, Full, 1).unwrap();
        edited.restore(&saved).unwrap();
        assert_eq!((edited.n_available(19), edited.n_available(20)), (own.n_available(19), 30));
        assert!(edited.replace_pacing(19, Full, 1).is_err());
        let mut early = sampler(30, 1.0, 0.1, 3, 100, 4);
        early.replace_pacing(19, Full, 1).unwrap();
        let error = early.restore(&saved).unwrap_err().to_string();
        assert!(error.starts_with("the schedule of the first 20 steps"), "{error}");
    }

    #[test]
    fn what_is_no_sampler_is_refused() {
        let new = |order: Vec<usize>, batch_size, total| {
            MiniBatchSampler::new(order, Full, batch_size, total, 0).map(|_| ()).unwrap_err().to_string()
        };
        for (error, what) in [
            (new(vec![], 1, 1), "n_examples"),
            (new(vec![0], 0, 1), "batch_size"),
            (new(vec![0], 2, 1), "batch_size is 2 of 1 examples"),
            (new(vec![0], 1, 0), "total_steps"),
            (new(vec![1, 1], 1, 1), "names example 1 twice"),
        ] {
            assert!(error.contains(what), "{error}");
        }
    }
}
