use serde::{Deserialize, Serialize};

use crate::scores::Metric;

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

/// A metric's value for one example.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// A real number; +inf where the metric defines it.
    Float(f64),
    /// A count or a position.
    Integer(i64),
    /// Yes or no.
    Flag(bool),
}

impl ColumnValues {
    /// Whether another holds values of the same type.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    pub(crate) fn counts(values: &[u32]) -> Self {
        Self::Integer(values.iter().map(|&value| value.into()).collect())
    }

    /// The value of example `i`, where there is one.
    pub fn get(&self, i: usize) -> Option<Value> {
        match self {
            Self::Float(values) => values.get(i).copied().map(Value::Float),
            Self::Integer(values) => values.get(i).copied().map(Value::Integer),
            Self::Flag(values) => values.get(i).copied().map(Value::Flag),
        }
    }

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

    /// One after the other, `n` values in all; of one kind, as the parts of a metric are.
    pub(crate) fn concatenate<E>(parts: impl Iterator<Item = Result<Self, E>>, n: usize) -> Result<Self, E> {
        let mut all = Self::Float(Vec::new());
        for part in parts {
            all.append(part?, n);
        }
        Ok(all)
    }

    /// Appends a part of `n` values in all; the first says of which kind they are.
    pub(crate) fn append(&mut self, part: Self, n: usize) {
        match (self, part) {
            (Self::Float(values), Self::Float(part)) if !values.is_empty() => values.extend(part),
            (Self::Integer(values), Self::Integer(part)) => values.extend(part),
            (Self::Flag(values), Self::Flag(part)) => values.extend(part),
            (all, first) => {
                *all = first;
                all.reserve(n);
            }
        }
    }

    fn reserve(&mut self, n: usize) {
        match self {
            Self::Float(values) => values.reserve_exact(n.saturating_sub(values.len())),
            Self::Integer(values) => values.reserve_exact(n.saturating_sub(values.len())),
            Self::Flag(values) => values.reserve_exact(n.saturating_sub(values.len())),
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
