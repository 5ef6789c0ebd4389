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

/// Where a step stands in its epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch {
    /// The epoch, counted from 0.
    pub index: u64,
    /// The step within the epoch, counted from 0.
    pub step: u64,
    /// The number of steps in this epoch; 0 where a sampler that learns does not know it, yet or any more.
    pub n_steps: u64,
}
