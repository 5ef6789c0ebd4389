use cl_data::Scalar;
use serde::{Deserialize, Serialize};

use super::cross_entropy::{CrossEntropy, soft_cross_entropy};
use super::{Loss, Target};
use crate::{error::ModelError, validated::deserialise_through};

/// Cross-entropy with smoothed labels, in nats.
///
/// ```text
/// L(z, t) = -sum_k ((1 - epsilon) t_k + epsilon / c) ln p_k,     t = onehot(y) or the target's values
/// ```
///
/// With a single logit there are c = 2 classes. PyTorch's `label_smoothing` is the same. O(c).
///
/// Source: Szegedy, Vanhoucke, Ioffe, Shlens, Wojna (2016), Rethinking the Inception Architecture, section 7.
///
/// ```
/// use cl_model::{CrossEntropy, Loss};
///
/// let smoothed = CrossEntropy::with_label_smoothing(0.1)?;
/// // A sure model pays for it: the other class has 0.05 of the label.
/// assert!((smoothed.loss(&[0.0, 80.0], 1.into()) - 0.05 * 80.0f64).abs() < 1e-12);
/// # Ok::<(), cl_model::ModelError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct SmoothedCrossEntropy {
    epsilon: f64,
}

deserialise_through!(Self::new => SmoothedCrossEntropy { epsilon: f64 });

impl SmoothedCrossEntropy {
    /// Labels smoothed by `epsilon`.
    ///
    /// # Errors
    /// Where epsilon is outside [0, 1].
    pub fn new(epsilon: f64) -> Result<Self, ModelError> {
        if !(0.0..=1.0).contains(&epsilon) {
            return Err(ModelError::argument("epsilon", epsilon, "a number in [0, 1]"));
        }
        Ok(Self { epsilon })
    }
}

impl CrossEntropy {
    /// Cross-entropy with labels smoothed by `epsilon`.
    ///
    /// # Errors
    /// Where epsilon is outside [0, 1].
    pub fn with_label_smoothing(epsilon: f64) -> Result<SmoothedCrossEntropy, ModelError> {
        SmoothedCrossEntropy::new(epsilon)
    }
}

impl<T: Scalar> Loss<T> for SmoothedCrossEntropy {
    fn loss_and_gradient(&self, outputs: &[T], target: Target<'_, T>, gradient: &mut [T]) -> f64 {
        soft_cross_entropy(outputs, target, T::of_f64(self.epsilon), Some(gradient))
    }

    fn loss(&self, outputs: &[T], target: Target<'_, T>) -> f64 {
        soft_cross_entropy(outputs, target, T::of_f64(self.epsilon), None)
    }
}
