use std::borrow::Cow;
use std::sync::Arc;

use cl_difficulty::{DifficultyError, MetricSettings, OutputKind};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, LargeListArray, ListArray, PrimitiveArray,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float16Type, Float32Type, Float64Type, Int64Type};
use datafusion::error::Result;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

use super::layout::{Layout, Shape};
use super::lists::{element, lists_of};
use super::mean_probabilities::mean_probabilities;
use super::number::Number;
use super::reduction::Reduction;
use super::rows::{Rows, UNKNOWN};
use super::values::values;
use crate::error::EngineError;

/// Metrics of many examples at once, one group each.
///
/// The state of a group is its rows: the epochs (a list), the numbers (a list, row after row) and the label.
#[derive(Debug)]
pub(crate) struct MetricGroups<N: Number> {
    function: String,
    metrics: Vec<MetricSettings>,
    answer: Answer,
    layout: Layout,
    /// What the arguments are.
    kind: OutputKind,
    /// What is kept of them, where that is less.
    reduction: Option<Reduction>,
    rows: Rows<N>,
}

/// What is said of an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    /// The value of a metric.
    Value,
    /// A list of those of several.
    Values,
    /// The mean of the probabilities over epochs, a list.
    MeanProbabilities,
}

/// The types of a state's columns.
pub(crate) fn state_types(number: DataType) -> [DataType; 3] {
    // Long: a state batch of many groups may hold more than 2^31 numbers.
    let list = |number| DataType::new_large_list(number, false);
    [list(DataType::Int64), list(number), DataType::Int64]
}

/// Numbers of rows, one row after the other, and how many each has.
type Numbers<'a, T> = (Cow<'a, [T]>, usize);

/// Where the numbers of a row begin and end.
type Ends<'a> = Box<dyn Fn(usize) -> (usize, usize) + 'a>;

/// Rows of arguments, read and checked.
struct Read<'a, T: Clone> {
    /// None where there is no epoch.
    epochs: Option<&'a Int64Array>,
    labels: Vec<u32>,
    numbers: Cow<'a, [T]>,
    width: usize,
}

impl<N: Number> MetricGroups<N> {
    pub(crate) fn new(
        function: &str,
        metrics: Vec<MetricSettings>,
        answer: Answer,
        layout: Layout,
        kind: OutputKind,
        reduction: Option<Reduction>,
    ) -> Self {
        let (function, rows) = (function.to_owned(), Rows::default());
        Self { function, metrics, answer, layout, kind, reduction, rows }
    }

    fn cell(&self, what: &str, found: impl Into<String>, expected: &str) -> EngineError {
        EngineError::cell(&self.function, what, found, expected)
    }

    /// The rows that a filter lets pass.
    fn entering(filter: Option<&BooleanArray>, n: usize) -> impl Iterator<Item = usize> + '_ {
        (0..n).filter(move |&row| filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row)))
    }

    fn no_nulls(&self, what: &str, array: &dyn Array, rows: &[usize]) -> Result<(), EngineError> {
        match rows.iter().find(|&&row| array.is_null(row)) {
            Some(_) if array.null_count() > 0 => Err(self.cell(what, "null", "a value in every row")),
            _ => Ok(()),
        }
    }

    fn integers<'a>(
        &self,
        what: &str,
        array: &'a ArrayRef,
        rows: &[usize],
    ) -> Result<&'a Int64Array, EngineError> {
        self.no_nulls(what, array, rows)?;
        let integers = array.as_primitive::<Int64Type>();
        match rows.iter().map(|&row| integers.value(row)).find(|&value| value < 0) {
            Some(value) => Err(self.cell(what, value.to_string(), "an integer from 0")),
            None => Ok(integers),
        }
    }

    fn labels(&self, arguments: &[ArrayRef], rows: &[usize]) -> Result<Vec<u32>, EngineError> {
        let Some(at) = self.layout.label else { return Ok(vec![UNKNOWN; rows.len()]) };
        let integers = self.integers("the label", &arguments[at], rows)?;
        let label = |&row: &usize| {
            let label = u32::try_from(integers.value(row)).ok().filter(|&label| label != UNKNOWN);
            label.ok_or_else(|| self.cell("the label", integers.value(row).to_string(), "a class below 2^32 - 1"))
        };
        rows.iter().map(label).collect()
    }

    /// The numbers of these rows, `width` each, one after the other.
    fn outputs<'a, I: Number>(
        &self,
        arguments: &'a [ArrayRef],
        rows: &[usize],
    ) -> Result<Numbers<'a, I::Native>, EngineError> {
        let first = &arguments[self.layout.outputs.start];
        let all = rows.len() == first.len();
        match self.layout.shape {
            Shape::List => self.lists::<I>(first, rows),
            Shape::Flag => {
                self.no_nulls("whether it was right", first, rows)?;
                let flags = first.as_boolean();
                let number = |&row: &usize| I::of(f64::from(u8::from(flags.value(row))));
                Ok((rows.iter().map(number).collect::<Vec<_>>().into(), 1))
            }
            Shape::Number | Shape::Columns => {
                let columns = &arguments[self.layout.outputs.clone()];
                for column in columns {
                    self.no_nulls("a number of the outputs", column, rows)?;
                }
                let columns: Vec<&PrimitiveArray<I>> =
                    columns.iter().map(|column| column.as_primitive()).collect();
                match &columns[..] {
                    [column] if all => Ok((Cow::Borrowed(column.values()), 1)),
                    columns => {
                        let mut numbers = Vec::with_capacity(rows.len() * columns.len());
                        for &row in rows {
                            numbers.extend(columns.iter().map(|column| column.value(row)));
                        }
                        Ok((numbers.into(), columns.len()))
                    }
                }
            }
        }
    }

    fn lists<'a, I: Number>(
        &self,
        lists: &'a ArrayRef,
        rows: &[usize],
    ) -> Result<Numbers<'a, I::Native>, EngineError> {
        self.no_nulls("a list of outputs", lists, rows)?;
        let (elements, ends): (&ArrayRef, Ends<'a>) = match lists.data_type() {
            DataType::FixedSizeList(..) => {
                let list = lists.as_fixed_size_list();
                let width = list.value_length() as usize;
                (
                    list.values(),
                    Box::new(move |row| {
                        let start = list.value_offset(row) as usize;
                        (start, start + width)
                    }),
                )
            }
            DataType::LargeList(_) => {
                let list = lists.as_list::<i64>();
                let offsets = list.value_offsets();
                (list.values(), Box::new(move |row| (offsets[row] as usize, offsets[row + 1] as usize)))
            }
            _ => {
                let list = lists.as_list::<i32>();
                let offsets = list.value_offsets();
                (list.values(), Box::new(move |row| (offsets[row] as usize, offsets[row + 1] as usize)))
            }
        };
        let numbers = elements.as_primitive::<I>();
        let Some(&first) = rows.first() else { return Ok((Cow::Borrowed(&[]), self.rows.width())) };
        let (start, end) = ends(first);
        let width = end - start;
        let (mut next, mut contiguous) = (start, true);
        for &row in rows {
            let (start, end) = ends(row);
            if end - start != width || width == 0 {
                let found = format!("{} numbers beside one of {width}", end - start);
                return Err(self.cell("a list of outputs", found, "as many numbers, at least one, in every row"));
            }
            if numbers.null_count() > 0 && (start..end).any(|at| numbers.is_null(at)) {
                return Err(self.cell("a number of a list of outputs", "null", "a value for every class"));
            }
            contiguous &= start == next;
            next = end;
        }
        let values = numbers.values();
        if contiguous {
            return Ok((Cow::Borrowed(&values[start..next]), width));
        }
        let parts = rows.iter().map(|&row| ends(row)).map(|(start, end)| &values[start..end]);
        Ok((parts.collect::<Vec<_>>().concat().into(), width))
    }

    /// The arguments in these rows.
    fn read<'a>(&self, arguments: &'a [ArrayRef], rows: &[usize]) -> Result<Read<'a, N::Native>, EngineError> {
        let epochs = match self.layout.epoch {
            Some(at) => Some(self.integers("the epoch", &arguments[at], rows)?),
            None => None,
        };
        let labels = self.labels(arguments, rows)?;
        let example_in_epoch = |error| match error {
            EngineError::Difficulty(DifficultyError::InvalidObservation { example, problem, .. }) => {
                let epoch = epochs.map_or(0, |epochs| epochs.value(rows[example]) as u64);
                EngineError::Observation { function: self.function.clone(), epoch, problem }
            }
            error => error,
        };
        let Some(reduction) = self.reduction else {
            let (numbers, width) = self.outputs::<N>(arguments, rows)?;
            if self.answer == Answer::MeanProbabilities {
                // No recorder sees them: checked as one would, against any label.
                let known: Vec<u32> =
                    labels.iter().map(|&label| if label == UNKNOWN { 0 } else { label }).collect();
                let checked = Reduction::Loss.apply(self.kind.outputs(&numbers), &known, width);
                checked.map_err(|error| example_in_epoch(error.into()))?;
            }
            return Ok(Read { epochs, labels, numbers, width });
        };
        let reduced = match self.layout.number {
            DataType::Float16 => self.reduced::<Float16Type>(reduction, arguments, rows, &labels),
            DataType::Float32 => self.reduced::<Float32Type>(reduction, arguments, rows, &labels),
            _ => self.reduced::<Float64Type>(reduction, arguments, rows, &labels),
        };
        let reduced = reduced.map_err(example_in_epoch)?;
        Ok(Read { epochs, labels, numbers: reduced.into_iter().map(N::of).collect::<Vec<_>>().into(), width: 1 })
    }

    /// A number for each of these rows.
    fn reduced<I: Number>(
        &self,
        reduction: Reduction,
        arguments: &[ArrayRef],
        rows: &[usize],
        labels: &[u32],
    ) -> Result<Vec<f64>, EngineError> {
        let (numbers, width) = self.outputs::<I>(arguments, rows)?;
        Ok(reduction.apply(self.kind.outputs(&numbers), labels, width)?)
    }

    /// What the kept numbers are.
    fn kept(&self) -> OutputKind {
        self.reduction.map_or(self.kind, Reduction::kind)
    }

    pub(crate) fn value(&self, rows: &Rows<N>) -> Result<ArrayRef> {
        let has_epochs = self.layout.epoch.is_some();
        if self.answer == Answer::MeanProbabilities {
            return Ok(mean_probabilities(&self.function, self.kind, has_epochs, rows)?);
        }
        let mut columns = values(&self.function, &self.metrics, self.kept(), has_epochs, rows)?;
        if self.answer == Answer::Value {
            return Ok(columns.swap_remove(0));
        }
        // The values of an example stand side by side.
        let columns = columns.iter().map(|column| cast(column, &DataType::Float64));
        let columns = columns.collect::<Result<Vec<ArrayRef>, _>>()?;
        let columns: Vec<&Float64Array> = columns.iter().map(|column| column.as_primitive()).collect();
        let (n, width) = (rows.n_groups(), columns.len());
        let numbers: Vec<f64> =
            (0..n).flat_map(|group| columns.iter().map(move |column| column.value(group))).collect();
        let is_there: NullBuffer = (0..n).map(|group| columns[0].is_valid(group)).collect();
        Ok(lists_of(numbers, width, is_there))
    }

    pub(crate) fn grow(&mut self, n_groups: usize) {
        self.rows.grow(n_groups);
    }

    pub(crate) fn rows(&self) -> &Rows<N> {
        &self.rows
    }

    /// The state of each group of `rows`.
    pub(crate) fn state_of(rows: &Rows<N>) -> Vec<ArrayRef> {
        let (starts, order) = rows.by_group();
        let (mut epochs, mut numbers) = (Vec::with_capacity(order.len()), Vec::new());
        numbers.reserve(order.len() * rows.width());
        for &row in &order {
            epochs.push(rows.epoch(row as usize) as i64);
            numbers.extend_from_slice(rows.numbers(row as usize));
        }
        let label = |&label: &u32| (label != UNKNOWN).then_some(i64::from(label));
        let labels: Int64Array = rows.labels().iter().map(label).collect();
        Self::state_columns(starts, epochs, numbers, rows.width(), labels)
    }

    /// `starts` counts rows.
    fn state_columns(
        starts: Vec<usize>,
        epochs: Vec<i64>,
        numbers: Vec<N::Native>,
        width: usize,
        labels: Int64Array,
    ) -> Vec<ArrayRef> {
        let offsets = |width: usize| {
            let offsets: ScalarBuffer<i64> = starts.iter().map(|&start| (start * width) as i64).collect();
            OffsetBuffer::new(offsets)
        };
        let epochs = Arc::new(Int64Array::from(epochs));
        let numbers = Arc::new(PrimitiveArray::<N>::new(numbers.into(), None));
        vec![
            Arc::new(LargeListArray::new(element(DataType::Int64), offsets(1), epochs, None)),
            Arc::new(LargeListArray::new(element(N::DATA_TYPE), offsets(width), numbers, None)),
            Arc::new(labels),
        ]
    }
}

impl<N: Number> GroupsAccumulator for MetricGroups<N> {
    fn update_batch(
        &mut self,
        arguments: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.rows.grow(total_num_groups);
        let entering: Vec<usize> = Self::entering(filter, group_indices.len()).collect();
        let read = self.read(arguments, &entering)?;
        self.rows.reserve(entering.len());
        for (at, &row) in entering.iter().enumerate() {
            let epoch = read.epochs.map_or(0, |epochs| epochs.value(row) as u64);
            let numbers = &read.numbers[at * read.width..][..read.width];
            self.rows.push(&self.function, group_indices[row], epoch, read.labels[at], numbers)?;
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let taken = self.rows.take(emit_to);
        self.value(&taken)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(Self::state_of(&self.rows.take(emit_to)))
    }

    fn merge_batch(
        &mut self,
        states: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.rows.grow(total_num_groups);
        let (epochs, numbers) = (states[0].as_list::<i64>(), states[1].as_list::<i64>());
        let labels = states[2].as_primitive::<Int64Type>();
        let (epoch_values, all) =
            (epochs.values().as_primitive::<Int64Type>(), numbers.values().as_primitive::<N>());
        for (state, &group) in group_indices.iter().enumerate() {
            let range = |list: &LargeListArray| {
                let offsets = list.value_offsets();
                offsets[state] as usize..offsets[state + 1] as usize
            };
            let own = &epoch_values.values()[range(epochs)];
            let rows = &all.values()[range(numbers)];
            if own.is_empty() {
                continue;
            }
            let label = if labels.is_null(state) { UNKNOWN } else { labels.value(state) as u32 };
            let width = rows.len() / own.len();
            for (&epoch, row) in own.iter().zip(rows.chunks_exact(width.max(1))) {
                self.rows.push(&self.function, group, epoch as u64, label, row)?;
            }
        }
        Ok(())
    }

    fn convert_to_state(&self, arguments: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let n = arguments.first().map_or(0, |array| array.len());
        let entering: Vec<usize> = Self::entering(filter, n).collect();
        let read = self.read(arguments, &entering)?;
        let epoch = |&row: &usize| read.epochs.map_or(0, |epochs| epochs.value(row));
        let epochs: Vec<i64> = entering.iter().map(epoch).collect();
        let mut starts = vec![0; n + 1];
        entering.iter().for_each(|&row| starts[row + 1] = 1);
        (0..n).for_each(|row| starts[row + 1] += starts[row]);
        let mut labels = vec![None; n];
        for (&row, &label) in entering.iter().zip(&read.labels) {
            labels[row] = (label != UNKNOWN).then_some(i64::from(label));
        }
        Ok(Self::state_columns(starts, epochs, read.numbers.into_owned(), read.width, labels.into()))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.rows.size()
    }
}
