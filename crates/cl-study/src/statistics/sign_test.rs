use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, DiscreteCDF};

use crate::error::{StudyError, check_sample};

/// The outcome of a sign test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SignTest {
    /// Differences above zero.
    pub positive: usize,
    /// Differences below zero.
    pub negative: usize,
    /// Differences of exactly zero, which the test leaves out.
    pub zero: usize,
    /// The two-sided p value; 1 where all differences are zero.
    pub p: f64,
}

/// The exact two-sided sign test: whether differences fall on either side of zero equally often.
///
/// ```text
/// p = min(1, 2 P(X <= min(positive, negative))),  X ~ Binomial(positive + negative, 1/2)
/// ```
///
/// O(n). Source: Conover (1999), Practical Nonparametric Statistics, section 3.4.
///
/// ```
/// // Nine seeds of ten better.
/// let test = cl_study::sign_test(&[1., 2., 1., 3., 1., 2., 2., 1., 1., -1.])?;
/// assert!((test.p - 22.0 / 1024.0).abs() < 1e-12);
/// # Ok::<(), cl_study::StudyError>(())
/// ```
///
/// # Errors
/// Where there is no difference, or one is not finite.
pub fn sign_test(differences: &[f64]) -> Result<SignTest, StudyError> {
    check_sample("differences", differences, 1)?;
    let positive = differences.iter().filter(|&&d| d > 0.0).count();
    let negative = differences.iter().filter(|&&d| d < 0.0).count();
    let fewer = positive.min(negative) as u64;
    let binomial = Binomial::new(0.5, (positive + negative) as u64)
        .map_err(|problem| StudyError::Failed { what: "sign test", problem: problem.to_string() })?;
    let p = (2.0 * binomial.cdf(fewer)).min(1.0);
    Ok(SignTest { positive, negative, zero: differences.len() - positive - negative, p })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(positive: usize, negative: usize, zero: usize) -> Vec<f64> {
        [vec![0.5; positive], vec![-2.0; negative], vec![0.0; zero]].concat()
    }

    /// Sums of binomial coefficients over 2^n, all exact in `f64` for n <= 30.
    #[test]
    fn p_values_are_exact() {
        for n in 0..=30 {
            for positive in 0..=n {
                let fewer = positive.min(n - positive);
                let (mut term, mut sum) = (1.0, 1.0);
                for k in 0..fewer {
                    term = term * (n - k) as f64 / (k + 1) as f64;
                    sum += term;
                }
                let expected = (2.0 * sum / f64::powi(2.0, n as i32)).min(1.0);
                let test = sign_test(&signs(positive, n - positive, 1)).unwrap();
                assert!((test.p - expected).abs() <= 1e-11 * expected, "{n} {positive} {} {expected}", test.p);
                assert_eq!((test.positive, test.negative, test.zero), (positive, n - positive, 1));
            }
        }
    }

    /// `scipy.stats.binomtest(k, n).pvalue`.
    #[test]
    fn large_samples_agree_with_scipy() {
        for (positive, negative, expected) in [
            (40, 60, 0.05688793364098089),
            (470, 530, 0.06202319509836343),
            (3, 57, 6.253851603243987e-14),
            (900, 1100, 8.45708953550381e-06),
        ] {
            let p = sign_test(&signs(positive, negative, 3)).unwrap().p;
            assert!((p - expected).abs() <= 1e-9 * expected, "{p} {expected}");
        }
    }

    #[test]
    fn what_has_no_sign_is_refused() {
        assert!(sign_test(&[]).is_err());
        assert!(sign_test(&[f64::NAN]).is_err());
    }
}
