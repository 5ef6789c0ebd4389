use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use super::numbers::Numbers;
use super::options::SummaryOptions;
use super::part::PartSummary;
use super::table::{RowCounts, Table};
use crate::{
    error::DataError,
    io::{CellValues, Cells, TableReader, malformed},
};

/// One column on its way.
#[derive(Default)]
struct Column {
    numbers: Numbers,
    n_empty: usize,
    /// What its values are, as far as one type tells.
    kind: Option<String>,
}

impl Column {
    fn push(&mut self, cells: &Cells) {
        let kind = match &cells.values {
            CellValues::Missing(_) => None,
            CellValues::Flags(_) => Some("true or false"),
            CellValues::Integers(_) => Some("integer"),
            CellValues::Numbers(_) => Some("number"),
            CellValues::Texts(_) => Some("text"),
            CellValues::Lists(_) => Some("list of numbers"),
            // What was expected is no news here.
            CellValues::Other(other) => other.problem.split([',', ':']).next(),
        };
        self.kind = match (self.kind.take(), kind) {
            (None, kind) => kind.map(str::to_owned),
            (Some(before), Some(kind)) if before != kind => Some(match (before.as_str(), kind) {
                ("integer" | "number", "integer" | "number") => "number".to_owned(),
                _ => "mixed types".to_owned(),
            }),
            (before, _) => before,
        };
        for row in 0..cells.values.len() {
            if cells.is_missing(row) {
                self.n_empty += 1;
            } else if matches!(
                cells.values,
                CellValues::Flags(_) | CellValues::Integers(_) | CellValues::Numbers(_)
            ) {
                self.numbers.push(&[cells.number(row).unwrap_or(f64::NAN)]);
            } else if let Some(list) = cells.list(row) {
                self.numbers.push(list);
            }
        }
    }

    fn part(&self, name: &str, n_rows: usize) -> PartSummary {
        let kind = self.kind.as_deref().unwrap_or("empty").to_owned();
        PartSummary { n_empty: self.n_empty, ..self.numbers.part(name, kind, vec![n_rows]) }
    }
}

/// Hashes what stands in a row of a column.
fn hash_cell(cells: &Cells, row: usize, hasher: &mut DefaultHasher) {
    if cells.is_missing(row) {
        return 0u8.hash(hasher);
    }
    match &cells.values {
        CellValues::Texts(texts) => texts.get(row).hash(hasher),
        CellValues::Integers(values) => values[row].hash(hasher),
        CellValues::Lists(lists) => lists.get(row).iter().for_each(|value| value.to_bits().hash(hasher)),
        _ => cells.number(row).map(f64::to_bits).hash(hasher),
    }
}

/// The columns of a table whose values have types.
pub(super) fn typed_table(path: &Path, options: &SummaryOptions) -> Result<Table, DataError> {
    let reader = TableReader::open(path, &options.table)?;
    let names = reader.columns();
    let [label, id] = options.places(path, names)?;
    let mut columns: Vec<Column> = names.iter().map(|_| Column::default()).collect();
    let mut counts = RowCounts::default();
    let all: Vec<usize> = (0..names.len()).collect();
    let mut rows = reader.rows_of_any_type(&all)?;
    while let Some(batch) = rows.next_batch()? {
        columns.iter_mut().zip(&batch.columns).for_each(|(column, cells)| column.push(cells));
        for row in 0..batch.n_rows {
            let mut whole = DefaultHasher::new();
            for (column, cells) in batch.columns.iter().enumerate() {
                if Some(column) != id {
                    hash_cell(cells, row, &mut whole);
                }
            }
            counts.rows.push(whole.finish());
            if let Some(id) = id {
                let mut hasher = DefaultHasher::new();
                hash_cell(&batch.columns[id], row, &mut hasher);
                counts.ids.push(hasher.finish());
            }
            if let Some(label) = label {
                let value = batch.columns[label].text(row).unwrap_or_default().into_owned();
                *counts.classes.entry(value).or_default() += 1;
            }
        }
        counts.n_rows += batch.n_rows;
    }
    if counts.n_rows == 0 {
        return Err(malformed(path, "", "no rows, expected at least one"));
    }
    let parts = names.iter().zip(&columns).map(|(name, column)| column.part(name, counts.n_rows)).collect();
    Ok(counts.table(parts, label, id))
}
