use cl_data::Scalar;
use serde::{Deserialize, Serialize};

use super::{Loss, Target, log_probability, scaled_residual};
use crate::{error::ModelError, validated::deserialise_through};

/// Focal loss: cross-entropy that counts an example less the surer the model is of it.
///
/// ```text
/// L(z, y) = -alpha (1 - p_y)^gamma ln p_y
/// dL/dz   = alpha ((1 - p_y)^gamma - gamma p_y (1 - p_y)^(gamma - 1) ln p_y) (p - onehot(y))
/// ```
///
/// The gradient is that of the loss; code that multiplies the gradient of cross-entropy by a detached
/// (1 - p_y)^gamma leaves out the second term. 1 - p_y is -expm1(ln p_y), right down to losses of 1e-300.
/// gamma = 0, alpha = 1 is cross-entropy. O(c).
///
/// Source: Lin, Goyal, Girshick, He, Dollar (2017), Focal Loss for Dense Object Detection, equations 4 and 5.
///
/// ```
/// use cl_model::{Focal, Loss};
///
/// let focal = Focal::new(2.0, 1.0)?;
/// let logit = (0.9f64 / 0.1).ln(); // p = 0.9
/// let relative = focal.loss(&[logit], 1.into()) / -(0.9f64.ln());
/// assert!((relative - 0.01).abs() < 1e-15);
/// # Ok::<(), cl_model::ModelError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Focal {
    gamma: f64,
    alpha: f64,
}

deserialise_through!(Self::new => Focal { gamma: f64, alpha: f64 });

impl Focal {
    /// Focal loss with this focusing parameter gamma and this factor alpha.
    ///
    /// # Errors
    /// Where gamma is negative, alpha not positive, or either not finite.
    pub fn new(gamma: f64, alpha: f64) -> Result<Self, ModelError> {
        if !(gamma.is_finite() && gamma >= 0.0) {
            return Err(ModelError::argument("gamma", gamma, "a finite number of at least 0"));
        }
        if !(alpha.is_finite() && alpha > 0.0) {
            return Err(ModelError::argument("alpha", alpha, "a finite number above 0"));
        }
        Ok(Self { gamma, alpha })
    }

    /// The factor (1 - p)^gamma on the loss of an example whose class has probability p.
    pub fn weight(&self, probability: f64) -> f64 {
        (1.0 - probability).powf(self.gamma)
    }

    fn loss_of<T: Scalar>(&self, log_probability: T) -> T {
        let weight = (-log_probability.exp_m1()).powf(T::of_f64(self.gamma));
        -T::of_f64(self.alpha) * weight * log_probability
    }
}

impl<T: Scalar> Loss<T> for Focal {
    fn loss_and_gradient(&self, outputs: &[T], target: Target<'_, T>, gradient: &mut [T]) -> f64 {
        let u = log_probability(outputs, target.class);
        let (gamma, alpha) = (T::of_f64(self.gamma), T::of_f64(self.alpha));
        let complement = -u.exp_m1(); // 1 - p
        // ln p / (1 - p), which tends to -1 as p tends to 1: the second term without 0^(gamma - 1).
        let ratio = if complement > T::zero() { u / complement } else { -T::one() };
        let scale = alpha * complement.powf(gamma) * (T::one() - gamma * u.exp() * ratio);
        scaled_residual(outputs, target.class, u, scale, gradient);
        self.loss_of(u).as_f64()
    }

    fn loss(&self, outputs: &[T], target: Target<'_, T>) -> f64 {
        self.loss_of(log_probability(outputs, target.class)).as_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CrossEntropy;
    use proptest::prelude::*;

    /// The derivative by central differences; its error is about h^2 |L'''| + eps |L| / h, below 1e-7 here.
    fn numeric_gradient(loss: &impl Loss<f64>, outputs: &[f64], label: usize) -> Vec<f64> {
        let h = 1e-5;
        (0..outputs.len())
            .map(|k| {
                let at = |shift: f64| {
                    let mut moved = outputs.to_vec();
                    moved[k] += shift;
                    loss.loss(&moved, label.into())
                };
                (at(h) - at(-h)) / (2.0 * h)
            })
            .collect()
    }

    proptest! {
        #[test]
        fn gradients_are_those_of_the_losses(
            outputs in prop::collection::vec(-6.0..6.0f64, 1..6), label in 0usize..6, gamma in 0.0..5.0, alpha in 0.1..2.0,
        ) {
            let label = label % outputs.len().max(2);
            let mut gradient = vec![0.0; outputs.len()];
            let focal = Focal::new(gamma, alpha)?;
            let loss = focal.loss_and_gradient(&outputs, label.into(), &mut gradient);
            prop_assert_eq!(loss, focal.loss(&outputs, label.into()));
            for (exact, numeric) in gradient.iter().zip(numeric_gradient(&focal, &outputs, label)) {
                prop_assert!((exact - numeric).abs() < 1e-6, "{} {}", exact, numeric);
            }
            CrossEntropy.loss_and_gradient(&outputs, label.into(), &mut gradient);
            for (exact, numeric) in gradient.iter().zip(numeric_gradient(&CrossEntropy, &outputs, label)) {
                prop_assert!((exact - numeric).abs() < 1e-6, "{} {}", exact, numeric);
            }
        }

        #[test]
        fn losses_stay_finite(outputs in prop::collection::vec(-300.0..300.0f64, 1..6), label in 0usize..6, gamma in 0.0..5.0) {
            let label = label % outputs.len().max(2);
            let mut gradient = vec![0.0; outputs.len()];
            let loss = Focal::new(gamma, 1.0)?.loss_and_gradient(&outputs, label.into(), &mut gradient);
            prop_assert!(loss.is_finite() && loss >= 0.0 && gradient.iter().all(|g| g.is_finite()));
        }
    }

    /// (1 - p)^2 with l = 1e-12: 1 - e^-l loses every digit, expm1 none.
    #[test]
    fn a_sure_example_keeps_its_digits() {
        let logit = -(1e-12f64.exp_m1()).ln(); // p = 1 / (1 + e^-z) with l = 1e-12
        let loss = Focal::new(2.0, 1.0).unwrap().loss(&[logit], 1.into());
        assert!((loss / 1e-36 - 1.0).abs() < 1e-11, "{loss}");
    }

    #[test]
    fn what_is_no_focal_loss_is_refused() {
        assert!(Focal::new(-1.0, 1.0).is_err());
        assert!(Focal::new(f64::NAN, 1.0).is_err());
        assert!(Focal::new(2.0, 0.0).is_err());
    }
}
