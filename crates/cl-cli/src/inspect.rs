//! `curriculum inspect`: what a file holds.

use std::fmt;
use std::path::PathBuf;

use anyhow::bail;
use cl_data::io::{FileFormat, FileSummary, SummaryOptions, ValueCount, summarize};
use clap::Args;
use comfy_table::Cell;
use serde::Serialize;

use crate::output::{new_table, print, right, short};

/// Show what a data file holds: shapes, types, classes, ranges, NaN, duplicates.
///
/// The format is recognised by content, then by name: CSV, IDX (MNIST), CIFAR binary (.bin), .npy and .npz, all
/// but the last gzipped or not. Minimum, maximum and mean are those of the finite numbers; NaN and infinite
/// values are counted, not refused. Arrays are streamed, so that a .npy file may be larger than memory.
///
/// Values with their counts are shown for the label column, and for arrays of one axis of integers or texts
/// with at most 256 different values. A row is a duplicate where an earlier one is equal, its id aside.
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum inspect train.csv --label species
  curriculum inspect train.csv --label 4 --id name
  curriculum inspect dynamics.npz --json

With --label a CSV file is looked at as a data set: a column that holds numbers and a text, such as n/a, is \
then an error that names the line.")]
pub(crate) struct Arguments {
    /// The file
    file: PathBuf,
    /// The column of a CSV file, by name or by index from 0, whose values are the classes
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// The column of a CSV file, by name or index, that names the rows [default: `id`, where there is one]
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// The character between the fields of a CSV file
    #[arg(long, default_value = ",", value_parser = delimiter)]
    delimiter: u8,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn delimiter(text: &str) -> Result<u8, String> {
    match (text, text.as_bytes()) {
        ("\\t", _) => Ok(b'\t'),
        (_, &[byte]) if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n') => Ok(byte),
        _ => Err("expected one ASCII character, or \\t".into()),
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { file, label, id, delimiter, json } = arguments;
    let format = FileFormat::of(file)?;
    if format != FileFormat::Csv && (label.is_some() || id.is_some()) {
        bail!("{}: --label and --id name columns of a CSV file, this is {}", file.display(), format.name());
    }
    let options = SummaryOptions { label: label.clone(), id: id.clone(), delimiter: *delimiter };
    print(&Report(summarize(file, &options)?), *json)
}

/// The summary, as a table for people and as JSON for programs.
#[derive(Serialize)]
#[serde(transparent)]
struct Report(FileSummary);

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(summary) = self;
        write!(formatter, "{}: {}", summary.file, summary.format)?;
        for (count, what) in [
            (summary.n_rows, "rows"),
            (summary.n_duplicate_rows, "duplicate rows"),
            (summary.n_duplicate_ids, "duplicate ids"),
        ] {
            if let Some(count) = count {
                write!(formatter, ", {count} {what}")?;
            }
        }
        writeln!(formatter)?;
        let columns = summary.n_rows.is_some();
        let header: &[&str] = if columns {
            &["column", "type", "min", "max", "mean", "NaN", "infinite", "empty"]
        } else {
            &["array", "type", "min", "max", "mean", "NaN", "infinite", "shape", "duplicate rows"]
        };
        let mut table = new_table(header);
        for part in &summary.parts {
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
        for part in &summary.parts {
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
