use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor};

use crate::error::BurnError;

/// The cross-entropy of each example by itself: what a sampler that learns is told, what a weighting weighs, and what
/// is averaged for the update.
///
/// ```text
/// l_i = -log softmax(z_i)[y_i]
/// ```
///
/// `logits` are n x c, `labels` n classes below c; the losses, n, carry gradients as the logits do. O(n c).
///
/// ```
/// use burn::tensor::Tensor;
///
/// let device = cl_burn::device("cpu")?;
/// let logits = Tensor::<2>::from_data([[0.0, 0.0], [3.0, 3.0]], &device);
/// let losses = cl_burn::per_example_losses(logits, Tensor::from_data([0, 1], &device))?;
/// let losses: Vec<f32> = losses.try_into_vec_as().unwrap();
/// assert!(losses.iter().all(|loss| (loss - 2f32.ln()).abs() < 1e-6));
/// # Ok::<(), cl_burn::BurnError>(())
/// ```
///
/// # Errors
/// Where there is not one label for each row of logits.
pub fn per_example_losses(logits: Tensor<2>, labels: Tensor<1, Int>) -> Result<Tensor<1>, BurnError> {
    let [n, n_classes] = logits.dims();
    let [n_labels] = labels.dims();
    if n_labels != n || n_classes == 0 {
        let value = format!("{n_labels} classes for logits of shape ({n}, {n_classes})");
        return Err(BurnError::argument("labels", value, "one class for each row of logits"));
    }
    Ok(log_softmax(logits, 1).gather(1, labels.reshape([n, 1])).neg().reshape([n]))
}
