use super::{
    batch::{Batch, Epoch},
    error::SamplerError,
    fingerprint::SamplerFingerprint,
};

/// Where a training loop gets its batches: which examples at which step, an update counted from 0.
///
/// One that follows a fixed order is a pure function of the step: any can be asked for, in any order. One that learns
/// from losses is told of them through [`feedback`](Self::feedback), one that goes by the learner's maturity through
/// [`validated`](Self::validated), and says by [`ready_until`](Self::ready_until) how far ahead it can be asked. The
/// same step asked for twice gives the same batch, and what is refused changes nothing.
pub trait Sampler: Send + Sync {
    /// The number of examples that the sampler draws from, shown yet or not.
    fn n_examples(&self) -> usize;

    /// Writes the batch of `step` into `batch`, whatever that held before. An empty batch means that the sampler
    /// shows nothing at this step (a self-paced learner to whom nothing is easy yet, say).
    ///
    /// # Errors
    /// [`SamplerError::OutOfTurn`] from [`ready_until`](Self::ready_until) on, and for steps of which a sampler that
    /// learns has gone on.
    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError>;

    /// The epoch that `step` belongs to, and whether it is that epoch's first: what "once an epoch" means. Never an
    /// earlier one than that of the step before.
    fn epoch(&self, step: u64) -> Epoch;

    /// The first step whose batch may still depend on what has not been told. All before it, from the latest asked for
    /// on, can be had: a loader that draws ahead of the training stops here until more is told.
    fn ready_until(&self) -> u64 {
        u64::MAX
    }

    /// Writes into `wanted` the examples whose current losses the sampler must be told before it can give the
    /// batch of `step`: none for a fixed order, all of them at the start of a self-paced epoch.
    fn wanted(&self, step: u64, wanted: &mut Vec<usize>) {
        let _ = step;
        wanted.clear();
    }

    /// Tells the sampler the losses of some examples, as they were before the update of `step`: of those wanted, or
    /// of (a part of) its batch. On several ranks, each of which has a sampler of its own, every one must be told what
    /// all of them evaluated, in any order and in as many parts as there are.
    ///
    /// # Errors
    /// Where a sampler that learns cannot learn from them, such as from NaN; none of them is taken then.
    fn feedback(&mut self, step: u64, indices: &[usize], losses: &[f64]) -> Result<(), SamplerError> {
        let _ = (step, indices, losses);
        Ok(())
    }

    /// Tells the sampler a score on held-out data, higher being better, which a trainer measures at the end of an
    /// epoch.
    ///
    /// # Errors
    /// Where a sampler that goes by it cannot use it, such as NaN.
    fn validated(&mut self, score: f64) -> Result<(), SamplerError> {
        let _ = score;
        Ok(())
    }

    /// The state with which a run goes on that has consumed `n_steps` steps, which may be fewer than were asked for:
    /// loaders draw ahead. [`SamplerFingerprint::save`] writes it, with its checksum: a text to be kept as it is.
    ///
    /// # Errors
    /// [`SamplerError::OutOfTurn`] where a sampler that learns was told of later steps, or has not got there.
    fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
        stateless(self.n_examples()).save(n_steps, &())
    }

    /// Takes back what [`save`](Self::save) gave, and gives the steps that were consumed.
    ///
    /// # Errors
    /// Where the state is damaged, of another version, of another kind of sampler, of other data or of other settings.
    fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
        let (n_steps, ()) = stateless(self.n_examples()).restore(state)?;
        Ok(n_steps)
    }
}

/// Of a sampler that remembers nothing and says nothing of its settings.
fn stateless(n_examples: usize) -> SamplerFingerprint {
    SamplerFingerprint::new("without a state").with("number of examples", n_examples)
}
