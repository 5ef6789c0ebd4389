use std::fmt;

use cl_data::exponential::exp;

use super::entry::{LAMBDA, age, separable_entry};
use super::hard_self_paced::check_lambda;
use super::self_paced::{Separable, separable_is_self_paced};
use crate::error::PacingError;

/// Logistic self-paced weights: soft everywhere, 1 without loss, never quite 0.
///
/// ```text
/// v*(l) = (1 + exp(-lambda)) / (1 + exp(l - lambda))
/// g(v)  = (K - v) ln(K - v) + v ln v - lambda v           K = 1 + exp(-lambda)
/// ```
///
/// v* is the minimiser of v l + g(v) over v in [0, 1] (of 1 for a negative loss). Around l = lambda the weight is a
/// half; there is no loss from which on it is 0, short of underflow.
///
/// Source: Xu, Tao and Xu (2015), Multi-view self-paced learning for clustering.
///
/// ```
/// use cl_pacing::{LogisticSelfPaced, Weighting};
///
/// let mut weights = [0.0; 3];
/// LogisticSelfPaced::new(20.0)?.weights(&[0.0, 20.0, 800.0], &mut weights)?;
/// assert!(weights[0] == 1.0 && (weights[1] - 0.5).abs() < 1e-8 && weights[2] == 0.0);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogisticSelfPaced {
    lambda: f64,
}

impl LogisticSelfPaced {
    /// From the loss at which an example counts about a half.
    ///
    /// # Errors
    /// Unless lambda is finite and above 0.
    pub fn new(lambda: f64) -> Result<Self, PacingError> {
        check_lambda(lambda)?;
        Ok(Self { lambda })
    }
}

impl Separable for LogisticSelfPaced {
    #[inline]
    fn weight(&self, loss: f64) -> f64 {
        // 1 / (1 + e^x) is e^-x / (1 + e^-x): the exponential never overflows.
        let power = exp(-(loss - self.lambda).abs());
        let half = if loss > self.lambda { power } else { 1.0 };
        ((1.0 + exp(-self.lambda)) * half / (1.0 + power)).min(1.0)
    }

    fn penalty(&self, weight: f64) -> f64 {
        let x_ln_x = |x: f64| if x > 0.0 { x * x.ln() } else { 0.0 };
        let k = 1.0 + (-self.lambda).exp();
        x_ln_x(k - weight) + x_ln_x(weight) - self.lambda * weight
    }

    fn at(&self, lambda: f64) -> Result<Self, PacingError> {
        Self::new(lambda)
    }
}

separable_is_self_paced!(LogisticSelfPaced);

impl fmt::Display for LogisticSelfPaced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "logistic self-paced (lambda = {})", self.lambda)
    }
}

separable_entry! {
    ENTRY = "logistic": "self-paced: falls logistically around lambda", [LAMBDA],
    |options, _| LogisticSelfPaced::new(age(options)?)
}
