use serde::{Deserialize, Serialize};

/// How long a run lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Budget {
    /// This many updates.
    Updates(u64),
    /// As many updates as show at most this many examples, each presentation counted.
    Examples(u64),
    /// This many epochs of the sampler.
    Epochs(u64),
}

/// The learning rate as a function of the update; a plain `f64` is a constant one.
pub trait LearningRate: Send + Sync {
    /// The learning rate of update `step`, counted from 0.
    fn at(&self, step: u64) -> f64;

    /// Tells a schedule that reacts to it the mean loss on the validation set.
    fn validated(&mut self, loss: f64) {
        let _ = loss;
    }
}

impl LearningRate for f64 {
    fn at(&self, _step: u64) -> f64 {
        *self
    }
}

/// What is best on the validation set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Criterion {
    /// The lowest mean loss.
    Loss,
    /// The highest accuracy; of equal ones, the first.
    Accuracy,
}

/// How a run is validated: at the end of every epoch, on data that it does not train on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validation {
    /// What is best.
    pub criterion: Criterion,
    /// After how many epochs without a new best the run stops; never if `None`.
    pub patience: Option<u64>,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// Updates made; steps at which the sampler showed nothing are not counted.
    pub n_updates: u64,
    /// Steps of the sampler taken.
    pub n_steps: u64,
    /// Examples presented, each presentation counted.
    pub n_presented: u64,
    /// Updates made when the validation set was best; the model keeps the parameters it had then.
    pub best_at: Option<u64>,
    /// Whether patience ended the run before its budget.
    pub stopped_early: bool,
}

/// What a trainer was told of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan<R> {
    pub(crate) budget: Budget,
    pub(crate) learning_rate: R,
    pub(crate) validation: Validation,
}
