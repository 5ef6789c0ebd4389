use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use super::interval::Interval;
use crate::error::StudyError;

/// A share of successes with Wilson's 95 % score interval, which keeps its coverage at shares of 0 and 1 and
/// for few trials, where the usual `+- 1.96 sqrt(p (1 - p) / n)` collapses.
///
/// ```text
/// centre = (p + z^2 / 2n) / (1 + z^2 / n)
/// half   = z / (1 + z^2 / n) sqrt(p (1 - p) / n + z^2 / 4n^2),  z = 1.959964
/// ```
///
/// Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.
///
/// ```
/// let share = cl_study::Share::of(10, 10)?;
/// assert_eq!(format!("{:.3}", share.interval.low), "0.722");
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The number of successes.
    pub successes: usize,
    /// The number of trials.
    pub total: usize,
    /// Successes over trials.
    pub share: f64,
    /// Wilson's 95 % interval of the share.
    pub interval: Interval,
}

impl Share {
    /// The share of `successes` in `total`.
    ///
    /// # Errors
    /// Where there is no trial, or there are more successes than trials.
    pub fn of(successes: usize, total: usize) -> Result<Self, StudyError> {
        if total == 0 {
            return Err(StudyError::argument("total", total, "at least one trial"));
        }
        if successes > total {
            return Err(StudyError::argument("successes", successes, format!("at most the total, {total}")));
        }
        let (share, n) = (successes as f64 / total as f64, total as f64);
        let z = Normal::standard().inverse_cdf(0.975);
        let scale = 1.0 + z * z / n;
        let centre = (share + z * z / (2.0 * n)) / scale;
        let half = z / scale * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
        // At shares of 0 and 1 the bound is exact in theory; rounding must not miss it.
        let low = if successes == 0 { 0.0 } else { (centre - half).max(0.0) };
        let high = if successes == total { 1.0 } else { (centre + half).min(1.0) };
        Ok(Self { successes, total, share, interval: Interval { low, high } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.binomtest(k, n).proportion_ci(method="wilson")`.
    #[test]
    fn intervals_are_scipys() {
        for (successes, total, low, high) in [
            (0, 10, 0.0, 0.27753279986288926),
            (10, 10, 0.7224672001371109, 1.0),
            (84, 100, 0.7557973061072976, 0.8990471151119521),
            (1, 3, 0.06149194472039626, 0.7923403991979523),
        ] {
            let share = Share::of(successes, total).unwrap();
            assert!((share.interval.low - low).abs() < 1e-9, "{share:?}");
            assert!((share.interval.high - high).abs() < 1e-9, "{share:?}");
        }
    }

    #[test]
    fn what_is_no_share_is_refused() {
        assert!(Share::of(0, 0).is_err());
        assert!(Share::of(2, 1).is_err());
    }
}
