use std::ops::Range;
use std::sync::Arc;

use cl_data::{
    Batch, Epoch, Fingerprint, Sampler, SamplerError, SamplerFingerprint, catalogue::Parameter, random,
};
use serde::{Deserialize, Serialize};

use super::{
    check_batch_size, check_sizes, chunk,
    entry::{SamplerEntry, SamplerInput},
    n_batches,
    ordered::Ordered,
};
use crate::{
    error::PacingError,
    pacing::{Clock, Pacing, Plateau, Reading},
};

/// Epochs over the part of an order that a pacing makes available by a clock of choice: updates, examples, tokens,
/// epochs, plateaus of validation or a measured score.
///
/// ```text
/// epoch e starts with the reading R_e: updates, examples and tokens shown, epochs completed, score and plateaus told
/// available   of the order at progress clock(R_e), fixed for the epoch
/// shown       a shuffle of it seeded by (seed, e), cut into batches, the last of which may be short
/// ```
///
/// By counts it is a pure function of the step, as a [`PrefixSampler`](crate::PrefixSampler) is: any step can be asked
/// for directly, in O(epochs walked over). By a measured value, [`observe`](Self::observe) tells it. An epoch then
/// begins when a batch of it is first asked for, as the latest value has it, and keeps what it began with: what was
/// shown can be asked for again, and the epoch after the last begun one, but none beyond.
/// [`ready_until`](Sampler::ready_until) is the end of the last begun one: whoever draws beyond it before the
/// validation at its end goes by the one before. 8 bytes an example, 8 more with tokens.
///
/// Source: Wu, Dyer and Neyshabur (2021), algorithm 1, for the epochs; Cirik, Hovy and Morency (2016) open the next
/// bucket when validation gains no more.
///
/// ```
/// use cl_pacing::{BabySteps, Batch, Clock, ClockedSampler, Plateau, Sampler};
///
/// let (pacing, clock) = (BabySteps::new(2, 1, 2)?, Clock::Plateaus { total: 2 });
/// let mut sampler = ClockedSampler::new((0..6).collect(), pacing, clock, &[], 3, 0)?
///     .with_plateau(Plateau::new(1, 0.0)?);
/// let mut batch = Batch::default();
/// sampler.batch(0, &mut batch)?; // the easy bucket alone
/// assert!(batch.indices.iter().all(|&example| example < 3));
/// sampler.observe(0.6)?;
/// sampler.observe(0.6)?; // no gain: the next epoch has both
/// assert_eq!(sampler.epoch(1).n_steps, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ClockedSampler {
    order: Ordered,
    pacing: Arc<dyn Pacing>,
    clock: Clock,
    /// Tokens in all places of the order before each; empty where they do not count.
    tokens: Vec<u64>,
    batch_size: usize,
    seed: u64,
    data: Option<Fingerprint>,
    told: Told,
    /// The epochs that have begun, at least one.
    begun: Vec<Begun>,
    /// The epoch whose examples are at hand, as shown.
    shown: Option<(u64, Vec<u32>)>,
}

/// What was measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Told {
    score: Option<f64>,
    plateau: Option<Plateau>,
}

/// An epoch, or endlessly many that are alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Begun {
    epoch: u64,
    first_step: u64,
    examples: u64,
    tokens: u64,
    available: Range<usize>,
    /// Whether every later epoch is the same.
    settled: bool,
}

impl ClockedSampler {
    /// Batches of `batch_size` from what `pacing` makes available of `order` at the progress of `clock`; `lengths` are the
    /// tokens of each example, needed by a clock of tokens and empty for every other.
    ///
    /// # Errors
    /// Unless the order is a permutation, the batch size from 1 to its length, the clock a valid one, and there is a
    /// length per example where the clock counts tokens.
    pub fn new(
        order: Vec<usize>,
        pacing: impl Pacing + 'static,
        clock: Clock,
        lengths: &[u64],
        batch_size: usize,
        seed: u64,
    ) -> Result<Self, PacingError> {
        check_sizes(order.len(), batch_size)?;
        check_batch_size(order.len(), batch_size)?;
        let examples = Ordered::permutation(&order)?;
        clock.progress(&Reading::default())?;
        let expected = if matches!(clock, Clock::Tokens { .. }) { order.len() } else { 0 };
        if lengths.len() != expected {
            return Err(PacingError::LengthMismatch { what: "lengths", found: lengths.len(), expected });
        }
        let mut sum = 0u64;
        let before = order.iter().filter(|_| expected > 0).map(|&example| {
            sum = sum.saturating_add(lengths[example]);
            sum
        });
        let tokens = std::iter::once(0).chain(before).collect();
        let (order, pacing, told, begun) = (examples, Arc::new(pacing), Told::default(), Vec::new());
        let (data, shown) = (None, None);
        let mut sampler = Self { order, pacing, clock, tokens, batch_size, seed, data, told, begun, shown };
        sampler.begun.push(sampler.beginning(0, 0, 0, 0));
        Ok(sampler)
    }

    /// The same with a count of plateaus, for a clock of plateaus.
    pub fn with_plateau(mut self, plateau: Plateau) -> Self {
        self.told.plateau = Some(plateau);
        self
    }

    /// The same, bound to data: the fingerprint of their ids and labels enters [`fingerprint`](Self::fingerprint).
    pub fn with_data(mut self, data: Fingerprint) -> Self {
        self.data = Some(data);
        self
    }

    /// The settings that decide every batch, but for what was [observed](Self::observe). O(n) at first.
    pub fn fingerprint(&self) -> SamplerFingerprint {
        let settings = SamplerFingerprint::new("clocked")
            .with("order", self.order.hash())
            .with("pacing", &self.pacing)
            .with("clock", self.clock)
            .with("batch size", self.batch_size)
            .with("seed", self.seed)
            .with_data(self.data);
        let settings = match &self.told.plateau {
            None => settings,
            Some(plateau) => settings.with("plateau", plateau.settings()),
        };
        match &self.tokens[..] {
            [_] => settings,
            tokens => settings.with_hash("tokens", tokens.iter().copied()),
        }
    }

    /// Tells it a measured value, such as the validation accuracy that a trainer tells it by itself: the clock of scores
    /// reads the latest, the clock of plateaus counts them. Epochs that have begun stay as they are.
    ///
    /// # Errors
    /// Where the score is NaN, or a clock of plateaus has no [count of them](Self::with_plateau).
    pub fn observe(&mut self, score: f64) -> Result<(), PacingError> {
        if score.is_nan() {
            return Err(PacingError::argument("score", score, "a number"));
        }
        match &mut self.told.plateau {
            Some(plateau) => {
                plateau.observe(score)?;
            }
            None if matches!(self.clock, Clock::Plateaus { .. }) => {
                return Err(PacingError::argument(
                    "plateau",
                    "none",
                    "a count of plateaus, which the clock reads",
                ));
            }
            None => {}
        }
        self.told.score = Some(score);
        Ok(())
    }

    /// How many examples are available in the epoch of `step`.
    pub fn n_available(&self, step: u64) -> usize {
        self.epoch_of(step).1.available.len()
    }

    /// An epoch that begins now.
    fn beginning(&self, epoch: u64, first_step: u64, examples: u64, tokens: u64) -> Begun {
        let plateaus = self.told.plateau.map_or(0, |plateau| plateau.passed());
        let score = self.told.score;
        let reading = Reading { updates: first_step, examples, tokens, epochs: epoch, plateaus, score };
        // The clock and all scores were checked when they were given.
        let progress = self.clock.progress(&reading).unwrap_or(0.0).min(1.0);
        let available = self.pacing.available(progress, self.order.len(), self.batch_size);
        // A pacing of the user's own may say what it likes.
        let end = available.end.clamp(1, self.order.len());
        let ended = progress >= 1.0 || self.pacing.full_at().is_some_and(|full_at| progress >= full_at);
        let available = available.start.min(end - 1)..end;
        Begun { epoch, first_step, examples, tokens, available, settled: ended && !self.is_measured() }
    }

    fn is_measured(&self) -> bool {
        matches!(self.clock, Clock::Plateaus { .. } | Clock::Score { .. })
    }

    fn n_steps(&self, begun: &Begun) -> u64 {
        n_batches(begun.available.len(), self.batch_size)
    }

    fn after(&self, begun: &Begun) -> Begun {
        let tokens = match &self.tokens[..] {
            [_] => 0,
            sums => sums[begun.available.end] - sums[begun.available.start],
        };
        let first_step = begun.first_step.saturating_add(self.n_steps(begun));
        let examples = begun.examples.saturating_add(begun.available.len() as u64);
        self.beginning(begun.epoch.saturating_add(1), first_step, examples, begun.tokens.saturating_add(tokens))
    }

    /// An epoch follows from the one before it but for what was measured: that much of a state can be checked.
    fn may_have_begun(&self, epochs: &[Begun]) -> bool {
        let n = self.order.len();
        let valid = |begun: &Begun| {
            !begun.settled && begun.available.start < begun.available.end && begun.available.end <= n
        };
        let counts = |begun: &Begun| (begun.epoch, begun.first_step, begun.examples, begun.tokens);
        epochs.first().is_some_and(|begun| counts(begun) == (0, 0, 0, 0))
            && epochs.iter().all(valid)
            // What was available in an epoch follows from what was measured then, which is past.
            && epochs.windows(2).all(|pair| counts(&pair[1]) == counts(&self.after(&pair[0])))
    }

    /// Whether this, read from a state, is what some scores have led to.
    fn may_have_been_told(&self, told: &Told) -> bool {
        let settings = |told: &Told| told.plateau.as_ref().map(Plateau::settings);
        settings(told) == settings(&self.told) && !told.score.is_some_and(f64::is_nan)
    }

    /// The step after those of the last epoch that has begun.
    fn end(&self) -> u64 {
        *self.saved_at(&self.begun).end()
    }

    /// The steps at which these epochs are a state: those of the last.
    fn saved_at(&self, epochs: &[Begun]) -> std::ops::RangeInclusive<u64> {
        epochs.last().map_or(0..=0, |last| last.first_step..=last.first_step.saturating_add(self.n_steps(last)))
    }

    /// The epoch of `step` with its number, begun or as it would begin now.
    fn epoch_of(&self, step: u64) -> (u64, Begun) {
        let at = self.begun.partition_point(|begun| begun.first_step <= step);
        let mut begun = self.begun[at - 1].clone();
        // As long as nothing is measured, the epochs to come by it are alike.
        let mut alike = begun.settled;
        loop {
            let n_steps = self.n_steps(&begun);
            let passed = (step - begun.first_step) / n_steps;
            if passed == 0 || alike {
                begun.first_step += passed * n_steps;
                return (begun.epoch + passed, begun);
            }
            begun = self.after(&begun);
            alike = begun.settled || self.is_measured();
        }
    }
}

impl Sampler for ClockedSampler {
    fn n_examples(&self) -> usize {
        self.order.len()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        batch.clear();
        // What is asked for begins, and stays as it began; by a measured value only the next one.
        while let Some(last) = self.begun.last()
            && !last.settled
            && step >= self.end()
        {
            let next = self.after(last);
            let end = next.first_step.saturating_add(self.n_steps(&next));
            if self.is_measured() && step >= end {
                return Err(SamplerError::out_of_turn(step, 0..end));
            }
            self.begun.push(next);
        }
        let (epoch, begun) = self.epoch_of(step);
        let (shown_epoch, mut shown) = self.shown.take().unwrap_or((u64::MAX, Vec::new()));
        if shown_epoch != epoch || shown.len() != begun.available.len() {
            shown.clear();
            shown.extend_from_slice(&self.order[begun.available]);
            random::shuffle(&mut random::stream(self.seed, "epoch", epoch), &mut shown);
        }
        let examples = chunk(&shown, step - begun.first_step, self.batch_size);
        batch.indices.extend(examples.iter().map(|&example| example as usize));
        self.shown = Some((epoch, shown));
        Ok(())
    }

    fn epoch(&self, step: u64) -> Epoch {
        let (index, begun) = self.epoch_of(step);
        Epoch { index, step: step - begun.first_step, n_steps: self.n_steps(&begun) }
    }

    fn ready_until(&self) -> u64 {
        if self.is_measured() { self.end() } else { u64::MAX }
    }

    fn validated(&mut self, score: f64) -> Result<(), SamplerError> {
        Ok(self.observe(score)?)
    }

    /// By a measured value, from the first step of the last epoch that has begun to the last of it.
    fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
        if !self.is_measured() {
            return self.fingerprint().save(n_steps, &None::<(Told, Vec<Begun>)>);
        }
        let steps = self.saved_at(&self.begun);
        if !steps.contains(&n_steps) {
            return Err(SamplerError::out_of_turn(n_steps, *steps.start()..steps.end().saturating_add(1)));
        }
        self.fingerprint().save(n_steps, &Some((&self.told, &self.begun)))
    }

    fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
        let (n_steps, saved): (u64, Option<(Told, Vec<Begun>)>) = self.fingerprint().restore(state)?;
        match saved {
            None if !self.is_measured() => {}
            Some((told, begun))
                if self.is_measured()
                    && self.may_have_been_told(&told)
                    && self.may_have_begun(&begun)
                    && self.saved_at(&begun).contains(&n_steps) =>
            {
                (self.told, self.begun, self.shown) = (told, begun, None);
            }
            _ => return Err(SamplerError::Unusable("its epochs do not follow each other".to_owned())),
        }
        Ok(n_steps)
    }
}

pub(super) static ENTRY: SamplerEntry = SamplerEntry::new(
    "clocked",
    "epochs over what is available, by a clock of choice",
    &[
        Parameter::with_default("clock", "updates, examples or epochs", "examples"),
        Parameter::new("total", "the count of the clock at which the pacing ends"),
    ],
    &[SamplerInput::Order, SamplerInput::Pacing],
    |o, of| {
        let total = o.number("total")?;
        let clocks = [
            ("updates", Clock::Updates { total }),
            ("examples", Clock::Examples { total }),
            ("epochs", Clock::Epochs { total }),
        ];
        let clock = o.choice("clock", &clocks)?;
        Ok(Box::new(ClockedSampler::new(of.order(o)?, of.pacing(), clock, &[], of.batch_size, of.seed)?))
    },
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        pacing::{BabySteps, Full, Linear, Root},
        sampler::PrefixSampler,
        sharding::{Remainder, Sharding},
    };
    use proptest::prelude::*;

    fn batch(sampler: &mut dyn Sampler, step: u64) -> Vec<usize> {
        let mut batch = Batch::default();
        sampler.batch(step, &mut batch).unwrap();
        batch.indices
    }

    const LENGTHS: [u64; 30] = {
        let mut lengths = [0; 30];
        let mut i = 0;
        while i < 30 {
            lengths[i] = 1 + (i as u64 * 7) % 11;
            i += 1;
        }
        lengths
    };

    fn clocked(clock: Clock) -> ClockedSampler {
        let lengths: &[u64] = if matches!(clock, Clock::Tokens { .. }) { &LENGTHS } else { &[] };
        ClockedSampler::new((0..30).rev().collect(), Root::new(0.8, 0.2).unwrap(), clock, lengths, 4, 3).unwrap()
    }

    const CLOCKS: [Clock; 4] = [
        Clock::Updates { total: 60 },
        Clock::Examples { total: 240 },
        Clock::Tokens { total: 1400 },
        Clock::Epochs { total: 9 },
    ];

    /// A clock of updates is the prefix sampler's.
    #[test]
    fn updates_are_steps() {
        let order: Vec<usize> = (0..30).rev().collect();
        let mut prefix = PrefixSampler::new(order, Root::new(0.8, 0.2).unwrap(), 4, 60, 3).unwrap();
        let mut clocked = clocked(Clock::Updates { total: 60 });
        for step in 0..100 {
            assert_eq!(batch(&mut clocked, step), batch(&mut prefix, step));
            assert_eq!(clocked.epoch(step), prefix.epoch(step));
        }
    }

    /// What was shown, counted from outside, gives the progress of every epoch.
    #[test]
    fn every_clock_counts_what_was_shown() {
        for clock in CLOCKS {
            let (mut sampler, mut reading) = (clocked(clock), Reading::default());
            for step in 0..120 {
                let epoch = sampler.epoch(step);
                if epoch.step == 0 {
                    reading.epochs = epoch.index;
                    let progress = clock.progress(&reading).unwrap().min(1.0);
                    let expected = Root::new(0.8, 0.2).unwrap().count(progress, 30, 4);
                    assert_eq!(sampler.n_available(step), expected, "{clock} at {step}");
                }
                let shown = batch(&mut sampler, step);
                reading.updates += 1;
                reading.examples += shown.len() as u64;
                reading.tokens += shown.iter().map(|&example| LENGTHS[example]).sum::<u64>();
            }
        }
    }

    proptest! {
        #[test]
        fn seeking_is_walking_and_ranks_make_up_the_batch(
            at in 0usize..4, steps in prop::collection::vec(0u64..150, 1..20), world_size in 1usize..10,
        ) {
            let mut walker = clocked(CLOCKS[at]);
            let walked: Vec<_> = (0..150).map(|step| batch(&mut walker, step)).collect();
            for step in steps {
                let mut fresh = clocked(CLOCKS[at]);
                prop_assert_eq!(&batch(&mut fresh, step), &walked[step as usize]);
                prop_assert_eq!(fresh.epoch(step), walker.epoch(step));
                let (mut parts, mut part) = (Vec::new(), Batch::default());
                for rank in 0..world_size {
                    fresh.batch_of_rank_with(step, rank, world_size, Remainder::Empty, &mut part).unwrap();
                    parts.extend_from_slice(&part.indices);
                }
                prop_assert_eq!(&parts, &walked[step as usize]);
            }
        }

        /// By validation: saved after any step and any score, it goes on as if it had not been.
        #[test]
        fn a_measured_clock_resumes_exactly(
            scores in prop::collection::vec(0.0..1.0, 40), save_at in 0u64..40, plateaus: bool,
        ) {
            let new = || {
                let order = (0..30).collect();
                if plateaus {
                    let pacing = BabySteps::new(5, 1, 5).unwrap();
                    ClockedSampler::new(order, pacing, Clock::Plateaus { total: 5 }, &[], 4, 3).unwrap()
                        .with_plateau(Plateau::new(2, 0.0).unwrap())
                } else {
                    let pacing = Linear::new(1.0, 0.2).unwrap();
                    ClockedSampler::new(order, pacing, Clock::Score { from: 0.1, to: 0.8 }, &[], 4, 3).unwrap()
                }
            };
            let (mut whole, mut resumed) = (new(), new());
            for step in 0..40 {
                prop_assert_eq!(batch(&mut whole, step), batch(&mut resumed, step));
                if step % 3 == 2 {
                    whole.observe(scores[step as usize]).unwrap();
                    resumed.observe(scores[step as usize]).unwrap();
                }
                if step == save_at {
                    let state = resumed.save(step + 1).unwrap();
                    resumed = new();
                    prop_assert_eq!(resumed.restore(&state).unwrap(), step + 1);
                }
            }
            // What has been shown is shown again, whatever was told since.
            for step in 0..40 {
                prop_assert_eq!(batch(&mut whole, step), batch(&mut resumed, step));
            }
        }
    }

    #[test]
    fn misuse_is_named() {
        let new = |clock, lengths: &[u64]| ClockedSampler::new(vec![0, 1], Full, clock, lengths, 1, 0);
        assert!(new(Clock::Epochs { total: 0 }, &[]).is_err());
        assert!(new(Clock::Score { from: 1.0, to: 1.0 }, &[]).is_err());
        let error = new(Clock::Tokens { total: 9 }, &[3]).unwrap_err();
        assert_eq!(error.to_string(), "lengths has 1 entries, expected 2");
        let mut sampler = new(Clock::Plateaus { total: 2 }, &[]).unwrap();
        assert!(sampler.observe(0.5).unwrap_err().to_string().contains("plateau is none"));
        assert!(sampler.observe(f64::NAN).is_err());
        assert!(sampler.validated(f64::NAN).unwrap_err().to_string().contains("score is NaN"));
        assert!(sampler.restore(&new(Clock::Epochs { total: 1 }, &[]).unwrap().save(0).unwrap()).is_err());
        assert!(sampler.restore("").is_err() && sampler.restore("{}").is_err());
        // Of what is measured only the next epoch can begin.
        let mut out = Batch::default();
        let error = sampler.batch(u64::MAX, &mut out).unwrap_err();
        assert!(matches!(error, SamplerError::OutOfTurn { step: u64::MAX, end: 4, .. }), "{error}");
        assert_eq!((sampler.ready_until(), sampler.epoch(u64::MAX).n_steps), (2, 2));
        assert!(sampler.save(0).is_ok() && sampler.save(2).is_ok() && sampler.save(3).is_err());
        // Lengths of the same sum, and other plateaus, are other settings.
        let of_tokens = |lengths: &[u64]| new(Clock::Tokens { total: 9 }, lengths).unwrap();
        let error = of_tokens(&[2, 1]).restore(&of_tokens(&[1, 2]).save(0).unwrap()).unwrap_err();
        assert!(error.to_string().contains("tokens"), "{error}");
        let of_plateaus = |patience| {
            let plateau = Plateau::new(patience, 0.0).unwrap();
            new(Clock::Plateaus { total: 2 }, &[]).unwrap().with_plateau(plateau)
        };
        let error = of_plateaus(2).restore(&of_plateaus(5).save(0).unwrap()).unwrap_err();
        assert!(error.to_string().contains("plateau patience 5"), "{error}");
        let mut settled = new(Clock::Epochs { total: 1 }, &[]).unwrap();
        assert_eq!(batch(&mut settled, u64::MAX).len(), 1);
    }
}
