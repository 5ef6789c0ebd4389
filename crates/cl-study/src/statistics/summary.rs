use serde::{Deserialize, Serialize};

use super::interval::Interval;
use crate::error::{StudyError, check_sample};

/// Mean and spread of one number over seeds.
///
/// ```text
/// s^2      = sum_i (x_i - mean)^2 / (n - 1)
/// interval = mean +- t(0.975; n - 1) s / sqrt(n)
/// ```
///
/// One run has neither spread nor interval: both are `None`, not zero.
///
/// ```
/// let accuracy = cl_study::Summary::of(&[0.91, 0.93, 0.92])?;
/// assert_eq!(format!("{:.2} +- {:.3}", accuracy.mean, accuracy.interval.unwrap().half_width()), "0.92 +- 0.025");
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The number of values.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Their sample standard deviation (divisor n - 1); none for n = 1.
    pub standard_deviation: Option<f64>,
    /// Student's 95 % interval of the mean; none for n = 1.
    pub interval: Option<Interval>,
}

impl Summary {
    /// The summary of a sample. O(n).
    ///
    /// # Errors
    /// Where the sample is empty or holds a value that is not finite.
    pub fn of(sample: &[f64]) -> Result<Self, StudyError> {
        check_sample("sample", sample, 1)?;
        let n = sample.len();
        let mean = mean(sample);
        let standard_deviation = standard_deviation(sample);
        let interval = standard_deviation.and_then(|s| Interval::student(mean, s, n));
        Ok(Self { n, mean, standard_deviation, interval })
    }
}

/// The mean; of equal values exactly that value, so that a constant sample has spread 0, not 1e-17.
pub(crate) fn mean(sample: &[f64]) -> f64 {
    let shift = sample[0];
    shift + sample.iter().map(|x| x - shift).sum::<f64>() / sample.len() as f64
}

/// The sample standard deviation; none for fewer than two values.
pub(crate) fn standard_deviation(sample: &[f64]) -> Option<f64> {
    if sample.len() < 2 {
        return None;
    }
    let mean = mean(sample);
    let squares: f64 = sample.iter().map(|x| (x - mean) * (x - mean)).sum();
    Some((squares / (sample.len() - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bounds by `scipy.stats.t.interval(0.95, n - 1, mean, sem)`, SciPy 1.17.1.
    #[test]
    fn intervals_are_scipys() {
        let cases: [(&[f64], f64, f64, f64, f64); 3] = [
            (&[0.91, 0.93, 0.92], 0.92, 0.01, 0.8951586228824967, 0.9448413771175034),
            (
                &[1.5, -2.25, 3.0, 0.125, 7.5, -1.0],
                1.4791666666666667,
                3.477082709207054,
                -2.169807851241301,
                5.128141184574635,
            ),
            (&[100.1, 100.2], 100.15, 0.07071067811866079, 99.51468976319121, 100.7853102368088),
        ];
        for (sample, mean, std, low, high) in cases {
            let summary = Summary::of(sample).unwrap();
            let interval = summary.interval.unwrap();
            for (ours, scipys) in [
                (summary.mean, mean),
                (summary.standard_deviation.unwrap(), std),
                (interval.low, low),
                (interval.high, high),
            ] {
                assert!((ours - scipys).abs() <= 1e-12 * scipys.abs(), "{ours} {scipys}");
            }
        }
    }

    #[test]
    fn one_run_has_no_interval() {
        let one = Summary::of(&[0.5]).unwrap();
        assert_eq!((one.n, one.mean, one.standard_deviation, one.interval), (1, 0.5, None, None));
    }

    #[test]
    fn a_constant_has_no_spread() {
        let constant = Summary::of(&[0.1; 7]).unwrap();
        assert_eq!(constant.standard_deviation, Some(0.0));
        assert_eq!(constant.interval, Some(Interval { low: 0.1, high: 0.1 }));
    }

    #[test]
    fn what_is_no_sample_is_refused() {
        assert!(Summary::of(&[]).is_err());
        assert!(Summary::of(&[0.0, f64::NAN]).is_err());
        assert!(Summary::of(&[f64::INFINITY]).is_err());
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_mean(sample in prop::collection::vec(-1e3..1e3f64, 2..30)) {
            let summary = Summary::of(&sample)?;
            prop_assert!(summary.interval.unwrap().contains(summary.mean));
        }
    }
}
