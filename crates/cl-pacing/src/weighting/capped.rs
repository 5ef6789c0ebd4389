use std::fmt;

use super::{Weighting, check_positive};
use crate::error::PacingError;

/// The weights of another weighting, none above a cap.
///
/// ```text
/// u* = min(v, cap) = argmin over u <= cap of   sum_i (u_i - v_i)^2           v the weights capped
/// ```
///
/// the nearest to them in the L2 norm that stay below it: it bounds what one example can do to a batch.
///
/// Source: truncation of importance weights, Ionides (2008), Truncated importance sampling.
///
/// ```
/// use cl_pacing::{Capped, SuperLossWeight, Weighting};
///
/// let mut weights = [0.0; 2];
/// Capped::new(SuperLossWeight::new(1.0, 0.5)?, 1.5)?.weights(&[0.0, 1.0], &mut weights)?;
/// assert_eq!(weights, [1.5, 1.0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Capped<W> {
    weighting: W,
    cap: f64,
}

impl<W: Weighting> Capped<W> {
    /// From the weighting and the cap.
    ///
    /// # Errors
    /// Unless the cap is finite and above 0.
    pub fn new(weighting: W, cap: f64) -> Result<Self, PacingError> {
        check_positive("cap", cap)?;
        Ok(Self { weighting, cap })
    }
}

impl<W: Weighting> Weighting for Capped<W> {
    fn weights(&self, losses: &[f64], weights: &mut [f64]) -> Result<(), PacingError> {
        self.weighting.weights(losses, weights)?;
        weights.iter_mut().for_each(|weight| *weight = weight.min(self.cap));
        Ok(())
    }
}

impl<W: fmt::Display> fmt::Display for Capped<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, capped at {}", self.weighting, self.cap)
    }
}
