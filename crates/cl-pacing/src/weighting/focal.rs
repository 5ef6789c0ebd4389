use std::fmt;

use cl_data::{catalogue::Parameter, exponential::exp_m1};

use super::blocks::{in_blocks, raise};
use super::{Weighting, entry::weighting_entry};
use crate::error::PacingError;

fn check_gamma(gamma: f64) -> Result<(), PacingError> {
    if gamma.is_finite() && gamma >= 0.0 {
        return Ok(());
    }
    Err(PacingError::argument("gamma", gamma, "a finite number of at least 0, the focusing parameter"))
}

/// (1 - p)^gamma of some losses.
#[inline(always)]
fn factors(gamma: f64, losses: &[f64], weights: &mut [f64]) {
    if gamma == 0.0 {
        return weights.fill(1.0);
    }
    weights.iter_mut().zip(losses).for_each(|(out, &loss)| *out = complement(loss));
    raise(weights, gamma);
}

/// 1 - p.
#[inline(always)]
fn complement(loss: f64) -> f64 {
    -exp_m1(-loss.max(0.0))
}

/// The focal factor (1 - p)^gamma as a weight that is held constant, as some published code has it.
///
/// ```text
/// w(l) = (1 - p)^gamma           p = exp(-l), l the cross-entropy
/// ```
///
/// Multiplied with the gradient of the cross-entropy it is **not** the gradient of the focal loss, which is
/// [`FocalGradient`], but that of the loss whose derivative by l it is, the integral of (1 - exp(-s))^gamma from 0
/// to l. 1 - p is -expm1(-l), right down to l = 1e-300. A negative loss counts as 0.
///
/// Source: Jiang, Zhou, Leung, Li and Fei-Fei (2018), MentorNet, whose code weighs by it; the factor is that of Lin,
/// Goyal, Girshick, He and Dollar (2017), Focal loss for dense object detection, equation 4.
///
/// ```
/// use cl_pacing::{DetachedFocal, Weighting};
///
/// let mut weights = [0.0; 2];
/// DetachedFocal::new(2.0)?.weights(&[-(0.9f64.ln()), 1e-12], &mut weights)?;
/// assert!((weights[0] - 0.01).abs() < 1e-15 && (weights[1] / 1e-24 - 1.0).abs() < 1e-11);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DetachedFocal {
    gamma: f64,
}

impl DetachedFocal {
    /// From the focusing parameter gamma.
    ///
    /// # Errors
    /// Unless gamma is finite and at least 0.
    pub fn new(gamma: f64) -> Result<Self, PacingError> {
        check_gamma(gamma)?;
        Ok(Self { gamma })
    }

    /// The weight of an example with this cross-entropy.
    pub fn weight(&self, loss: f64) -> f64 {
        let mut weight = [0.0];
        factors(self.gamma, &[loss], &mut weight);
        weight[0]
    }
}

impl Weighting for DetachedFocal {
    fn weights(&self, losses: &[f64], weights: &mut [f64]) -> Result<(), PacingError> {
        in_blocks(
            losses,
            weights,
            #[inline(always)]
            |losses, weights| factors(self.gamma, losses, weights),
        )
    }
}

impl fmt::Display for DetachedFocal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "detached focal (gamma = {})", self.gamma)
    }
}

/// The weight that makes cross-entropy focal: the derivative of the focal loss by the cross-entropy.
///
/// ```text
/// w(l) = d/dl (1 - exp(-l))^gamma l = (1 - p)^gamma (1 + gamma p l / (1 - p))           p = exp(-l)
/// ```
///
/// l is the cross-entropy. Multiplied with its gradient this is the gradient of the focal loss. Above 1 for hard
/// examples (at most 1.3 for gamma = 2), near 0 for easy ones. 1 - p is -expm1(-l), right down to l = 1e-300. A
/// negative loss counts as 0.
///
/// Source: Lin, Goyal, Girshick, He and Dollar (2017), Focal loss for dense object detection, equation 4, derived.
///
/// ```
/// use cl_pacing::{FocalGradient, Weighting};
///
/// let (p, mut weights) = (0.5f64, [0.0]);
/// FocalGradient::new(2.0)?.weights(&[-p.ln()], &mut weights)?;
/// assert!((weights[0] - 0.25 * (1.0 + 2.0 * 2f64.ln())).abs() < 1e-15);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FocalGradient {
    gamma: f64,
}

impl FocalGradient {
    /// From the focusing parameter gamma.
    ///
    /// # Errors
    /// Unless gamma is finite and at least 0.
    pub fn new(gamma: f64) -> Result<Self, PacingError> {
        check_gamma(gamma)?;
        Ok(Self { gamma })
    }

    /// The weight of an example with this cross-entropy.
    pub fn weight(&self, loss: f64) -> f64 {
        let mut weight = [0.0];
        self.block(&[loss], &mut weight);
        weight[0]
    }

    #[inline(always)]
    fn block(&self, losses: &[f64], weights: &mut [f64]) {
        let gamma = self.gamma;
        factors(gamma, losses, weights);
        for (out, &loss) in weights.iter_mut().zip(losses) {
            // From 700 on p is 0, and infinity times 0 is to be 0.
            let loss = loss.clamp(0.0, 700.0);
            // p l / (1 - p), which tends to 1 as l tends to 0, and to 0 as l grows; 0 / 0 made 1.
            let complement = complement(loss);
            let ratio = (1.0 - complement) * loss.max(f64::MIN_POSITIVE) / complement.max(f64::MIN_POSITIVE);
            *out *= 1.0 + gamma * ratio;
        }
    }
}

impl Weighting for FocalGradient {
    fn weights(&self, losses: &[f64], weights: &mut [f64]) -> Result<(), PacingError> {
        in_blocks(
            losses,
            weights,
            #[inline(always)]
            |losses, weights| self.block(losses, weights),
        )
    }
}

impl fmt::Display for FocalGradient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "focal gradient (gamma = {})", self.gamma)
    }
}

const GAMMA: Parameter = Parameter::with_default("gamma", "the focusing parameter, at least 0", "2");

weighting_entry! {
    FOCAL = "focal": "the factor that makes the gradient of cross-entropy focal", [GAMMA],
    |options, _| FocalGradient::new(options.number("gamma")?)
}

weighting_entry! {
    DETACHED_FOCAL = "detached-focal": "(1 - p)^gamma held constant, which is not the focal gradient", [GAMMA],
    |options, _| DetachedFocal::new(options.number("gamma")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The derivative by central differences; their error is about h^2 and eps / h, below 1e-8 here.
        #[test]
        fn the_gradient_factor_is_the_derivative(loss in 0.01..20.0f64, gamma in 0.0..6.0) {
            let focal = |loss: f64| (-(-loss).exp_m1()).powf(gamma) * loss;
            let h = 1e-5 * loss.min(1.0);
            let numeric = (focal(loss + h) - focal(loss - h)) / (2.0 * h);
            let weight = FocalGradient::new(gamma).unwrap().weight(loss);
            prop_assert!((weight - numeric).abs() < 1e-7 * (1.0 + numeric), "{} {}", weight, numeric);
        }

        #[test]
        fn weights_grow_with_the_loss_and_are_those_of_cross_entropy_at_0(
            loss in (-300.0..3.0).prop_map(|power| 10f64.powf(power)), more in 1.0..3.0, gamma in 0.0..6.0,
        ) {
            let detached = DetachedFocal::new(gamma).unwrap();
            prop_assert!((0.0..=1.0).contains(&detached.weight(loss)));
            prop_assert!(detached.weight(loss * more) >= detached.weight(loss) * (1.0 - 1e-12));
            let plain = (DetachedFocal::new(0.0).unwrap().weight(loss), FocalGradient::new(0.0).unwrap().weight(loss));
            prop_assert_eq!(plain, (1.0, 1.0));
            prop_assert!(FocalGradient::new(gamma).unwrap().weight(loss) >= detached.weight(loss));
        }
    }

    #[test]
    fn small_losses_keep_their_digits_and_large_ones_end_at_1() {
        let (detached, gradient) = (DetachedFocal::new(1.0).unwrap(), FocalGradient::new(1.0).unwrap());
        assert!((detached.weight(1e-12) / 1e-12 - 1.0).abs() < 1e-11);
        assert!((gradient.weight(1e-12) / 2e-12 - 1.0).abs() < 1e-11);
        assert_eq!([detached.weight(f64::INFINITY), gradient.weight(f64::INFINITY)], [1.0, 1.0]);
        assert_eq!([detached.weight(0.0), gradient.weight(0.0), gradient.weight(-1.0)], [0.0; 3]);
        assert!(DetachedFocal::new(-1.0).is_err() && FocalGradient::new(f64::NAN).is_err());
        assert!(gradient.weights(&[f64::NAN], &mut [0.0]).is_err());
    }
}
