//! Counts and moments of an array, in one pass.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use cl_data::DataError;
use cl_data::io::{ArrayData, ElementType};

use super::report::{Part, ValueCount};

/// More different values than these are no classes.
const MAX_VALUES: usize = 256;

/// Rows to remember by a hash of 8 bytes each.
const MAX_ROWS: usize = 1 << 26;

/// Range, mean and oddities of numbers.
#[derive(Default)]
pub(crate) struct Numbers {
    n_finite: usize,
    min: f64,
    max: f64,
    sum: f64,
    n_nan: usize,
    n_infinite: usize,
}

impl Numbers {
    pub(crate) fn push(&mut self, values: &[f64]) {
        // A sum per chunk loses less than one over billions of numbers.
        let mut sum = 0.0;
        for &value in values {
            if value.is_finite() {
                self.min = if self.n_finite == 0 { value } else { self.min.min(value) };
                self.max = if self.n_finite == 0 { value } else { self.max.max(value) };
                self.n_finite += 1;
                sum += value;
            } else if value.is_nan() {
                self.n_nan += 1;
            } else {
                self.n_infinite += 1;
            }
        }
        self.sum += sum;
    }

    pub(crate) fn part(&self, name: &str, element_type: String, shape: Vec<usize>) -> Part {
        let known = |value: f64| (self.n_finite > 0).then_some(value);
        Part {
            name: name.to_owned(),
            element_type,
            shape,
            min: known(self.min),
            max: known(self.max),
            mean: known(self.sum / self.n_finite as f64),
            n_nan: self.n_nan,
            n_infinite: self.n_infinite,
            n_empty: 0,
            n_duplicates: None,
            values: None,
        }
    }
}

/// Duplicates by a 64-bit hash.
#[derive(Default)]
pub(crate) struct Duplicates {
    seen: HashSet<u64>,
    count: usize,
}

impl Duplicates {
    pub(crate) fn push(&mut self, hash: u64) {
        self.count += usize::from(!self.seen.insert(hash));
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }
}

/// An array on its way, chunk by chunk.
pub(crate) struct ArraySummary {
    shape: Vec<usize>,
    numbers: Numbers,
    rows: Option<Rows>,
    values: Option<BTreeMap<Value, usize>>,
    floats: Vec<f64>,
}

/// The row under way, and those before.
struct Rows {
    len: usize,
    n_in_row: usize,
    hasher: DefaultHasher,
    duplicates: Duplicates,
}

/// A value that may be a class; integers sort by size.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Integer(i128),
    Text(String),
}

impl ArraySummary {
    pub(crate) fn new(shape: &[usize], fortran_order: bool) -> Self {
        let len = shape.iter().skip(1).try_fold(1usize, |len, &dimension| len.checked_mul(dimension)).unwrap_or(0);
        let scattered = fortran_order && shape.len() > 1;
        let comparable = !shape.is_empty() && len > 0 && shape[0] <= MAX_ROWS && !scattered;
        let rows = comparable.then(|| Rows {
            len,
            n_in_row: 0,
            hasher: DefaultHasher::new(),
            duplicates: Duplicates::default(),
        });
        let values = (shape.len() == 1).then(BTreeMap::new);
        Self { shape: shape.to_vec(), numbers: Numbers::default(), rows, values, floats: Vec::new() }
    }

    pub(crate) fn push(&mut self, chunk: &ArrayData) -> Result<(), DataError> {
        macro_rules! integers {
            ($data:expr) => {{
                self.hash($data.iter());
                self.count($data.iter().map(|&value| Value::Integer(value.into())));
            }};
        }
        match chunk {
            ArrayData::Bool(data) => integers!(data),
            ArrayData::I8(data) => integers!(data),
            ArrayData::I16(data) => integers!(data),
            ArrayData::I32(data) => integers!(data),
            ArrayData::I64(data) => integers!(data),
            ArrayData::U8(data) => integers!(data),
            ArrayData::U16(data) => integers!(data),
            ArrayData::U32(data) => integers!(data),
            ArrayData::U64(data) => integers!(data),
            ArrayData::F32(data) => {
                self.hash(data.iter().map(|value| value.to_bits()));
                self.values = None;
            }
            ArrayData::F64(data) => {
                self.hash(data.iter().map(|value| value.to_bits()));
                self.values = None;
            }
            ArrayData::Text(data) => {
                self.hash(data.iter());
                self.count(data.iter().map(|text| Value::Text(text.clone())));
                return Ok(());
            }
            _ => self.rows = None,
        }
        self.floats.clear();
        chunk.append_floats(&mut self.floats)?;
        self.numbers.push(&self.floats);
        Ok(())
    }

    fn hash(&mut self, elements: impl Iterator<Item = impl Hash>) {
        let Some(rows) = &mut self.rows else { return };
        for element in elements {
            element.hash(&mut rows.hasher);
            rows.n_in_row += 1;
            if rows.n_in_row == rows.len {
                rows.duplicates.push(std::mem::take(&mut rows.hasher).finish());
                rows.n_in_row = 0;
            }
        }
    }

    fn count(&mut self, found: impl Iterator<Item = Value>) {
        let Some(values) = &mut self.values else { return };
        for value in found {
            *values.entry(value).or_default() += 1;
            if values.len() > MAX_VALUES {
                self.values = None;
                return;
            }
        }
    }

    pub(crate) fn finish(self, name: &str, element_type: ElementType) -> Part {
        let ids = name == "ids";
        // Equal numbers in a plain list of losses or labels are no news.
        let rows = self.rows.filter(|_| self.shape.len() > 1 || ids);
        let text = |value| match value {
            Value::Integer(value) => value.to_string(),
            Value::Text(text) => text,
        };
        let values = self.values.filter(|values| !values.is_empty() && !ids);
        let counts = |values: BTreeMap<Value, usize>| {
            values.into_iter().map(|(value, count)| ValueCount { value: text(value), count }).collect()
        };
        Part {
            n_duplicates: rows.map(|rows| rows.duplicates.count()),
            values: values.map(counts),
            ..self.numbers.part(name, element_type.to_string(), self.shape)
        }
    }
}
