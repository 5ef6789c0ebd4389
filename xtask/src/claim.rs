//! Claims as data, and verdicts as computations: an experiment measures, this file judges.

use cl_study::{Interval, Sign, Verdict};
use serde::Serialize;

/// Something the article says, and how it is judged.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Claim {
    /// Unique over all experiments, `experiment/claim`.
    pub id: &'static str,
    /// Where the article says it.
    pub place: &'static str,
    /// What it says.
    pub article: &'static str,
    /// How a measurement of it is judged.
    pub judge: Judge,
}

/// How a claim is judged: chosen with the claim, before anything is measured.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Judge {
    /// A printed text: every number equal at the printed precision, every word equal.
    Printed {
        /// The text as the article prints it.
        text: &'static str,
    },
    /// A number that must lie in a range. With an interval, the whole of it must, and a verdict against the
    /// claim needs the whole of it outside.
    Within {
        /// What the number is, with its unit.
        quantity: &'static str,
        /// The smallest value that bears the claim out.
        low: f64,
        /// The largest; none where it is left out.
        #[serde(skip_serializing_if = "is_infinite")]
        high: f64,
    },
    /// A difference or correlation that must be positive, by more than a margin: reproduced where the 95 % interval lies
    /// above the margin, the opposite where it lies below minus the margin, no effect where it lies between the two,
    /// undecided otherwise.
    Positive {
        /// What the number is, with its unit.
        quantity: &'static str,
        /// The largest effect that is not worth naming.
        margin: f64,
    },
}

fn is_infinite(bound: &f64) -> bool {
    bound.is_infinite()
}

impl Judge {
    /// The rule in words, for the report.
    pub fn describe(&self) -> String {
        match self {
            Self::Printed { text } => format!("the text `{text}`, at the printed precision"),
            Self::Within { quantity, low, high } if high.is_infinite() => format!("{quantity} at least {low}"),
            Self::Within { quantity, low, high } => format!("{quantity} from {low} to {high}"),
            Self::Positive { quantity, margin } => {
                format!(
                    "the whole 95 % interval of {quantity} above {margin}; opposite below -{margin}, no effect between"
                )
            }
        }
    }
}

/// Under which conditions a claim was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The article's code as it stands.
    Article,
    /// The smallest honest change under which the claim could hold.
    Changed,
    /// The same question on real data, or over many seeds.
    Real,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Measurement {
    /// What the code prints.
    Text {
        /// The text.
        text: String,
    },
    /// A number, exact because nothing in it is random.
    Number {
        /// The number.
        value: f64,
    },
    /// A mean over seeds (or a bootstrap over examples) with its 95 % interval.
    Interval {
        /// The mean.
        mean: f64,
        /// The lower end.
        low: f64,
        /// The upper end.
        high: f64,
        /// Of how many seeds.
        n: usize,
    },
    /// A number that does not exist, and why: the claim was not tested.
    Undefined {
        /// Why.
        why: String,
    },
}

impl Measurement {
    /// A printed text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    /// The mean of one value per seed, with its Student-t interval.
    ///
    /// # Errors
    /// Where a value is NaN or infinite.
    pub fn over_seeds(values: &[f64]) -> Result<Self, cl_study::StudyError> {
        let summary = cl_study::Summary::of(values)?;
        let n = values.len();
        Ok(match summary.interval {
            Some(interval) => Self::Interval { mean: summary.mean, low: interval.low, high: interval.high, n },
            None => Self::Undefined { why: format!("{n} seed gives no interval") },
        })
    }
}

impl std::fmt::Display for Measurement {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text { text } => formatter.write_str(text),
            Self::Number { value } => write!(formatter, "{}", significant(*value)),
            Self::Interval { mean, low, high, n } => {
                let [mean, low, high] = [mean, low, high].map(|&value| significant(value));
                write!(formatter, "{mean} [{low}, {high}], n = {n}")
            }
            Self::Undefined { why } => write!(formatter, "undefined: {why}"),
        }
    }
}

/// Five significant digits without trailing zeros.
pub fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let digits = (4 - value.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The verdict on a claim, computed from its judge and the measurement alone.
pub fn judge(judge: &Judge, measurement: &Measurement) -> Verdict {
    match (judge, measurement) {
        (_, Measurement::Undefined { .. }) => Verdict::NotTested,
        (Judge::Printed { text }, measured) => cl_study::verdict::printed(text, &measured.to_string()),
        (Judge::Within { low, high, .. }, Measurement::Number { value }) => within(*low, *high, *value, *value),
        (Judge::Within { low, high, .. }, Measurement::Interval { low: from, high: to, .. }) => {
            within(*low, *high, *from, *to)
        }
        (Judge::Positive { margin, .. }, Measurement::Number { value }) => positive(*margin, *value, *value),
        (Judge::Positive { margin, .. }, Measurement::Interval { low, high, .. }) => {
            positive(*margin, *low, *high)
        }
        // A text where a number was claimed says why there is none.
        (_, Measurement::Text { .. }) => Verdict::NotTested,
    }
}

fn within(low: f64, high: f64, from: f64, to: f64) -> Verdict {
    if low <= from && to <= high {
        Verdict::Reproduced
    } else if to < low || high < from {
        Verdict::NotReproduced
    } else {
        Verdict::Undecided
    }
}

fn positive(margin: f64, low: f64, high: f64) -> Verdict {
    // The margins are constants of the claims, and none is negative.
    cl_study::verdict::difference(Interval { low, high }, Sign::Positive, margin).unwrap_or(Verdict::Undecided)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(low: f64, high: f64) -> Measurement {
        Measurement::Interval { mean: (low + high) / 2.0, low, high, n: 5 }
    }

    #[test]
    fn verdicts_follow_from_judge_and_measurement() {
        let sign = Judge::Positive { quantity: "difference", margin: 0.1 };
        let range = Judge::Within { quantity: "share", low: 0.3, high: 0.4 };
        let text = Judge::Printed { text: "acc=0.510" };
        for (rule, measurement, verdict) in [
            (sign, interval(0.11, 0.2), Verdict::Reproduced),
            (sign, interval(0.01, 0.2), Verdict::Undecided),
            (sign, interval(-0.2, -0.11), Verdict::Opposite),
            (sign, interval(0.01, 0.05), Verdict::NoEffect),
            (sign, interval(-0.05, -0.01), Verdict::NoEffect),
            (sign, interval(-0.05, 0.05), Verdict::NoEffect),
            (sign, interval(-0.05, 0.5), Verdict::Undecided),
            (sign, Measurement::Number { value: 0.0 }, Verdict::NoEffect),
            (sign, Measurement::text("0.5 of one pair"), Verdict::NotTested),
            (range, interval(0.31, 0.39), Verdict::Reproduced),
            (range, interval(0.1, 0.2), Verdict::NotReproduced),
            (range, interval(0.2, 0.35), Verdict::Undecided),
            (range, Measurement::Number { value: 0.3 }, Verdict::Reproduced),
            (range, Measurement::Undefined { why: "constant".into() }, Verdict::NotTested),
            (text, Measurement::Undefined { why: "constant".into() }, Verdict::NotTested),
            (text, Measurement::text("acc=0.51"), Verdict::Reproduced),
            (text, Measurement::text("acc=0.511"), Verdict::NotReproduced),
        ] {
            assert_eq!(judge(&rule, &measurement), verdict, "{rule:?} {measurement:?}");
        }
    }

    #[test]
    fn numbers_are_printed_with_five_digits() {
        assert_eq!(significant(0.867_482_187), "0.86748");
        assert_eq!(significant(185.0), "185");
        assert_eq!(significant(-0.5), "-0.5");
        assert_eq!(significant(123_456.7), "123457");
        assert_eq!(significant(0.0), "0");
    }
}
