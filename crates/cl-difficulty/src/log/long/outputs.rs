use std::borrow::Cow;

use cl_data::DataError;
use cl_data::io::{Batch, CellValues, Cells, TableReader, malformed};

use super::super::options::Dtype;
use super::columns::OutputColumns;
use super::list_text::{bare_list, list_of_text};
use super::predicted::PredictedClasses;

/// How the outputs of a file's rows are read.
pub(super) struct OutputReader<'a> {
    table: &'a TableReader,
    columns: &'a OutputColumns,
    /// The columns that are read.
    pub(super) read: Vec<usize>,
    /// Where labels stand among them, and the label that does not count: of tokens.
    tokens: Option<(usize, Option<f64>)>,
    width: usize,
    dtype: Option<Dtype>,
}

/// The outputs of some rows, `width` numbers each.
pub(super) struct RowOutputs {
    pub(super) n_rows: usize,
    pub(super) values: Vec<f64>,
    /// What is wrong with a row: it matters where the row is asked for.
    pub(super) problems: Vec<(usize, DataError)>,
}

impl RowOutputs {
    /// Keeps so many rows.
    pub(super) fn truncate(&mut self, n_rows: u64, width: usize) {
        self.n_rows = usize::try_from(n_rows).map_or(self.n_rows, |n_rows| n_rows.min(self.n_rows));
        self.values.truncate(self.n_rows * width);
        self.problems.retain(|(row, _)| *row < self.n_rows);
    }
}

/// The bfloat16 of which these are the bits; NaN where they are none.
fn of_bits(bits: f64) -> f64 {
    match bits.fract() == 0.0 && (0.0..65_536.0).contains(&bits) {
        true => f64::from(f32::from_bits((bits as u32) << 16)),
        false => f64::NAN,
    }
}

impl<'a> OutputReader<'a> {
    pub(super) fn new(
        table: &'a TableReader,
        columns: &'a OutputColumns,
        label: Option<usize>,
        ignore: Option<&str>,
        width: usize,
    ) -> Self {
        let mut read = match columns {
            OutputColumns::Numbered(columns) => columns.clone(),
            OutputColumns::List(column)
            | OutputColumns::Loss(column)
            | OutputColumns::Correct(column)
            | OutputColumns::Prediction(column) => vec![*column],
        };
        let mut tokens = None;
        if let (OutputColumns::Loss(_), Some(label)) = (columns, label) {
            read.push(label);
            tokens = Some((read.len() - 1, ignore.and_then(|ignore| ignore.parse().ok())));
        }
        Self { table, columns, read, tokens, width, dtype: None }
    }

    /// The same of numbers that are the bits of others.
    pub(super) fn of_dtype(self, dtype: Option<Dtype>) -> Self {
        let of_classes = matches!(self.columns, OutputColumns::List(_) | OutputColumns::Numbered(_));
        Self { dtype: dtype.filter(|_| of_classes), ..self }
    }

    fn name(&self, column: usize) -> &str {
        &self.table.columns()[self.read[column]]
    }

    /// How many numbers the first rows have; 0 where a list column holds neither lists nor numbers.
    pub(super) fn width_of(&self, batch: &Batch) -> usize {
        match self.columns {
            OutputColumns::Numbered(columns) => columns.len(),
            OutputColumns::List(_) => {
                let cells = &batch.columns[0];
                let first = (0..batch.n_rows).find(|&row| !cells.is_missing(row)).unwrap_or(0);
                match (list_or_bare(cells, first), cells.number(first)) {
                    (Some(list), _) => list.len(),
                    (None, Some(_)) => 1,
                    (None, None) => 0,
                }
            }
            _ => 1,
        }
    }

    /// The outputs of a batch; of predictions their classes.
    pub(super) fn read(&self, batch: &Batch, predicted: &PredictedClasses) -> RowOutputs {
        let mut outputs = self.read_numbers(batch, predicted);
        if let Some(Dtype::Bf16) = self.dtype {
            outputs.values.iter_mut().for_each(|value| *value = of_bits(*value));
        }
        outputs
    }

    fn read_numbers(&self, batch: &Batch, predicted: &PredictedClasses) -> RowOutputs {
        let n_rows = batch.n_rows;
        let mut outputs =
            RowOutputs { n_rows, values: Vec::with_capacity(n_rows * self.width), problems: Vec::new() };
        let cells = &batch.columns[0];
        let classes = matches!(self.columns, OutputColumns::Prediction(_));
        if let (CellValues::Numbers(values), 1, None, false) = (&cells.values, self.width, self.tokens, classes) {
            // What is missing is NaN already.
            outputs.values.extend_from_slice(values);
            return outputs;
        }
        for row in 0..n_rows {
            let start = outputs.values.len();
            if let Err((column, expected)) = self.row(batch, row, predicted, &mut outputs.values) {
                outputs.values.truncate(start);
                outputs.values.resize(start + self.width, f64::NAN);
                let place = format!("{}, column `{}`", batch.place(row), self.name(column));
                let cells = &batch.columns[column];
                let problem = format!("{}, expected {expected}{}", cells.shown(row), hint(cells, row));
                outputs.problems.push((row, malformed(self.table.path(), place, problem)));
            }
        }
        outputs
    }

    /// Appends the numbers of a row, or tells the column that is wrong and what was expected.
    fn row(
        &self,
        batch: &Batch,
        row: usize,
        predicted: &PredictedClasses,
        values: &mut Vec<f64>,
    ) -> Result<(), (usize, Cow<'static, str>)> {
        let cells = &batch.columns[0];
        match self.columns {
            OutputColumns::Numbered(columns) => {
                for (column, cells) in batch.columns[..columns.len()].iter().enumerate() {
                    values.push(cells.number(row).ok_or((column, "a number".into()))?);
                }
            }
            OutputColumns::List(_) => match list_or_bare(cells, row) {
                Some(list) if list.len() == self.width => values.extend_from_slice(&list),
                Some(list) => {
                    let (found, expected) = (list.len(), self.width);
                    return Err((0, format!("{expected} numbers as in the first row, not {found}").into()));
                }
                None if cells.is_missing(row) => values.resize(values.len() + self.width, f64::NAN),
                None if self.width == 1 => values.push(cells.number(row).ok_or((0, "a number".into()))?),
                None => return Err((0, format!("a list of {} numbers", self.width).into())),
            },
            OutputColumns::Loss(_) => match list(cells, row) {
                Some(losses) => values.push(self.mean_over_tokens(batch, row, &losses)?),
                None => values.push(cells.number(row).ok_or((0, "a loss, a number".into()))?),
            },
            OutputColumns::Correct(_) => match cells.flag(row) {
                Some(correct) => values.push(f64::from(u8::from(correct))),
                None if cells.is_missing(row) => values.push(f64::NAN),
                None => return Err((0, "true or false, 1 or 0".into())),
            },
            OutputColumns::Prediction(_) => {
                values.push(predicted.class(cells, row).map_err(|expected| (0, expected))?);
            }
        }
        Ok(())
    }

    /// The mean of the losses of the tokens that count; NaN where none does.
    fn mean_over_tokens(
        &self,
        batch: &Batch,
        row: usize,
        losses: &[f64],
    ) -> Result<f64, (usize, Cow<'static, str>)> {
        let labels = match self.tokens {
            Some((column, ignore)) => list(&batch.columns[column], row).map(|labels| (column, labels, ignore)),
            None => None,
        };
        let (mut sum, mut n) = (0.0, 0usize);
        match labels {
            Some((column, labels, _)) if labels.len() != losses.len() => {
                return Err((column, format!("{} labels, one for each loss", losses.len()).into()));
            }
            Some((_, labels, ignore)) => {
                for (loss, label) in losses.iter().zip(labels.iter()) {
                    if ignore != Some(*label) {
                        sum += loss;
                        n += 1;
                    }
                }
            }
            None => (sum, n) = (losses.iter().sum(), losses.len()),
        }
        Ok(sum / n as f64)
    }
}

/// What may help where a text is no number.
fn hint(cells: &Cells, row: usize) -> &'static str {
    let text = cells.text(row).unwrap_or_default();
    let with_comma = text.matches(',').count() == 1 && text.replace(',', ".").parse::<f64>().is_ok();
    if with_comma { "; option `decimal_comma` reads a comma before the decimals" } else { "" }
}

/// The list of a row, also one without brackets.
fn list_or_bare(cells: &Cells, row: usize) -> Option<Cow<'_, [f64]>> {
    match &cells.values {
        CellValues::Texts(texts) => list(cells, row).or_else(|| bare_list(texts.get(row)).map(Cow::Owned)),
        _ => list(cells, row),
    }
}

/// The list of a row: one of numbers, or the text of one, which is how pandas writes lists into CSV.
fn list(cells: &Cells, row: usize) -> Option<Cow<'_, [f64]>> {
    match &cells.values {
        CellValues::Lists(_) => cells.list(row).map(Cow::Borrowed),
        CellValues::Texts(texts) => list_of_text(texts.get(row)).map(Cow::Owned),
        _ => None,
    }
}
