//! The third seam: how much each example counts, from losses to weights.

mod hard_self_paced;
mod self_paced_lambda;

use std::fmt;

pub use hard_self_paced::HardSelfPaced;
pub use self_paced_lambda::SelfPacedLambda;

use crate::PacingError;

/// Losses to weights: the third of the four seams (order, pacing, weighting, sampler).
///
/// Displayed, a weighting is its name with its parameters.
pub trait Weighting: fmt::Debug + fmt::Display + Send + Sync {
    /// Writes the weight of each example into `weights`, given the loss of each. O(n).
    ///
    /// # Errors
    /// Unless there is one weight per loss, and no loss is NaN.
    fn weights(&self, losses: &[f64], weights: &mut [f64]) -> Result<(), PacingError>;
}

/// Weights that depend each on its own loss alone.
fn each(losses: &[f64], weights: &mut [f64], weight: impl Fn(f64) -> f64) -> Result<(), PacingError> {
    if weights.len() != losses.len() {
        let (found, expected) = (weights.len(), losses.len());
        return Err(PacingError::LengthMismatch { what: "weights", found, expected });
    }
    if let Some(example) = losses.iter().position(|loss| loss.is_nan()) {
        return Err(PacingError::NotANumber { what: "loss", example });
    }
    weights.iter_mut().zip(losses).for_each(|(out, &loss)| *out = weight(loss));
    Ok(())
}
