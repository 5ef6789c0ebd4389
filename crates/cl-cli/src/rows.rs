//! Rows of a result, as CSV or as JSON lines.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use cl_data::io::{csv_field, exact, write_atomically};

use crate::output_format::OutputFormat;

/// A value of a row.
pub(crate) enum Field<'a> {
    Text(Cow<'a, str>),
    Count(u64),
    Number(f64),
    Missing,
}

impl Field<'_> {
    fn csv(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => csv_field(text).into(),
            Self::Count(count) => count.to_string().into(),
            Self::Number(number) => exact(*number).into(),
            Self::Missing => "".into(),
        }
    }

    fn json(&self) -> io::Result<String> {
        Ok(match self {
            Self::Text(text) => serde_json::to_string(text)?,
            Self::Count(count) => count.to_string(),
            Self::Number(number) if number.is_finite() => exact(*number),
            // As Python writes what is no JSON.
            Self::Number(f64::INFINITY) => "Infinity".into(),
            Self::Number(f64::NEG_INFINITY) => "-Infinity".into(),
            Self::Number(_) => "NaN".into(),
            Self::Missing => "null".into(),
        })
    }
}

impl<'a> From<Cow<'a, str>> for Field<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}

impl From<usize> for Field<'_> {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

impl From<f64> for Field<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

/// Writes rows under these names: as JSON lines where these are asked for, else as CSV.
pub(crate) fn write_rows<'a>(
    path: &Path,
    format: OutputFormat,
    names: &[&str],
    rows: impl Iterator<Item = Vec<Field<'a>>>,
) -> anyhow::Result<()> {
    Ok(write_atomically(path, |writer| match format {
        OutputFormat::Jsonl => write_json(writer, names, rows),
        _ => write_csv(writer, names, rows),
    })?)
}

fn write_csv<'a>(
    writer: &mut dyn Write,
    names: &[&str],
    mut rows: impl Iterator<Item = Vec<Field<'a>>>,
) -> io::Result<()> {
    writeln!(writer, "{}", names.join(","))?;
    rows.try_for_each(|row| {
        for (at, field) in row.iter().enumerate() {
            write!(writer, "{}{}", if at > 0 { "," } else { "" }, field.csv())?;
        }
        writeln!(writer)
    })
}

fn write_json<'a>(
    writer: &mut dyn Write,
    names: &[&str],
    mut rows: impl Iterator<Item = Vec<Field<'a>>>,
) -> io::Result<()> {
    rows.try_for_each(|row| {
        for (at, (name, field)) in names.iter().zip(&row).enumerate() {
            write!(writer, "{}{name:?}:{}", if at > 0 { "," } else { "{" }, field.json()?)?;
        }
        writeln!(writer, "}}")
    })
}
