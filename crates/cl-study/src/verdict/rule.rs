use serde::{Deserialize, Serialize};

use super::words::{Sign, Verdict};
use crate::{error::StudyError, statistics::Interval};

/// How a number is judged: two bounds, and a verdict for what lies below, between and above them.
///
/// ```text
/// difference, margin m     below -m opposite        within [-m, m] no effect     above m reproduced
/// range [low, high]        below not reproduced     within reproduced            above not reproduced
/// ```
///
/// An interval has the verdict of the part that holds all of it, and is undecided where none does: an interval that lies
/// within another gets the verdict of that, unless that was undecided.
///
/// ```
/// use cl_study::{Interval, Rule, Sign, Verdict};
///
/// let better = Rule::difference(Sign::Positive, 0.5)?;
/// let judged = |low, high| better.of(Interval { low, high });
/// assert_eq!(judged(0.2, 1.2), Verdict::Undecided);
/// assert_eq!(judged(0.6, 1.0), Verdict::Reproduced);
/// assert_eq!(judged(0.2, 0.4), Verdict::NoEffect);
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// A difference or correlation claimed to lie on one side of 0, by more than a margin.
    Difference {
        /// The side.
        claimed: Sign,
        /// The largest effect that is not worth naming.
        margin: f64,
    },
    /// A number claimed to lie in a range.
    Range {
        /// The smallest value that bears the claim out.
        low: f64,
        /// The largest.
        high: f64,
    },
}

impl Rule {
    /// A difference claimed to lie on this side of 0 by more than `margin`.
    ///
    /// # Errors
    /// Where the margin is negative or not finite.
    pub fn difference(claimed: Sign, margin: f64) -> Result<Self, StudyError> {
        if !(margin.is_finite() && margin >= 0.0) {
            return Err(StudyError::argument("margin", margin, "a finite number of at least 0"));
        }
        Ok(Self::Difference { claimed, margin })
    }

    /// A number claimed to lie in [low, high]; either may be infinite.
    ///
    /// # Errors
    /// Where a bound is NaN, or the upper one below the lower one.
    pub fn range(low: f64, high: f64) -> Result<Self, StudyError> {
        if low.is_nan() || high.is_nan() || low > high {
            return Err(StudyError::argument("low", low, format!("at most the upper bound, {high}")));
        }
        Ok(Self::Range { low, high })
    }

    /// The two bounds, in order.
    pub fn bounds(self) -> [f64; 2] {
        match self {
            Self::Difference { margin, .. } => [-margin, margin],
            Self::Range { low, high } => [low, high],
        }
    }

    /// The verdict on an interval.
    pub fn of(self, interval: Interval) -> Verdict {
        let [low, high] = self.bounds();
        let [below, between, above] = self.verdicts();
        if low <= interval.low && interval.high <= high {
            between
        } else if interval.low > high {
            above
        } else if interval.high < low {
            below
        } else {
            Verdict::Undecided
        }
    }

    /// The verdict on a number in which nothing is random.
    pub fn at(self, value: f64) -> Verdict {
        self.of(Interval { low: value, high: value })
    }

    /// The bounds that an interval must exclude for the verdict of the part that holds `value`: one or two.
    pub fn bounds_of_part(self, value: f64) -> Vec<f64> {
        let [low, high] = self.bounds();
        if value > high {
            vec![high]
        } else if value < low {
            vec![low]
        } else {
            vec![low, high]
        }
    }

    /// Below, between and above the bounds.
    fn verdicts(self) -> [Verdict; 3] {
        use Verdict::{NoEffect, NotReproduced, Opposite, Reproduced};
        match self {
            Self::Difference { claimed: Sign::Positive, .. } => [Opposite, NoEffect, Reproduced],
            Self::Difference { claimed: Sign::Negative, .. } => [Reproduced, NoEffect, Opposite],
            Self::Range { .. } => [NotReproduced, Reproduced, NotReproduced],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::Verdict::*;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bounds_belong_to_what_is_between_them() {
        let range = Rule::range(0.3, 0.4).unwrap();
        assert_eq!(
            [0.29, 0.3, 0.4, 0.41].map(|value| range.at(value)),
            [NotReproduced, Reproduced, Reproduced, NotReproduced]
        );
        let lower = Rule::difference(Sign::Negative, 0.1).unwrap();
        assert_eq!(
            [-0.2, -0.1, 0.1, 0.2].map(|value| lower.at(value)),
            [Reproduced, NoEffect, NoEffect, Opposite]
        );
        for margin in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(Rule::difference(Sign::Positive, margin).is_err());
        }
        assert!(Rule::range(1.0, 0.0).is_err() && Rule::range(f64::NAN, 0.0).is_err());
        assert!(Rule::range(0.0, f64::INFINITY).is_ok());
    }

    proptest! {
        /// More precise numbers answer what was undecided, and change no answer.
        #[test]
        fn the_rule_is_monotone_in_precision(
            ends in prop::array::uniform2(-3.0..3.0f64), within in prop::array::uniform2(0.0..=1.0f64),
            margin in prop_oneof![Just(0.0), 0.0..2.0f64], positive: bool, is_range: bool,
        ) {
            let sign = if positive { Sign::Positive } else { Sign::Negative };
            let rule = |sign| if is_range { Rule::range(-margin, margin) } else { Rule::difference(sign, margin) };
            let interval = |[a, b]: [f64; 2]| Interval { low: a.min(b), high: a.max(b) };
            let wide = interval(ends);
            let narrow = interval(within.map(|share| wide.low + share * (wide.high - wide.low)));
            let [before, after] = [wide, narrow].map(|interval| rule(sign).unwrap().of(interval));
            prop_assert!(before == Undecided || before == after, "{wide:?} {before}, {narrow:?} {after}");
            // Either sign is claimed: what is reproduced is the opposite of its opposite.
            let other = rule(if positive { Sign::Negative } else { Sign::Positive }).unwrap().of(wide);
            let mirrored = match before { Reproduced if !is_range => Opposite, Opposite => Reproduced, same => same };
            prop_assert_eq!(other, mirrored);
            // The bounds that decide are those that the interval must not hold.
            let middle = (wide.low + wide.high) / 2.0;
            let excluded = rule(sign).unwrap().bounds_of_part(middle).iter().all(|&bound| !wide.contains(bound));
            prop_assert!(before == Undecided || excluded || wide.low == -margin || wide.high == margin);
        }
    }
}
