use cl_data::random::{self, MAX_RESAMPLES};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use super::{
    interval::Interval,
    quantile::{sorted, sorted_quantile},
};
use crate::error::{StudyError, check_sample};

/// Intervals of any statistic by resampling with replacement.
///
/// Works on samples of any kind: numbers, pairs over seeds, whole runs. The resamples come from the random
/// stream `(seed, "bootstrap", 0)`, so that an interval is the same on every machine.
///
/// Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
///
/// ```
/// use cl_study::{Bootstrap, median};
///
/// let sample = [0.91, 0.93, 0.92, 0.90, 0.95];
/// let interval = Bootstrap::new(10_000, 0)?.percentile(&sample, |resample| median(resample).unwrap())?;
/// assert!(interval.contains(0.92));
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    n_resamples: usize,
    seed: u64,
    level: f64,
}

impl Bootstrap {
    /// Bootstrap intervals at 95 % from this number of resamples; 10,000 is usual.
    ///
    /// # Errors
    /// For fewer than 100 resamples, of which no 2.5 % quantile can be read, and for more than [`MAX_RESAMPLES`].
    pub fn new(n_resamples: usize, seed: u64) -> Result<Self, StudyError> {
        if !(100..=MAX_RESAMPLES).contains(&n_resamples) {
            let expected = "from 100 to 10,000,000, all of which are kept";
            return Err(StudyError::argument("n_resamples", n_resamples, expected));
        }
        Ok(Self { n_resamples, seed, level: 0.95 })
    }

    /// The same at another level of confidence.
    ///
    /// # Errors
    /// Where the level is not inside (0, 1).
    pub fn with_level(mut self, level: f64) -> Result<Self, StudyError> {
        if !(level > 0.0 && level < 1.0) {
            return Err(StudyError::argument("level", level, "a probability inside (0, 1)"));
        }
        self.level = level;
        Ok(self)
    }

    /// The same at a level expanded for a sample of `n`: percentile intervals of few values are too narrow, because a
    /// resample varies by (n - 1) / n less than a sample, and because they know no t distribution.
    ///
    /// ```text
    /// level' = 1 - 2 Phi(-sqrt(n / (n - 1)) t((1 + level) / 2; n - 1))
    /// ```
    ///
    /// For a mean they then are about Student's. A resample never leaves the range of the sample, so that below five or
    /// six values even the whole range is too narrow.
    ///
    /// Source: Hesterberg (2015), What teachers should know about the bootstrap, on expanded percentile intervals.
    ///
    /// # Errors
    /// For fewer than two values.
    pub fn expanded(mut self, n: usize) -> Result<Self, StudyError> {
        let few = || StudyError::TooFew { what: "sample".into(), found: n, expected: 2 };
        let degrees = n.checked_sub(1).filter(|&degrees| degrees > 0).ok_or_else(few)? as f64;
        let t = StudentsT::new(0.0, 1.0, degrees).map_err(|_| few())?.inverse_cdf((1.0 + self.level) / 2.0);
        let outside = 2.0 * Normal::standard().cdf(-(n as f64 / degrees).sqrt() * t);
        self.level = 1.0 - outside.max(f64::EPSILON);
        Ok(self)
    }

    /// The level of confidence, expanded or not.
    pub(crate) fn level(&self) -> f64 {
        self.level
    }

    /// The percentile interval: the outer quantiles of the statistic over the resamples.
    /// O(resamples (n + cost of the statistic)).
    ///
    /// # Errors
    /// Where the sample is empty or the statistic of a resample is not finite.
    pub fn percentile<T: Copy>(
        &self,
        sample: &[T],
        statistic: impl Fn(&[T]) -> f64,
    ) -> Result<Interval, StudyError> {
        if sample.is_empty() {
            return Err(StudyError::TooFew { what: "sample".into(), found: 0, expected: 1 });
        }
        let mut rng = random::stream(self.seed, "bootstrap", 0);
        let mut resample = sample.to_vec();
        let distribution: Vec<f64> = (0..self.n_resamples)
            .map(|_| {
                resample.iter_mut().for_each(|element| *element = sample[random::below(&mut rng, sample.len())]);
                statistic(&resample)
            })
            .collect();
        check_sample("statistic of the resamples", &distribution, 1)?;
        let distribution = sorted(&distribution);
        let tail = (1.0 - self.level) / 2.0;
        let at = |p| sorted_quantile(&distribution, p);
        Ok(Interval { low: at(tail), high: at(1.0 - tail) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::summary::mean;
    use super::*;

    /// Ten normal values, 2,000 trials: the plain interval of the mean misses it in about 9 % of them, the expanded one
    /// in 5 %, of which 139 is four standard deviations above. Level for n = 10: 1 - 2 Phi(-1.0541 * 2.2622) = 0.98290.
    #[test]
    fn an_expanded_interval_holds_the_mean_of_few_values() {
        let expanded = Bootstrap::new(400, 0).unwrap().expanded(10).unwrap();
        assert!((expanded.level() - 0.982_90).abs() < 1e-4, "{}", expanded.level());
        assert!(Bootstrap::new(400, 0).unwrap().expanded(1).is_err());
        let (normal, mut missed) = (Normal::standard(), [0, 0]);
        for trial in 0..2_000 {
            let mut rng = random::stream(7, "expanded", trial);
            let sample: Vec<f64> = (0..10).map(|_| normal.inverse_cdf(random::uniform(&mut rng))).collect();
            let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
            for (missed, bootstrap) in missed.iter_mut().zip([Bootstrap::new(400, trial).unwrap(), expanded]) {
                *missed += u32::from(!bootstrap.percentile(&sample, mean).unwrap().contains(0.0));
            }
        }
        assert!(missed[0] > 139 && missed[1] <= 139, "{missed:?}");
    }

    /// The percentile interval of a mean tends to the quantiles of the exact bootstrap distribution.
    #[test]
    fn intervals_are_seeded_and_sensible() {
        let sample: Vec<f64> = (0..50).map(|i| f64::from(i * 37 % 50)).collect();
        let bootstrap = Bootstrap::new(5000, 1).unwrap();
        let interval = bootstrap.percentile(&sample, mean).unwrap();
        assert_eq!(interval, bootstrap.percentile(&sample, mean).unwrap());
        assert_ne!(interval, Bootstrap::new(5000, 2).unwrap().percentile(&sample, mean).unwrap());
        // The mean's bootstrap standard deviation is that of the sample (divisor n) over sqrt(n): 2.0408.
        assert!((interval.low - (24.5 - 1.96 * 2.0408)).abs() < 0.2, "{interval:?}");
        assert!((interval.high - (24.5 + 1.96 * 2.0408)).abs() < 0.2, "{interval:?}");
        let narrower = bootstrap.with_level(0.5).unwrap().percentile(&sample, mean).unwrap();
        assert!(narrower.low > interval.low && narrower.high < interval.high);
    }

    #[test]
    fn a_constant_has_an_interval_of_no_width() {
        let bootstrap = Bootstrap::new(100, 0).unwrap();
        let expected = Interval { low: 3.0, high: 3.0 };
        assert_eq!(bootstrap.percentile(&[3.0; 5], mean).unwrap(), expected);
        assert_eq!(bootstrap.percentile(&[3.0], mean).unwrap(), expected);
    }

    #[test]
    fn what_cannot_be_resampled_is_refused() {
        let bootstrap = Bootstrap::new(100, 0).unwrap();
        assert!(Bootstrap::new(99, 0).is_err() && Bootstrap::new(MAX_RESAMPLES + 1, 0).is_err());
        assert!(
            Bootstrap::new(usize::MAX, 0).unwrap_err().to_string().contains("n_resamples is 18446744073709551615")
        );
        assert!(bootstrap.with_level(1.0).is_err());
        assert!(bootstrap.percentile(&[], mean).is_err());
        assert!(bootstrap.percentile(&[1.0, f64::NAN], mean).is_err());
        assert!(bootstrap.percentile(&[1.0, 2.0, 3.0], |_| f64::INFINITY).is_err());
    }
}
