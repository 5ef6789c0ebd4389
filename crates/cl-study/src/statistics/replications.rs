use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{
    hodges_lehmann::{hodges_lehmann, rank_interval},
    interval::Interval,
    quantile::{sorted, sorted_quantile},
    scale::Scale,
    summary::{mean, standard_deviation},
};
use crate::error::{StudyError, check_sample};

/// One value per repetition of an experiment, and how far the repetitions share their data.
///
/// Repetitions that cut one data set into training and test part anew each time share most of it, so that their values
/// spread less than values from fresh data would, and Student's interval is too narrow for what would be found on other
/// data. The corrected resampled t test widens it:
///
/// ```text
/// z_i = the values on their scale,  mean z,  s their standard deviation (divisor n - 1)
/// interval = mean z +- t((1 + level) / 2; n - 1) s sqrt(1 / n + n_test / n_train)
/// ```
///
/// Repetitions that draw data of their own share none: n_test / n_train counts as 0, and the interval is Student's. What a
/// learner validates on belongs to what it trains on: n_train is all that is not tested on. A statistic of the part itself, of
/// a share f of the data, has f / (1 - f) in place of the ratio: two such parts have a share f in common.
///
/// Source: Nadeau and Bengio (2003), Inference for the generalization error, section 4.1.
///
/// ```
/// use cl_study::Replications;
///
/// let gains = vec![0.021, 0.018, 0.025, 0.017, 0.022, 0.019];
/// let fresh = Replications::independent(gains.clone())?;
/// let splits = Replications::resplit(gains, 0.25)?;
/// let [fresh, splits] = [fresh, splits].map(|gains| gains.interval(0.95).unwrap().half_width());
/// assert!((splits / fresh - (1.0f64 + 6.0 * 0.25).sqrt()).abs() < 1e-12);
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Replications {
    values: Vec<f64>,
    scale: Scale,
    test_to_train: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    values: Vec<f64>,
    scale: Scale,
    test_to_train: f64,
}

impl TryFrom<Unchecked> for Replications {
    type Error = StudyError;

    fn try_from(Unchecked { values, scale, test_to_train }: Unchecked) -> Result<Self, StudyError> {
        Self::resplit(values, test_to_train)?.on(scale)
    }
}

/// The power at which effects are called detectable.
const POWER: f64 = 0.8;

/// The level of every interval that is compared with a bound.
const LEVEL: f64 = 0.95;

impl Replications {
    /// Values of repetitions that each draw data of their own, or that speak of the data at hand alone.
    ///
    /// # Errors
    /// Where there is no value, or one is not finite.
    pub fn independent(values: Vec<f64>) -> Result<Self, StudyError> {
        Self::resplit(values, 0.0)
    }

    /// Values of repetitions that each cut the same data anew, into a test part of `test_to_train` times the examples of all
    /// the rest.
    ///
    /// # Errors
    /// Where there is no value or one is not finite, or `test_to_train` is negative or not finite.
    pub fn resplit(values: Vec<f64>, test_to_train: f64) -> Result<Self, StudyError> {
        check_sample("values of the repetitions", &values, 1)?;
        if !(test_to_train.is_finite() && test_to_train >= 0.0) {
            let expected = "a finite ratio of at least 0";
            return Err(StudyError::argument("test_to_train", test_to_train, expected));
        }
        Ok(Self { values, scale: Scale::Plain, test_to_train })
    }

    /// The same, averaged on another scale.
    ///
    /// # Errors
    /// Where a value is outside the scale's range.
    pub fn on(mut self, scale: Scale) -> Result<Self, StudyError> {
        let Interval { low, high } = scale.range();
        // Rounding may leave a correlation or a share a little above 1.
        let room = 1e-9;
        if let Some(value) = self.values.iter().find(|&&value| value < low - room || value > high + room) {
            return Err(StudyError::argument("value", value, format!("from {low} to {high}")));
        }
        self.values.iter_mut().for_each(|value| *value = value.clamp(low, high));
        self.scale = scale;
        Ok(self)
    }

    /// The values, in the order of the repetitions.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The scale that they are averaged on.
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// Test examples for each training example of a split of shared data; 0 where repetitions share none.
    pub fn test_to_train(&self) -> f64 {
        self.test_to_train
    }

    /// Whether all values are the same, so that they have no spread to judge by.
    pub fn is_constant(&self) -> bool {
        self.values.iter().all(|value| *value == self.values[0])
    }

    /// The mean on the scale, as a value.
    pub fn mean(&self) -> f64 {
        self.scale.back(mean(&self.forward()))
    }

    /// The interval of the mean; none for one value, or where all are the same.
    pub fn interval(&self, level: f64) -> Option<Interval> {
        let Spread { mean, error, degrees } = self.spread()?;
        let half_width = student(degrees)?.inverse_cdf((1.0 + level) / 2.0) * error;
        Some(Interval { low: self.scale.back(mean - half_width), high: self.scale.back(mean + half_width) })
    }

    /// The two-sided p value of a mean at `bound`: the level at which the interval begins to hold it is 1 - p. 1 at the
    /// mean itself, 0 at what no value can reach; none for one value, or where all are the same.
    pub fn p(&self, bound: f64) -> Option<f64> {
        let Spread { mean, error, degrees } = self.spread()?;
        let distance = (mean - self.scale.bound(bound)).abs();
        Some(if distance.is_infinite() { 0.0 } else { 2.0 * student(degrees)?.sf(distance / error) })
    }

    /// The Hodges-Lehmann estimate on the scale, as a value: the median of the means of all pairs, which a few values far
    /// away move little.
    ///
    /// Source: Hodges and Lehmann (1963), Estimates of location based on rank tests.
    pub fn hodges_lehmann(&self) -> f64 {
        self.scale.back(hodges_lehmann(&self.forward()))
    }

    /// The interval of the signed-rank test about the Hodges-Lehmann estimate; none where all values are the same, or so few
    /// that the test never rejects, as with fewer than six at 95 %.
    ///
    /// Shared data widen it as they do the mean's: the square of t s sqrt(n_test / n_train) is added to that of the distance
    /// from the estimate to either end.
    ///
    /// It needs no normal distribution, but one that is about symmetric.
    pub fn rank_interval(&self, level: f64) -> Option<Interval> {
        if self.is_constant() {
            return None;
        }
        let values = self.forward();
        let Interval { low, high } = rank_interval(&values, level)?;
        let centre = hodges_lehmann(&values);
        let t = student(values.len() as f64 - 1.0)?.inverse_cdf((1.0 + level) / 2.0);
        let shared = t * standard_deviation(&values)? * self.test_to_train.sqrt();
        let distance = |end: f64| (end - centre).hypot(shared);
        Some(Interval {
            low: self.scale.back(centre - distance(low)),
            high: self.scale.back(centre + distance(high)),
        })
    }

    /// The places of repetitions far away from the others: beyond the quartiles by more than three interquartile ranges
    /// (Tukey's far out), and by more than `margin`, lest every other value be far out where most are equal. Where more than
    /// one in ten were, and more than one in all, none is: these are no collapses, but how the values are.
    pub fn collapses(&self, margin: f64) -> Vec<usize> {
        let values = self.forward();
        let ordered = sorted(&values);
        let [lower, upper] = [0.25, 0.75].map(|p| sorted_quantile(&ordered, p));
        let reach = (3.0 * (upper - lower)).max(margin);
        let far = |&at: &usize| values[at] < lower - reach || values[at] > upper + reach;
        let apart: Vec<usize> = (0..values.len()).filter(far).collect();
        if apart.len() <= (values.len() / 10).max(1) { apart } else { Vec::new() }
    }

    /// The same without the repetitions at these places; none where none are left.
    pub fn without(&self, places: &[usize]) -> Option<Self> {
        let kept = self.values.iter().enumerate().filter(|(at, _)| !places.contains(at));
        let values: Vec<f64> = kept.map(|(_, &value)| value).collect();
        (!values.is_empty()).then(|| Self { values, ..self.clone() })
    }

    /// The smallest mean beyond `bound` that so many repetitions of this spread would have told from it in four of five
    /// studies, at 95 %; none where there is no spread or the bound is none.
    ///
    /// ```text
    /// bound + (t(0.975; n - 1) + t(0.8; n - 1)) s sqrt(1 / n + n_test / n_train)
    /// ```
    ///
    /// Source: Cohen (1988), Statistical power analysis for the behavioral sciences, section 2.4, by the t approximation.
    pub fn least_detectable(&self, bound: f64) -> Option<f64> {
        self.least_detectable_at(bound, LEVEL)
    }

    /// The same at another level: at 1 - 0.05 / m where it is one of m that are corrected for each other.
    pub fn least_detectable_at(&self, bound: f64, level: f64) -> Option<f64> {
        let Spread { error, degrees, .. } = self.spread()?;
        let student = student(degrees)?;
        let distance = (student.inverse_cdf((1.0 + level) / 2.0) + student.inverse_cdf(POWER)) * error;
        let bound = self.scale.bound(bound);
        bound.is_finite().then(|| self.scale.back(bound + distance))
    }

    /// How many repetitions of this spread and mean would tell it from `bound` at 95 %; none where no number would: what
    /// splits share then hides it, and only more data would tell. None, too, where there is no spread.
    pub fn needed(&self, bound: f64) -> Option<u64> {
        const MOST: u64 = 1_000_000;
        let Spread { mean, error, .. } = self.spread()?;
        let n = self.values.len() as f64;
        let deviation = error / (1.0 / n + self.test_to_train).sqrt();
        let distance = (mean - self.scale.bound(bound)).abs();
        let tells = |n: u64| {
            let t = student((n - 1) as f64).map_or(f64::INFINITY, |student| student.inverse_cdf(0.975));
            distance > t * deviation * (1.0 / n as f64 + self.test_to_train).sqrt()
        };
        if !tells(MOST) {
            return None;
        }
        let (mut few, mut enough) = (1, MOST);
        while enough - few > 1 {
            let middle = few + (enough - few) / 2;
            if tells(middle) { enough = middle } else { few = middle }
        }
        Some(enough)
    }

    fn forward(&self) -> Vec<f64> {
        self.values.iter().map(|&value| self.scale.forward(value)).collect()
    }

    fn spread(&self) -> Option<Spread> {
        if self.is_constant() {
            return None;
        }
        let (values, n) = (self.forward(), self.values.len() as f64);
        let error = standard_deviation(&values)? * (1.0 / n + self.test_to_train).sqrt();
        // Values that differ by less than can be squared have none, either.
        (error > 0.0).then(|| Spread { mean: mean(&values), error, degrees: n - 1.0 })
    }
}

/// The mean on the scale, its standard error, and the degrees of freedom.
struct Spread {
    mean: f64,
    error: f64,
    degrees: f64,
}

fn student(degrees: f64) -> Option<StudentsT> {
    StudentsT::new(0.0, 1.0, degrees).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fresh(values: &[f64]) -> Replications {
        Replications::independent(values.to_vec()).unwrap()
    }

    /// By hand: mean 2, s 1, n 5; t(0.975; 4) = 2.776445.
    #[test]
    fn the_interval_is_nadeau_and_bengios() {
        let values = [1.0, 1.5, 2.0, 2.5, 3.0];
        let s = (2.5f64 / 4.0).sqrt();
        for ratio in [0.0, 0.25, 1.0] {
            let interval = Replications::resplit(values.to_vec(), ratio).unwrap().interval(0.95).unwrap();
            let expected = 2.776_445_105_197_8 * s * (0.2f64 + ratio).sqrt();
            assert!((interval.high - 2.0 - expected).abs() < 1e-9, "{interval:?}");
        }
    }

    /// `scipy.stats.ttest_1samp([1.0, 1.5, 2.0, 2.5, 3.0], 1.2).pvalue`.
    #[test]
    fn p_values_are_scipys() {
        let p = fresh(&[1.0, 1.5, 2.0, 2.5, 3.0]).p(1.2).unwrap();
        assert!((p - 0.086_418_050_457_154_6).abs() < 1e-12, "{p}");
    }

    #[test]
    fn correlations_and_savings_stay_in_their_range() {
        let taus = fresh(&[1.0, -1.0, 0.9]).on(Scale::Correlation).unwrap();
        let interval = taus.interval(0.95).unwrap();
        assert!(interval.low >= -1.0 && interval.high <= 1.0, "{interval:?}");
        assert_eq!(taus.p(1.0), Some(0.0));
        // Ratios of 1/2 and 2 are as far from 1.
        let saved = fresh(&[0.5, -1.0]).on(Scale::Saving).unwrap();
        assert!(saved.mean().abs() < 1e-12);
        assert!(fresh(&[1.1, 0.0]).on(Scale::Correlation).is_err() && fresh(&[1.1]).on(Scale::Saving).is_err());
    }

    #[test]
    fn what_has_no_spread_has_no_interval() {
        for values in [&[0.5][..], &[0.5; 8]] {
            let same = fresh(values);
            assert_eq!((same.interval(0.95), same.p(0.0), same.rank_interval(0.95)), (None, None, None));
            assert_eq!((same.least_detectable(0.0), same.needed(0.0), same.mean()), (None, None, 0.5));
        }
        assert!(Replications::independent(vec![]).is_err());
        assert!(Replications::independent(vec![1.0, f64::NAN]).is_err());
        assert!(
            Replications::resplit(vec![1.0], -0.1).is_err() && Replications::resplit(vec![1.0], f64::NAN).is_err()
        );
        assert_eq!(fresh(&[1.0, 2.0, 3.0, 4.0, 5.0]).rank_interval(0.95), None);
    }

    #[test]
    fn a_collapse_is_named_and_moves_the_ranks_little() {
        let gains = fresh(&[0.4, 0.5, 0.6, 0.45, 0.55, -9.0, 0.5, 0.52, 0.48, 0.5]);
        assert_eq!(gains.collapses(0.1), [5]);
        assert!((gains.hodges_lehmann() - 0.5).abs() < 0.03 && gains.mean() < -0.4);
        assert_eq!(gains.without(&[5]).unwrap().collapses(0.1), [0usize; 0]);
        // Half of the values are what they are.
        assert_eq!(fresh(&[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 3.0, 2.0]).collapses(0.1), [0usize; 0]);
        // Equal values are no fence that every other one breaks.
        assert_eq!(fresh(&[0.0, 0.0, 0.0, 0.0, 0.0028]).collapses(0.005), [0usize; 0]);
        assert!(gains.without(&(0..10).collect::<Vec<_>>()).is_none());
    }

    /// With so many repetitions as needed the interval excludes the bound, with one fewer it does not.
    #[test]
    fn what_is_needed_is_the_least_that_tells() {
        let values: Vec<f64> = (0..6).map(|at| 0.4 + f64::from(at % 2)).collect();
        let needed = fresh(&values).needed(0.5).unwrap();
        let spread = 0.3f64.sqrt();
        let half_width = |n: u64| student((n - 1) as f64).unwrap().inverse_cdf(0.975) * spread / (n as f64).sqrt();
        assert!(half_width(needed) < 0.4 && half_width(needed - 1) >= 0.4, "{needed}");
        // What splits share hides a difference of less than 1.96 s sqrt(r) for ever.
        assert_eq!(Replications::resplit(values, 0.5).unwrap().needed(0.5), None);
    }

    #[test]
    fn saved_replications_are_checked() {
        let gains = Replications::resplit(vec![0.1, 0.2], 0.25).unwrap().on(Scale::Share).unwrap();
        let json = serde_json::to_string(&gains).unwrap();
        assert_eq!(serde_json::from_str::<Replications>(&json).unwrap(), gains);
        assert!(serde_json::from_str::<Replications>(&json.replace("0.1,0.2", "")).is_err());
        assert!(serde_json::from_str::<Replications>(&json.replace("0.25", "-1")).is_err());
        assert!(serde_json::from_str::<Replications>(&json.replace("0.2]", "2.0]")).is_err());
    }

    proptest! {
        /// The p value of a bound is the level at which the interval begins to hold it.
        #[test]
        fn p_values_and_intervals_agree(
            values in prop::collection::vec(-1.0..1.0f64, 3..12), ratio in 0.0..1.0f64, bound in -1.5..1.5f64,
        ) {
            let gains = Replications::resplit(values, ratio)?;
            let p = gains.p(bound).unwrap();
            prop_assume!(p > 1e-9 && p < 1.0 - 1e-9);
            let [wide, narrow] = [-1e-6, 1e-6].map(|less| gains.interval(1.0 - p * (1.0 + less)).unwrap());
            prop_assert!(wide.contains(bound) && !narrow.contains(bound), "{p} {wide:?} {narrow:?}");
        }
    }
}
