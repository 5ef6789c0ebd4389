//! The report, as a table for people and as JSON for programs.

use std::fmt;
use std::path::Path;

use comfy_table::Cell;
use serde::Serialize;

use crate::output::{new_table, right, short};

/// What a file holds.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) file: String,
    pub(crate) format: &'static str,
    /// Rows of a CSV file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) n_rows: Option<usize>,
    /// Rows of a CSV file that equal an earlier one, ids aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) n_duplicate_rows: Option<usize>,
    /// Ids that an earlier row has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) n_duplicate_ids: Option<usize>,
    /// The arrays, or the columns.
    pub(crate) parts: Vec<Part>,
}

/// An array, or a column of a CSV file.
#[derive(Serialize)]
pub(crate) struct Part {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) element_type: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) mean: Option<f64>,
    pub(crate) n_nan: usize,
    pub(crate) n_infinite: usize,
    /// Empty fields of a column.
    pub(crate) n_empty: usize,
    /// Rows (along the first axis) that equal an earlier one; for the `ids` of an archive, ids that do. None
    /// where there are no rows to compare, or too many to remember.
    pub(crate) n_duplicates: Option<usize>,
    /// The different values, where they are classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) values: Option<Vec<ValueCount>>,
}

/// How often a value occurs.
#[derive(Serialize)]
pub(crate) struct ValueCount {
    pub(crate) value: String,
    pub(crate) count: usize,
}

impl Report {
    pub(crate) fn new(path: &Path, format: &'static str) -> Self {
        let file = path.display().to_string();
        Self { file, format, n_rows: None, n_duplicate_rows: None, n_duplicate_ids: None, parts: Vec::new() }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.file, self.format)?;
        for (count, what) in [
            (self.n_rows, "rows"),
            (self.n_duplicate_rows, "duplicate rows"),
            (self.n_duplicate_ids, "duplicate ids"),
        ] {
            if let Some(count) = count {
                write!(formatter, ", {count} {what}")?;
            }
        }
        writeln!(formatter)?;
        let columns = self.n_rows.is_some();
        let header: &[&str] = if columns {
            &["column", "type", "min", "max", "mean", "NaN", "infinite", "empty"]
        } else {
            &["array", "type", "min", "max", "mean", "NaN", "infinite", "shape", "duplicate rows"]
        };
        let mut table = new_table(header);
        for part in &self.parts {
            let mut cells = vec![Cell::new(&part.name), Cell::new(&part.element_type)];
            cells.extend([part.min, part.max, part.mean].map(|value| right(value.map_or("-".into(), short))));
            cells.extend([part.n_nan, part.n_infinite].map(|count| right(count.to_string())));
            if columns {
                cells.push(right(part.n_empty.to_string()));
            } else {
                let shape: Vec<String> = part.shape.iter().map(usize::to_string).collect();
                cells.push(right(if shape.is_empty() { "scalar".into() } else { shape.join(" x ") }));
                cells.push(right(part.n_duplicates.map_or("-".into(), |count| count.to_string())));
            }
            table.add_row(cells);
        }
        writeln!(formatter, "{table}")?;
        for part in &self.parts {
            if let Some(values) = &part.values {
                writeln!(formatter, "\n{}: {} values", part.name, values.len())?;
                let mut table = new_table(&["value", "count"]);
                for ValueCount { value, count } in values {
                    table.add_row([Cell::new(value), right(count.to_string())]);
                }
                writeln!(formatter, "{table}")?;
            }
        }
        Ok(())
    }
}
