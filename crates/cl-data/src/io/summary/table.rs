use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use super::duplicates::Duplicates;
use super::numbers::Numbers;
use super::options::SummaryOptions;
use super::part::{PartSummary, ValueCount};
use crate::{
    error::DataError,
    io::{
        CsvRows, malformed,
        table::{number, separator},
    },
};

/// The columns of a table, and what is twice in it.
pub(super) struct Table {
    pub(super) n_rows: usize,
    pub(super) n_duplicate_rows: usize,
    pub(super) n_duplicate_ids: Option<usize>,
    pub(super) parts: Vec<PartSummary>,
}

/// What is counted while the rows of a table pass.
#[derive(Default)]
pub(super) struct RowCounts {
    pub(super) n_rows: usize,
    /// Rows, ids aside.
    pub(super) rows: Duplicates,
    pub(super) ids: Duplicates,
    pub(super) classes: BTreeMap<String, usize>,
}

impl RowCounts {
    /// The table of these columns; classes are listed with numbers by size, not by their first digit.
    pub(super) fn table(self, mut parts: Vec<PartSummary>, label: Option<usize>, id: Option<usize>) -> Table {
        if let Some(label) = label {
            let mut classes: Vec<_> =
                self.classes.into_iter().map(|(value, count)| ValueCount { value, count }).collect();
            classes.sort_by_key(|class| class.value.parse::<i64>().unwrap_or(i64::MAX));
            parts[label].values = Some(classes);
        }
        Table {
            n_rows: self.n_rows,
            n_duplicate_rows: self.rows.count(),
            n_duplicate_ids: id.map(|_| self.ids.count()),
            parts,
        }
    }
}

/// One column on its way.
#[derive(Default)]
struct Column {
    numbers: Numbers,
    n_integers: usize,
    n_numbers: usize,
    n_texts: usize,
    n_empty: usize,
    first_text: Option<(u64, String)>,
}

impl Column {
    fn push(&mut self, field: &str, decimal_comma: bool, line: u64) {
        if field.is_empty() {
            self.n_empty += 1;
        } else if let Some(value) = number(field, decimal_comma) {
            self.n_numbers += 1;
            self.n_integers += usize::from(field.parse::<i64>().is_ok());
            self.numbers.push(&[value]);
        } else {
            self.n_texts += 1;
            self.first_text.get_or_insert_with(|| (line, field.to_owned()));
        }
    }

    fn element_type(&self) -> &'static str {
        match (self.n_numbers, self.n_texts) {
            (0, 0) => "empty",
            (0, _) => "text",
            (_, 1..) => "numbers and texts",
            (numbers, 0) if numbers == self.n_integers => "integer",
            _ => "number",
        }
    }

    fn part(&self, name: &str, n_rows: usize) -> PartSummary {
        PartSummary {
            n_empty: self.n_empty,
            ..self.numbers.part(name, self.element_type().to_owned(), vec![n_rows])
        }
    }
}

pub(super) fn csv_table(path: &Path, options: &SummaryOptions) -> Result<Table, DataError> {
    let decimal_comma = options.table.decimal_comma;
    let mut rows = CsvRows::open(path, separator(path, options.table.separator)?)?;
    if !rows.advance()? {
        return Err(malformed(path, "line 1", "the file is empty, expected rows"));
    }
    // As `HeaderRow::Detected` has it, a first row without any number names the columns; so does one that holds the
    // name of the label or id that was asked for (pandas names unnamed columns 0, 1, ...).
    let is_number = |field: &str| number(field, decimal_comma).is_some_and(f64::is_finite);
    let is_wanted =
        |field: &str| [&options.label, &options.id].into_iter().flatten().any(|wanted| wanted == field);
    let named = !rows.fields().any(is_number)
        || rows.fields().any(|field| is_wanted(field) && field.parse::<usize>().is_err());
    let names: Vec<String> = if named {
        rows.fields().map(Into::into).collect()
    } else {
        (0..rows.n_columns()).map(|column| column.to_string()).collect()
    };
    if named && !rows.advance()? {
        return Err(malformed(
            path,
            format!("line {}", rows.line() + 1),
            "no row after the header, expected some",
        ));
    }
    let [label, id] = options.places(path, &names)?;

    let mut columns: Vec<Column> = names.iter().map(|_| Column::default()).collect();
    let mut counts = RowCounts::default();
    loop {
        counts.n_rows += 1;
        let mut row = DefaultHasher::new();
        for (column, field) in rows.fields().enumerate() {
            columns[column].push(field, decimal_comma, rows.line());
            if Some(column) == id {
                let mut hasher = DefaultHasher::new();
                field.hash(&mut hasher);
                counts.ids.push(hasher.finish());
            } else {
                field.hash(&mut row);
            }
            if Some(column) == label {
                match counts.classes.get_mut(field) {
                    Some(count) => *count += 1,
                    None => _ = counts.classes.insert(field.to_owned(), 1),
                }
            }
        }
        counts.rows.push(row.finish());
        if !rows.advance()? {
            break;
        }
    }

    // A text among the numbers of a feature is a mistake; a column of texts alone is a category, and NaN is counted.
    for (column, (name, found)) in names.iter().zip(&columns).enumerate() {
        let feature = label.is_some() && Some(column) != label && Some(column) != id;
        if let Some((line, text)) = found.first_text.as_ref().filter(|_| feature && found.n_numbers > 0) {
            let place = format!("line {line}, column `{name}`");
            return Err(malformed(path, place, format!("{text:?}, expected a number as in other rows")));
        }
    }
    let parts = names.iter().zip(&columns).map(|(name, column)| column.part(name, counts.n_rows)).collect();
    Ok(counts.table(parts, label, id))
}
