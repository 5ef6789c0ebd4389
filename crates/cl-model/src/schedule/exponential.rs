use serde::{Deserialize, Serialize};

use super::{check_factor, check_positive};
use crate::{error::ModelError, plan::LearningRate, validated::deserialise_through};

/// A learning rate that falls by the same factor at every update.
///
/// ```text
/// eta(t) = initial factor^t
/// ```
///
/// PyTorch's `ExponentialLR`. O(1).
///
/// ```
/// use cl_model::{Exponential, LearningRate};
///
/// assert_eq!(Exponential::new(1.0, 0.5)?.at(3), 0.125);
/// # Ok::<(), cl_model::ModelError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Exponential {
    initial: f64,
    factor: f64,
}

deserialise_through!(Self::new => Exponential { initial: f64, factor: f64 });

impl Exponential {
    /// From `initial`, multiplied by `factor` at every update.
    ///
    /// # Errors
    /// Where the start is not positive or the factor outside (0, 1].
    pub fn new(initial: f64, factor: f64) -> Result<Self, ModelError> {
        Ok(Self { initial: check_positive("initial", initial)?, factor: check_factor("factor", factor)? })
    }
}

impl LearningRate for Exponential {
    fn at(&self, step: u64) -> f64 {
        self.initial * self.factor.powf(step as f64)
    }
}
