use serde::{Deserialize, Serialize};

use crate::Metric;

/// A metric's value for each example.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ColumnValues {
    /// Real numbers; +inf where the metric defines it.
    Float(Vec<f64>),
    /// Counts and positions.
    Integer(Vec<i64>),
    /// Yes or no.
    Flag(Vec<bool>),
}

impl ColumnValues {
    /// As many as there are examples.
    pub fn len(&self) -> usize {
        match self {
            Self::Float(values) => values.len(),
            Self::Integer(values) => values.len(),
            Self::Flag(values) => values.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As real numbers: a flag is 1 or 0.
    pub fn to_floats(&self) -> Vec<f64> {
        match self {
            Self::Float(values) => values.clone(),
            Self::Integer(values) => values.iter().map(|&value| value as f64).collect(),
            Self::Flag(values) => values.iter().map(|&value| f64::from(u8::from(value))).collect(),
        }
    }

    pub(crate) fn append(&mut self, other: Self) {
        match (self, other) {
            (Self::Float(values), Self::Float(other)) => values.extend(other),
            (Self::Integer(values), Self::Integer(other)) => values.extend(other),
            (Self::Flag(values), Self::Flag(other)) => values.extend(other),
            (values, other) if values.is_empty() => *values = other,
            (values, other) => {
                let floats = values.to_floats().into_iter().chain(other.to_floats()).collect();
                *values = Self::Float(floats);
            }
        }
    }
}

/// A metric of all examples, under its own name and pointing its own way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// The metric's name.
    pub name: String,
    /// One value per example.
    pub values: ColumnValues,
    /// Whether a high value means a hard example; `None` where it is neither.
    pub higher_is_harder: Option<bool>,
    /// The metric with its options.
    pub metric: Metric,
}

impl Column {
    /// The values as a difficulty, higher = harder, which negates those that point the other way; `None` where
    /// the metric is no difficulty.
    pub fn difficulty(&self) -> Option<Vec<f64>> {
        let mut values = self.values.to_floats();
        if !self.higher_is_harder? {
            values.iter_mut().for_each(|value| *value = -*value);
        }
        Some(values)
    }
}
