use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What one run gives back: named numbers and named curves.
///
/// A diverged run's NaN and infinities are kept, also in JSON, where they are the strings `"NaN"`, `"inf"` and
/// `"-inf"`; it is the statistics that refuse them. By convention the scalars `updates` and `examples` hold the
/// budget spent, and the curves of the same names the steps of the others.
///
/// ```
/// use cl_study::Record;
///
/// let record = Record::new()
///     .scalar("accuracy", 0.93)
///     .curve("updates", [100.0, 200.0])
///     .curve("loss", [0.7, 0.4]);
/// assert_eq!(record.scalars["accuracy"], 0.93);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "InJson", into = "InJson")]
pub struct Record {
    /// Single numbers by name.
    pub scalars: BTreeMap<String, f64>,
    /// Sequences of numbers by name.
    pub curves: BTreeMap<String, Vec<f64>>,
}

impl Record {
    /// A record of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more number.
    pub fn scalar(mut self, name: impl Into<String>, value: f64) -> Self {
        self.scalars.insert(name.into(), value);
        self
    }

    /// The same with one more curve.
    pub fn curve(mut self, name: impl Into<String>, values: impl Into<Vec<f64>>) -> Self {
        self.curves.insert(name.into(), values.into());
        self
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// With a record.
    Record(Record),
    /// With an error or a panic, in its own words.
    Failed(String),
}

/// One run that has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndedRun {
    /// The name of the setting.
    pub setting: String,
    /// The name of the arm.
    pub arm: String,
    /// The seed.
    pub seed: u64,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InJson {
    scalars: BTreeMap<String, Number>,
    curves: BTreeMap<String, Vec<Number>>,
}

/// A number as JSON can hold it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Number {
    Finite(f64),
    Other(NotFinite),
}

#[derive(Serialize, Deserialize)]
enum NotFinite {
    #[serde(rename = "NaN")]
    NaN,
    #[serde(rename = "inf")]
    Infinite,
    #[serde(rename = "-inf")]
    MinusInfinite,
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        if value.is_finite() {
            Self::Finite(value)
        } else if value.is_nan() {
            Self::Other(NotFinite::NaN)
        } else if value > 0.0 {
            Self::Other(NotFinite::Infinite)
        } else {
            Self::Other(NotFinite::MinusInfinite)
        }
    }
}

impl From<Number> for f64 {
    fn from(number: Number) -> Self {
        match number {
            Number::Finite(value) => value,
            Number::Other(NotFinite::NaN) => f64::NAN,
            Number::Other(NotFinite::Infinite) => f64::INFINITY,
            Number::Other(NotFinite::MinusInfinite) => f64::NEG_INFINITY,
        }
    }
}

impl From<Record> for InJson {
    fn from(record: Record) -> Self {
        let numbers = |values: Vec<f64>| values.into_iter().map(Number::from).collect();
        Self {
            scalars: record.scalars.into_iter().map(|(name, value)| (name, value.into())).collect(),
            curves: record.curves.into_iter().map(|(name, values)| (name, numbers(values))).collect(),
        }
    }
}

impl From<InJson> for Record {
    fn from(json: InJson) -> Self {
        let values = |numbers: Vec<Number>| numbers.into_iter().map(f64::from).collect();
        Self {
            scalars: json.scalars.into_iter().map(|(name, number)| (name, number.into())).collect(),
            curves: json.curves.into_iter().map(|(name, numbers)| (name, values(numbers))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_number_comes_back_bit_for_bit(values in prop::collection::vec(prop::num::f64::ANY, 0..20)) {
            let record = Record::new().curve("c", values.clone()).scalar("s", values.first().copied().unwrap_or(0.1));
            let back: Record = serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap();
            let bits = |values: &[f64]| -> Vec<u64> {
                values.iter().map(|x| if x.is_nan() { f64::NAN } else { *x }.to_bits()).collect()
            };
            prop_assert_eq!(bits(&back.curves["c"]), bits(&values));
        }
    }

    #[test]
    fn other_words_are_no_numbers() {
        for json in [r#"{"scalars":{"a":"nan"},"curves":{}}"#, r#"{"scalars":{"a":null},"curves":{}}"#, "{}"] {
            assert!(serde_json::from_str::<Record>(json).is_err(), "{json}");
        }
    }
}
