use cl_data::Scalar;

use super::{Loss, Target, log_probability, scaled_residual};

/// Cross-entropy, in nats.
///
/// ```text
/// L(z, y) = -ln p_y,   p = softmax(z) (or sigmoid of a single logit);      dL/dz = p - onehot(y)
/// ```
///
/// Finite and exact to rounding for any finite logits. O(c).
///
/// ```
/// use cl_model::{CrossEntropy, Loss};
///
/// assert_eq!(CrossEntropy.loss(&[0.0, 0.0], 1.into()), 2f64.ln());
/// assert_eq!(CrossEntropy.loss(&[0.0, 800.0], 0.into()), 800.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CrossEntropy;

impl<T: Scalar> Loss<T> for CrossEntropy {
    fn loss_and_gradient(&self, outputs: &[T], target: Target<'_, T>, gradient: &mut [T]) -> f64 {
        let log_probability = log_probability(outputs, target.class);
        scaled_residual(outputs, target.class, log_probability, T::one(), gradient);
        -log_probability.as_f64()
    }

    fn loss(&self, outputs: &[T], target: Target<'_, T>) -> f64 {
        -log_probability(outputs, target.class).as_f64()
    }
}

/// The article's binary cross-entropy, -(y ln(p + 1e-8) + (1 - y) ln(1 - p + 1e-8)).
///
/// The 1e-8 keeps the logarithm finite at p = 0 and makes the loss slightly negative at p = 1. It belongs to
/// the article's own code; everything else uses [`CrossEntropy`]. Of the two terms one has the factor zero and
/// is not computed, which changes no bit.
pub fn epsilon_cross_entropy(probability: f64, label: usize) -> f64 {
    -(if label == 1 { probability } else { 1.0 - probability } + 1e-8).ln()
}
