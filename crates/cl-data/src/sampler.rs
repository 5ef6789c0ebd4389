use serde::{Deserialize, Serialize};

/// A mini-batch: which examples, and how much each counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// The examples, by index into the data; may repeat where the sampler draws with replacement.
    pub indices: Vec<usize>,
    /// One weight per example of the batch, or empty where every example counts 1.
    pub weights: Vec<f64>,
}

impl Batch {
    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {
        self.indices.clear();
        self.weights.clear();
    }
}

/// Where a training loop gets its batches: the fourth of the four seams (order, pacing, weighting, sampler).
///
/// A sampler answers for any `step` (an update, counted from 0) with the batch of that step. One that follows
/// a fixed order is a pure function of the step; one that learns from losses is told of them through
/// [`feedback`](Self::feedback), one that goes by the learner's maturity through [`validated`](Self::validated). The trait lives with the data, so that a trainer can take batches and a
/// sampler can give them without knowing each other; the samplers themselves are in `cl-pacing`.
pub trait Sampler {
    /// The number of examples that the sampler draws from, shown yet or not.
    fn n_examples(&self) -> usize;

    /// Writes the batch of update `step` into `batch`, whatever that held before. An empty batch means that
    /// the sampler shows nothing at this step (a self-paced learner to whom nothing is easy yet, say).
    fn batch(&mut self, step: u64, batch: &mut Batch);

    /// The epoch that `step` belongs to, and whether it is that epoch's first: what "once an epoch" means.
    fn epoch(&self, step: u64) -> Epoch;

    /// Writes into `wanted` the examples whose current losses the sampler must be told before it can give the
    /// batch of `step`: none for a fixed order, all of them at the start of a self-paced epoch.
    fn wanted(&self, step: u64, wanted: &mut Vec<usize>) {
        let _ = step;
        wanted.clear();
    }

    /// Tells the sampler the losses of some examples, as they were before the update of `step`.
    fn feedback(&mut self, step: u64, indices: &[usize], losses: &[f64]) {
        let _ = (step, indices, losses);
    }

    /// Tells the sampler a score on held-out data, higher being better, which a trainer measures at the end of an epoch.
    fn validated(&mut self, score: f64) {
        let _ = score;
    }

    /// What the sampler has learned so far, to be kept with a checkpoint; `None` for a fixed order, which
    /// remembers nothing.
    fn save(&self) -> Option<String> {
        None
    }

    /// Takes back what [`save`](Self::save) gave.
    ///
    /// # Errors
    /// Where the state is of another kind of sampler, of other data or of other settings.
    fn restore(&mut self, state: Option<&str>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        match state {
            None => Ok(()),
            Some(_) => Err("this sampler remembers nothing, and the state is one that does".into()),
        }
    }
}

/// Where a step stands in its epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch {
    /// The epoch, counted from 0.
    pub index: u64,
    /// The step within the epoch, counted from 0.
    pub step: u64,
    /// The number of steps in this epoch.
    pub n_steps: u64,
}
