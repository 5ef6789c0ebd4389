use std::ops::Range;

use cl_data::{Batch, Epoch, random};

use super::{
    curriculum::{Curriculum, CurriculumSampler, Drawing},
    draw::Draw,
    entry::{SamplerEntry, SamplerInput},
};
use crate::{error::PacingError, pacing::Pacing};

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
/// epoch; a jump costs O(epochs walked over) and one shuffle. 8 bytes an example.
///
/// Source: Wu, Dyer and Neyshabur (2021), algorithm 1, with g read at the start of each epoch as in their code.
///
/// ```
/// use cl_pacing::{Batch, EasyFirst, Order, PrefixSampler, Root, Sampler};
///
/// let order = EasyFirst.order(&[0.3, 0.9, 0.1, 0.5], 0)?;
/// let mut sampler = PrefixSampler::new(order, Root::new(0.5, 0.5)?, 1, 100, 0)?;
/// let mut batch = Batch::default();
/// sampler.batch(99, &mut batch)?; // directly, whatever came before
/// assert_eq!(batch.indices.len(), 1);
/// assert_eq!(sampler.epoch(0).n_steps, 2); // half of the four
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type PrefixSampler = CurriculumSampler<Epochs<false>>;

impl PrefixSampler {
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
        let epochs = Epochs::new(&curriculum);
        Ok(Self::of(curriculum, epochs))
    }
}

impl<const BY_SEED: bool> CurriculumSampler<Epochs<BY_SEED>> {
    /// Lets the data grow: `n_new` examples, numbered from the number of those that there are, stand at the end of the
    /// order from `from_step` on, and so join the first epoch that begins there or later. A state goes on in a sampler
    /// that was made over the former data and grew in the same way.
    ///
    /// ```
    /// use cl_pacing::{Batch, Sampler, ShuffleSampler};
    ///
    /// let mut sampler = ShuffleSampler::new(4, 2, 1)?;
    /// sampler.extend(3, 4)?; // in the middle of the second epoch
    /// assert_eq!([sampler.epoch(2).n_steps, sampler.epoch(4).n_steps], [2, 4]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Where `from_step` comes before the latest batch, whose past cannot change, or before an earlier growth, and where
    /// they are more than an order can hold.
    pub fn extend(&mut self, from_step: u64, n_new: usize) -> Result<(), PacingError> {
        self.grow(from_step, n_new)
    }
}

/// Epochs over what is available when they begin, each in an order of its own; of a given order or, where `BY_SEED`,
/// one that follows from the seed.
#[derive(Debug, Clone)]
pub struct Epochs<const BY_SEED: bool> {
    /// The epoch of the latest batch, from where the next is sought.
    span: Span,
    /// The examples of that epoch as shown, once a batch of it was asked for.
    shown: Option<(u64, Vec<u32>)>,
}

/// The epochs ahead from which on it pays to look how many of them are alike: a run looks one or two ahead.
const WORTH_LOOKING: u64 = 16;

/// An epoch, as found by walking.
#[derive(Debug, Clone, PartialEq)]
struct Span {
    epoch: u64,
    first_step: u64,
    available: Range<usize>,
}

impl Span {
    fn first(curriculum: &Curriculum) -> Self {
        Self { epoch: 0, first_step: 0, available: curriculum.schedule.available(0) }
    }

    fn n_steps(&self, curriculum: &Curriculum) -> u64 {
        curriculum.schedule.batch_size.n_steps(self.first_step, self.available.len())
    }

    /// How many epochs from this one on are known to be as long, because what is available stays.
    fn n_alike(&self, curriculum: &Curriculum) -> u64 {
        self.n_begun_until(curriculum, curriculum.schedule.known_until(self.first_step))
    }

    /// How many epochs as long as this one begin before `step`, at least this one.
    fn n_begun_until(&self, curriculum: &Curriculum, step: u64) -> u64 {
        let n_steps = self.n_steps(curriculum);
        // Beyond the end of a batch size they are longer or shorter.
        let n_alike = (curriculum.schedule.batch_size.end(self.first_step) - self.first_step) / n_steps;
        (step - self.first_step).div_ceil(n_steps).min(n_alike.max(1))
    }

    /// The same, worth a look where many epochs lie ahead.
    fn n_alike_of(&self, curriculum: &Curriculum, n_ahead: u64) -> u64 {
        if n_ahead < WORTH_LOOKING {
            return self.n_alike(curriculum);
        }
        self.n_begun_until(curriculum, curriculum.schedule.stays_until(self.first_step))
    }

    /// The epoch after it, or the last of the equal ones that follow it; nothing if it would begin after `step`.
    fn next(&self, curriculum: &Curriculum, step: u64) -> Option<Self> {
        let n_steps = self.n_steps(curriculum);
        let within_reach = (step - self.first_step) / n_steps;
        if within_reach == 0 {
            return None;
        }
        let n_epochs = within_reach.min(self.n_alike_of(curriculum, within_reach));
        let first_step = self.first_step + n_epochs * n_steps;
        let available = curriculum.schedule.available(first_step);
        Some(Self { epoch: self.epoch + n_epochs, first_step, available })
    }
}

impl<const BY_SEED: bool> Epochs<BY_SEED> {
    pub(super) fn new(curriculum: &Curriculum) -> Self {
        Self { span: Span::first(curriculum), shown: None }
    }

    fn span_of(&self, curriculum: &Curriculum, step: u64) -> Span {
        let mut span = if self.span.first_step <= step { self.span.clone() } else { Span::first(curriculum) };
        while let Some(next) = span.next(curriculum, step) {
            span = next;
        }
        span
    }
}

impl<const BY_SEED: bool> Drawing for Epochs<BY_SEED> {
    const NAME: &'static str = if BY_SEED { "shuffle" } else { "prefix" };
    const ORDER_BY_SEED: bool = BY_SEED;

    fn available(&self, curriculum: &Curriculum, step: u64) -> Range<usize> {
        self.span_of(curriculum, step).available
    }

    /// What an epoch that begins with `step` has, until the next one that may have something else.
    fn available_until(&self, curriculum: &Curriculum, step: u64) -> (Range<usize>, u64) {
        let span = Span { epoch: 0, first_step: step, available: curriculum.schedule.available(step) };
        let n_steps = span.n_alike(curriculum).saturating_mul(span.n_steps(curriculum));
        (span.available, step.saturating_add(n_steps))
    }

    fn batch(&mut self, curriculum: &mut Curriculum, step: u64, _: &mut Draw, batch: &mut Batch) {
        self.span = self.span_of(curriculum, step);
        let Span { epoch, first_step, ref available } = self.span;
        // The memory of the epoch before, if there is one.
        let (shown_epoch, mut shown) = self.shown.take().unwrap_or((u64::MAX, Vec::new()));
        if shown_epoch != epoch || shown.len() != available.len() {
            shown.clear();
            shown.extend_from_slice(&curriculum.order[available.clone()]);
            random::shuffle(&mut random::stream(curriculum.seed, "epoch", epoch), &mut shown);
        }
        let start = curriculum.schedule.batch_size.sum(first_step, step);
        let start = usize::try_from(start).map_or(shown.len(), |start| start.min(shown.len()));
        let end = start.saturating_add(curriculum.schedule.batch_size.at(step)).min(shown.len());
        let examples = &shown[start..end];
        batch.indices.extend(examples.iter().map(|&example| example as usize));
        self.shown = Some((epoch, shown));
    }

    fn epoch(&self, curriculum: &Curriculum, step: u64) -> Epoch {
        let span = self.span_of(curriculum, step);
        Epoch { index: span.epoch, step: step - span.first_step, n_steps: span.n_steps(curriculum) }
    }

    fn rescheduled(&mut self, curriculum: &Curriculum) {
        *self = Self::new(curriculum);
    }
}

pub(super) static ENTRY: SamplerEntry = SamplerEntry::new(
    "prefix",
    "epochs over what is available when they begin (Wu)",
    &[],
    &[SamplerInput::Order, SamplerInput::Pacing, SamplerInput::TotalSteps],
    |o, of| {
        let pacing = of.pacing();
        let sampler = PrefixSampler::new(of.order(o)?, pacing, of.batch_size, of.total_steps, of.seed)?;
        Ok(Box::new(sampler.with_batch_sizes(of.later_batch_sizes)?))
    },
)
.resized();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        order::{HardFirst, Order},
        pacing::{Full, Linear, Root},
    };
    use cl_data::{Sampler, SamplerError};
    use proptest::prelude::*;

    fn sampler(n: usize, a: f64, b: f64, batch_size: usize, total_steps: u64, seed: u64) -> PrefixSampler {
        let scores: Vec<f64> = (0..n).map(|i| (i * 7 % 11) as f64).collect();
        let order = HardFirst.order(&scores, seed).unwrap();
        PrefixSampler::new(order, Root::new(a, b).unwrap(), batch_size, total_steps, seed).unwrap()
    }

    fn batch(sampler: &mut PrefixSampler, step: u64) -> Vec<usize> {
        let mut batch = Batch::default();
        sampler.batch(step, &mut batch).unwrap();
        batch.indices
    }

    prop_compose! {
        fn any_sampler()(
            n in 1usize..60, a in prop_oneof![Just(0.0), 0.01..2.0], b in 0.0..=1.0, batch_size in 1usize..20,
            total_steps in 1u64..120, seed: u64,
        ) -> (PrefixSampler, u64) {
            (sampler(n, a, b, batch_size.min(n), total_steps, seed), total_steps)
        }
    }

    /// A run resumed with another batch size or seed, or another past, is refused, and the error says which.
    #[test]
    fn a_state_of_another_past_is_refused() {
        let mut own = sampler(20, 0.5, 0.2, 4, 50, 1);
        batch(&mut own, 30);
        let saved = own.save(31).unwrap();
        assert_eq!(sampler(20, 0.5, 0.2, 4, 50, 1).restore(&saved).unwrap(), 31);
        for (mut other, what) in [
            (sampler(20, 0.5, 0.2, 4, 50, 2), "made with seed 1, not with 2"),
            (sampler(21, 0.5, 0.2, 4, 50, 1), "made with number of examples 20, not with 21"),
            (
                sampler(20, 0.5, 0.9, 4, 50, 1),
                "the schedule of the first 31 steps is not that of the saved state (root (a = 0.5, b = 0.9) over 50 \
                 steps; saved: root (a = 0.5, b = 0.2) over 50 steps): only what comes after may change",
            ),
            (sampler(20, 0.5, 0.2, 4, 90, 1), "the schedule of the first 31 steps"),
            (
                PrefixSampler::new((0..20).collect(), Root::new(0.5, 0.2).unwrap(), 4, 50, 1).unwrap(),
                "the order of the first 31 steps",
            ),
        ] {
            let error = other.restore(&saved).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
        assert!(own.restore("").is_err() && own.restore("nonsense").is_err());
        let data = |text: &str| text.repeat(64).parse().unwrap();
        let saved = own.clone().with_data(data("0")).save(31).unwrap();
        assert!(own.with_data(data("1")).restore(&saved).unwrap_err().to_string().contains("data"));
    }

    /// What has not been shown yet may become another: the pacing, the budget, the order of what is not available.
    #[test]
    fn the_future_may_be_edited_and_the_past_may_not() {
        let (order, early): (Vec<usize>, _) = ((0..20).collect(), Linear::new(1.0, 0.2).unwrap());
        let mut own = PrefixSampler::new(order.clone(), early, 4, 100, 1).unwrap();
        let past: Vec<_> = (0..50).map(|step| batch(&mut own, step)).collect();
        let saved = own.save(50).unwrap();
        assert_eq!(
            own.replace_pacing(49, Full, 100).unwrap_err(),
            PacingError::PastStep { from_step: 49, n_consumed: 50 }
        );
        assert!(own.replace_pacing(50, Full, 0).is_err());
        own.replace_pacing(50, Full, 100).unwrap();
        assert_eq!((0..50).map(|step| batch(&mut own.clone(), step)).collect::<Vec<_>>(), past);
        assert_eq!(own.n_available(60), 20);

        // The state of the unedited run goes on under the edited schedule, and with another end of the order.
        let mut reordered = order;
        reordered[16..].reverse();
        for order in [(0..20).collect(), reordered] {
            let mut edited = PrefixSampler::new(order, early, 4, 100, 1).unwrap();
            edited.replace_pacing(50, Full, 100).unwrap();
            edited.restore(&saved).unwrap();
            assert!(edited.replace_pacing(49, Full, 100).is_err());
            assert_eq!((0..50).map(|step| batch(&mut edited, step)).collect::<Vec<_>>(), past);
        }
        let mut changed: Vec<usize> = (0..20).collect();
        changed[..4].reverse();
        let mut other = PrefixSampler::new(changed, early, 4, 100, 1).unwrap();
        assert!(other.restore(&saved).unwrap_err().to_string().contains("the order of the first 50 steps"));
    }

    proptest! {
        /// Batch sizes that change on the way, by edit or because the state was another's: each epoch shows what it has
        /// once, and a run that goes on does so from the examples consumed.
        #[test]
        fn batch_sizes_change_and_epochs_stay_whole(
            n in 1usize..50, sizes in prop::collection::vec(1usize..12, 3), first in 0u64..20, second in 0u64..20, seed: u64,
        ) {
            let size = |at: usize| sizes[at].min(n);
            let new = |size| PrefixSampler::new((0..n).rev().collect(), Root::new(0.5, 0.3).unwrap(), size, 30, seed).unwrap();
            let edited = || {
                let mut sampler = new(size(0));
                sampler.replace_batch_size(first, size(1)).unwrap();
                sampler.replace_batch_size(first + 1 + second, size(2)).unwrap();
                sampler
            };
            let mut whole = edited();
            let mut shown: Vec<Vec<usize>> = Vec::new();
            for step in 0..80 {
                let Epoch { index, step: within, n_steps } = whole.epoch(step);
                let examples = batch(&mut whole, step);
                prop_assert!(examples.len() == whole.batch_size(step) || (within + 1 == n_steps && !examples.is_empty()));
                shown.resize(index as usize + 1, Vec::new());
                shown[index as usize].extend(examples);
            }
            shown.pop();
            for mut epoch in shown {
                let n_shown = epoch.len();
                epoch.sort_unstable();
                epoch.dedup();
                prop_assert_eq!(epoch.len(), n_shown);
                prop_assert_eq!(epoch.first().copied(), Some(n - n_shown));
            }
            for at in [0, first, first + 1, 25, 60] {
                let state = whole.save(at).unwrap();
                let mut resumed = edited();
                prop_assert_eq!(resumed.restore(&state).unwrap(), at);
                prop_assert_eq!(batch(&mut resumed, at), batch(&mut whole, at));
                // One that was made with the size that the run has now, and knows of no other.
                let mut other = new(whole.batch_size(at));
                prop_assert_eq!(other.restore(&state).unwrap(), at);
                prop_assert_eq!(batch(&mut other, at), batch(&mut whole, at));
                prop_assert_eq!(other.epoch(at).index, whole.epoch(at).index);
                let again = other.save(at).unwrap();
                prop_assert_eq!(again, state);
            }
        }

        /// New examples join from the epoch on that begins after they came.
        #[test]
        fn data_grow(n in 1usize..30, n_new in 1usize..30, batch_size in 1usize..9, from_step in 0u64..20, seed: u64) {
            let new = || {
                let mut sampler = crate::sampler::ShuffleSampler::new(n, batch_size.min(n), seed).unwrap();
                sampler.extend(from_step, n_new).unwrap();
                sampler
            };
            let mut before = crate::sampler::ShuffleSampler::new(n, batch_size.min(n), seed).unwrap();
            let mut whole = new();
            let mut shown: Vec<(u64, Vec<usize>)> = Vec::new();
            for step in 0..70 {
                let mut examples = Batch::default();
                whole.batch(step, &mut examples).unwrap();
                let epoch = whole.epoch(step);
                if epoch.step == 0 {
                    shown.push((step, Vec::new()));
                }
                shown.last_mut().unwrap().1.extend(&examples.indices);
                let mut resumed = new();
                prop_assert_eq!(resumed.restore(&whole.save(step).unwrap()).unwrap(), step);
                let mut again = Batch::default();
                resumed.batch(step, &mut again).unwrap();
                prop_assert_eq!(&again, &examples);
                if step < from_step {
                    before.batch(step, &mut again).unwrap();
                    prop_assert_eq!(&again, &examples);
                }
            }
            shown.pop();
            for (first_step, mut examples) in shown {
                examples.sort_unstable();
                let expected = if first_step < from_step { n } else { n + n_new };
                prop_assert_eq!(examples, (0..expected).collect::<Vec<_>>());
            }
            // A run that was saved before goes on in one that grew.
            if from_step > 0 {
                let mut grown = new();
                prop_assert_eq!(grown.restore(&before.save(from_step).unwrap()).unwrap(), from_step);
            }
        }

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
                // What was looked at for another state changes nothing.
                prop_assert_eq!(jumper.save(step).unwrap(), fresh.clone().save(step).unwrap());
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
                let available = sampler.pacing(step).count(progress, n, sampler.batch_size(step));
                let mut expected: Vec<usize> =
                    sampler.curriculum.order[..available].iter().map(|&example| example as usize).collect();
                expected.sort_unstable();
                let mut shown = Vec::new();
                for within in 0..epoch.n_steps {
                    prop_assert_eq!(sampler.epoch(step), Epoch { step: within, ..epoch });
                    let examples = batch(&mut sampler, step);
                    let last = within + 1 == epoch.n_steps;
                    prop_assert!(examples.len() == sampler.batch_size(step) || (last && !examples.is_empty()));
                    shown.extend(examples);
                    step += 1;
                }
                shown.sort_unstable();
                prop_assert_eq!(shown, expected);
            }
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

    /// A budget that is never spent: not every epoch before a step is walked through.
    #[test]
    fn neither_does_the_middle_of_an_endless_budget() {
        let mut sampler = sampler(40, 0.9, 0.1, 4, 1 << 62, 0);
        assert_eq!((sampler.n_available(1 << 50), sampler.n_available(1 << 61)), (4, 30));
        assert_eq!(batch(&mut sampler, 1 << 61).len(), 4);
    }

    #[test]
    fn settings_that_decide_batches_are_in_the_fingerprint() {
        let with = |order: Vec<usize>, a, batch_size, total, seed| {
            PrefixSampler::new(order, Linear::new(a, 0.5).unwrap(), batch_size, total, seed).unwrap().fingerprint()
        };
        let mut edited = PrefixSampler::new(vec![0, 1, 2], Linear::new(0.5, 0.5).unwrap(), 2, 10, 0).unwrap();
        edited.replace_pacing(5, Full, 10).unwrap();
        let own = with(vec![0, 1, 2], 0.5, 2, 10, 0);
        assert!(own.check(&with(vec![0, 1, 2], 0.5, 2, 10, 0)).is_ok());
        for (other, setting) in [
            (with(vec![0, 2, 1], 0.5, 2, 10, 0), "order"),
            (with(vec![0, 1, 2], 0.6, 2, 10, 0), "pacing"),
            (with(vec![0, 1, 2], 0.5, 3, 10, 0), "batch size"),
            (with(vec![0, 1, 2], 0.5, 2, 11, 0), "total steps"),
            (with(vec![0, 1, 2], 0.5, 2, 10, 1), "seed"),
            (edited.fingerprint(), "pacing from step 5"),
        ] {
            match own.check(&other).unwrap_err() {
                SamplerError::OtherSettings { setting: named, .. } => assert_eq!(named, setting),
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
        assert_eq!(
            new(vec![0, 1], 3, 1).unwrap().to_string(),
            "argument batch_size is 3 of 2 examples, expected at most the number of examples"
        );
        assert!(matches!(new(vec![0], 1, 0), Some(PacingError::InvalidArgument { argument: "total_steps", .. })));
        assert_eq!(new(vec![0, 1, 0], 1, 1), Some(PacingError::NotAPermutation { example: 0 }));
        assert!(matches!(new(vec![0, 3, 1], 1, 1), Some(PacingError::IndexOutOfRange { index: 3, .. })));
    }
}
