//! Rows of a result, as CSV or as JSON lines.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use cl_data::io::{csv_field, exact};

use crate::output::written;
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
    mut rows: impl Iterator<Item = Vec<Field<'a>>>,
) -> anyhow::Result<()> {
    written(path, |writer| {
        let mut writer = RowWriter::new(writer, format, names)?;
        rows.try_for_each(|row| writer.write(&row))
    })
}

/// Writes one row after the other.
pub(crate) struct RowWriter<'a> {
    writer: &'a mut dyn Write,
    names: &'a [&'a str],
    is_json: bool,
}

impl<'a> RowWriter<'a> {
    pub(crate) fn new(
        writer: &'a mut dyn Write,
        format: OutputFormat,
        names: &'a [&'a str],
    ) -> anyhow::Result<Self> {
        let is_json = format == OutputFormat::Jsonl;
        if !is_json {
            writeln!(writer, "{}", names.join(","))?;
        }
        Ok(Self { writer, names, is_json })
    }

    pub(crate) fn write(&mut self, row: &[Field<'_>]) -> anyhow::Result<()> {
        let Self { writer, names, is_json } = self;
        for (at, (name, field)) in names.iter().zip(row).enumerate() {
            match is_json {
                true => write!(writer, "{}{name:?}:{}", if at > 0 { "," } else { "{" }, field.json()?)?,
                false => write!(writer, "{}{}", if at > 0 { "," } else { "" }, field.csv())?,
            }
        }
        Ok(writeln!(writer, "{}", if *is_json { "}" } else { "" })?)
    }
}
