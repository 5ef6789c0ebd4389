use std::fmt;

use cl_data::exponential::ln_1p;

use super::entry::{LAMBDA, age, separable_entry};
use super::self_paced::{Separable, separable_is_self_paced};
use crate::error::PacingError;

/// Logarithmic self-paced weights: they fall fast from 1 and slowly to 0.
///
/// ```text
/// v*(l) = ln(l + zeta) / ln zeta if l < lambda, else 0           zeta = 1 - lambda
/// g(v)  = zeta v - (zeta^v - 1) / ln zeta
/// ```
///
/// v* is the minimiser of v l + g(v) over v in [0, 1]; the paper's g lacks the constant 1 / ln zeta, which moves no
/// minimum and keeps g(0) = 0. ln(l + zeta) is evaluated as ln(1 + (l - lambda)), which is exact for small lambda, too.
/// The age must stay below 1; growing stops right before it. Unlike those of the other regularisers the weights do not
/// only grow with the age: they fall again as lambda nears 1, where -ln zeta outgrows them (0.1 counts 0.74 at lambda =
/// 0.5, 0.70 at 0.9 and 0.06 at the end).
///
/// Source: Jiang, Meng, Mitamura and Hauptmann (2014), Easy samples first: self-paced reranking.
///
/// ```
/// use cl_pacing::{LogarithmicSelfPaced, Weighting};
///
/// let mut weights = [0.0; 3];
/// LogarithmicSelfPaced::new(0.75)?.weights(&[0.0, 0.25, 1.0], &mut weights)?;
/// assert_eq!(weights, [1.0, 0.5, 0.0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogarithmicSelfPaced {
    lambda: f64,
}

impl LogarithmicSelfPaced {
    /// From the loss at which an example no longer counts.
    ///
    /// # Errors
    /// Unless lambda lies in (0, 1).
    pub fn new(lambda: f64) -> Result<Self, PacingError> {
        let expected = "a number in (0, 1), because the weights take the logarithm of 1 - lambda";
        PacingError::check("lambda", lambda, lambda > 0.0 && lambda < 1.0, expected)?;
        Ok(Self { lambda })
    }
}

impl Separable for LogarithmicSelfPaced {
    #[inline]
    fn weight(&self, loss: f64) -> f64 {
        // Without branches: 0 at the one end, ln zeta at the other.
        let below = (loss - self.lambda).clamp(-self.lambda, 0.0);
        (ln_1p(below) / ln_1p(-self.lambda)).abs().min(1.0)
    }

    fn penalty(&self, weight: f64) -> f64 {
        let zeta = 1.0 - self.lambda;
        let ln_zeta = (-self.lambda).ln_1p();
        zeta * weight - (weight * ln_zeta).exp_m1() / ln_zeta
    }

    fn at(&self, lambda: f64) -> Result<Self, PacingError> {
        Self::new(lambda)
    }
}

separable_is_self_paced!(
    LogarithmicSelfPaced,
    fn largest_lambda(&self) -> f64 {
        1f64.next_down()
    }
);

impl fmt::Display for LogarithmicSelfPaced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "logarithmic self-paced (lambda = {})", self.lambda)
    }
}

separable_entry! {
    ENTRY = "logarithmic" | "log": "self-paced: falls logarithmically to 0 at lambda, below 1", [LAMBDA],
    |options, _| LogarithmicSelfPaced::new(age(options)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_of_1_is_refused_with_the_reason() {
        for lambda in [0.0, 1.0, 1.5, f64::NAN] {
            let message = LogarithmicSelfPaced::new(lambda).unwrap_err().to_string();
            assert!(message.starts_with("argument lambda is ") && message.contains("because"), "{message}");
        }
    }

    #[test]
    fn weights_fall_again_as_the_age_nears_1() {
        let weights = [0.3, 0.5, 0.9, 1f64.next_down()]
            .map(|lambda| LogarithmicSelfPaced::new(lambda).unwrap().weight(0.1))
            .map(|weight| (weight * 100.0).round());
        assert_eq!(weights, [63.0, 74.0, 70.0, 6.0]);
    }

    /// ln(l + zeta) by itself has no digit left here: 1 - 1e-14 + 5e-15 is wrong in the second one.
    #[test]
    fn small_ages_keep_their_digits() {
        let weight = LogarithmicSelfPaced::new(1e-14).unwrap().weight(5e-15);
        assert!((weight - 0.5).abs() < 1e-14, "{weight}");
        assert_eq!(LogarithmicSelfPaced::new(0.5).unwrap().weight(-3.0), 1.0);
    }
}
