use serde::{Deserialize, Serialize};

use super::{interval::Interval, paired::Paired};
use crate::error::{StudyError, check_sample};

/// By how much one arm is better than the best of several others, over seeds.
///
/// ```text
/// d_ji = arm_i - other_ji,   delta = min_j E d_j,   se_j = s_j / sqrt(n)
/// mean = min_j mean(d_j)
/// low  = min_j [mean(d_j) - t(1 - 0.05 / 2; n - 1) se_j]
/// high = min_j [mean(d_j) + t(1 - 0.05 / (2 k); n - 1) se_j]
/// ```
///
/// The arm is better than all k only where it is better than each, so that the lower end needs no correction for
/// their number (an intersection-union test); whichever looks best may do so by luck, so that the upper end does,
/// by Bonferroni. Together they hold delta with at least 95 %.
///
/// Source: Berger (1982), Multiparameter hypothesis testing and acceptance sampling.
///
/// ```
/// let both = [0.95, 0.96, 0.97];
/// let superiority = cl_study::Superiority::over(&both, &[&[0.90, 0.93, 0.91], &[0.94, 0.95, 0.95]])?;
/// assert_eq!(superiority.closest, 1);
/// assert!((superiority.mean_difference - 0.04 / 3.0).abs() < 1e-12);
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Superiority {
    /// The smallest mean difference, which is low on average: of several noisy means the smallest tends to be one with
    /// bad luck. The interval allows for it.
    pub mean_difference: f64,
    /// The 95 % interval; none for one seed.
    pub interval: Option<Interval>,
    /// The place of the other that comes closest, or is better by most.
    pub closest: usize,
    /// The number of seeds.
    pub n: usize,
}

impl Superiority {
    /// The superiority of `arm` over all `others`, values in the same order of seeds, higher being better. O(n k)
    /// and the tests of [`Paired`].
    ///
    /// # Errors
    /// Where there is no other, lengths differ, there is no seed, or a value is not finite.
    pub fn over(arm: &[f64], others: &[&[f64]]) -> Result<Self, StudyError> {
        check_sample("arm", arm, 1)?;
        let paired: Vec<Paired> =
            others.iter().map(|other| Paired::between(arm, other)).collect::<Result<_, _>>()?;
        let by_mean = |a: &(usize, &Paired), b: &(usize, &Paired)| {
            f64::total_cmp(&a.1.mean_difference, &b.1.mean_difference)
        };
        let Some((closest, smallest)) = paired.iter().enumerate().min_by(by_mean) else {
            return Err(StudyError::argument("others", "no arm", "at least one"));
        };
        let n = arm.len();
        let smallest_end = |level: f64, end: fn(Interval) -> f64| {
            let ends = paired.iter().map(|paired| {
                Some(end(Interval::student_at(level, paired.mean_difference, paired.standard_deviation?, n)?))
            });
            ends.collect::<Option<Vec<f64>>>().map(|ends| ends.into_iter().fold(f64::INFINITY, f64::min))
        };
        let low = smallest_end(0.95, |interval| interval.low);
        let high = smallest_end(1.0 - 0.05 / others.len() as f64, |interval| interval.high);
        let interval = low.zip(high).map(|(low, high)| Interval { low, high });
        Ok(Self { mean_difference: smallest.mean_difference, interval, closest, n })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cl_data::random::{stream, uniform};
    use statrs::distribution::{ContinuousCDF, Normal};

    #[test]
    fn over_one_other_it_is_the_paired_difference() {
        let (arm, other) = ([0.9, 0.7, 0.8, 0.95], [0.8, 0.75, 0.7, 0.9]);
        let paired = Paired::between(&arm, &other).unwrap();
        let superiority = Superiority::over(&arm, &[&other]).unwrap();
        assert_eq!(superiority.mean_difference, paired.mean_difference);
        let (own, theirs) = (superiority.interval.unwrap(), paired.interval.unwrap());
        assert!((own.low - theirs.low).abs() < 1e-12 && (own.high - theirs.high).abs() < 1e-12, "{own:?}");
    }

    #[test]
    fn the_closest_decides() {
        let arm = [1.0, 1.1, 0.9];
        let superiority = Superiority::over(&arm, &[&[0.5, 0.6, 0.4], &[1.2, 1.3, 1.1], &[0.0; 3]]).unwrap();
        assert_eq!((superiority.closest, superiority.n), (1, 3));
        assert!((superiority.mean_difference + 0.2).abs() < 1e-12);
        assert!(Superiority::over(&[1.0], &[&[0.5]]).unwrap().interval.is_none());
        for others in [&[][..], &[&[1.0][..]][..], &[&[1.0, f64::NAN, 0.0][..]][..]] {
            assert!(Superiority::over(&arm, others).is_err());
        }
    }

    /// Where all arms are equal, delta is 0 and the interval must miss it in at most 5 % of the trials: of 2,000 at
    /// most 100 + 4 sqrt(2000 * 0.05 * 0.95) = 139. The lower end may be missed by half of that.
    #[test]
    fn the_interval_holds_the_truth() {
        let n_trials = 2_000;
        let normal = Normal::standard();
        let (mut above, mut below) = (0, 0);
        for trial in 0..n_trials {
            let mut rng = stream(1, "superiority", trial);
            let mut sample = || (0..10).map(|_| normal.inverse_cdf(uniform(&mut rng))).collect::<Vec<f64>>();
            let (arm, others) = (sample(), [sample(), sample(), sample(), sample()]);
            let others: Vec<&[f64]> = others.iter().map(Vec::as_slice).collect();
            let interval = Superiority::over(&arm, &others).unwrap().interval.unwrap();
            above += u32::from(interval.low > 0.0);
            below += u32::from(interval.high < 0.0);
        }
        assert!(above + below <= 139, "{above} {below}");
        assert!(above <= 78, "{above}");
    }
}
