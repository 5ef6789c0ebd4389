use candle_core::{DType, Tensor};
use candle_nn::ops::log_softmax;

use crate::error::CandleError;

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
/// use candle_core::{Device, Tensor};
///
/// let logits = Tensor::new(&[[0f32, 0.0], [3.0, 3.0]], &Device::Cpu)?;
/// let losses = cl_candle::per_example_losses(&logits, &Tensor::new(&[0u32, 1], &Device::Cpu)?)?;
/// assert!(losses.to_vec1::<f32>()?.iter().all(|loss| (loss - 2f32.ln()).abs() < 1e-6));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Where there is not one label for each row of logits, labels are no integers, or one is no class. The last is looked for
/// on the CPU alone: elsewhere it would have to be read from the device for every batch.
pub fn per_example_losses(logits: &Tensor, labels: &Tensor) -> Result<Tensor, CandleError> {
    let is_fit = logits.rank() == 2 && labels.rank() == 1 && logits.dims()[0] == labels.dims()[0];
    if !is_fit {
        let value = format!("of shape {:?} for logits of shape {:?}", labels.dims(), logits.dims());
        return Err(CandleError::argument("labels", value, "one class for each row of logits"));
    }
    if !labels.dtype().is_int() {
        return Err(CandleError::argument("labels", format!("of type {:?}", labels.dtype()), "integers"));
    }
    if labels.device().is_cpu() {
        // Candle takes the highest integer, which -1 becomes, for one that has no value, and gives it a loss of 0.
        let classes = 0..logits.dims()[1] as i64;
        let all = labels.to_dtype(DType::I64)?.to_vec1::<i64>()?;
        if let Some(label) = all.into_iter().find(|label| !classes.contains(label)) {
            return Err(CandleError::argument("labels", label, format!("classes below {}", classes.end)));
        }
    }
    let labels = labels.to_dtype(DType::U32)?.unsqueeze(1)?;
    Ok(log_softmax(logits, 1)?.gather(&labels, 1)?.squeeze(1)?.neg()?)
}
