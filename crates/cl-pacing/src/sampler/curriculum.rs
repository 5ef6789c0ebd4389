use std::fmt;
use std::ops::Range;

use cl_data::{Batch, Epoch, Fingerprint, Sampler, SamplerError, SamplerFingerprint, random};

use super::{
    check_batch_size, check_sizes, draw::Draw, n_batches, ordered::Ordered, past::Past, past::Timetable,
    schedule::Schedule,
};
use crate::{error::PacingError, pacing::Pacing};

/// An order with its schedule.
#[derive(Debug, Clone)]
pub struct Curriculum {
    pub(super) order: Ordered,
    pub(super) schedule: Schedule,
    pub(super) batch_size: usize,
    pub(super) seed: u64,
}

impl Curriculum {
    pub(super) fn new(
        order: &[usize],
        pacing: impl Pacing + 'static,
        batch_size: usize,
        total_steps: u64,
        seed: u64,
    ) -> Result<Self, PacingError> {
        let n_examples = order.len();
        check_sizes(n_examples, batch_size)?;
        check_batch_size(n_examples, batch_size)?;
        let order = Ordered::permutation(order)?;
        let schedule = Schedule::new(n_examples, batch_size, pacing, total_steps)?;
        Ok(Self { order, schedule, batch_size, seed })
    }
}

/// How batches are drawn from the part of an order that is available: what samplers over an order differ in.
pub trait Drawing: fmt::Debug + Clone + Send + Sync {
    /// The name of the sampler, and of its random stream.
    const NAME: &'static str;

    /// Whether the order follows from the seed, so that a state need not say which it was.
    const ORDER_BY_SEED: bool = false;

    /// Adds the settings of its own.
    fn settings(&self, settings: SamplerFingerprint) -> SamplerFingerprint {
        settings
    }

    /// Adds those of its own that a state need not agree with, as they show in what was available.
    fn further_settings(&self, settings: SamplerFingerprint) -> SamplerFingerprint {
        settings
    }

    /// The places of the order that are available at `step`.
    fn available(&self, curriculum: &Curriculum, step: u64) -> Range<usize> {
        curriculum.schedule.available(step)
    }

    /// The same with the step until which it is known to stay; `step` is 0 or such an end.
    fn available_until(&self, curriculum: &Curriculum, step: u64) -> (Range<usize>, u64) {
        (self.available(curriculum, step), curriculum.schedule.known_until(step))
    }

    /// Adds the batch of `step` to an empty one: by default drawn anew, uniformly, without replacement.
    fn batch(&mut self, curriculum: &mut Curriculum, step: u64, draw: &mut Draw, batch: &mut Batch) {
        let mut rng = random::stream(curriculum.seed, Self::NAME, step);
        let available = self.available(curriculum, step);
        draw.without_replacement(&mut rng, &mut curriculum.order[available], curriculum.batch_size, batch);
    }

    /// By default passes of n examples: there are no epochs otherwise.
    fn epoch(&self, curriculum: &Curriculum, step: u64) -> Epoch {
        passes(curriculum.order.len(), curriculum.batch_size, step)
    }

    /// The schedule has changed.
    fn rescheduled(&mut self, curriculum: &Curriculum) {
        let _ = curriculum;
    }
}

/// Epochs that are passes of `n_examples`.
pub(super) fn passes(n_examples: usize, batch_size: usize, step: u64) -> Epoch {
    let n_steps = n_batches(n_examples, batch_size);
    Epoch { index: step / n_steps, step: step % n_steps, n_steps }
}

/// Batches from the part of an order that a pacing makes available: [`PrefixSampler`](crate::PrefixSampler),
/// [`MiniBatchSampler`](crate::MiniBatchSampler), [`CompetenceSampler`](crate::CompetenceSampler) and
/// [`ShuffleSampler`](crate::ShuffleSampler), and what these have in common.
///
/// A pure function of the step. The state after any number of steps costs O(1) to [save](Sampler::save) where one
/// after fewer was saved before, and O(places of the order reached since) otherwise.
#[derive(Debug, Clone)]
pub struct CurriculumSampler<D> {
    pub(super) curriculum: Curriculum,
    pub(super) drawing: D,
    data: Option<Fingerprint>,
    past: Past,
    draw: Draw,
}

impl<D: Drawing> CurriculumSampler<D> {
    pub(super) fn of(curriculum: Curriculum, drawing: D) -> Self {
        Self { curriculum, drawing, data: None, past: Past::default(), draw: Draw::default() }
    }

    /// The same, bound to data: the fingerprint of their ids and labels enters [`fingerprint`](Self::fingerprint).
    pub fn with_data(mut self, data: Fingerprint) -> Self {
        self.data = Some(data);
        self
    }

    /// Edits the future: from `from_step` on, `pacing` over a budget of `total_steps`, both counted from step 0. An
    /// epoch that has begun by then ends as it began.
    ///
    /// # Errors
    /// Where `from_step` comes before the latest batch, whose past cannot change, or `total_steps` is 0.
    pub fn replace_pacing(
        &mut self,
        from_step: u64,
        pacing: impl Pacing + 'static,
        total_steps: u64,
    ) -> Result<(), PacingError> {
        self.past.change_from(from_step)?;
        self.curriculum.schedule.replace(from_step, pacing, total_steps)?;
        self.drawing.rescheduled(&self.curriculum);
        Ok(())
    }

    /// The settings that decide every batch. O(n) at first.
    pub fn fingerprint(&self) -> SamplerFingerprint {
        let settings = self.drawing.further_settings(Timetable::settings(self));
        let settings =
            if D::ORDER_BY_SEED { settings } else { settings.with("order", self.curriculum.order.hash()) };
        self.curriculum.schedule.settings(settings)
    }

    /// How many examples are available at `step`, or in its epoch.
    pub fn n_available(&self, step: u64) -> usize {
        self.drawing.available(&self.curriculum, step).len()
    }

    /// The pacing function at `step`.
    pub fn pacing(&self, step: u64) -> &dyn Pacing {
        self.curriculum.schedule.pacing(step)
    }
}

impl<D: Drawing> Timetable for CurriculumSampler<D> {
    fn settings(&self) -> SamplerFingerprint {
        let settings = SamplerFingerprint::new(D::NAME)
            .with("number of examples", self.curriculum.order.len())
            .with("batch size", self.curriculum.batch_size)
            .with("seed", self.curriculum.seed)
            .with_data(self.data);
        self.drawing.settings(settings)
    }

    fn schedule(&self) -> String {
        self.curriculum.schedule.to_string()
    }

    fn order(&self) -> &[u32] {
        if D::ORDER_BY_SEED { &[] } else { &self.curriculum.order }
    }

    fn available_until(&self, step: u64) -> (Range<u64>, u64) {
        let (available, until) = self.drawing.available_until(&self.curriculum, step);
        (available.start as u64..available.end as u64, until)
    }
}

impl<D: Drawing> Sampler for CurriculumSampler<D> {
    fn n_examples(&self) -> usize {
        self.curriculum.order.len()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        self.past.take(step);
        batch.clear();
        self.drawing.batch(&mut self.curriculum, step, &mut self.draw, batch);
        Ok(())
    }

    fn epoch(&self, step: u64) -> Epoch {
        self.drawing.epoch(&self.curriculum, step)
    }

    fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
        self.past.save(n_steps, self)
    }

    fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
        let n_steps = self.past.check(state, self)?;
        Ok(self.past.restore(n_steps))
    }
}
