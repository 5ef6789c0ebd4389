use std::fmt;

use super::entry::{LAMBDA, age, separable_entry};
use super::hard_self_paced::check_lambda;
use super::self_paced::{Separable, separable_is_self_paced};
use crate::error::PacingError;

/// Linear self-paced weights: the lower the loss, the more an example counts.
///
/// ```text
/// v*(l) = max(0, 1 - l / lambda)           the minimiser of v l + g(v),   g(v) = lambda (v^2 / 2 - v)
/// ```
///
/// over v in [0, 1]. The older (lambda), the harder the examples that count.
///
/// Source: Jiang, Meng, Mitamura and Hauptmann (2014), Easy samples first: self-paced reranking.
///
/// ```
/// use cl_pacing::{LinearSelfPaced, Weighting};
///
/// let mut weights = [0.0; 3];
/// LinearSelfPaced::new(2.0)?.weights(&[0.0, 0.5, 3.0], &mut weights)?;
/// assert_eq!(weights, [1.0, 0.75, 0.0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearSelfPaced {
    lambda: f64,
}

impl LinearSelfPaced {
    /// From the loss at which an example no longer counts.
    ///
    /// # Errors
    /// Unless lambda is finite and above 0.
    pub fn new(lambda: f64) -> Result<Self, PacingError> {
        check_lambda(lambda)?;
        Ok(Self { lambda })
    }
}

impl Separable for LinearSelfPaced {
    #[inline]
    fn weight(&self, loss: f64) -> f64 {
        (1.0 - loss / self.lambda).clamp(0.0, 1.0)
    }

    fn penalty(&self, weight: f64) -> f64 {
        self.lambda * (0.5 * weight * weight - weight)
    }

    fn at(&self, lambda: f64) -> Result<Self, PacingError> {
        Self::new(lambda)
    }
}

separable_is_self_paced!(LinearSelfPaced);

impl fmt::Display for LinearSelfPaced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "linear self-paced (lambda = {})", self.lambda)
    }
}

separable_entry! {
    ENTRY = "linear": "self-paced: falls linearly to 0 at lambda", [LAMBDA],
    |options, _| LinearSelfPaced::new(age(options)?)
}
