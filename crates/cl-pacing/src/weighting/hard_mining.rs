use std::fmt;

use cl_data::catalogue::Parameter;

use super::{Weighting, check_length, check_numbers, entry::weighting_entry};
use crate::error::PacingError;

/// Hard mining: the hardest fraction of the examples counts, the others do not.
///
/// ```text
/// v* = argmax over v in [0, 1]^n with sum_i v_i = k of   sum_i v_i l_i           k = floor(f n + 0.5), at least 1
/// ```
///
/// so 1 for the k highest losses and 0 for the others; of equal losses at the border the first examples are taken,
/// every choice of them being optimal. O(n), by selection, and 8 bytes per example while it runs.
///
/// Source: Shrivastava, Gupta and Girshick (2016), Training region-based object detectors with online hard example
/// mining; Katharopoulos and Fleuret (2018) for the loss as the measure.
///
/// ```
/// use cl_pacing::{HardMining, Weighting};
///
/// let mut weights = [0.0; 4];
/// HardMining::new(0.5)?.weights(&[0.3, 0.9, 0.1, 0.4], &mut weights)?;
/// assert_eq!(weights, [0.0, 1.0, 0.0, 1.0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HardMining {
    fraction: f64,
}

impl HardMining {
    /// From the fraction of the examples that counts.
    ///
    /// # Errors
    /// Unless it lies in (0, 1].
    pub fn new(fraction: f64) -> Result<Self, PacingError> {
        if fraction > 0.0 && fraction <= 1.0 {
            return Ok(Self { fraction });
        }
        Err(PacingError::argument("fraction", fraction, "a fraction in (0, 1], the share that counts"))
    }

    /// How many of `n` examples count.
    pub fn count(&self, n: usize) -> usize {
        ((self.fraction * n as f64 + 0.5).floor() as usize).clamp(1.min(n), n)
    }

    /// What the weights minimise among those with the same sum: -sum_i v_i l_i, over the shorter of the two slices.
    pub fn objective(&self, weights: &[f64], losses: &[f64]) -> f64 {
        -weights.iter().zip(losses).map(|(weight, loss)| weight * loss).sum::<f64>()
    }
}

impl Weighting for HardMining {
    fn weights(&self, losses: &[f64], weights: &mut [f64]) -> Result<(), PacingError> {
        check_length(losses, weights)?;
        check_numbers(losses)?;
        let (n, k) = (losses.len(), self.count(losses.len()));
        if k == n {
            weights.fill(1.0);
            return Ok(());
        }
        // The k-th highest loss; the weights lend their memory.
        weights.copy_from_slice(losses);
        let border = *weights.select_nth_unstable_by(n - k, f64::total_cmp).1;
        let mut n_at_border = k - losses.iter().filter(|&&loss| loss > border).count();
        for (weight, &loss) in weights.iter_mut().zip(losses) {
            let at_border = loss == border && n_at_border > 0;
            n_at_border -= usize::from(at_border);
            *weight = f64::from(u8::from(loss > border || at_border));
        }
        Ok(())
    }
}

impl fmt::Display for HardMining {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "hard mining (fraction = {})", self.fraction)
    }
}

weighting_entry! {
    ENTRY = "hard-mining": "1 for the hardest examples, else 0",
    [Parameter::new("fraction", "the fraction that counts, in (0, 1]")],
    |options, _| HardMining::new(options.number("fraction")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against every subset of the same size.
        #[test]
        fn no_other_choice_has_higher_losses(losses in prop::collection::vec(-3i8..4, 1..9), fraction in 0.01..=1.0) {
            let losses: Vec<f64> = losses.into_iter().map(|loss| if loss == 3 { -0.0 } else { f64::from(loss) }).collect();
            let mining = HardMining::new(fraction).unwrap();
            let mut best = vec![f64::NAN; losses.len()];
            mining.weights(&losses, &mut best).unwrap();
            prop_assert_eq!(best.iter().sum::<f64>(), mining.count(losses.len()) as f64);
            prop_assert!(best.iter().all(|weight| [0.0, 1.0].contains(weight)));
            for subset in 0u32..1 << losses.len() {
                if subset.count_ones() as usize == mining.count(losses.len()) {
                    let other: Vec<f64> = (0..losses.len()).map(|i| f64::from(subset >> i & 1)).collect();
                    prop_assert!(mining.objective(&other, &losses) >= mining.objective(&best, &losses));
                }
            }
        }
    }

    #[test]
    fn counts_and_refusals() {
        assert_eq!(
            [0.0001, 0.25, 0.5, 1.0].map(|fraction| HardMining::new(fraction).unwrap().count(10)),
            [1, 3, 5, 10]
        );
        assert!(HardMining::new(0.0).is_err() && HardMining::new(f64::NAN).is_err());
        assert!(HardMining::new(0.5).unwrap().weights(&[0.0, f64::NAN], &mut [0.0; 2]).is_err());
        assert!(HardMining::new(0.5).unwrap().weights(&[], &mut []).is_ok());
    }
}
