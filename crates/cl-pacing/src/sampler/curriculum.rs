use std::ops::Range;

use cl_data::Fingerprint;

use super::past::Past;
use super::schedule::Schedule;
use super::{check_batch_size, check_permutation, check_sizes, narrow};
use crate::{Pacing, PacingError, SamplerFingerprint};

/// An order with its schedule, and what all samplers over them have in common.
#[derive(Debug, Clone)]
pub(super) struct Curriculum {
    /// Half the memory of `usize`, and so twice the examples in the cache.
    pub(super) order: Vec<u32>,
    pub(super) schedule: Schedule,
    pub(super) batch_size: usize,
    pub(super) seed: u64,
    data: Option<Fingerprint>,
    /// The steps up to the latest batch.
    pub(super) n_consumed: u64,
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
        check_permutation(order)?;
        let order = narrow(order)?;
        let schedule = Schedule::new(n_examples, batch_size, pacing, total_steps)?;
        Ok(Self { order, schedule, batch_size, seed, data: None, n_consumed: 0 })
    }

    pub(super) fn bind(&mut self, data: Fingerprint) {
        self.data = Some(data);
    }

    pub(super) fn replace_pacing(
        &mut self,
        from_step: u64,
        pacing: impl Pacing + 'static,
        total_steps: u64,
    ) -> Result<(), PacingError> {
        self.schedule.replace(from_step, pacing, total_steps, self.n_consumed)
    }

    /// All settings that decide the batches of `sampler`.
    pub(super) fn fingerprint(&self, sampler: SamplerFingerprint) -> SamplerFingerprint {
        let order: Vec<usize> = self.order.iter().map(|&example| example as usize).collect();
        self.schedule.settings(self.settings(sampler).with_order(&order))
    }

    /// The settings that enter every batch, whatever the schedule.
    fn settings(&self, sampler: SamplerFingerprint) -> SamplerFingerprint {
        let settings = sampler
            .with("number of examples", self.order.len())
            .with("batch size", self.batch_size)
            .with("seed", self.seed);
        match self.data {
            Some(data) => settings.with("data", data),
            None => settings,
        }
    }

    /// The past of `n_steps` steps of `sampler`; see [`Past::new`].
    pub(super) fn past(
        &self,
        sampler: SamplerFingerprint,
        n_steps: u64,
        changes: impl IntoIterator<Item = (u64, Range<usize>)>,
    ) -> Past {
        Past::new(self.settings(sampler), n_steps, changes, &self.schedule, &self.order)
    }
}
