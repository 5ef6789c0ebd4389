use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::error::{StudyError, check_sample};

/// Above this number of differences the normal approximation takes over, as in SciPy.
const LARGEST_EXACT: usize = 50;

/// How a signed-rank p value was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WilcoxonMethod {
    /// From all 2^n assignments of signs.
    Exact,
    /// From the normal approximation, corrected for ties and continuity.
    Normal,
}

/// The outcome of a signed-rank test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Wilcoxon {
    /// The number of differences that are not zero; zeros are left out.
    pub n: usize,
    /// The sum of the ranks of the positive differences.
    pub positive_ranks: f64,
    /// The sum of the ranks of the negative differences.
    pub negative_ranks: f64,
    /// The two-sided p value; 1 where all differences are zero.
    pub p: f64,
    /// How it was found.
    pub method: WilcoxonMethod,
}

/// Wilcoxon's signed-rank test: whether differences lie symmetrically about zero.
///
/// ```text
/// W = sum of the ranks of |d_i| over d_i > 0, ties sharing their mean rank, zeros left out
/// n <= 50:  p = min(1, 2 min(P(W' <= W), P(W' >= W))) over all 2^n assignments of signs to these ranks
/// else:     z = (|W - n(n+1)/4| - 1/2) / sqrt(n(n+1)(2n+1)/24 - sum over ties (t^3 - t)/48)
/// ```
///
/// Exact with ties as well, since the ranks that occur are the ones whose signs are permuted: the distribution
/// is counted by dynamic programming over doubled ranks, which are integers. Agrees with
/// `scipy.stats.wilcoxon` wherever SciPy is exact, and beyond with `method="asymptotic", correction=True`.
/// O(n log n), the exact part O(n^3).
///
/// Source: Wilcoxon (1945), Individual comparisons by ranking methods; Pratt and Gibbons (1981), chapter 3.
///
/// ```
/// let test = cl_study::wilcoxon(&[0.3, 0.1, 0.4, -0.2, 0.5, 0.6])?;
/// assert_eq!((test.positive_ranks, test.negative_ranks), (19.0, 2.0));
/// assert_eq!(test.p, 6.0 / 64.0);
/// # Ok::<(), cl_study::StudyError>(())
/// ```
///
/// # Errors
/// Where there is no difference, or one is not finite.
pub fn wilcoxon(differences: &[f64]) -> Result<Wilcoxon, StudyError> {
    check_sample("differences", differences, 1)?;
    let mut sorted: Vec<f64> = differences.iter().copied().filter(|&d| d != 0.0).collect();
    sorted.sort_unstable_by(|a, b| a.abs().total_cmp(&b.abs()));
    let n = sorted.len();

    // Ranks are counted from 1; those of a tie from `below + 1` to `below + t` have twice their mean in common.
    let mut doubled_ranks = Vec::with_capacity(n);
    let (mut positive, mut ties) = (0, 0.0);
    for tie in sorted.chunk_by(|a, b| a.abs() == b.abs()) {
        let doubled = 2 * doubled_ranks.len() + tie.len() + 1;
        positive += doubled * tie.iter().filter(|&&d| d > 0.0).count();
        doubled_ranks.resize(doubled_ranks.len() + tie.len(), doubled);
        let t = tie.len() as f64;
        ties += t * t * t - t;
    }
    let total = n * (n + 1);
    let (p, method) = if n <= LARGEST_EXACT {
        (exact(&doubled_ranks, positive, total), WilcoxonMethod::Exact)
    } else {
        let n = n as f64;
        let deviation = (positive as f64 / 2.0 - n * (n + 1.0) / 4.0).abs();
        let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0;
        let z = (deviation - 0.5).max(0.0) / variance.sqrt();
        ((2.0 * Normal::standard().sf(z)).min(1.0), WilcoxonMethod::Normal)
    };
    let (positive_ranks, negative_ranks) = (positive as f64 / 2.0, (total - positive) as f64 / 2.0);
    Ok(Wilcoxon { n, positive_ranks, negative_ranks, p, method })
}

fn exact(doubled_ranks: &[usize], positive: usize, total: usize) -> f64 {
    // The number of assignments of signs for each doubled sum: at most 2^50, exact in f64.
    let mut counts = vec![0.0; total + 1];
    counts[0] = 1.0;
    for &rank in doubled_ranks {
        for sum in (rank..=total).rev() {
            counts[sum] += counts[sum - rank];
        }
    }
    let (lower, upper): (f64, f64) = (counts[..=positive].iter().sum(), counts[positive..].iter().sum());
    (2.0 * lower.min(upper) / f64::powi(2.0, doubled_ranks.len() as i32)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(differences: &[f64], statistic: f64, p: f64, method: WilcoxonMethod) {
        let test = wilcoxon(differences).unwrap();
        assert_eq!(test.positive_ranks.min(test.negative_ranks), statistic, "{differences:?}");
        assert!((test.p - p).abs() <= 1e-9 * p, "{} {p} {differences:?}", test.p);
        assert_eq!(test.method, method);
    }

    /// `scipy.stats.wilcoxon(d)` of SciPy 1.17.1 without and with ties and zeros.
    #[test]
    fn small_samples_agree_with_scipy() {
        check(&[1.83, 0.5, -0.62, 2.48, 1.68, 1.88, -1.55, 3.06, 1.3], 6.0, 0.0546875, WilcoxonMethod::Exact);
        check(&[1., 2., 2., -1., 3., 4., 0., 2., -2., 5.], 6.0, 0.0625, WilcoxonMethod::Exact);
        check(&[1., 1., 1., 1., -1.], 3.0, 0.375, WilcoxonMethod::Exact);
    }

    /// `differences(n)[i] = ((i * 37) % 101 - 40.3) / 8`, and the same rounded towards zero, which has ties and
    /// zeros: by `scipy.stats.wilcoxon(d, method=..., correction=True)`.
    #[test]
    fn larger_samples_agree_with_scipy() {
        let differences = |n: i32| (0..n).map(|i| (f64::from((i * 37) % 101) - 40.3) / 8.0).collect::<Vec<_>>();
        let truncated = |n| differences(n).into_iter().map(f64::trunc).collect::<Vec<_>>();
        check(&differences(25), 121.0, 0.2751842737197876, WilcoxonMethod::Exact);
        check(&differences(50), 424.0, 0.039015525521861605, WilcoxonMethod::Exact);
        check(&differences(51), 449.0, 0.045367051815176064, WilcoxonMethod::Normal);
        check(&differences(90), 1365.0, 0.00606667466234416, WilcoxonMethod::Normal);
        check(&truncated(90), 910.5, 0.004125996287395538, WilcoxonMethod::Normal);
        check(&truncated(101), 1109.0, 0.0015926946256785647, WilcoxonMethod::Normal);
    }

    #[test]
    fn no_difference_is_no_evidence() {
        let test = wilcoxon(&[0.0, -0.0, 0.0]).unwrap();
        assert_eq!((test.n, test.p), (0, 1.0));
    }

    #[test]
    fn what_has_no_rank_is_refused() {
        assert!(wilcoxon(&[]).is_err());
        assert!(wilcoxon(&[1.0, f64::INFINITY]).is_err());
    }

    proptest! {
        /// Against the definition: all 2^n assignments of signs, mid-ranks counted pair by pair.
        #[test]
        fn exact_values_are_those_of_all_signs(differences in prop::collection::vec(-4i8..=4, 1..10)) {
            let d: Vec<f64> = differences.iter().filter(|&&d| d != 0).map(|&d| f64::from(d)).collect();
            let ranks: Vec<f64> = d.iter().map(|a| {
                let below = d.iter().filter(|b| b.abs() < a.abs()).count() as f64;
                let equal = d.iter().filter(|b| b.abs() == a.abs()).count() as f64;
                below + (equal + 1.0) / 2.0
            }).collect();
            let sum = |signs: usize| -> f64 { (0..d.len()).filter(|i| signs >> i & 1 == 1).map(|i| ranks[i]).sum() };
            let observed = sum((0..d.len()).filter(|&i| d[i] > 0.0).map(|i| 1 << i).sum());
            let all = 1usize << d.len();
            let lower = (0..all).filter(|&signs| sum(signs) <= observed).count();
            let upper = (0..all).filter(|&signs| sum(signs) >= observed).count();
            let expected = (2.0 * lower.min(upper) as f64 / all as f64).min(1.0);
            let test = wilcoxon(&differences.iter().map(|&d| f64::from(d)).collect::<Vec<_>>())?;
            prop_assert_eq!(test.p, expected);
            prop_assert_eq!(test.positive_ranks, observed);
        }
    }
}
