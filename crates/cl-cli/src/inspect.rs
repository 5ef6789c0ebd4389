//! `curriculum inspect`: what a file holds.

mod log;

use std::fmt;
use std::path::PathBuf;

use anyhow::bail;
use cl_data::io::{FileFormat, FileSummary, SummaryOptions, ValueCount, summarize};
use cl_study::shown;
use clap::Args;
use serde::Serialize;

use self::log::LogReport;
use crate::dynamics::LogOptions;
use crate::output::{answer, in_flags, left, new_table, right, short};

/// Show what a file of data or a log of training holds: shapes, types, classes, ranges, NaN, duplicates; of a log ids,
/// epochs, gaps, what is missing or twice, and which metrics it can give.
///
/// The format is recognised by content, then by name: tables (CSV with any separator, JSON lines, Parquet), IDX (MNIST),
/// CIFAR binary (.bin), .npy and .npz, all but the last gzipped or not; `-` is standard input. What `curriculum score` takes
/// is looked at as a log, too, folders as logs alone. Minimum, maximum and mean are those of the finite numbers; NaN and
/// infinite values are counted, not refused. Arrays are streamed, so that a .npy file may be larger than memory.
///
/// Values with their counts are shown for the label column, and for arrays of one axis of integers or texts
/// with at most 256 different values. A row is a duplicate where an earlier one is equal, its id aside.
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum inspect train.csv --label species
  curriculum inspect train.csv --label 4 --id-column name
  curriculum inspect scores.parquet
  curriculum inspect dynamics.npz --json
  curriculum inspect training_dynamics/

With --label a CSV file is looked at as a data set: a column that holds numbers and a text, such as n/a, is \
then an error that names the line.")]
pub(crate) struct Arguments {
    /// The file or the folder of a log, or - for standard input
    file: PathBuf,
    /// The column of a table, by name or by index from 0, whose values are the classes
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    #[command(flatten)]
    options: LogOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Columns that are shown to people; JSON has all.
const SHOWN: usize = 1000;

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { file, label, options, json } = arguments;
    if file.is_dir() {
        let log = LogReport::open(file, options)?;
        return answer(&Report { summary: None, log: Some(log), no_log: None }, *json);
    }
    let (table, id) = (options.table.table(), &options.table.id_column);
    let format = table.format.map_or_else(|| FileFormat::of(file), |format| Ok(format.into()))?;
    let is_table = matches!(format, FileFormat::Csv | FileFormat::JsonLines | FileFormat::Parquet);
    if !is_table && (label.is_some() || id.is_some()) {
        bail!(
            "{}: --label and --id-column name columns of a table, expected one, this is {}",
            file.display(),
            format.name()
        );
    }
    let summary = summarize(file, &SummaryOptions { label: label.clone(), id: id.clone(), table })?;
    let is_array = matches!(format, FileFormat::Npy | FileFormat::Npz);
    let (log, no_log) = match is_table || is_array {
        true => match LogReport::open(file, options) {
            Ok(log) => (Some(log), None),
            // What is named as outputs are is meant as a log.
            Err(error) => (None, looks_like_a_log(&summary, is_array).then(|| in_flags(&error.to_string()))),
        },
        false => (None, None),
    };
    answer(&Report { summary: Some(summary), log, no_log }, *json)
}

/// Whether a table has a column of epochs or steps beside one of outputs, or an archive outputs.
fn looks_like_a_log(summary: &FileSummary, is_array: bool) -> bool {
    let has =
        |names: &[&str]| summary.parts.iter().any(|part| names.iter().any(|name| part.name.starts_with(name)));
    let outputs = has(&["logit", "prob", "pred", "log_prob", "loss", "correct"]);
    outputs && (is_array || has(&["epoch", "step", "global_step"]))
}

/// The summary, as a table for people and as JSON for programs.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    summary: Option<FileSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<LogReport>,
    /// Why what looks like a log is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_log: Option<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(summary) = &self.summary {
            write_head(formatter, summary)?;
            write_parts(formatter, summary)?;
            write_values(formatter, summary)?;
        }
        if let Some(log) = &self.log {
            write!(formatter, "{log}")?;
        }
        match &self.no_log {
            Some(reason) => writeln!(formatter, "no log: {reason}"),
            None => Ok(()),
        }
    }
}

/// The file, and what is twice in it.
fn write_head(formatter: &mut fmt::Formatter<'_>, summary: &FileSummary) -> fmt::Result {
    write!(formatter, "{}: {}", shown::line(&summary.file), summary.format)?;
    for (count, what) in [
        (summary.n_rows, "rows"),
        (summary.n_duplicate_rows, "duplicate rows"),
        (summary.n_duplicate_ids, "duplicate ids"),
    ] {
        if let Some(count) = count {
            write!(formatter, ", {count} {what}")?;
        }
    }
    writeln!(formatter)
}

/// The columns of a table, or the arrays.
fn write_parts(formatter: &mut fmt::Formatter<'_>, summary: &FileSummary) -> fmt::Result {
    let columns = summary.n_rows.is_some();
    let header: &[&str] = if columns {
        &["column", "type", "min", "max", "mean", "NaN", "infinite", "empty"]
    } else {
        &["array", "type", "min", "max", "mean", "NaN", "infinite", "shape", "duplicate rows"]
    };
    let mut table = new_table(header);
    for part in summary.parts.iter().take(SHOWN) {
        let mut cells = vec![left(&part.name), left(&part.element_type)];
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
    match summary.parts.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(formatter, "and {more} more, which --json shows"),
    }
}

/// How often each class occurs.
fn write_values(formatter: &mut fmt::Formatter<'_>, summary: &FileSummary) -> fmt::Result {
    for part in &summary.parts {
        if let Some(values) = &part.values {
            writeln!(formatter, "\n{}: {} values", shown::name(&part.name), values.len())?;
            let mut table = new_table(&["value", "count"]);
            for ValueCount { value, count } in values {
                table.add_row([left(value), right(count.to_string())]);
            }
            writeln!(formatter, "{table}")?;
        }
    }
    Ok(())
}
