use std::fmt;
use std::ops::Range;

use cl_data::{Batch, Epoch, Fingerprint, Sampler, SamplerError, SamplerFingerprint, random};

use super::{
    check_batch_size, check_sizes, draw::Draw, n_batches, ordered::Ordered, past::Past, past::Timetable,
    schedule::Schedule, stepwise::Stepwise,
};
use crate::{error::PacingError, pacing::Pacing};

/// An order with its schedule.
#[derive(Debug, Clone)]
pub struct Curriculum {
    pub(super) order: Ordered,
    pub(super) schedule: Schedule,
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
        Ok(Self { order, schedule, seed })
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
        let batch_size = curriculum.schedule.batch_size.at(step);
        draw.without_replacement(&mut rng, &mut curriculum.order[available], batch_size, batch);
    }

    /// By default passes of n examples: there are no epochs otherwise.
    fn epoch(&self, curriculum: &Curriculum, step: u64) -> Epoch {
        curriculum.schedule.batch_size.passes(curriculum.order.len(), step)
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

    /// Edits the future: batches of `batch_size` from `from_step` on. An epoch that is under way goes on with the
    /// examples that it has not shown yet. Several make a ramp: [`batch_size_ramp`](crate::batch_size_ramp).
    ///
    /// A state that was saved under other batch sizes is taken as well: they stay those of its past, and from there on
    /// hold those of this sampler.
    ///
    /// ```
    /// use cl_pacing::{Batch, Sampler, ShuffleSampler};
    ///
    /// let mut sampler = ShuffleSampler::new(12, 2, 1)?;
    /// sampler.replace_batch_size(2, 4)?;
    /// let mut shown = Vec::new();
    /// let mut batch = Batch::default();
    /// for step in 0..sampler.epoch(0).n_steps {
    ///     sampler.batch(step, &mut batch)?;
    ///     shown.push(batch.indices.len());
    /// }
    /// assert_eq!(shown, [2, 2, 4, 4]); // each of the twelve once
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Where `from_step` comes before the latest batch, whose past cannot change, and unless `batch_size` is from 1 to
    /// the number of examples.
    pub fn replace_batch_size(&mut self, from_step: u64, batch_size: usize) -> Result<(), PacingError> {
        let n_examples = self.curriculum.schedule.n_examples.at(from_step);
        check_sizes(n_examples, batch_size)?;
        check_batch_size(n_examples, batch_size)?;
        self.past.change_from(from_step)?;
        self.curriculum.schedule.batch_size.replace(from_step, batch_size);
        self.drawing.rescheduled(&self.curriculum);
        Ok(())
    }

    /// The examples of a batch at `step`, where as many are left in its epoch.
    pub fn batch_size(&self, step: u64) -> usize {
        self.curriculum.schedule.batch_size.at(step)
    }

    /// The same with other batch sizes from some steps on.
    pub(super) fn with_batch_sizes(mut self, later: &[(u64, usize)]) -> Result<Self, PacingError> {
        if let Some(pair) = later.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
            let value = format!("from step {} after that from step {}", pair[1].0, pair[0].0);
            return Err(PacingError::argument("later_batch_sizes", value, "steps that increase"));
        }
        later.iter().try_for_each(|&(from_step, batch_size)| self.replace_batch_size(from_step, batch_size))?;
        Ok(self)
    }

    /// Puts `n_new` examples at the end of the order, from `from_step` on.
    pub(super) fn grow(&mut self, from_step: u64, n_new: usize) -> Result<(), PacingError> {
        let (n, schedule) = (self.curriculum.order.len(), &mut self.curriculum.schedule);
        check_sizes(n.saturating_add(n_new), 1)?;
        if schedule.n_examples.at(from_step) != n {
            return Err(PacingError::argument(
                "from_step",
                from_step,
                "a step not before that of the last growth",
            ));
        }
        self.past.change_from(from_step)?;
        schedule.n_examples.replace(from_step, n + n_new);
        let order: Vec<usize> = self.curriculum.order.iter().map(|&example| example as usize).collect();
        self.curriculum.order = Ordered::new(&order.into_iter().chain(n..n + n_new).collect::<Vec<_>>())?;
        self.drawing.rescheduled(&self.curriculum);
        Ok(())
    }

    /// The settings that decide every batch. O(n) at first.
    pub fn fingerprint(&self) -> SamplerFingerprint {
        let settings = self.drawing.further_settings(Timetable::settings(self, u64::MAX));
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
    fn settings(&self, n_steps: u64) -> SamplerFingerprint {
        let Schedule { n_examples, batch_size, .. } = &self.curriculum.schedule;
        let settings = SamplerFingerprint::new(D::NAME)
            .with("number of examples", n_examples.past(n_steps))
            .with(BATCH_SIZE, batch_size.past(n_steps))
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
        let (saved, n_steps) = SamplerFingerprint::of_state(state)?;
        let own = self.curriculum.schedule.batch_size.clone();
        // The past has the batch sizes of the state, the future those of the sampler.
        let past = saved.get(BATCH_SIZE).and_then(Stepwise::parse).unwrap_or_else(|| own.clone());
        self.resize(past.clone());
        match self.past.check(state, self) {
            Ok(_) => {
                self.resize(past.then(n_steps, &own));
                Ok(self.past.restore(n_steps))
            }
            Err(error) => {
                self.resize(own);
                Err(error)
            }
        }
    }
}

impl<D: Drawing> CurriculumSampler<D> {
    fn resize(&mut self, batch_size: Stepwise) {
        if self.curriculum.schedule.batch_size != batch_size {
            self.curriculum.schedule.batch_size = batch_size;
            self.past.forget();
            self.drawing.rescheduled(&self.curriculum);
        }
    }
}

/// The setting that a state may have otherwise.
const BATCH_SIZE: &str = "batch size";
