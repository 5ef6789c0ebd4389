use std::fmt;

use cl_data::catalogue::Parameter;

use super::entry::separable_entry;
use super::self_paced::{Separable, separable_is_self_paced};
use crate::error::PacingError;

/// Mixture self-paced weights: hard at both ends, soft between the two thresholds.
///
/// ```text
/// v*(l) = 1                            if l <= lambda2
///         zeta / l - zeta / lambda1    if lambda2 < l < lambda1           zeta = lambda1 lambda2 / (lambda1 - lambda2)
///         0                            if l >= lambda1
/// g(v)  = -zeta ln(v + zeta / lambda1)
/// ```
///
/// v* is the minimiser of v l + g(v) over v in [0, 1]. The middle is evaluated as
/// lambda2 (lambda1 - l) / (l (lambda1 - lambda2)), without the difference of two large numbers. The age is lambda1;
/// lambda2 keeps its ratio to it.
///
/// Source: Jiang, Meng, Mitamura and Hauptmann (2014), Easy samples first: self-paced reranking.
///
/// ```
/// use cl_pacing::{Mixture, Weighting};
///
/// let mut weights = [0.0; 3];
/// Mixture::new(2.0, 0.5)?.weights(&[0.5, 1.0, 2.0], &mut weights)?;
/// assert!(weights[0] == 1.0 && (weights[1] - 1.0 / 3.0).abs() < 1e-15 && weights[2] == 0.0);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mixture {
    /// lambda1 of the paper, the age.
    lambda: f64,
    lambda2: f64,
}

impl Mixture {
    /// From the loss lambda1 at which an example no longer counts, and lambda2 up to which it counts fully.
    ///
    /// # Errors
    /// Unless lambda1 is finite and lambda1 > lambda2 > 0.
    pub fn new(lambda1: f64, lambda2: f64) -> Result<Self, PacingError> {
        let expected = "a finite number above 0, because no loss is below a threshold of 0 or less";
        PacingError::check("lambda1", lambda1, lambda1.is_finite() && lambda1 > 0.0, expected)?;
        let expected = "a number above 0 and below lambda1, because weights are soft between the two";
        PacingError::check("lambda2", lambda2, lambda2 > 0.0 && lambda2 < lambda1, expected)?;
        Ok(Self { lambda: lambda1, lambda2 })
    }
}

impl Separable for Mixture {
    #[inline]
    fn weight(&self, loss: f64) -> f64 {
        // Without branches: what lies above lambda1 counts as it does, lost digits may pass 1 by an ulp.
        let within = loss.min(self.lambda);
        let soft = self.lambda2 * (self.lambda - within) / (within * (self.lambda - self.lambda2));
        if loss <= self.lambda2 { 1.0 } else { soft.min(1.0) }
    }

    fn penalty(&self, weight: f64) -> f64 {
        let share = self.lambda2 / (self.lambda - self.lambda2); // zeta / lambda1
        -self.lambda * share * (weight + share).ln()
    }

    fn at(&self, lambda: f64) -> Result<Self, PacingError> {
        if lambda == self.lambda { Ok(*self) } else { Self::new(lambda, self.lambda2 / self.lambda * lambda) }
    }
}

separable_is_self_paced!(Mixture);

impl fmt::Display for Mixture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "mixture (lambda1 = {}, lambda2 = {})", self.lambda, self.lambda2)
    }
}

separable_entry! {
    ENTRY = "mixture": "self-paced: 1 up to lambda2, 0 from lambda1, soft between",
    [
        Parameter::new("lambda1", "the loss from which on the weight is 0, the age"),
        Parameter::new("lambda2", "the loss up to which the weight is 1, below lambda1"),
    ],
    |options, _| Mixture::new(options.number("lambda1")?, options.number("lambda2")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_in_the_wrong_order_are_refused_with_the_reason() {
        for lambda2 in [1.0, 1.5, 0.0, -0.5, f64::NAN] {
            let message = Mixture::new(1.0, lambda2).unwrap_err().to_string();
            assert!(message.starts_with("argument lambda2 is ") && message.contains("because"), "{message}");
        }
        assert!(Mixture::new(0.0, -1.0).unwrap_err().to_string().starts_with("argument lambda1 is 0"));
    }
}
