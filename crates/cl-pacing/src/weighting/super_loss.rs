use std::fmt;

use cl_data::lambert_w0;

use super::{Weighting, check_positive, each};
use crate::PacingError;

/// The weights of SuperLoss: more than 1 below a threshold tau on the loss, less above it.
///
/// ```text
/// sigma(l) = exp(-W0(max(-2/e, (l - tau) / lambda) / 2))           in (0, e]
///          = argmin over 0 < sigma <= e of   (l - tau) sigma + lambda (ln sigma)^2
/// ```
///
/// W0 is the principal branch of Lambert's function; below tau - 2 lambda / e the weight is e. Multiplying gradients
/// by sigma is the exact gradient of the loss that SuperLoss is. tau may be fixed (ln C for C classes), or follow the
/// losses, in which case a new weighting is made for each batch.
///
/// Source: Castells, Weinzaepfel and Revaud (2020), SuperLoss: a generic loss for robust curriculum learning, equations
/// 2 to 5.
///
/// ```
/// use cl_pacing::{SuperLossWeight, Weighting};
///
/// let mut weights = [0.0; 3];
/// SuperLossWeight::new(2f64.ln(), 1.0)?.weights(&[0.0, 2f64.ln(), 5.0], &mut weights)?;
/// assert!((weights[0] - 2.0).abs() < 1e-14 && weights[1] == 1.0 && weights[2] < 0.5);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SuperLossWeight {
    tau: f64,
    lambda: f64,
}

impl SuperLossWeight {
    /// From the threshold tau and the regularisation lambda; the smaller lambda, the more the weights differ.
    ///
    /// # Errors
    /// Unless tau is finite, and lambda finite and above 0.
    pub fn new(tau: f64, lambda: f64) -> Result<Self, PacingError> {
        if !tau.is_finite() {
            return Err(PacingError::argument("tau", tau, "a finite number, the loss that counts 1"));
        }
        check_positive("lambda", lambda)?;
        Ok(Self { tau, lambda })
    }

    /// The weight of an example with this loss.
    pub fn weight(&self, loss: f64) -> f64 {
        let half = (loss - self.tau) / (2.0 * self.lambda);
        if half <= -1.0 / std::f64::consts::E { std::f64::consts::E } else { (-lambert_w0(half)).exp() }
    }

    /// What each weight minimises over (0, e]: (l - tau) sigma + lambda (ln sigma)^2, summed over the shorter of the
    /// two slices. Its value at the minimum is the loss.
    pub fn objective(&self, weights: &[f64], losses: &[f64]) -> f64 {
        let term = |(weight, loss): (&f64, &f64)| (loss - self.tau) * weight + self.lambda * weight.ln().powi(2);
        weights.iter().zip(losses).map(term).sum()
    }
}

impl Weighting for SuperLossWeight {
    fn weights(&self, losses: &[f64], weights: &mut [f64]) -> Result<(), PacingError> {
        each(losses, weights, |loss| self.weight(loss))
    }
}

impl fmt::Display for SuperLossWeight {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "superloss (tau = {}, lambda = {})", self.tau, self.lambda)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::f64::consts::E;

    proptest! {
        #[test]
        fn weights_minimise_the_objective(
            tau in -3.0..3.0f64, lambda in (-3.0..2.0).prop_map(|power: f64| 10f64.powf(power)), relative in -3.0..30.0f64,
        ) {
            let weighting = SuperLossWeight::new(tau, lambda).unwrap();
            let loss = tau + relative * lambda;
            let best = weighting.weight(loss);
            prop_assert!(best > 0.0 && best <= E);
            let value = |weight: f64| weighting.objective(&[weight], &[loss]);
            let rounding = 1e-14 * (value(best).abs() + lambda * (1.0 + relative.abs()));
            for k in 1..=300 {
                prop_assert!(value(E * f64::from(k) / 300.0) >= value(best) - rounding);
            }
            for step in [1e-2, 1e-4, 1e-6] {
                prop_assert!(value((best * (1.0 + step)).min(E)) >= value(best) - rounding);
                prop_assert!(value(best * (1.0 - step)) >= value(best) - rounding);
            }
        }
    }

    #[test]
    fn the_clamp_is_e_and_what_has_no_weight_is_refused() {
        let weighting = SuperLossWeight::new(1.0, 0.5).unwrap();
        assert_eq!([-1e300, 1.0 - 1.0 / E, f64::NEG_INFINITY].map(|loss| weighting.weight(loss)), [E; 3]);
        assert_eq!(weighting.weight(f64::INFINITY), 0.0);
        assert!(weighting.weights(&[f64::NAN], &mut [0.0]).is_err());
        assert!(SuperLossWeight::new(f64::NAN, 1.0).is_err() && SuperLossWeight::new(0.0, 0.0).is_err());
    }
}
