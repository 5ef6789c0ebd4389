use cl_data::Scalar;
use serde::{Deserialize, Serialize};

use super::{Loss, Target};
use crate::error::ModelError;

/// Squared error: the loss of a regression.
///
/// ```text
/// L(z, t) = (1/c) sum_k (z_k - t_k)^2;      dL/dz_k = (2/c) (z_k - t_k)
/// ```
///
/// t are the target's values, one per output; the mean over the outputs and the missing factor 1/2 are those of
/// PyTorch's `MSELoss`. O(c).
///
/// ```
/// use cl_model::{Loss, Squared, Target};
///
/// let target = Target { class: 0, values: &[1.0, 2.0] };
/// assert_eq!(Squared.loss(&[1.0, 4.0], target), 2.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Squared;

impl<T: Scalar> Loss<T> for Squared {
    fn loss_and_gradient(&self, outputs: &[T], target: Target<'_, T>, gradient: &mut [T]) -> f64 {
        let scale = T::of_f64(2.0 / outputs.len() as f64);
        for ((gradient, &z), &t) in gradient.iter_mut().zip(outputs).zip(target.values) {
            *gradient = scale * (z - t);
        }
        self.loss(outputs, target)
    }

    fn loss(&self, outputs: &[T], target: Target<'_, T>) -> f64 {
        let squares = outputs.iter().zip(target.values).map(|(&z, &t)| ((z - t) * (z - t)).as_f64());
        squares.sum::<f64>() / outputs.len() as f64
    }

    /// One target per output; classes do not matter.
    fn check(&self, n_outputs: usize, _n_classes: usize, n_targets: usize) -> Result<(), ModelError> {
        if n_outputs == 0 || n_outputs != n_targets {
            return Err(ModelError::Mismatch { what: "targets", model: n_outputs, data: n_targets });
        }
        Ok(())
    }
}
