use std::fmt::Debug;
use std::ops::Range;

use cl_data::{Batch, Epoch, Fingerprint, Sampler, SamplerError, SamplerFingerprint};

/// How an epoch over all examples is cut into batches: what samplers of such epochs differ in.
pub trait Plan: Debug + Clone + Send + Sync {
    /// The name of the sampler, in its fingerprint.
    const NAME: &'static str;

    /// Adds the settings that decide every batch.
    fn settings(&self, settings: SamplerFingerprint) -> SamplerFingerprint;

    /// The number of examples.
    fn n_examples(&self) -> usize;

    /// The batches of an epoch, at least one, the same in every epoch.
    fn n_batches(&self) -> u64;

    /// Plans an epoch, into the memory of another one.
    fn plan(&self, seed: u64, epoch: u64, planned: &mut Planned);
}

/// The batches of an epoch.
#[derive(Debug, Clone, Default)]
pub struct Planned {
    /// Every example once.
    pub(super) examples: Vec<u32>,
    /// The batches as places of `examples`, in the order in which they are shown.
    pub(super) batches: Vec<Range<u32>>,
}

impl Planned {
    /// Adds the batch of the examples that were added since the last.
    pub(super) fn end_batch(&mut self) {
        let start = self.batches.last().map_or(0, |last| last.end);
        self.batches.push(start..self.examples.len() as u32);
    }
}

/// Epochs that show every example exactly once, in batches planned as a whole: [`TokenBudgetSampler`],
/// [`ApartSampler`] and [`GroupSampler`], and what these have in common.
///
/// [`TokenBudgetSampler`]: crate::TokenBudgetSampler
/// [`ApartSampler`]: crate::ApartSampler
/// [`GroupSampler`]: crate::GroupSampler
///
/// A pure function of (seed, step), as every epoch has as many batches. O(n) at the start of an epoch and after a jump
/// into another one, O(batch) per step otherwise; the state is O(1).
#[derive(Debug, Clone)]
pub struct PlannedSampler<P> {
    pub(super) plan: P,
    seed: u64,
    data: Option<Fingerprint>,
    /// The epoch that was planned last.
    planned: Option<(u64, Planned)>,
}

impl<P: Plan> PlannedSampler<P> {
    pub(super) fn of(plan: P, seed: u64) -> Self {
        Self { plan, seed, data: None, planned: None }
    }

    /// The same, bound to data: states saved with other ids or labels are refused.
    pub fn with_data(mut self, data: Fingerprint) -> Self {
        self.data = Some(data);
        self
    }

    /// The settings that decide every batch. O(n).
    pub fn fingerprint(&self) -> SamplerFingerprint {
        let settings = SamplerFingerprint::new(P::NAME).with("number of examples", self.plan.n_examples());
        self.plan.settings(settings.with("seed", self.seed).with_data(self.data))
    }

    /// The examples of the batch of `step`.
    pub(super) fn examples(&mut self, step: u64) -> &[u32] {
        let Epoch { index, step, .. } = self.epoch(step);
        // The memory of the epoch before, if there is one.
        let (epoch, mut planned) = self.planned.take().unwrap_or((u64::MAX, Planned::default()));
        if epoch != index || planned.batches.is_empty() {
            planned.examples.clear();
            planned.batches.clear();
            self.plan.plan(self.seed, index, &mut planned);
        }
        let (_, planned) = self.planned.insert((index, planned));
        let batch = &planned.batches[step as usize];
        &planned.examples[batch.start as usize..batch.end as usize]
    }
}

impl<P: Plan> Sampler for PlannedSampler<P> {
    fn n_examples(&self) -> usize {
        self.plan.n_examples()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        batch.clear();
        batch.indices.extend(self.examples(step).iter().map(|&example| example as usize));
        Ok(())
    }

    fn epoch(&self, step: u64) -> Epoch {
        let n_steps = self.plan.n_batches();
        Epoch { index: step / n_steps, step: step % n_steps, n_steps }
    }

    fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
        self.fingerprint().save(n_steps, &())
    }

    fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
        let (n_steps, ()) = self.fingerprint().restore(state)?;
        Ok(n_steps)
    }
}
