use serde::{Deserialize, Serialize};

use super::{check_count, check_positive};
use crate::{error::ModelError, plan::LearningRate, validated::deserialise_through};

/// A learning rate annealed along half a cosine.
///
/// ```text
/// eta(t) = last + (initial - last) (1 + cos(pi t / T)) / 2   for t < T,   last from T on
/// ```
///
/// PyTorch's `CosineAnnealingLR` up to T; there it climbs again after T, here it stays. O(1).
///
/// Source: Loshchilov, Hutter (2017), SGDR: Stochastic Gradient Descent with Warm Restarts, equation 5.
///
/// ```
/// use cl_model::{Cosine, LearningRate};
///
/// let schedule = Cosine::new(1.0, 0.0, 100)?;
/// assert_eq!((schedule.at(0), schedule.at(100)), (1.0, 0.0));
/// assert!((schedule.at(50) - 0.5).abs() < 1e-15);
/// # Ok::<(), cl_model::ModelError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Cosine {
    initial: f64,
    last: f64,
    n_steps: u64,
}

deserialise_through!(Self::new => Cosine { initial: f64, last: f64, n_steps: u64 });

impl Cosine {
    /// From `initial` to `last` in `n_steps` updates.
    ///
    /// # Errors
    /// Where the start is not positive, the end negative or above the start, or there are no steps.
    pub fn new(initial: f64, last: f64, n_steps: u64) -> Result<Self, ModelError> {
        let initial = check_positive("initial", initial)?;
        if !(0.0..=initial).contains(&last) {
            return Err(ModelError::argument("last", last, "a number from 0 to the initial learning rate"));
        }
        Ok(Self { initial, last, n_steps: check_count("n_steps", n_steps)? })
    }
}

impl LearningRate for Cosine {
    fn at(&self, step: u64) -> f64 {
        if step >= self.n_steps {
            return self.last;
        }
        let angle = std::f64::consts::PI * step as f64 / self.n_steps as f64;
        self.last + (self.initial - self.last) * (1.0 + angle.cos()) / 2.0
    }
}
