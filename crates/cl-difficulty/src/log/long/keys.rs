use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use cl_data::DataError;
use cl_data::io::{Batch, CellValues, Cells, LabelBook, TableReader, malformed};

use super::columns::{Columns, Epoch, OutputColumns, Run};
use super::label_lists::LabelLists;
use super::list_text::list_of_text;
use super::segments::Segment;

/// No label yet.
pub(super) const NO_LABEL: u32 = u32::MAX;

/// Labels whose first rows are remembered, for messages.
const PLACES: usize = 4096;

/// What a file's rows are of: read before the outputs are.
pub(super) struct Keys<'a> {
    pub(super) table: &'a TableReader,
    pub(super) columns: &'a Columns,
    /// The columns that are read, and where each of them stands among these.
    pub(super) read: Vec<usize>,
    label: Option<usize>,
    epoch: Option<usize>,
    run: Option<usize>,
}

/// What was found of labels, epochs and runs in all files so far.
#[derive(Default)]
pub(super) struct Known {
    pub(super) book: LabelBook,
    /// The label of each example by its number in the book.
    pub(super) labels: Vec<u32>,
    /// File and place of the first row of each label, as far as there are not too many.
    label_places: Vec<(PathBuf, String)>,
    pub(super) label_lists: LabelLists,
    pub(super) runs: Vec<String>,
    run_of: HashMap<String, u32>,
    /// Runs and epochs that have rows.
    pub(super) slots: Vec<(u32, u64)>,
    slot_of: HashMap<(u32, u64), u32>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(table: &'a TableReader, columns: &'a Columns) -> Self {
        let mut read = vec![columns.id];
        let mut place = |column: Option<usize>| {
            column.map(|column| {
                read.push(column);
                read.len() - 1
            })
        };
        let label = place(columns.label);
        let epoch = place(match columns.epoch {
            Epoch::Column(column) => Some(column),
            Epoch::Of(_) => None,
        });
        let run = place(match columns.run {
            Run::Column(column) => Some(column),
            Run::Of(_) => None,
        });
        Self { table, columns, read, label, epoch, run }
    }

    fn path(&self) -> &Path {
        self.table.path()
    }

    fn wrong(&self, batch: &Batch, row: usize, column: usize, expected: &str) -> DataError {
        let name = &self.table.columns()[self.read[column]];
        let place = format!("{}, column `{name}`", batch.place(row));
        malformed(self.path(), place, format!("{}, expected {expected}", batch.columns[column].shown(row)))
    }

    /// The slot of a file whose rows are all of one.
    pub(super) fn slot_of_file(&self, known: &mut Known) -> Option<u32> {
        match (&self.columns.epoch, &self.columns.run) {
            (Epoch::Of(epoch), Run::Of(_)) => Some(known.slot_of(&self.run_of_file(), *epoch)),
            _ => None,
        }
    }

    /// Whether all rows are of one run.
    pub(super) fn has_one_run(&self) -> bool {
        self.run.is_none()
    }

    /// The error of a row without an id.
    pub(super) fn no_id(&self, batch: &Batch, row: usize) -> DataError {
        self.wrong(
            batch,
            row,
            0,
            "an id, an integer or a text, of at most 2^31 different ones; option `id_column` names another column",
        )
    }

    /// Takes down which labels the rows of a batch have, and of which run and epoch they are; `found` are their examples,
    /// and `id` is how an example is called in messages.
    pub(super) fn take(
        &self,
        batch: &Batch,
        found: &[u32],
        id: impl Fn(u32) -> String,
        known: &mut Known,
        segments: &mut Vec<Segment>,
    ) -> Result<(), DataError> {
        if let Some(label) = self.label {
            self.take_labels(batch, label, found, &id, known)?;
        }
        let same_run = match self.run {
            Some(_) => None,
            None => Some(known.run(&self.run_of_file())),
        };
        let epochs = self.epoch.map(|column| &batch.columns[column]);
        let plain = epochs.map(|cells| match &cells.values {
            CellValues::Integers(values) if cells.missing.is_empty() => Some(values),
            _ => None,
        });
        let mut row = 0;
        while row < batch.n_rows {
            let run = match same_run {
                Some(run) => run,
                None => self.run(batch, row, known)?,
            };
            let key = (run, self.epoch(batch, row)?);
            let n = match (same_run, plain) {
                // All of the file are of one epoch, or neighbours are.
                (Some(_), None) => batch.n_rows - row,
                (Some(_), Some(Some(epochs))) => {
                    epochs[row..].iter().position(|&epoch| epoch != epochs[row]).unwrap_or(batch.n_rows - row)
                }
                _ => 1,
            };
            let slot = known.slot(key);
            row += n;
            segments.push(Segment { slot, n: n as u32 });
        }
        Ok(())
    }

    fn run_of_file(&self) -> String {
        match self.columns.run {
            Run::Of(Some(run)) => run.to_string(),
            _ => String::new(),
        }
    }

    fn take_labels(
        &self,
        batch: &Batch,
        column: usize,
        found: &[u32],
        id: impl Fn(u32) -> String,
        known: &mut Known,
    ) -> Result<(), DataError> {
        let cells: &Cells = &batch.columns[column];
        let of_tokens = matches!(self.columns.outputs, OutputColumns::Loss(_));
        let mut before: Option<(i64, u32)> = None;
        for (row, &example) in found.iter().enumerate() {
            let list = label_list(cells, row);
            // Labels of tokens are read beside their losses.
            if of_tokens && list.is_some() {
                continue;
            }
            let code = match (&cells.values, before, list.as_deref()) {
                (CellValues::Integers(values), Some((value, code)), _)
                    if values[row] == value && !cells.is_missing(row) =>
                {
                    code
                }
                (_, _, Some([label])) => known.book.code(&label.to_string()),
                (_, _, Some(list)) => {
                    let name = &self.table.columns()[self.read[column]];
                    let added = known.label_lists.add(example, list, name);
                    added.map_err(|expected| self.wrong(batch, row, column, &expected))?;
                    continue;
                }
                _ => {
                    let label = cells.text(row).filter(|_| !cells.number(row).is_some_and(f64::is_nan));
                    known.book.code(&label.ok_or_else(|| self.wrong(batch, row, column, "a label"))?)
                }
            };
            if let CellValues::Integers(values) = &cells.values
                && !cells.is_missing(row)
            {
                before = Some((values[row], code));
            }
            if code as usize == known.label_places.len() && code < PLACES as u32 {
                let place = format!("{}, column `{}`", batch.place(row), self.table.columns()[self.read[column]]);
                known.label_places.push((self.path().to_path_buf(), place));
            }
            if known.labels.len() <= example as usize {
                known.labels.resize(example as usize + 1, NO_LABEL);
            }
            let label = &mut known.labels[example as usize];
            if *label == NO_LABEL {
                *label = code;
            } else if *label != code {
                let (id, first) = (id(example), known.book.label(*label));
                let expected = format!("{first} as in an earlier row of id {id}");
                return Err(self.wrong(batch, row, column, &expected));
            }
        }
        Ok(())
    }

    fn epoch(&self, batch: &Batch, row: usize) -> Result<u64, DataError> {
        match (&self.columns.epoch, self.epoch) {
            (Epoch::Of(epoch), _) => Ok(*epoch),
            (_, Some(column)) => {
                let cells = &batch.columns[column];
                let epoch = match &cells.values {
                    CellValues::Integers(values) if cells.missing.is_empty() => Some(values[row]),
                    _ => cells.integer(row),
                };
                let epoch = epoch.and_then(|epoch| u64::try_from(epoch).ok());
                epoch.ok_or_else(|| {
                    self.wrong(
                        batch,
                        row,
                        column,
                        "an epoch or a step, a whole number from 0; option `epoch_column` names another column",
                    )
                })
            }
            (Epoch::Column(_), None) => Ok(0),
        }
    }

    fn run(&self, batch: &Batch, row: usize, known: &mut Known) -> Result<u32, DataError> {
        match self.run {
            Some(column) => {
                let run = batch.columns[column].text(row);
                Ok(known.run(&run.ok_or_else(|| self.wrong(batch, row, column, "a run"))?))
            }
            _ => Ok(known.run(&self.run_of_file())),
        }
    }
}

/// The list that a label is, where it is one.
fn label_list(cells: &Cells, row: usize) -> Option<Cow<'_, [f64]>> {
    match &cells.values {
        CellValues::Lists(_) => cells.list(row).map(Cow::Borrowed),
        CellValues::Texts(texts) => list_of_text(texts.get(row)).map(Cow::Owned),
        _ => None,
    }
}

impl Known {
    /// File and place of the first row with a label, by its number in the book.
    pub(super) fn label_place(&self, code: u32) -> Option<(&Path, &str)> {
        self.label_places.get(code as usize).map(|(path, place)| (path.as_path(), place.as_str()))
    }

    fn run(&mut self, name: &str) -> u32 {
        if let Some(&run) = self.run_of.get(name) {
            return run;
        }
        let run = self.runs.len() as u32;
        self.runs.push(name.to_owned());
        self.run_of.insert(name.to_owned(), run);
        run
    }

    /// The slot of a run and an epoch.
    pub(super) fn slot_of(&mut self, run: &str, epoch: u64) -> u32 {
        let run = self.run(run);
        self.slot((run, epoch))
    }

    fn slot(&mut self, key: (u32, u64)) -> u32 {
        let slots = &mut self.slots;
        *self.slot_of.entry(key).or_insert_with(|| {
            slots.push(key);
            slots.len() as u32 - 1
        })
    }
}
