use std::fmt;

use super::entry::{LAMBDA, age, separable_entry};
use super::self_paced::{Separable, separable_is_self_paced};
use crate::error::PacingError;

/// Hard self-paced weights: an example counts while its loss is below the threshold.
///
/// ```text
/// v*(l) = 1 if l < lambda, else 0          the minimiser of sum_i v_i l_i - lambda sum_i v_i over v in [0, 1]^n
/// ```
///
/// At l = lambda every weight is optimal; the strict inequality takes 0. Lambda is 1/K of the paper: it **grows**
/// ([`SelfPacedLambda`](crate::SelfPacedLambda)) to admit harder examples.
///
/// Source: Kumar, Packer and Koller (2010), Self-paced learning for latent variable models, equation 3.
///
/// ```
/// use cl_pacing::{HardSelfPaced, Weighting};
///
/// let mut weights = [0.0; 3];
/// HardSelfPaced::new(0.5)?.weights(&[0.1, 0.5, 0.9], &mut weights)?;
/// assert_eq!(weights, [1.0, 0.0, 0.0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HardSelfPaced {
    lambda: f64,
}

impl HardSelfPaced {
    /// From the threshold on the loss.
    ///
    /// # Errors
    /// Unless lambda is finite and above 0.
    pub fn new(lambda: f64) -> Result<Self, PacingError> {
        check_lambda(lambda)?;
        Ok(Self { lambda })
    }
}

impl Separable for HardSelfPaced {
    #[inline]
    fn weight(&self, loss: f64) -> f64 {
        f64::from(u8::from(loss < self.lambda))
    }

    fn penalty(&self, weight: f64) -> f64 {
        -self.lambda * weight
    }

    fn at(&self, lambda: f64) -> Result<Self, PacingError> {
        Self::new(lambda)
    }
}

separable_is_self_paced!(HardSelfPaced);

pub(super) fn check_lambda(lambda: f64) -> Result<(), PacingError> {
    let expected = "a finite number above 0, because no loss is below a threshold of 0 or less";
    PacingError::check("lambda", lambda, lambda.is_finite() && lambda > 0.0, expected)
}

impl fmt::Display for HardSelfPaced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "hard self-paced (lambda = {})", self.lambda)
    }
}

separable_entry! {
    ENTRY = "hard": "self-paced: 1 below lambda, else 0", [LAMBDA],
    |options, _| HardSelfPaced::new(age(options)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weighting::{SelfPaced, Weighting};
    use proptest::prelude::*;

    proptest! {
        /// No weights on a grid over [0, 1]^n do better, for every n up to 4.
        #[test]
        fn weights_minimise_the_objective(
            losses in prop::collection::vec(0.0..2.0, 1..5), lambda in 0.01..2.0,
        ) {
            let weighting = HardSelfPaced::new(lambda).unwrap();
            let mut best = vec![f64::NAN; losses.len()];
            weighting.weights(&losses, &mut best).unwrap();
            let least = weighting.objective(&best, &losses);
            let levels = [0.0, 0.25, 0.5, 0.75, 1.0];
            for point in 0..levels.len().pow(losses.len() as u32) {
                let weights: Vec<f64> =
                    (0..losses.len()).map(|i| levels[point / levels.len().pow(i as u32) % levels.len()]).collect();
                prop_assert!(weighting.objective(&weights, &losses) >= least - 1e-12);
            }
        }
    }

    #[test]
    fn the_threshold_is_strict() {
        let weighting = HardSelfPaced::new(0.5).unwrap();
        assert_eq!([0.5_f64.next_down(), 0.5, f64::INFINITY].map(|loss| weighting.weight(loss)), [1.0, 0.0, 0.0]);
    }

    #[test]
    fn what_has_no_weight_is_refused() {
        for lambda in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(HardSelfPaced::new(lambda).is_err());
        }
        let weighting = HardSelfPaced::new(0.5).unwrap();
        let error = weighting.weights(&[0.0, f64::NAN], &mut [0.0; 2]).unwrap_err();
        assert_eq!(error, PacingError::NotANumber { what: "loss", example: 1 });
        assert!(weighting.weights(&[0.0], &mut [0.0; 2]).is_err());
    }
}
