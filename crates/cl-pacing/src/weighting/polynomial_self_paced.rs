use std::fmt;

use cl_data::catalogue::Parameter;

use super::entry::{LAMBDA, age, separable_entry};
use super::self_paced::{Separable, separable_is_self_paced};
use super::{blocks::raise, hard_self_paced::check_lambda};
use crate::error::PacingError;

/// Polynomial self-paced weights: linear ones to a power.
///
/// ```text
/// v*(l) = (1 - l / lambda)^(1 / (t - 1)) if l < lambda, else 0
/// g(v)  = lambda (v^t / t - v)
/// ```
///
/// v* is the minimiser of v l + g(v) over v in [0, 1]. t = 2 is [`LinearSelfPaced`](crate::LinearSelfPaced); towards
/// t = 1 the weights go to those of an example without loss alone, for large t to hard ones.
///
/// Source: Gong, Li, Meng, Miao and Liu (2019), Decomposition-based evolutionary multiobjective optimization to self-paced learning.
///
/// ```
/// use cl_pacing::{PolynomialSelfPaced, Weighting};
///
/// let mut weights = [0.0; 3];
/// PolynomialSelfPaced::new(2.0, 3.0)?.weights(&[0.0, 1.5, 3.0], &mut weights)?;
/// assert_eq!(weights, [1.0, 0.5, 0.0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PolynomialSelfPaced {
    lambda: f64,
    t: f64,
}

impl PolynomialSelfPaced {
    /// From the loss at which an example no longer counts and the degree of the regulariser.
    ///
    /// # Errors
    /// Unless lambda is finite and above 0, and t finite and above 1.
    pub fn new(lambda: f64, t: f64) -> Result<Self, PacingError> {
        check_lambda(lambda)?;
        let expected = "a finite number above 1, because the regulariser must be convex";
        PacingError::check("t", t, t.is_finite() && t > 1.0, expected)?;
        Ok(Self { lambda, t })
    }
}

impl Separable for PolynomialSelfPaced {
    fn weight(&self, loss: f64) -> f64 {
        let mut weight = [0.0];
        self.block(&[loss], &mut weight);
        weight[0]
    }

    #[inline(always)]
    fn block(&self, losses: &[f64], weights: &mut [f64]) {
        let lambda = self.lambda;
        weights.iter_mut().zip(losses).for_each(|(out, loss)| *out = (1.0 - loss / lambda).clamp(0.0, 1.0));
        raise(weights, 1.0 / (self.t - 1.0));
    }

    fn penalty(&self, weight: f64) -> f64 {
        self.lambda * (weight.powf(self.t) / self.t - weight)
    }

    fn at(&self, lambda: f64) -> Result<Self, PacingError> {
        Self::new(lambda, self.t)
    }
}

separable_is_self_paced!(PolynomialSelfPaced);

impl fmt::Display for PolynomialSelfPaced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "polynomial self-paced (lambda = {}, t = {})", self.lambda, self.t)
    }
}

separable_entry! {
    ENTRY = "polynomial": "self-paced: a linear fall to a power",
    [LAMBDA, Parameter::new("t", "the degree of the regulariser, above 1")],
    |options, _| PolynomialSelfPaced::new(age(options)?, options.number("t")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_up_to_1_are_refused() {
        for t in [1.0, 0.5, f64::NAN, f64::INFINITY] {
            assert!(PolynomialSelfPaced::new(1.0, t).unwrap_err().to_string().starts_with("argument t is "));
        }
    }
}
