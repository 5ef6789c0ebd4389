use serde::{Deserialize, Serialize};

use super::{check_count, check_factor, check_positive};
use crate::{error::ModelError, plan::LearningRate, validated::deserialise_through};

/// A learning rate that falls in stairs.
///
/// ```text
/// eta(t) = initial factor^floor(t / period)
/// ```
///
/// PyTorch's `StepLR`. O(1).
///
/// ```
/// use cl_model::{LearningRate, Step};
///
/// let schedule = Step::new(0.8, 30, 0.5)?;
/// assert_eq!([0, 29, 30, 60].map(|t| schedule.at(t)), [0.8, 0.8, 0.4, 0.2]);
/// # Ok::<(), cl_model::ModelError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Step {
    initial: f64,
    period: u64,
    factor: f64,
}

deserialise_through!(Self::new => Step { initial: f64, period: u64, factor: f64 });

impl Step {
    /// From `initial`, multiplied by `factor` every `period` updates.
    ///
    /// # Errors
    /// Where the start is not positive, the period 0, or the factor outside (0, 1].
    pub fn new(initial: f64, period: u64, factor: f64) -> Result<Self, ModelError> {
        Ok(Self {
            initial: check_positive("initial", initial)?,
            period: check_count("period", period)?,
            factor: check_factor("factor", factor)?,
        })
    }
}

impl LearningRate for Step {
    fn at(&self, step: u64) -> f64 {
        self.initial * self.factor.powf((step / self.period) as f64)
    }
}
