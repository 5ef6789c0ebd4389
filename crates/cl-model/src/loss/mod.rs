//! Losses: a number per example, and its gradient with respect to the model's outputs.

mod bootstrapping;
mod cross_entropy;
mod focal;
mod hinge;
mod smoothed_cross_entropy;
mod squared;
mod super_loss;

use cl_data::Scalar;

use crate::error::ModelError;

pub use bootstrapping::Bootstrapping;
pub use cross_entropy::{CrossEntropy, epsilon_cross_entropy};
pub use focal::Focal;
pub use hinge::{CrammerSinger, Hinge, MultiMargin, RankingHinge};
pub use smoothed_cross_entropy::SmoothedCrossEntropy;
pub use squared::Squared;
pub use super_loss::{SuperLoss, Threshold};

/// What the outputs of one example should have been.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target<'a, T> {
    /// The class.
    pub class: usize,
    /// Numbers to learn, where the data has any: a regression's values, or a probability for each class.
    pub values: &'a [T],
}

impl<T> From<usize> for Target<'_, T> {
    fn from(class: usize) -> Self {
        Self { class, values: &[] }
    }
}

/// How wrong the outputs of one example are, and in which direction.
///
/// Outputs are logits where the loss is one of classes: one per class, or one alone, which is the logit of
/// class 1 against 0.
pub trait Loss<T: Scalar>: Send + Sync {
    /// The loss of one example; its gradient with respect to `outputs` is written into `gradient`.
    fn loss_and_gradient(&self, outputs: &[T], target: Target<'_, T>, gradient: &mut [T]) -> f64;

    /// The loss of one example.
    fn loss(&self, outputs: &[T], target: Target<'_, T>) -> f64;

    /// Refuses what the loss is not defined for, once and before it is computed: a model with `n_outputs`
    /// outputs on data with `n_classes` classes and `n_targets` targets per example.
    ///
    /// This default is that of a loss of classes: an output per class, or one alone for two classes, and either
    /// no targets or one per output.
    ///
    /// # Errors
    /// Where the numbers do not fit.
    fn check(&self, n_outputs: usize, n_classes: usize, n_targets: usize) -> Result<(), ModelError> {
        // One output is the logit of class 1 against class 0.
        if n_outputs == 0 || n_outputs.max(2) < n_classes {
            return Err(ModelError::Mismatch { what: "outputs", model: n_outputs, data: n_classes });
        }
        if n_targets != 0 && n_targets != n_outputs {
            return Err(ModelError::Mismatch { what: "targets", model: n_outputs, data: n_targets });
        }
        Ok(())
    }

    /// The losses of a batch and their gradients with respect to the outputs, one column of `outputs` and
    /// `gradients` per example. A loss that is computed faster for many examples at once overrides it.
    fn losses_and_gradients(
        &self,
        outputs: &[T],
        targets: &[Target<'_, T>],
        losses: &mut Vec<f64>,
        gradients: &mut [T],
    ) {
        losses.clear();
        let c = outputs.len() / targets.len().max(1);
        let columns = outputs.chunks_exact(c.max(1)).zip(gradients.chunks_exact_mut(c.max(1)));
        losses.extend(columns.zip(targets).map(|((z, g), &target)| self.loss_and_gradient(z, target, g)));
    }

    /// The losses of a batch without their gradients, one column of `outputs` per example.
    fn losses(&self, outputs: &[T], targets: &[Target<'_, T>], losses: &mut Vec<f64>) {
        losses.clear();
        let columns = outputs.chunks_exact((outputs.len() / targets.len().max(1)).max(1));
        losses.extend(columns.zip(targets).map(|(z, &target)| self.loss(z, target)));
    }
}

/// ln p_y from logits, with the digits of p_y kept near 1 as well as near 0.
///
/// ```text
/// ln p_y = -ln(1 + sum_{k != y} e^(z_k - z_y))          where z_y is the largest
///        = z_y - m - ln(sum_k e^(z_k - m)), m = max z    elsewhere
/// ```
pub(crate) fn log_probability<T: Scalar>(outputs: &[T], label: usize) -> T {
    if let [logit] = outputs {
        return log_sigmoid(if label == 1 { *logit } else { -*logit });
    }
    let own = outputs[label];
    let largest = outputs.iter().copied().fold(own, |a, b| if b > a { b } else { a });
    if largest == own {
        let others = outputs.iter().enumerate().filter(|&(class, _)| class != label);
        return -others.fold(T::zero(), |sum, (_, &z)| sum + (z - own).exp()).ln_1p();
    }
    own - largest - outputs.iter().fold(T::zero(), |sum, &z| sum + (z - largest).exp()).ln()
}

/// The largest of the outputs.
fn largest<T: Scalar>(outputs: &[T]) -> T {
    outputs.iter().skip(1).fold(outputs[0], |a, &b| if b > a { b } else { a })
}

/// ln sigmoid(z), finite for any finite z.
fn log_sigmoid<T: Scalar>(z: T) -> T {
    if z >= T::zero() { -(-z).exp().ln_1p() } else { z - z.exp().ln_1p() }
}

/// Writes softmax(z) - onehot(y) scaled by `scale` into `gradient`; for one logit, sigmoid(z) - y.
///
/// The entry of the label is expm1(ln p_y), which keeps its digits where p_y is nearly 1.
pub(crate) fn scaled_residual<T: Scalar>(
    outputs: &[T],
    label: usize,
    log_probability: T,
    scale: T,
    gradient: &mut [T],
) {
    let own = log_probability.exp_m1() * scale;
    if let ([_], [gradient]) = (outputs, &mut *gradient) {
        *gradient = if label == 1 { own } else { -own };
        return;
    }
    // z_k - lse = z_k - z_y + ln p_y.
    let shift = log_probability - outputs[label];
    for (gradient, &z) in gradient.iter_mut().zip(outputs) {
        *gradient = (z + shift).exp() * scale;
    }
    gradient[label] = own;
}

/// The logarithm of softmax, by log-sum-exp: finite for any finite logits.
pub fn log_softmax<T: Scalar>(logits: &[T], out: &mut [T]) {
    let largest = logits.iter().copied().fold(T::of_f64(f64::NEG_INFINITY), |a, b| if b > a { b } else { a });
    let lse = largest + logits.iter().fold(T::zero(), |sum, &z| sum + (z - largest).exp()).ln();
    out.iter_mut().zip(logits).for_each(|(out, &z)| *out = z - lse);
}

/// Softmax, e^z_k / sum e^z.
pub fn softmax<T: Scalar>(logits: &[T], out: &mut [T]) {
    log_softmax(logits, out);
    out.iter_mut().for_each(|p| *p = p.exp());
}
