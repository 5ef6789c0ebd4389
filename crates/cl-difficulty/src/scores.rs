use std::collections::BTreeMap;

use cl_data::{Dataset, Fingerprint, Scalar, random};
use serde::{Deserialize, Serialize};

use crate::error::DifficultyError;

/// What was measured, and with which options: enough to compute it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    /// The metric's name, as in the papers.
    pub name: String,
    /// Its options by name, such as the rule for examples never learned.
    pub options: BTreeMap<String, String>,
}

impl Metric {
    /// A metric without options.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), options: BTreeMap::new() }
    }

    /// The same with an option set.
    pub fn with_option(mut self, key: impl Into<String>, value: impl ToString) -> Self {
        self.options.insert(key.into(), value.to_string());
        self
    }
}

/// Where scores come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The model that was trained, in words; empty for a score of the data alone.
    pub model: String,
    /// The epochs that entered.
    pub epochs: Vec<u64>,
    /// The seeds that entered.
    pub seeds: Vec<u64>,
}

/// One difficulty per example, **higher = harder**, tied to the data it was computed on.
///
/// NaN is refused at construction; +inf only where the metric defines it. Ties are broken by a seeded shuffle
/// and never by index: breaking ties of a count by index throws whole classes away where data is sorted.
///
/// ```
/// use cl_data::bundled;
/// use cl_difficulty::{Metric, Provenance, Scores};
///
/// let iris = bundled::iris();
/// let scores = Scores::new(Metric::new("index"), (0..150).map(f64::from).collect(), &iris, Provenance::default())?;
/// assert_eq!(scores.easiest_first(7)[..3], [0, 1, 2]);
/// assert!(scores.check(&bundled::wine()).is_err()); // another data set
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct Scores {
    metric: Metric,
    #[serde(serialize_with = "write_values")]
    values: Vec<f64>,
    labels: Vec<usize>,
    fingerprint: Fingerprint,
    provenance: Provenance,
}

impl Scores {
    /// Scores of `data`, finite each.
    ///
    /// # Errors
    /// Unless there is one finite value per example.
    pub fn new<T: Scalar>(
        metric: Metric,
        values: Vec<f64>,
        data: &Dataset<T>,
        provenance: Provenance,
    ) -> Result<Self, DifficultyError> {
        Self::checked(metric, values, data, provenance, f64::is_finite, "a finite number")
    }

    /// Scores of `data` whose metric defines +inf (an example never learned, say).
    ///
    /// # Errors
    /// Unless there is one value per example, none NaN or -inf.
    pub fn with_infinities<T: Scalar>(
        metric: Metric,
        values: Vec<f64>,
        data: &Dataset<T>,
        provenance: Provenance,
    ) -> Result<Self, DifficultyError> {
        let allowed = |value: f64| value > f64::NEG_INFINITY;
        Self::checked(metric, values, data, provenance, allowed, "a number above -inf")
    }

    fn checked<T: Scalar>(
        metric: Metric,
        values: Vec<f64>,
        data: &Dataset<T>,
        provenance: Provenance,
        allowed: fn(f64) -> bool,
        expected: &'static str,
    ) -> Result<Self, DifficultyError> {
        if values.len() != data.n_examples() {
            let found = values.len();
            return Err(DifficultyError::LengthMismatch { what: "scores", found, expected: data.n_examples() });
        }
        if let Some(example) = values.iter().position(|&value| !allowed(value)) {
            let value = values[example];
            return Err(DifficultyError::InvalidScore { metric: metric.name, example, value, expected });
        }
        Ok(Self { metric, values, labels: data.labels().to_vec(), fingerprint: data.fingerprint(), provenance })
    }

    /// What was measured.
    pub fn metric(&self) -> &Metric {
        &self.metric
    }

    /// One value per example, higher = harder.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The labels of the examples.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// The fingerprint of the data.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Model, epochs and seeds.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Refuses data other than that which the scores were computed on.
    ///
    /// # Errors
    /// [`DifficultyError::OtherData`].
    pub fn check<T: Scalar>(&self, data: &Dataset<T>) -> Result<(), DifficultyError> {
        let (scores, data) = (self.fingerprint, data.fingerprint());
        if scores == data { Ok(()) } else { Err(DifficultyError::OtherData { scores, data }) }
    }

    /// The examples from easiest to hardest, ties shuffled by `seed`. O(n log n).
    pub fn easiest_first(&self, seed: u64) -> Vec<usize> {
        random::argsort(&mut random::stream(seed, "score ties", 0), &self.values)
    }
}

/// What is read back, before it is checked.
#[derive(Deserialize)]
struct Parts {
    metric: Metric,
    values: Vec<Value>,
    labels: Vec<usize>,
    fingerprint: Fingerprint,
    provenance: Provenance,
}

/// JSON knows no infinity: +inf is written as the text `inf`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Value {
    Finite(f64),
    Infinite(String),
}

fn write_values<S: serde::Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    let written = |&value: &f64| match value.is_finite() {
        true => Value::Finite(value),
        false => Value::Infinite("inf".to_owned()),
    };
    serializer.collect_seq(values.iter().map(written))
}

impl TryFrom<Parts> for Scores {
    type Error = DifficultyError;

    fn try_from(parts: Parts) -> Result<Self, DifficultyError> {
        let Parts { metric, values, labels, fingerprint, provenance } = parts;
        if values.len() != labels.len() {
            let found = values.len();
            return Err(DifficultyError::LengthMismatch { what: "scores", found, expected: labels.len() });
        }
        let read = |(example, value)| match value {
            Value::Finite(value) if value.is_finite() => Ok(value),
            Value::Infinite(text) if text == "inf" => Ok(f64::INFINITY),
            Value::Finite(_) | Value::Infinite(_) => {
                let (metric, value) = (metric.name.clone(), f64::NAN);
                Err(DifficultyError::InvalidScore { metric, example, value, expected: "a finite number or inf" })
            }
        };
        let values = values.into_iter().enumerate().map(read).collect::<Result<_, _>>()?;
        Ok(Self { metric, values, labels, fingerprint, provenance })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_saved_and_read_back_checked() {
        let data = Dataset::new(1, vec![0.0, 1.0], vec![0, 1], 2).unwrap();
        let metric = Metric::new("forgetting").with_option("never_learned", "infinite");
        let provenance = Provenance { model: "perceptron".into(), epochs: vec![0, 1], seeds: vec![7] };
        let scores = Scores::with_infinities(metric, vec![0.1, f64::INFINITY], &data, provenance).unwrap();
        let saved = serde_json::to_string(&scores).unwrap();
        assert_eq!(serde_json::from_str::<Scores>(&saved).unwrap(), scores);
        assert!(serde_json::from_str::<Scores>(&saved.replace("0.1,", "")).is_err());
        assert!(serde_json::from_str::<Scores>(&saved.replace("\"inf\"", "\"nan\"")).is_err());
        assert!(Scores::new(Metric::new("loss"), vec![0.1, f64::NAN], &data, Provenance::default()).is_err());
        let other = data.clone().with_labels(vec![0, 0]).unwrap();
        assert!(scores.check(&data).is_ok() && scores.check(&other).is_err());
    }
}
