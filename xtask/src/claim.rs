//! Claims as data, and what is measured of them. Verdicts are computed elsewhere, from the two alone.

use cl_study::{Evidence, Replications, Rule, Scale, Sign, StudyError};
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
    /// What it speaks of.
    pub about: About,
    /// How a measurement of it is judged.
    pub judge: Judge,
}

/// What of claims, or of how they are measured, was decided after results of theirs had been seen, by the beginning of
/// their ids. Judged are seeds from [`FIRST_SEED`](crate::experiment::FIRST_SEED) on, which had not been run before.
const DECIDED_AFTER: [(&str, &str); 16] = [
    ("forgetting/a-third", "wording and range"),
    ("self-paced/learning", "wording and range"),
    ("self-paced/first-selection", "wording and range"),
    ("self-paced/noise-", "the last age of the logarithmic regulariser, and which conditions are one claim"),
    ("orderings/class", "the measure of unequal classes in examples"),
    ("orderings/", "the half point asked of an improvement, and the learning rates 0.002 and 0.005"),
    ("shapes/switch-late", "the comparison with every earlier switch"),
    ("shapes/", "the size of shapes, the units and the number of images"),
    ("vocabulary/sooner", "the claim, the length of training and the averaging"),
    ("transfer/", "the balance of classes"),
    ("forgetting/worse", "the memorising learning rate and the two smallest ones"),
    ("vocabulary/", "the length of training and the averaging"),
    ("competence/", "the length of training, the averaging and the number of repetitions"),
    ("el2n/noise", "the margin of the crossover"),
    ("life-cycle/", "the last weights in place of those that validated best, and wider grids"),
    ("continuation/mixture", "the width of the network"),
];

impl Claim {
    /// What of it was decided after results had been seen.
    pub fn decided_after(&self) -> Option<&'static str> {
        DECIDED_AFTER.iter().find(|(ids, _)| self.id.starts_with(ids)).map(|&(_, what)| what)
    }
}

/// What a claim speaks of: with the quantity of its judge, its estimand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// The article's own code and data, as they stand.
    Article,
    /// Training in general: a verdict is about the data and the network named beside it.
    Training,
    /// These data, and no others: measured elsewhere it is not tested.
    Data {
        /// Their name, as conditions have it.
        name: &'static str,
        /// What would test it.
        tested_by: &'static str,
    },
}

impl About {
    /// CIFAR-10.
    pub const CIFAR_10: Self =
        Self::Data { name: "CIFAR-10", tested_by: "`--data-dir` with cifar-10-batches-bin/" };

    /// In words, for the report.
    pub fn describe(self) -> String {
        match self {
            Self::Article => "the article's code and data; of others a verdict says what holds there".into(),
            Self::Training => "training in general; each verdict is about what is named beside it".into(),
            Self::Data { name, tested_by } => format!("{name}, and tested by {tested_by}"),
        }
    }
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
    /// A number that must lie in a range.
    Within {
        /// What the number is, with its unit.
        quantity: &'static str,
        /// The smallest value that bears the claim out.
        low: f64,
        /// The largest; none where it is left out.
        #[serde(skip_serializing_if = "is_infinite")]
        high: f64,
    },
    /// A difference or correlation that must be positive, by more than a margin.
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
    /// The rule for numbers; none for texts, and for bounds that are none.
    pub fn rule(&self) -> Option<Rule> {
        match *self {
            Self::Printed { .. } => None,
            Self::Within { low, high, .. } => Rule::range(low, high).ok(),
            Self::Positive { margin, .. } => Rule::difference(Sign::Positive, margin).ok(),
        }
    }

    /// The largest effect that is not worth naming; 0 where none is named.
    pub fn margin(&self) -> f64 {
        if let Self::Positive { margin, .. } = *self { margin } else { 0.0 }
    }

    /// The rule in words, for the report.
    pub fn describe(&self) -> String {
        match self {
            Self::Printed { text } => format!("the text `{text}`, at the printed precision"),
            Self::Within { quantity, low, high } if high.is_infinite() => format!("{quantity} at least {low}"),
            Self::Within { quantity, low, high } if low.is_infinite() => format!("{quantity} at most {high}"),
            Self::Within { quantity, low, high } => format!("{quantity} from {low} to {high}"),
            Self::Positive { quantity, margin } => {
                format!("{quantity} above {margin}; opposite below -{margin}, no effect between")
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

/// What was measured: raw values, from which intervals are computed where verdicts are.
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
    /// Something with chance in it.
    Sampled {
        /// The values.
        evidence: Evidence,
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

    /// Nothing that could be judged, and why.
    pub fn undefined(why: impl Into<String>) -> Self {
        Self::Undefined { why: why.into() }
    }

    /// One value per seed, where each seed draws data of its own, or where the claim is about runs on the data at hand.
    ///
    /// # Errors
    /// Where there is no value.
    pub fn over_seeds(values: &[f64]) -> Result<Self, StudyError> {
        Self::over_splits(values, 0.0)
    }

    /// One value per split of the same data, with `test_to_train` examples tested on for each other one. Undefined where a
    /// value is not a finite number.
    ///
    /// # Errors
    /// As [`over_seeds`](Self::over_seeds).
    pub fn over_splits(values: &[f64], test_to_train: f64) -> Result<Self, StudyError> {
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Ok(Self::undefined(format!("repetition {at} gives {}", values[at])));
        }
        Ok(Self::replicated(Replications::resplit(values.to_vec(), test_to_train)?))
    }

    /// Values of repetitions.
    pub fn replicated(values: Replications) -> Self {
        Self::Sampled { evidence: Evidence::Replications(values) }
    }

    /// The same on another scale.
    ///
    /// # Errors
    /// Where a value is outside the scale's range.
    pub fn on(self, scale: Scale) -> Result<Self, StudyError> {
        match self {
            Self::Sampled { evidence: Evidence::Replications(values) } => Ok(Self::replicated(values.on(scale)?)),
            other => Ok(other),
        }
    }

    /// The estimate: the number, or that of what was sampled.
    pub fn estimate(&self) -> Option<f64> {
        match self {
            Self::Number { value } => Some(*value),
            Self::Sampled { evidence } => Some(evidence.estimate()),
            Self::Text { .. } | Self::Undefined { .. } => None,
        }
    }
}

impl std::fmt::Display for Measurement {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text { text } => formatter.write_str(text),
            Self::Number { value } => write!(formatter, "{}", significant(*value)),
            Self::Sampled { evidence } => {
                let mean = significant(evidence.estimate());
                match evidence.interval(0.95) {
                    Some(interval) => {
                        let [low, high] = [interval.low, interval.high].map(significant);
                        write!(formatter, "{mean} [{low}, {high}], n = {}", evidence.n())
                    }
                    None => write!(formatter, "{mean}, n = {}", evidence.n()),
                }
            }
            Self::Undefined { why } => write!(formatter, "undefined: {why}"),
        }
    }
}

/// Five significant digits without trailing zeros.
pub fn significant(value: f64) -> String {
    if value == 0.0 {
        // Without the sign of a negative zero.
        return "0".to_owned();
    }
    if !value.is_finite() {
        return format!("{value}");
    }
    let digits = (4 - value.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    // What rounds to zero has no sign, either.
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_are_told_with_their_interval() {
        let over = |values: &[f64]| Measurement::over_seeds(values).unwrap().to_string();
        assert_eq!(over(&[0.91, 0.93, 0.92]), "0.92 [0.89516, 0.94484], n = 3");
        assert_eq!((over(&[0.5]), over(&[0.25; 4])), ("0.5, n = 1".into(), "0.25, n = 4".into()));
        assert_eq!(Measurement::undefined("constant").to_string(), "undefined: constant");
        let undefined = Measurement::over_seeds(&[0.5, f64::NAN]).unwrap();
        assert_eq!(undefined.to_string(), "undefined: repetition 1 gives NaN");
        assert!(Measurement::over_seeds(&[]).is_err());
    }

    #[test]
    fn what_was_decided_after_results_is_of_claims_that_there_are() {
        let claims: Vec<Claim> =
            crate::experiments::ALL.iter().flat_map(|experiment| experiment.claims).copied().collect();
        for (ids, what) in DECIDED_AFTER {
            assert!(
                claims.iter().any(|claim| claim.decided_after() == Some(what) && claim.id.starts_with(ids)),
                "{ids}"
            );
        }
    }

    #[test]
    fn numbers_are_printed_with_five_digits() {
        assert_eq!(significant(0.867_482_187), "0.86748");
        assert_eq!(significant(185.0), "185");
        assert_eq!(significant(-0.5), "-0.5");
        assert_eq!(significant(123_456.7), "123457");
        assert_eq!([0.0, -0.0, -1e-17].map(significant), ["0", "0", "0"]);
    }
}
