use super::error::SamplerError;

/// Whether what a sampler is told is one loss for each of some examples below `n_examples`, and none is NaN: to be
/// checked before any of it is taken. O(examples told).
///
/// # Errors
/// Where it is not.
pub fn check_feedback(indices: &[usize], losses: &[f64], n_examples: usize) -> Result<(), SamplerError> {
    if indices.len() != losses.len() {
        let (found, expected) = (losses.len(), indices.len());
        return Err(SamplerError::LengthMismatch { what: "losses", found, expected });
    }
    if let Some(&index) = indices.iter().find(|&&index| index >= n_examples) {
        return Err(SamplerError::IndexOutOfRange { what: "example with a loss", index, n_examples });
    }
    match losses.iter().position(|loss| loss.is_nan()) {
        Some(at) => Err(SamplerError::Loss { example: indices[at], loss: losses[at], expected: "a number" }),
        None => Ok(()),
    }
}
