use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::duplicates::Duplicates;
use super::numbers::Numbers;
use super::part::{PartSummary, ValueCount};
use crate::{
    error::DataError,
    io::{Array, ArrayData, ElementType, NpyReader},
};

/// Elements read at a time.
const CHUNK: usize = 1 << 16;

/// More different values than these are no classes.
const MAX_VALUES: usize = 256;

/// Rows to remember by a hash of 8 bytes each.
const MAX_ROWS: usize = 1 << 26;

/// An array in memory.
pub(super) fn whole(name: &str, array: &Array) -> Result<PartSummary, DataError> {
    let mut scan = ArrayScan::new(array.shape(), false);
    scan.push(array.data())?;
    Ok(scan.finish(name, array.element_type()))
}

/// An array in a file, chunk by chunk.
pub(super) fn streamed(name: &str, mut reader: NpyReader<'_>) -> Result<PartSummary, DataError> {
    let mut scan = ArrayScan::new(reader.shape(), reader.is_fortran_order());
    while reader.n_remaining() > 0 {
        scan.push(&reader.read_chunk(CHUNK)?)?;
    }
    Ok(scan.finish(name, reader.element_type()))
}

/// An array on its way, chunk by chunk.
struct ArrayScan {
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

impl ArrayScan {
    fn new(shape: &[usize], fortran_order: bool) -> Self {
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

    fn push(&mut self, chunk: &ArrayData) -> Result<(), DataError> {
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

    fn finish(self, name: &str, element_type: ElementType) -> PartSummary {
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
        PartSummary {
            n_duplicates: rows.map(|rows| rows.duplicates.count()),
            values: values.map(counts),
            ..self.numbers.part(name, element_type.to_string(), self.shape)
        }
    }
}
