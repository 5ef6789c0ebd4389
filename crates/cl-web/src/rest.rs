use cl_data::{Batch, Epoch, Sampler, SamplerError};
use cl_pacing::PrefixSampler;

/// What is left of a sampler from some step on: a trainer counts from 0 and goes on where another stopped.
///
/// With plain SGD, which remembers nothing, training in pieces is training in one go, bit for bit. It is no sampler to
/// be saved: its state is that of the whole run.
pub(crate) struct Rest<'a> {
    /// The whole run's sampler.
    pub(crate) sampler: &'a mut PrefixSampler,
    /// The step that is this piece's first.
    pub(crate) first_step: u64,
}

impl Sampler for Rest<'_> {
    fn n_examples(&self) -> usize {
        self.sampler.n_examples()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        self.sampler.batch(self.first_step + step, batch)
    }

    fn epoch(&self, step: u64) -> Epoch {
        self.sampler.epoch(self.first_step + step)
    }

    fn save(&self, _n_steps: u64) -> Result<String, SamplerError> {
        Err(SamplerError::Unusable("a piece of a run has none, the whole run has".into()))
    }

    fn restore(&mut self, _state: &str) -> Result<u64, SamplerError> {
        Err(SamplerError::Unusable("it is of no piece of a run".into()))
    }
}
