use serde::{Deserialize, Serialize};
use statrs::distribution::{Beta, Binomial, ContinuousCDF, DiscreteCDF, Normal};

use super::{rule::Rule, words::Verdict};
use crate::{
    error::StudyError,
    statistics::{Interval, Replications},
};

/// What was measured of a claim with chance in it, as raw values: intervals are computed from them, and none is handed in.
///
/// ```
/// use cl_study::{Evidence, Replications, Rule, Sign, Verdict};
///
/// let gains = Replications::independent(vec![0.021, 0.018, 0.025, 0.017, 0.022, 0.019])?;
/// let finding = Evidence::Replications(gains).against(Rule::difference(Sign::Positive, 0.005)?);
/// assert_eq!(finding.verdict, Verdict::Reproduced);
/// assert!(finding.p.unwrap() < 0.001);
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case", try_from = "Unchecked")]
pub enum Evidence {
    /// One value per repetition.
    Replications(Replications),
    /// Differences from each of several others; what counts is the least of their means.
    ///
    /// Better than all others is what is better than each, so that the lower end needs no correction for their number (an
    /// intersection-union test, Berger 1982); whichever looks best may do so by luck, so that the upper end does, by
    /// Bonferroni.
    LeastOf {
        /// The differences, other by other.
        others: Vec<Replications>,
    },
    /// Successes in independent trials, with Clopper and Pearson's exact interval (1934).
    Trials {
        /// The successes.
        successes: u64,
        /// The trials.
        trials: u64,
    },
    /// Cases above zero and below it: what counts is the share above less the share below, with the interval of trials.
    Signs {
        /// Cases above zero.
        above: u64,
        /// Cases above or below.
        cases: u64,
    },
    /// Spearman's correlation over a sample of examples, on Fisher's z with Bonett and Wright's variance (2000),
    /// (1 + rho^2 / 2) / (n - 3).
    RankCorrelation {
        /// The correlation.
        rho: f64,
        /// The number of examples.
        n: u64,
    },
}

/// Evidence as it is read, before it is checked.
#[derive(Deserialize)]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
enum Unchecked {
    Replications(Replications),
    LeastOf { others: Vec<Replications> },
    Trials { successes: u64, trials: u64 },
    Signs { above: u64, cases: u64 },
    RankCorrelation { rho: f64, n: u64 },
}

impl TryFrom<Unchecked> for Evidence {
    type Error = StudyError;

    fn try_from(unchecked: Unchecked) -> Result<Self, StudyError> {
        match unchecked {
            Unchecked::Replications(values) => Ok(Self::Replications(values)),
            Unchecked::LeastOf { others } => Self::least_of(others),
            Unchecked::Trials { successes, trials } => Self::trials(successes, trials),
            Unchecked::Signs { above, cases } => Self::signs(above, cases),
            Unchecked::RankCorrelation { rho, n } => Self::rank_correlation(rho, n),
        }
    }
}

/// Evidence against a rule, before it is known what else is tested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The estimate.
    pub estimate: f64,
    /// Its 95 % interval; none where there is none.
    pub interval: Option<Interval>,
    /// The rank-based 95 % interval, where there are repetitions enough for one.
    pub rank_interval: Option<Interval>,
    /// The two-sided p value of the bounds that the verdict needs excluded: the interval at any level below 1 - p has the
    /// verdict of the estimate.
    pub p: Option<f64>,
    /// What 95 % intervals say, the usual one and the rank-based one alike; undecided where one of them does not, not tested
    /// where there is no interval.
    pub verdict: Verdict,
    /// What the estimate alone would say.
    pub leaning: Verdict,
    /// Why it was not tested.
    pub why: Option<String>,
}

const LEVEL: f64 = 0.95;

impl Evidence {
    /// Differences from each of several others.
    ///
    /// # Errors
    /// Where there is no other.
    pub fn least_of(others: Vec<Replications>) -> Result<Self, StudyError> {
        if others.is_empty() {
            return Err(StudyError::TooFew { what: "others".into(), found: 0, expected: 1 });
        }
        Ok(Self::LeastOf { others })
    }

    /// Successes in independent trials.
    ///
    /// # Errors
    /// Where there is no trial, or there are more successes than trials.
    pub fn trials(successes: u64, trials: u64) -> Result<Self, StudyError> {
        if trials == 0 || successes > trials {
            let expected = format!("from 0 to the number of trials, {trials}, of which there must be one");
            return Err(StudyError::argument("successes", successes, expected));
        }
        Ok(Self::Trials { successes, trials })
    }

    /// Cases above zero among those above or below it.
    ///
    /// # Errors
    /// As [`trials`](Self::trials).
    pub fn signs(above: u64, cases: u64) -> Result<Self, StudyError> {
        Self::trials(above, cases)?;
        Ok(Self::Signs { above, cases })
    }

    /// Spearman's correlation over `n` examples.
    ///
    /// # Errors
    /// For a correlation outside [-1, 1] and fewer than 4 examples.
    pub fn rank_correlation(rho: f64, n: u64) -> Result<Self, StudyError> {
        if !(-1.0..=1.0).contains(&rho) {
            return Err(StudyError::argument("rho", rho, "a correlation from -1 to 1"));
        }
        if n < 4 {
            return Err(StudyError::TooFew { what: "examples".into(), found: n as usize, expected: 4 });
        }
        Ok(Self::RankCorrelation { rho, n })
    }

    /// The estimate: a mean, the least of several means, a share or a correlation.
    pub fn estimate(&self) -> f64 {
        match self {
            Self::Replications(values) => values.mean(),
            Self::LeastOf { others } => others.iter().map(Replications::mean).fold(f64::INFINITY, f64::min),
            Self::Trials { successes, trials } => *successes as f64 / *trials as f64,
            Self::Signs { above, cases } => (2.0 * *above as f64 - *cases as f64) / *cases as f64,
            Self::RankCorrelation { rho, .. } => *rho,
        }
    }

    /// Repetitions, trials or examples.
    pub fn n(&self) -> u64 {
        match self {
            Self::Replications(values) => values.values().len() as u64,
            Self::LeastOf { others } => others.iter().map(|other| other.values().len() as u64).min().unwrap_or(0),
            Self::Trials { trials: n, .. } | Self::Signs { cases: n, .. } => *n,
            Self::RankCorrelation { n, .. } => *n,
        }
    }

    /// The interval of the estimate; none where there is no spread.
    pub fn interval(&self, level: f64) -> Option<Interval> {
        match self {
            Self::Replications(values) => values.interval(level),
            Self::LeastOf { others } => least(others, level, Replications::interval),
            Self::Trials { successes, trials } => {
                let (k, n, tail) = (*successes as f64, *trials as f64, (1.0 - level) / 2.0);
                let quantile = |a: f64, b: f64, p: f64| Some(Beta::new(a, b).ok()?.inverse_cdf(p));
                let low = if k == 0.0 { 0.0 } else { quantile(k, n - k + 1.0, tail)? };
                let high = if k == n { 1.0 } else { quantile(k + 1.0, n - k, 1.0 - tail)? };
                Some(Interval { low, high })
            }
            Self::Signs { above, cases } => {
                let Interval { low, high } = Self::Trials { successes: *above, trials: *cases }.interval(level)?;
                Some(Interval { low: 2.0 * low - 1.0, high: 2.0 * high - 1.0 })
            }
            Self::RankCorrelation { rho, n } => {
                let (z, error) = fisher(*rho, *n)?;
                let half_width = Normal::standard().inverse_cdf((1.0 + level) / 2.0) * error;
                Some(Interval { low: (z - half_width).tanh(), high: (z + half_width).tanh() })
            }
        }
    }

    /// The interval that needs no normal distribution, where there is one beside the usual one.
    pub fn rank_interval(&self, level: f64) -> Option<Interval> {
        match self {
            Self::Replications(values) => values.rank_interval(level),
            Self::LeastOf { others } => least(others, level, Replications::rank_interval),
            Self::Trials { .. } | Self::Signs { .. } | Self::RankCorrelation { .. } => None,
        }
    }

    /// The two-sided p value of the truth being `bound`.
    pub fn p(&self, bound: f64) -> Option<f64> {
        match self {
            Self::Replications(values) => values.p(bound),
            Self::LeastOf { others } => {
                let estimate = self.estimate();
                let of = |other: &Replications| Some((other.mean(), other.p(bound)?));
                let of_each = others.iter().map(of).collect::<Option<Vec<(f64, f64)>>>()?;
                let all = || of_each.iter().map(|&(_, p)| p);
                Some(if estimate > bound {
                    all().fold(0.0, f64::max)
                } else {
                    let below = of_each.iter().filter(|&&(mean, _)| mean <= bound).map(|&(_, p)| p);
                    (below.fold(1.0, f64::min) * others.len() as f64).min(1.0)
                })
            }
            Self::Trials { successes, trials } => {
                if bound <= 0.0 || bound >= 1.0 {
                    return Some(0.0);
                }
                let binomial = Binomial::new(bound, *trials).ok()?;
                let at_most = binomial.cdf(*successes);
                let at_least = if *successes == 0 { 1.0 } else { binomial.sf(*successes - 1) };
                Some((2.0 * at_most.min(at_least)).min(1.0))
            }
            Self::Signs { above, cases } => {
                Self::Trials { successes: *above, trials: *cases }.p((bound + 1.0) / 2.0)
            }
            Self::RankCorrelation { rho, n } => {
                if bound <= -1.0 || bound >= 1.0 {
                    return Some(0.0);
                }
                let (z, error) = fisher(*rho, *n)?;
                Some(2.0 * Normal::standard().sf((z - bound.atanh()).abs() / error))
            }
        }
    }

    /// The evidence against a rule, by itself.
    pub fn against(&self, rule: Rule) -> Finding {
        let (estimate, interval) = (self.estimate(), self.interval(LEVEL));
        let rank_interval = self.rank_interval(LEVEL);
        let bounds = rule.bounds_of_part(estimate).into_iter().filter(|bound| bound.is_finite());
        let p = bounds.map(|bound| self.p(bound)).try_fold(0.0, |largest: f64, p| Some(largest.max(p?)));
        let leaning = rule.at(estimate);
        let mut finding =
            Finding { estimate, interval, rank_interval, p, verdict: Verdict::Undecided, leaning, why: None };
        if interval.is_none() || p.is_none() {
            finding.p = None;
            finding.verdict = Verdict::NotTested;
            finding.why = Some(match self.n() {
                _ if matches!(self, Self::RankCorrelation { .. }) => {
                    "a correlation of 1 has no interval".to_owned()
                }
                0 | 1 => "one repetition has no spread to judge by".to_owned(),
                n => format!("all {n} repetitions give the same, so that there is no spread to judge by"),
            });
        } else if p <= Some(1.0 - LEVEL) && self.ranks_agree(rule, leaning) {
            finding.verdict = leaning;
        }
        finding
    }

    /// Whether the rank-based interval says the same; it must be there for repetitions.
    pub(super) fn ranks_agree(&self, rule: Rule, leaning: Verdict) -> bool {
        match self {
            Self::Replications(_) | Self::LeastOf { .. } => {
                self.rank_interval(LEVEL).is_some_and(|interval| rule.of(interval) == leaning)
            }
            Self::Trials { .. } | Self::Signs { .. } | Self::RankCorrelation { .. } => true,
        }
    }
}

/// The interval of the least of several means.
fn least(
    others: &[Replications],
    level: f64,
    interval: fn(&Replications, f64) -> Option<Interval>,
) -> Option<Interval> {
    let ends = |level: f64, end: fn(Interval) -> f64| -> Option<f64> {
        let ends = others.iter().map(|other| interval(other, level).map(end)).collect::<Option<Vec<f64>>>()?;
        ends.into_iter().reduce(f64::min)
    };
    let low = ends(level, |interval| interval.low)?;
    // So few repetitions that ranks give no interval at the corrected level leave the upper end open.
    let high = ends(1.0 - (1.0 - level) / others.len() as f64, |interval| interval.high).unwrap_or(f64::INFINITY);
    Some(Interval { low, high })
}

/// A correlation on Fisher's scale, and its standard error; none for one of 1, which has no place there.
fn fisher(rho: f64, n: u64) -> Option<(f64, f64)> {
    (rho.abs() < 1.0).then(|| (rho.atanh(), ((1.0 + rho * rho / 2.0) / (n as f64 - 3.0)).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Sign, Superiority};
    use proptest::prelude::*;

    fn better(margin: f64) -> Rule {
        Rule::difference(Sign::Positive, margin).unwrap()
    }

    fn gains(values: &[f64]) -> Evidence {
        Evidence::Replications(Replications::independent(values.to_vec()).unwrap())
    }

    #[test]
    fn both_intervals_must_say_so() {
        let clear = [1.0, 1.1, 0.9, 1.05, 0.95, 1.0];
        assert_eq!(gains(&clear).against(better(0.1)).verdict, Verdict::Reproduced);
        assert_eq!(gains(&clear.map(|gain| -gain)).against(better(0.1)).verdict, Verdict::Opposite);
        assert_eq!(gains(&clear.map(|gain| gain / 100.0)).against(better(0.1)).verdict, Verdict::NoEffect);
        // Five values have no rank-based interval at 95 %.
        let few = gains(&clear[..5]).against(better(0.1));
        assert!(few.verdict == Verdict::Undecided && few.p.unwrap() < 0.001 && few.rank_interval.is_none());
        assert_eq!(few.leaning, Verdict::Reproduced);
        // One collapse in ten: the ranks say better, the mean does not.
        let collapsed = [0.5, 0.6, 0.4, 0.5, 0.55, 0.45, 0.5, 0.52, 0.48, -9.0];
        assert_eq!(gains(&collapsed).against(better(0.1)).verdict, Verdict::Undecided);
    }

    #[test]
    fn saved_evidence_is_checked() {
        let replications = || Replications::independent(vec![0.1, 0.2]).unwrap();
        for evidence in [
            Evidence::Replications(replications()),
            Evidence::least_of(vec![replications()]).unwrap(),
            Evidence::trials(3, 4).unwrap(),
            Evidence::signs(3, 4).unwrap(),
            Evidence::rank_correlation(0.5, 9).unwrap(),
        ] {
            let json = serde_json::to_string(&evidence).unwrap();
            assert_eq!(serde_json::from_str::<Evidence>(&json).unwrap(), evidence, "{json}");
        }
        for json in [
            r#"{"of":"rank_correlation","rho":0.5,"n":2}"#,
            r#"{"of":"trials","successes":1,"trials":0}"#,
            r#"{"of":"least_of","others":[]}"#,
        ] {
            assert!(serde_json::from_str::<Evidence>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn what_has_no_spread_is_not_tested() {
        for (values, why) in [(&[1.0][..], "one repetition"), (&[0.0; 9], "all 9 repetitions give the same")] {
            let finding = gains(values).against(better(0.1));
            assert_eq!((finding.verdict, finding.p), (Verdict::NotTested, None));
            assert!(finding.why.unwrap().starts_with(why));
        }
    }

    /// `scipy.stats.binomtest(k, n).proportion_ci(method="exact")` and `binomtest(8, 10, 0.5).pvalue`.
    #[test]
    fn trials_are_clopper_and_pearsons() {
        for (successes, trials, low, high) in [
            (0, 10, 0.0, 0.308_497_107_8),
            (10, 10, 0.691_502_892_2, 1.0),
            (8, 10, 0.443_904_537_7, 0.974_789_273_7),
            (84, 100, 0.753_212_402_6, 0.905_689_710_0),
        ] {
            let interval = Evidence::trials(successes, trials).unwrap().interval(0.95).unwrap();
            let close = (interval.low - low).abs() < 1e-7 && (interval.high - high).abs() < 1e-7;
            assert!(close, "{successes} {trials} {interval:?}");
        }
        assert!((Evidence::trials(8, 10).unwrap().p(0.5).unwrap() - 0.109_375).abs() < 1e-9);
        assert!(Evidence::trials(1, 0).is_err() && Evidence::trials(2, 1).is_err());
        // Twice the share less one: -0.112190, 0.949579.
        let signs = Evidence::signs(8, 10).unwrap();
        let interval = signs.interval(0.95).unwrap();
        assert!((interval.low + 0.112_190_9).abs() < 1e-6 && (interval.high - 0.949_578_5).abs() < 1e-6);
        assert!((signs.estimate() - 0.6).abs() < 1e-15 && (signs.p(0.0).unwrap() - 0.109_375).abs() < 1e-9);
        let always = Evidence::trials(40, 40).unwrap().against(Rule::range(0.5, 1.0).unwrap());
        assert_eq!(always.verdict, Verdict::Reproduced);
    }

    /// By hand for rho 0.5, n 28: z = 0.549306, error sqrt(1.125 / 25) = 0.212132.
    #[test]
    fn rank_correlations_are_bonett_and_wrights() {
        let interval = Evidence::rank_correlation(0.5, 28).unwrap().interval(0.95).unwrap();
        let ends = [0.549_306 - 1.959_964 * 0.212_132, 0.549_306 + 1.959_964 * 0.212_132].map(f64::tanh);
        assert!((interval.low - ends[0]).abs() < 1e-5 && (interval.high - ends[1]).abs() < 1e-5, "{interval:?}");
        assert!(Evidence::rank_correlation(1.5, 28).is_err() && Evidence::rank_correlation(0.5, 3).is_err());
    }

    proptest! {
        /// The least of several is [`Superiority`], and its p value the level at which its interval begins to hold a bound.
        #[test]
        fn the_least_of_several(
            arm in prop::collection::vec(-1.0..1.0f64, 8),
            others in prop::collection::vec(prop::collection::vec(-1.0..1.0f64, 8), 1..4),
            bound in -1.0..1.0f64,
        ) {
            let references: Vec<&[f64]> = others.iter().map(Vec::as_slice).collect();
            let expected = Superiority::over(&arm, &references)?;
            let difference = |other: &Vec<f64>| arm.iter().zip(other).map(|(arm, other)| arm - other).collect();
            let others = others.iter().map(|other| Replications::independent(difference(other)).unwrap()).collect();
            let evidence = Evidence::LeastOf { others };
            let (interval, wanted) = (evidence.interval(0.95).unwrap(), expected.interval.unwrap());
            prop_assert!((interval.low - wanted.low).abs() < 1e-9 && (interval.high - wanted.high).abs() < 1e-9);
            prop_assert!((evidence.estimate() - expected.mean_difference).abs() < 1e-12);
            let p = evidence.p(bound).unwrap();
            prop_assume!(p > 1e-6 && p < 0.999);
            let [wide, narrow] = [-1e-4, 1e-4].map(|less| evidence.interval(1.0 - p * (1.0 + less)).unwrap());
            prop_assert!(wide.contains(bound) && !narrow.contains(bound), "{p} {wide:?} {narrow:?} {bound}");
        }
    }
}
