use std::cmp::Ordering;
use std::sync::Arc;

use cl_difficulty::{
    Column, ColumnValues, DifficultyError, DynamicsRecorder, Float, MetricSettings, Observations, OutputKind,
};
use datafusion::arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array};
use datafusion::arrow::datatypes::DataType;

use super::number::Number;
use super::rows::{Rows, UNKNOWN};
use crate::error::EngineError;

/// Groups whose rows are recorded at a time: what a recorder keeps of them stays in a cache, and the epochs that it
/// remembers are those of these groups.
const CHUNK: usize = 1 << 14;

/// Some metrics of each group, as [`DynamicsRecorder`] computes them, a column each; null where a group has no row.
///
/// The rows of an example enter in the order of their epochs, so that the result is the same bits however they came.
/// Where there are no epochs (`has_epochs` is false), in the order of their numbers: the same for any order of rows,
/// and where sums are rounded not to the last bit that of the epochs' order.
///
/// # Errors
/// As [`DynamicsRecorder::record`]; where an example has fewer epochs than a metric needs.
pub(crate) fn values<N: Number>(
    function: &str,
    metrics: &[MetricSettings],
    kind: OutputKind,
    has_epochs: bool,
    rows: &Rows<N>,
) -> Result<Vec<ArrayRef>, EngineError> {
    let (starts, mut order) = rows.by_group();
    let builders = metrics.iter().map(|settings| Builder::new(settings.description().method.name));
    let mut all = builders.collect::<Result<Vec<Builder>, _>>()?;
    for first in (0..rows.n_groups()).step_by(CHUNK) {
        let groups = first..rows.n_groups().min(first + CHUNK);
        let present: Vec<usize> = groups.clone().filter(|&group| starts[group] < starts[group + 1]).collect();
        // Epoch, example and row.
        let mut cells: Vec<(u64, u32, u32)> = Vec::with_capacity(starts[groups.end] - starts[groups.start]);
        for (example, &group) in present.iter().enumerate() {
            let own = &mut order[starts[group]..starts[group + 1]];
            if !has_epochs {
                own.sort_unstable_by(|&a, &b| compare(rows.numbers(a as usize), rows.numbers(b as usize)));
            }
            let epoch = |at: usize, row: u32| if has_epochs { rows.epoch(row as usize) } else { at as u64 };
            cells.extend(own.iter().enumerate().map(|(at, &row)| (epoch(at, row), example as u32, row)));
        }
        // Epoch after epoch; within one the examples as they are counted.
        cells.sort_unstable();
        let columns = record(metrics, kind, rows, &present, &cells);
        let columns = columns.map_err(|error| EngineError::of_metric(function, error))?;
        all.iter_mut().for_each(|builder| builder.grow(groups.len()));
        for (builder, column) in all.iter_mut().zip(columns) {
            builder.put(&present, column.values)?;
        }
    }
    Ok(all.into_iter().map(Builder::finish).collect())
}

/// By the numbers' values, and NaN somewhere.
pub(super) fn compare<T: Float>(a: &[T], b: &[T]) -> Ordering {
    let pairs = a.iter().zip(b).map(|(&a, &b)| -> (f64, f64) { (a.into(), b.into()) });
    pairs.map(|(a, b)| a.total_cmp(&b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn record<N: Number>(
    metrics: &[MetricSettings],
    kind: OutputKind,
    rows: &Rows<N>,
    present: &[usize],
    cells: &[(u64, u32, u32)],
) -> Result<Vec<Column>, DifficultyError> {
    if present.is_empty() {
        return Ok(Vec::new());
    }
    // No metric of one number asks for a label.
    let label = |example: u32| match rows.labels()[present[example as usize]] {
        UNKNOWN => 0,
        label => label,
    };
    let n_classes = if kind.is_scalar() {
        (0..present.len() as u32).map(|example| label(example) as usize + 1).max().unwrap_or(0).max(2)
    } else {
        rows.width()
    };
    let mut recorder = DynamicsRecorder::new(present.len(), n_classes, metrics)?.with_partial_epochs();
    let (mut labels, mut numbers) = (Vec::new(), Vec::new());
    for epoch in cells.chunk_by(|a, b| a.0 == b.0) {
        let indices: Vec<u32> = epoch.iter().map(|cell| cell.1).collect();
        labels.clear();
        labels.extend(indices.iter().map(|&example| label(example)));
        numbers.clear();
        epoch.iter().for_each(|cell| numbers.extend_from_slice(rows.numbers(cell.2 as usize)));
        let (epoch, outputs) = (epoch[0].0, kind.outputs(&numbers));
        recorder.record(&Observations { epoch, indices: &indices, labels: &labels, outputs })?;
    }
    recorder.columns()
}

/// The type of a metric's values, which is that of its name whatever its options are.
///
/// # Errors
/// Where there is no such metric.
pub(crate) fn value_type(name: &str) -> Result<DataType, EngineError> {
    let settings = MetricSettings::parse(name, &[])?;
    // More epochs than any default asks for.
    let mut recorder = DynamicsRecorder::new(1, 2, &[settings])?;
    for epoch in 0..64 {
        let outputs = OutputKind::Logits.outputs(&[0.0, 1.0]);
        recorder.record(&Observations { epoch, indices: &[0], labels: &[0], outputs })?;
    }
    Ok(match recorder.columns()?.remove(0).values {
        ColumnValues::Float(_) => DataType::Float64,
        ColumnValues::Integer(_) => DataType::Int64,
        ColumnValues::Flag(_) => DataType::Boolean,
    })
}

/// Values of one type, with nulls between them.
enum Builder {
    Float(Vec<Option<f64>>),
    Integer(Vec<Option<i64>>),
    Flag(Vec<Option<bool>>),
}

impl Builder {
    fn new(function: &str) -> Result<Self, EngineError> {
        Ok(match value_type(function)? {
            DataType::Int64 => Self::Integer(Vec::new()),
            DataType::Boolean => Self::Flag(Vec::new()),
            _ => Self::Float(Vec::new()),
        })
    }

    /// Appends `n` places of nulls.
    fn grow(&mut self, n: usize) {
        match self {
            Self::Float(all) => all.resize(all.len() + n, None),
            Self::Integer(all) => all.resize(all.len() + n, None),
            Self::Flag(all) => all.resize(all.len() + n, None),
        }
    }

    /// Makes the places of these groups values.
    fn put(&mut self, groups: &[usize], values: ColumnValues) -> Result<(), EngineError> {
        fn fill<T>(all: &mut [Option<T>], groups: &[usize], values: Vec<T>) {
            groups.iter().zip(values).for_each(|(&group, value)| all[group] = Some(value));
        }
        match (self, values) {
            (Self::Float(all), ColumnValues::Float(values)) => fill(all, groups, values),
            (Self::Integer(all), ColumnValues::Integer(values)) => fill(all, groups, values),
            (Self::Flag(all), ColumnValues::Flag(values)) => fill(all, groups, values),
            _ => return Err(EngineError::argument("options", "of values of another type", "those of the metric")),
        }
        Ok(())
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Float(values) => Arc::new(Float64Array::from(values)),
            Self::Integer(values) => Arc::new(Int64Array::from(values)),
            Self::Flag(values) => Arc::new(BooleanArray::from(values)),
        }
    }
}
