use std::ops::Range;

use cl_data::{Batch, Epoch, Fingerprint, Sampler, random};

use super::curriculum::Curriculum;
use super::n_batches;
use super::past::Past;
use crate::{Pacing, PacingError, SamplerFingerprint};

/// Every mini-batch drawn anew from the prefix of an order that is available at its step.
///
/// ```text
/// available at step i    k_i = count(i / T)                 the first k_i of the order
/// batch of step i        min(batch size, k_i) of them, uniformly, without replacement
/// ```
///
/// Steps count mini-batches from 0, and there are no epochs: the batch of a step depends on (seed, step) alone, so
/// that two batches in a row may share examples. [`epoch`](Sampler::epoch) counts passes of n examples. O(batch) per
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
#[derive(Debug, Clone)]
pub struct MiniBatchSampler {
    curriculum: Curriculum,
    draw: Draw,
}

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
        let curriculum = Curriculum::new(&order, pacing, batch_size, total_steps, seed)?;
        Ok(Self { curriculum, draw: Draw::default() })
    }

    /// The same, bound to data: the fingerprint of their ids and labels enters [`fingerprint`](Self::fingerprint).
    pub fn with_data(mut self, data: Fingerprint) -> Self {
        self.curriculum.bind(data);
        self
    }

    /// Edits the future: from `from_step` on, `pacing` over a budget of `total_steps`, both counted from step 0.
    ///
    /// # Errors
    /// Where `from_step` comes before the latest batch, whose past cannot change, or `total_steps` is 0.
    pub fn replace_pacing(
        &mut self,
        from_step: u64,
        pacing: impl Pacing + 'static,
        total_steps: u64,
    ) -> Result<(), PacingError> {
        self.curriculum.replace_pacing(from_step, pacing, total_steps)
    }

    /// The settings that decide every batch. O(n).
    pub fn fingerprint(&self) -> SamplerFingerprint {
        self.curriculum.fingerprint(SamplerFingerprint::new("mini-batch"))
    }

    /// How many examples are available at `step`.
    pub fn n_available(&self, step: u64) -> usize {
        self.curriculum.schedule.available(step).len()
    }

    /// The pacing function at `step`.
    pub fn pacing(&self, step: u64) -> &dyn Pacing {
        self.curriculum.schedule.pacing(step)
    }

    /// O(steps), until the pacing has come to its end.
    fn past(&self, n_steps: u64) -> Past {
        let schedule = &self.curriculum.schedule;
        let changes = changes(n_steps, |step| (schedule.available(step), schedule.known_until(step)));
        self.curriculum.past(SamplerFingerprint::new("mini-batch"), n_steps, changes)
    }
}

impl Sampler for MiniBatchSampler {
    fn n_examples(&self) -> usize {
        self.curriculum.order.len()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) {
        let Curriculum { order, schedule, batch_size, seed, n_consumed, .. } = &mut self.curriculum;
        *n_consumed = step.saturating_add(1);
        let mut rng = random::stream(*seed, "mini-batch", step);
        batch.clear();
        let available = &mut order[schedule.available(step)];
        self.draw.without_replacement(|n| random::below(&mut rng, n), available, *batch_size, batch);
    }

    fn epoch(&self, step: u64) -> Epoch {
        let n_steps = n_batches(self.curriculum.order.len(), self.curriculum.batch_size);
        Epoch { index: step / n_steps, step: step % n_steps, n_steps }
    }

    fn save(&self) -> Option<String> {
        self.past(self.curriculum.n_consumed).save()
    }

    fn restore(&mut self, state: Option<&str>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let saved = Past::parse(state)?;
        self.past(saved.n_steps).check(&saved)?;
        self.curriculum.n_consumed = saved.n_steps;
        Ok(())
    }
}

/// The steps below `n_steps` at which the available part becomes another, with the part; `at` says what is available
/// at a step, and until when.
pub(super) fn changes(
    n_steps: u64,
    at: impl Fn(u64) -> (Range<usize>, u64),
) -> impl Iterator<Item = (u64, Range<usize>)> {
    let (mut step, mut last) = (0, None);
    std::iter::from_fn(move || {
        while step < n_steps {
            let (first, (available, until)) = (step, at(step));
            step = until;
            if last.as_ref() != Some(&available) {
                last = Some(available.clone());
                return Some((first, available));
            }
        }
        None
    })
}

/// A uniform draw without replacement in O(draws): the first swaps of a shuffle, taken back afterwards.
#[derive(Debug, Clone, Default)]
pub(super) struct Draw {
    swaps: Vec<usize>,
}

impl Draw {
    /// Adds `n` of `examples` (all, where there are fewer) to the batch, in random order; `examples` stay as they were.
    /// `below` gives a uniform integer below its argument.
    pub(super) fn without_replacement(
        &mut self,
        mut below: impl FnMut(usize) -> usize,
        examples: &mut [u32],
        n: usize,
        batch: &mut Batch,
    ) {
        self.swaps.clear();
        for place in 0..n.min(examples.len()) {
            let other = place + below(examples.len() - place);
            examples.swap(place, other);
            self.swaps.push(other);
            batch.indices.push(examples[place] as usize);
        }
        for (place, &other) in self.swaps.iter().enumerate().rev() {
            examples.swap(place, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Competence, Full, Linear, Sharding};
    use proptest::prelude::*;

    fn sampler(n: usize, a: f64, b: f64, batch_size: usize, total_steps: u64, seed: u64) -> MiniBatchSampler {
        let order = (0..n).rev().collect();
        MiniBatchSampler::new(order, Linear::new(a, b).unwrap(), batch_size, total_steps, seed).unwrap()
    }

    fn batch(sampler: &mut MiniBatchSampler, step: u64) -> Vec<usize> {
        let mut batch = Batch::default();
        sampler.batch(step, &mut batch);
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
            prop_assert_eq!(shown, sampler.curriculum.batch_size);
            examples.sort_unstable();
            examples.dedup();
            prop_assert_eq!(examples.len(), shown);
        }

        #[test]
        fn ranks_make_up_the_batch(mut sampler in any_sampler(), step in 0u64..200, world_size in 1usize..10) {
            let whole = batch(&mut sampler, step);
            let (mut parts, mut part) = (Vec::new(), Batch::default());
            for rank in 0..world_size {
                sampler.clone().batch_of_rank(step, rank, world_size, &mut part).unwrap();
                parts.extend_from_slice(&part.indices);
            }
            prop_assert_eq!(parts, whole);
        }

        /// Saved after every step, restored into a fresh sampler: the rest is the same.
        #[test]
        fn resuming_is_not_interrupting(fresh in any_sampler()) {
            let mut whole = fresh.clone();
            for step in 0..40 {
                let mut resumed = fresh.clone();
                resumed.restore(whole.save().as_deref()).unwrap();
                prop_assert_eq!(resumed.save(), whole.save());
                prop_assert_eq!(batch(&mut resumed, step), batch(&mut whole, step));
                prop_assert_eq!(resumed.save(), whole.save());
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
        let saved = own.save();
        let mut edited = sampler(30, 1.0, 0.1, 3, 100, 4);
        edited.replace_pacing(20, Full, 1).unwrap();
        edited.restore(saved.as_deref()).unwrap();
        assert_eq!((edited.n_available(19), edited.n_available(20)), (own.n_available(19), 30));
        assert!(edited.replace_pacing(19, Full, 1).is_err());
        let mut early = sampler(30, 1.0, 0.1, 3, 100, 4);
        early.replace_pacing(19, Full, 1).unwrap();
        let error = early.restore(saved.as_deref()).unwrap_err().to_string();
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
