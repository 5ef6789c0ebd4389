use std::sync::Arc;

use cl_data::{Batch, Epoch, Fingerprint, Sampler, random};

use super::{check_permutation, check_sizes, chunk, n_batches};
use crate::{Pacing, PacingError, SamplerFingerprint};

/// Epochs over a growing prefix of an order.
///
/// ```text
/// epoch e starts at step s_e, s_0 = 0
/// available   k_e = count(s_e / T)                      the first k_e of the order, fixed for the epoch
/// shown       a shuffle of them seeded by (seed, e), cut into batches, the last of which may be short
/// s_{e+1}   = s_e + ceil(k_e / batch size)
/// ```
///
/// Once the budget T is spent, the prefix of progress 1 stays. A pure function of the step: only epoch lengths
/// are walked to find a step's epoch, never shuffles. Walking forwards costs O(batch) per step and O(k) per
/// epoch; a jump costs O(epochs walked over).
///
/// Source: Wu, Dyer and Neyshabur (2021), algorithm 1, with g read at the start of each epoch as in their code.
///
/// ```
/// use cl_pacing::{Batch, EasyFirst, Order, PrefixSampler, Root, Sampler};
///
/// let order = EasyFirst.order(&[0.3, 0.9, 0.1, 0.5], 0)?;
/// let mut sampler = PrefixSampler::new(order, Root::new(0.5, 0.5)?, 1, 100, 0)?;
/// let mut batch = Batch::default();
/// sampler.batch(99, &mut batch); // directly, whatever came before
/// assert_eq!(batch.indices.len(), 1);
/// assert_eq!(sampler.epoch(0).n_steps, 2); // half of the four
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone)]
pub struct PrefixSampler {
    order: Vec<usize>,
    pacing: Arc<dyn Pacing>,
    batch_size: usize,
    total_steps: u64,
    seed: u64,
    data: Option<Fingerprint>,
    /// The epoch of the latest batch, from where the next is sought.
    span: Span,
    /// The examples of that epoch as shown, once a batch of it was asked for.
    shown: Option<(u64, Vec<usize>)>,
}

/// An epoch, as found by walking.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Span {
    epoch: u64,
    first_step: u64,
    n_available: usize,
}

impl PrefixSampler {
    /// Batches of `batch_size` from the prefixes of `order` that `pacing` makes available over `total_steps`.
    ///
    /// # Errors
    /// Unless the order is a permutation of at least one example, and batch size and total steps are at least 1.
    pub fn new(
        order: Vec<usize>,
        pacing: impl Pacing + 'static,
        batch_size: usize,
        total_steps: u64,
        seed: u64,
    ) -> Result<Self, PacingError> {
        check_sizes(order.len(), batch_size)?;
        check_permutation(&order)?;
        if total_steps == 0 {
            return Err(PacingError::argument("total_steps", total_steps, "at least 1"));
        }
        let span = Span { epoch: 0, first_step: 0, n_available: 0 };
        let pacing = Arc::new(pacing);
        let mut sampler = Self { order, pacing, batch_size, total_steps, seed, data: None, span, shown: None };
        sampler.span.n_available = sampler.n_available_at(0.0);
        Ok(sampler)
    }

    /// The same, bound to data: the fingerprint of their ids and labels enters [`fingerprint`](Self::fingerprint).
    pub fn with_data(mut self, data: Fingerprint) -> Self {
        self.data = Some(data);
        self
    }

    /// The settings that decide every batch. O(n).
    pub fn fingerprint(&self) -> SamplerFingerprint {
        let fingerprint = SamplerFingerprint::new("prefix")
            .with_order(&self.order)
            .with("pacing", &self.pacing)
            .with("batch size", self.batch_size)
            .with("total steps", self.total_steps)
            .with("seed", self.seed);
        match self.data {
            Some(data) => fingerprint.with("data", data),
            None => fingerprint,
        }
    }

    /// How many examples are available in the epoch of `step`.
    pub fn n_available(&self, step: u64) -> usize {
        self.span_of(step).n_available
    }

    /// The pacing function.
    pub fn pacing(&self) -> &dyn Pacing {
        &*self.pacing
    }

    fn n_steps(&self, span: Span) -> u64 {
        n_batches(span.n_available, self.batch_size)
    }

    fn progress(&self, step: u64) -> f64 {
        (step as f64 / self.total_steps as f64).min(1.0)
    }

    fn n_available_at(&self, progress: f64) -> usize {
        // A pacing of the user's own may count as it likes.
        self.pacing.count(progress, self.order.len(), self.batch_size).clamp(1, self.order.len())
    }

    fn span_of(&self, step: u64) -> Span {
        let first = || Span { epoch: 0, first_step: 0, n_available: self.n_available_at(0.0) };
        let mut span = if self.span.first_step <= step { self.span } else { first() };
        loop {
            let n_steps = self.n_steps(span);
            let n_epochs = (step - span.first_step) / n_steps;
            if n_epochs == 0 {
                return span;
            }
            // Where the prefix can grow no more, epochs are equally long and need no walking.
            let progress = self.progress(span.first_step);
            let settled = progress >= 1.0 || self.pacing.full_at().is_some_and(|full_at| progress >= full_at);
            let n_epochs = if settled { n_epochs } else { 1 };
            span.epoch += n_epochs;
            span.first_step += n_epochs * n_steps;
            span.n_available = self.n_available_at(self.progress(span.first_step));
        }
    }
}

impl Sampler for PrefixSampler {
    fn n_examples(&self) -> usize {
        self.order.len()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) {
        self.span = self.span_of(step);
        let Span { epoch, first_step, n_available } = self.span;
        // The memory of the epoch before, if there is one.
        let (shown_epoch, mut shown) = self.shown.take().unwrap_or((u64::MAX, Vec::new()));
        if shown_epoch != epoch || shown.len() != n_available {
            shown.clear();
            shown.extend_from_slice(&self.order[..n_available]);
            random::shuffle(&mut random::stream(self.seed, "epoch", epoch), &mut shown);
        }
        batch.clear();
        batch.indices.extend_from_slice(chunk(&shown, step - first_step, self.batch_size));
        self.shown = Some((epoch, shown));
    }

    fn epoch(&self, step: u64) -> Epoch {
        let span = self.span_of(step);
        Epoch { index: span.epoch, step: step - span.first_step, n_steps: self.n_steps(span) }
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
    use crate::{Full, HardFirst, Linear, Order, Root, Sharding};
    use proptest::prelude::*;

    fn sampler(n: usize, a: f64, b: f64, batch_size: usize, total_steps: u64, seed: u64) -> PrefixSampler {
        let scores: Vec<f64> = (0..n).map(|i| (i * 7 % 11) as f64).collect();
        let order = HardFirst.order(&scores, seed).unwrap();
        PrefixSampler::new(order, Root::new(a, b).unwrap(), batch_size, total_steps, seed).unwrap()
    }

    fn batch(sampler: &mut PrefixSampler, step: u64) -> Vec<usize> {
        let mut batch = Batch::default();
        sampler.batch(step, &mut batch);
        batch.indices
    }

    prop_compose! {
        fn any_sampler()(
            n in 1usize..60, a in prop_oneof![Just(0.0), 0.01..2.0], b in 0.0..=1.0, batch_size in 1usize..20,
            total_steps in 1u64..120, seed: u64,
        ) -> (PrefixSampler, u64) {
            (sampler(n, a, b, batch_size, total_steps, seed), total_steps)
        }
    }

    /// A run resumed with another order, pacing, batch size or seed is refused, and the error says which.
    #[test]
    fn a_state_of_other_settings_is_refused() {
        let saved = sampler(20, 0.5, 0.2, 4, 50, 1).save();
        assert!(sampler(20, 0.5, 0.2, 4, 50, 1).restore(saved.as_deref()).is_ok());
        for (mut other, setting) in [
            (sampler(20, 0.5, 0.3, 4, 50, 1), "pacing"),
            (sampler(20, 0.5, 0.2, 5, 50, 1), "batch size"),
            (sampler(20, 0.5, 0.2, 4, 60, 1), "total steps"),
        ] {
            let error = other.restore(saved.as_deref()).unwrap_err().to_string();
            assert!(error.contains(setting), "{error}");
        }
        assert!(sampler(20, 0.5, 0.2, 4, 50, 2).restore(saved.as_deref()).is_err());
        assert!(sampler(20, 0.5, 0.2, 4, 50, 1).restore(None).is_err());
        assert!(sampler(20, 0.5, 0.2, 4, 50, 1).restore(Some("nonsense")).is_err());
    }

    proptest! {
        /// Any step asked for directly, of a fresh sampler or of one that stands anywhere else.
        #[test]
        fn seeking_is_walking((fresh, total) in any_sampler(), jumps in prop::collection::vec(0u64..200, 1..30)) {
            let mut walker = fresh.clone();
            let walked: Vec<_> = (0..200).map(|step| (batch(&mut walker, step), walker.epoch(step))).collect();
            let mut jumper = fresh.clone();
            for step in jumps {
                prop_assert_eq!(fresh.epoch(step), walked[step as usize].1, "budget {}", total);
                prop_assert_eq!(&batch(&mut fresh.clone(), step), &walked[step as usize].0);
                prop_assert_eq!(&batch(&mut jumper, step), &walked[step as usize].0);
                prop_assert_eq!(jumper.epoch(step), walked[step as usize].1);
            }
        }

        #[test]
        fn an_epoch_shows_what_is_available_once((mut sampler, total) in any_sampler()) {
            let mut step = 0;
            while step < 2 * total {
                let epoch = sampler.epoch(step);
                prop_assert_eq!(epoch.step, 0);
                let n = sampler.n_examples();
                let progress = (step as f64 / total as f64).min(1.0);
                let available = sampler.pacing().count(progress, n, sampler.batch_size);
                let mut expected = sampler.order[..available].to_vec();
                expected.sort_unstable();
                let mut shown = Vec::new();
                for within in 0..epoch.n_steps {
                    prop_assert_eq!(sampler.epoch(step), Epoch { step: within, ..epoch });
                    let examples = batch(&mut sampler, step);
                    let last = within + 1 == epoch.n_steps;
                    prop_assert!(examples.len() == sampler.batch_size || (last && !examples.is_empty()));
                    shown.extend(examples);
                    step += 1;
                }
                shown.sort_unstable();
                prop_assert_eq!(shown, expected);
            }
        }

        #[test]
        fn ranks_make_up_the_batch((mut sampler, _) in any_sampler(), step in 0u64..200, world_size in 1usize..10) {
            let whole = batch(&mut sampler, step);
            let (mut parts, mut part) = (Vec::new(), Batch::default());
            for rank in 0..world_size {
                sampler.batch_of_rank(step, rank, world_size, &mut part).unwrap();
                parts.extend_from_slice(&part.indices);
            }
            prop_assert_eq!(parts, whole);
            prop_assert!(sampler.batch_of_rank(step, world_size, world_size, &mut part).is_err());
            prop_assert!(sampler.batch_of_rank(step, 0, 0, &mut part).is_err());
        }
    }

    #[test]
    fn epochs_are_shuffled_anew_and_by_the_seed() {
        let epoch = |seed, step| batch(&mut sampler(50, 0.0, 1.0, 50, 10, seed), step);
        assert_ne!(epoch(1, 0), epoch(1, 1));
        assert_ne!(epoch(1, 0), epoch(2, 0));
    }

    #[test]
    fn the_far_future_costs_nothing() {
        let mut sampler = PrefixSampler::new(vec![1, 0, 2], Full, 2, 1, 0).unwrap();
        assert_eq!(sampler.epoch(u64::MAX), Epoch { index: u64::MAX / 2, step: 1, n_steps: 2 });
        assert_eq!(batch(&mut sampler, u64::MAX).len(), 1);
    }

    #[test]
    fn settings_that_decide_batches_are_in_the_fingerprint() {
        let with = |order: Vec<usize>, a, batch_size, total, seed| {
            PrefixSampler::new(order, Linear::new(a, 0.5).unwrap(), batch_size, total, seed).unwrap().fingerprint()
        };
        let own = with(vec![0, 1, 2], 0.5, 2, 10, 0);
        assert!(own.check(&with(vec![0, 1, 2], 0.5, 2, 10, 0)).is_ok());
        for (other, setting) in [
            (with(vec![0, 2, 1], 0.5, 2, 10, 0), "order"),
            (with(vec![0, 1, 2], 0.6, 2, 10, 0), "pacing"),
            (with(vec![0, 1, 2], 0.5, 3, 10, 0), "batch size"),
            (with(vec![0, 1, 2], 0.5, 2, 11, 0), "total steps"),
            (with(vec![0, 1, 2], 0.5, 2, 10, 1), "seed"),
        ] {
            match own.check(&other).unwrap_err() {
                PacingError::OtherSettings { setting: named, .. } => assert_eq!(named, setting),
                error => panic!("{error}"),
            }
        }
    }

    #[test]
    fn what_is_no_sampler_is_refused() {
        let new =
            |order: Vec<usize>, batch_size, total| PrefixSampler::new(order, Full, batch_size, total, 0).err();
        assert!(matches!(new(vec![], 1, 1), Some(PacingError::InvalidArgument { argument: "n_examples", .. })));
        assert!(matches!(new(vec![0], 0, 1), Some(PacingError::InvalidArgument { argument: "batch_size", .. })));
        assert!(matches!(new(vec![0], 1, 0), Some(PacingError::InvalidArgument { argument: "total_steps", .. })));
        assert_eq!(new(vec![0, 1, 0], 1, 1), Some(PacingError::NotAPermutation { example: 0 }));
        assert!(matches!(new(vec![0, 3, 1], 1, 1), Some(PacingError::IndexOutOfRange { index: 3, .. })));
    }
}
