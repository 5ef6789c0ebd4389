use serde::{Deserialize, Serialize};

use super::{check_count, check_factor};
use crate::{error::ModelError, plan::LearningRate};

/// A learning rate that climbs along a line to the start of another schedule, which then begins.
///
/// ```text
/// eta(t) = then(0) (start + (1 - start) t / T)   for t < T,   then(t - T) from T on
/// ```
///
/// PyTorch's `SequentialLR([LinearLR(start_factor=start, total_iters=T), then], milestones=[T])`. O(1).
///
/// Source: Goyal et al. (2017), Accurate, Large Minibatch SGD, section 2.2.
///
/// ```
/// use cl_model::{Cosine, LearningRate, WarmUp};
///
/// let schedule = WarmUp::new(10, 0.1, Cosine::new(1.0, 0.0, 100)?)?;
/// assert_eq!([0, 5, 10, 110].map(|t| schedule.at(t)), [0.1, 0.55, 1.0, 0.0]);
/// # Ok::<(), cl_model::ModelError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked<R>", bound(deserialize = "R: LearningRate + Deserialize<'de>"))]
pub struct WarmUp<R> {
    n_steps: u64,
    start: f64,
    then: R,
}

/// What is read back, before it is checked.
#[derive(Deserialize)]
struct Unchecked<R> {
    n_steps: u64,
    start: f64,
    then: R,
}

impl<R: LearningRate> TryFrom<Unchecked<R>> for WarmUp<R> {
    type Error = ModelError;

    fn try_from(Unchecked { n_steps, start, then }: Unchecked<R>) -> Result<Self, ModelError> {
        Self::new(n_steps, start, then)
    }
}

impl<R: LearningRate> WarmUp<R> {
    /// `n_steps` updates from the share `start` of the first learning rate of `then`.
    ///
    /// # Errors
    /// Where there are no steps or the share is outside (0, 1].
    pub fn new(n_steps: u64, start: f64, then: R) -> Result<Self, ModelError> {
        Ok(Self { n_steps: check_count("n_steps", n_steps)?, start: check_factor("start", start)?, then })
    }
}

impl<R: LearningRate> LearningRate for WarmUp<R> {
    fn at(&self, step: u64) -> f64 {
        match step.checked_sub(self.n_steps) {
            Some(after) => self.then.at(after),
            None => {
                let share = step as f64 / self.n_steps as f64;
                self.then.at(0) * (self.start + (1.0 - self.start) * share)
            }
        }
    }
}
