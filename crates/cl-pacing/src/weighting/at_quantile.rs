use std::fmt;
use std::sync::Arc;

use super::{Weighting, check_length, check_numbers, self_paced::SelfPaced};
use crate::{error::PacingError, pacing::Rounding};

/// Self-paced weights at the age that admits a fraction of the losses given, whatever their size.
///
/// ```text
/// lambda = the least age at which the k lowest losses count           k = ceil(q n), at least 1
/// ```
///
/// Losses equal to the k-th lowest count with it. The age stops at the regulariser's [largest](SelfPaced::largest_lambda).
/// O(n) beside the regulariser, by selection, and 8 bytes per example while it runs.
///
/// ```
/// use cl_pacing::{AtQuantile, HardSelfPaced, Weighting};
///
/// let mut weights = [0.0; 4];
/// AtQuantile::new(HardSelfPaced::new(1.0)?, 0.5)?.weights(&[30.0, 10.0, 40.0, 20.0], &mut weights)?;
/// assert_eq!(weights, [0.0, 1.0, 0.0, 1.0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone)]
pub struct AtQuantile {
    regulariser: Arc<dyn SelfPaced>,
    q: f64,
}

impl AtQuantile {
    /// From the regulariser, whose age counts for nothing, and the fraction of the losses to admit.
    ///
    /// # Errors
    /// Unless q lies in (0, 1].
    pub fn new(regulariser: impl SelfPaced + 'static, q: f64) -> Result<Self, PacingError> {
        Self::of(Arc::new(regulariser), q)
    }

    pub(crate) fn of(regulariser: Arc<dyn SelfPaced>, q: f64) -> Result<Self, PacingError> {
        if q > 0.0 && q <= 1.0 {
            return Ok(Self { regulariser, q });
        }
        Err(PacingError::argument("quantile", q, "a fraction in (0, 1], the share of the losses to admit"))
    }
}

impl Weighting for AtQuantile {
    fn weights(&self, losses: &[f64], weights: &mut [f64]) -> Result<(), PacingError> {
        check_length(losses, weights)?;
        check_numbers(losses)?;
        self.regulariser.with_lambda(lambda(&*self.regulariser, self.q, losses))?.weights(losses, weights)
    }
}

impl fmt::Display for AtQuantile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at quantile {}", self.regulariser, self.q)
    }
}

/// The least age of `regulariser` that admits ceil(q n) of `losses`, at least one; its own where there is no loss.
pub(super) fn lambda(regulariser: &dyn SelfPaced, q: f64, losses: &[f64]) -> f64 {
    if losses.is_empty() {
        return regulariser.lambda();
    }
    let k = Rounding::Ceiling.count(q, losses.len(), 1);
    let mut losses = losses.to_vec();
    let (_, &mut kth, _) = losses.select_nth_unstable_by(k - 1, f64::total_cmp);
    regulariser.lambda_admitting(kth).min(regulariser.largest_lambda())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weighting::{HardSelfPaced, Mixture2};

    #[test]
    fn a_share_counts_whatever_the_size_of_the_losses() {
        for scale in [1e-150, 1e-3, 1.0, 1e100] {
            let losses: Vec<f64> = (1..=10).map(|i| f64::from(i * 7 % 11) * scale).collect();
            let regularisers: [Arc<dyn SelfPaced>; 2] =
                [Arc::new(HardSelfPaced::new(1.0).unwrap()), Arc::new(Mixture2::new(1.0, 1.0).unwrap())];
            for (regulariser, q) in
                regularisers.iter().flat_map(|regulariser| [0.3, 1.0, 0.05].map(|q| (regulariser, q)))
            {
                let weighting = AtQuantile::of(Arc::clone(regulariser), q).unwrap();
                let mut weights = [0.0; 10];
                weighting.weights(&losses, &mut weights).unwrap();
                let k = (10.0 * q).ceil() as usize;
                let n_admitted = weights.iter().filter(|&&weight| weight > 0.0).count();
                // The k-th itself may be left with a weight of 0 by rounding.
                assert!((k - 1..=k).contains(&n_admitted), "{weighting}: {weights:?}");
            }
        }
        for q in [0.0, 1.1, f64::NAN] {
            assert!(AtQuantile::new(HardSelfPaced::new(1.0).unwrap(), q).is_err());
        }
        let half = AtQuantile::new(HardSelfPaced::new(1.0).unwrap(), 0.5).unwrap();
        assert!(half.weights(&[f64::NAN], &mut [0.0]).is_err() && half.weights(&[], &mut []).is_ok());
    }
}
