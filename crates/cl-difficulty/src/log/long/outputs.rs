use std::borrow::Cow;

use cl_data::DataError;
use cl_data::io::{Batch, CellValues, Cells, LabelBook, TableReader, malformed};

use super::columns::OutputColumns;

/// How the outputs of a file's rows are read.
pub(super) struct OutputReader<'a> {
    table: &'a TableReader,
    columns: &'a OutputColumns,
    /// The columns that are read.
    pub(super) read: Vec<usize>,
    /// Where labels stand among them, and the label that does not count: of tokens.
    tokens: Option<(usize, Option<f64>)>,
    width: usize,
}

/// The outputs of some rows, `width` numbers each.
pub(super) struct RowOutputs {
    pub(super) n_rows: usize,
    pub(super) values: Vec<f64>,
    /// What is wrong with a row: it matters where the row is asked for.
    pub(super) problems: Vec<(usize, DataError)>,
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
        Self { table, columns, read, tokens, width }
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
                match (list(cells, first), cells.number(first)) {
                    (Some(list), _) => list.len(),
                    (None, Some(_)) => 1,
                    (None, None) => 0,
                }
            }
            _ => 1,
        }
    }

    /// The outputs of a batch; of predictions their number in the book.
    pub(super) fn read(&self, batch: &Batch, book: &LabelBook) -> RowOutputs {
        let n_rows = batch.n_rows;
        let mut outputs =
            RowOutputs { n_rows, values: Vec::with_capacity(n_rows * self.width), problems: Vec::new() };
        let cells = &batch.columns[0];
        if let (CellValues::Numbers(values), 1, None) = (&cells.values, self.width, self.tokens) {
            // What is missing is NaN already.
            outputs.values.extend_from_slice(values);
            return outputs;
        }
        for row in 0..n_rows {
            let start = outputs.values.len();
            if let Err((column, expected)) = self.row(batch, row, book, &mut outputs.values) {
                outputs.values.truncate(start);
                outputs.values.resize(start + self.width, f64::NAN);
                let place = format!("{}, column `{}`", batch.place(row), self.name(column));
                let problem = format!("{}, expected {expected}", batch.columns[column].shown(row));
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
        book: &LabelBook,
        values: &mut Vec<f64>,
    ) -> Result<(), (usize, Cow<'static, str>)> {
        let cells = &batch.columns[0];
        match self.columns {
            OutputColumns::Numbered(columns) => {
                for (column, cells) in batch.columns[..columns.len()].iter().enumerate() {
                    values.push(cells.number(row).ok_or((column, "a number".into()))?);
                }
            }
            OutputColumns::List(_) => match list(cells, row) {
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
                let class = cells.text(row).ok_or((0, "a class".into()))?;
                values.push(book.find(&class).map_or(-1.0, f64::from));
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

/// The list of a row: one of numbers, or the text of one as `str` and NumPy write it, which is how pandas writes lists
/// into CSV.
fn list(cells: &Cells, row: usize) -> Option<Cow<'_, [f64]>> {
    match &cells.values {
        CellValues::Lists(_) => cells.list(row).map(Cow::Borrowed),
        CellValues::Texts(texts) => {
            let inner = texts.get(row).strip_prefix('[')?.strip_suffix(']')?;
            let parts = inner.split(|c: char| c == ',' || c.is_whitespace()).filter(|part| !part.is_empty());
            parts.map(|part| part.parse().ok()).collect::<Option<Vec<f64>>>().map(Cow::Owned)
        }
        _ => None,
    }
}
