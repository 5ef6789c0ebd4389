use std::io::Write;
use std::path::Path;

use cl_data::Ids;
use cl_data::io::{Array, ArrayData, csv_field, exact, ids_data, write_atomically, write_npy, write_npz};

#[cfg(feature = "parquet")]
use super::parquet_table::write_parquet;
use super::{format::TableFormat, sidecar::Sidecar};
use crate::{
    dynamics::{Column, ColumnValues},
    error::DifficultyError,
};

/// Writes scores and their sidecar, each whole or not at all, in the [`TableFormat`] of the path; to standard output, `-`,
/// the scores alone.
///
/// # Errors
/// As [`write_columns`].
pub fn write(
    path: &Path,
    ids: &Ids,
    labels: Option<&[usize]>,
    columns: Vec<Column>,
    sidecar: &Sidecar,
) -> Result<(), DifficultyError> {
    write_as(TableFormat::of(path)?, path, ids, labels, columns, sidecar)
}

/// As [`write()`], in a format whatever the path ends in.
///
/// # Errors
/// As [`write_columns`].
pub fn write_as(
    format: TableFormat,
    path: &Path,
    ids: &Ids,
    labels: Option<&[usize]>,
    columns: Vec<Column>,
    sidecar: &Sidecar,
) -> Result<(), DifficultyError> {
    write_columns_as(format, path, ids, labels, columns)?;
    Ok(sidecar.write(path)?)
}

/// Writes scores without a sidecar, whole or not at all, in the [`TableFormat`] of the path.
///
/// # Errors
/// Where ids, labels and columns are not as many; several columns for a `.npy` file; and where the file cannot be
/// written.
pub fn write_columns(
    path: &Path,
    ids: &Ids,
    labels: Option<&[usize]>,
    columns: Vec<Column>,
) -> Result<(), DifficultyError> {
    write_columns_as(TableFormat::of(path)?, path, ids, labels, columns)
}

/// As [`write_columns`], in a format whatever the path ends in. O(cells).
///
/// ```
/// use std::path::Path;
///
/// use cl_data::Ids;
/// use cl_difficulty::table::{Table, TableFormat, write_columns_as};
/// use cl_difficulty::{Column, ColumnValues, Metric};
///
/// let column = Column {
///     name: "el2n".into(),
///     values: ColumnValues::Float(vec![0.5, 0.25]),
///     higher_is_harder: Some(true),
///     metric: Metric::new("el2n"),
/// };
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("scores");
/// write_columns_as(TableFormat::JsonLines, &path, &Ids::range(2), None, vec![column])?;
/// assert_eq!(std::fs::read_to_string(&path)?, "{\"id\":\"0\",\"el2n\":0.5}\n{\"id\":\"1\",\"el2n\":0.25}\n");
/// assert_eq!(Table::read(&path)?.column("el2n")?.values, [0.5, 0.25]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`write_columns`].
pub fn write_columns_as(
    format: TableFormat,
    path: &Path,
    ids: &Ids,
    labels: Option<&[usize]>,
    columns: Vec<Column>,
) -> Result<(), DifficultyError> {
    let n = ids.len();
    let lengths = columns.iter().map(|column| ("a column", column.values.len()));
    let mut lengths = lengths.chain(labels.map(|labels| ("labels", labels.len())));
    if let Some((what, found)) = lengths.find(|(_, found)| *found != n) {
        return Err(DifficultyError::LengthMismatch { what, found, expected: n });
    }
    let array = |values: ColumnValues| {
        let data = match values {
            ColumnValues::Float(values) => ArrayData::F64(values),
            ColumnValues::Integer(values) => ArrayData::I64(values),
            ColumnValues::Flag(values) => ArrayData::Bool(values),
        };
        Array::new(vec![n], data)
    };
    match format {
        TableFormat::Csv => write_atomically(path, |writer| write_csv(writer, ids, labels, &columns))?,
        TableFormat::JsonLines => write_atomically(path, |writer| write_lines(writer, ids, labels, &columns))?,
        #[cfg(feature = "parquet")]
        TableFormat::Parquet => write_parquet(path, ids, labels, &columns)?,
        TableFormat::Npy => {
            let [column] = <[Column; 1]>::try_from(columns).map_err(|columns| {
                let n = columns.len();
                let problem = format!("a .npy file holds one column, expected one metric, not {n}");
                DifficultyError::malformed(path, "", problem)
            })?;
            write_npy(path, &array(column.values)?)?;
        }
        TableFormat::Npz => {
            let mut members = vec![("ids".to_owned(), Array::new(vec![n], ids_data(ids.iter()))?)];
            if let Some(labels) = labels {
                let labels = ArrayData::I64(labels.iter().map(|&label| label as i64).collect());
                members.push(("labels".to_owned(), Array::new(vec![n], labels)?));
            }
            for column in columns {
                members.push((column.name, array(column.values)?));
            }
            write_npz(path, members.iter().map(|(name, array)| (name, array)))?;
        }
    }
    Ok(())
}

fn write_csv(
    writer: &mut dyn Write,
    ids: &Ids,
    labels: Option<&[usize]>,
    columns: &[Column],
) -> std::io::Result<()> {
    let names: Vec<_> = columns.iter().map(|column| csv_field(&column.name)).collect();
    writeln!(writer, "id,{}{}", if labels.is_some() { "label," } else { "" }, names.join(","))?;
    for (example, id) in ids.iter().enumerate() {
        write!(writer, "{}", csv_field(&id))?;
        if let Some(labels) = labels {
            write!(writer, ",{}", labels[example])?;
        }
        for column in columns {
            match &column.values {
                ColumnValues::Float(values) => write!(writer, ",{}", exact(values[example]))?,
                ColumnValues::Integer(values) => write!(writer, ",{}", values[example])?,
                ColumnValues::Flag(values) => write!(writer, ",{}", u8::from(values[example]))?,
            }
        }
        writeln!(writer)?;
    }
    Ok(())
}

fn write_lines(
    writer: &mut dyn Write,
    ids: &Ids,
    labels: Option<&[usize]>,
    columns: &[Column],
) -> std::io::Result<()> {
    let text = |text: &str| serde_json::to_string(text).map_err(std::io::Error::from);
    let names = columns.iter().map(|column| text(&column.name)).collect::<Result<Vec<_>, _>>()?;
    for (example, id) in ids.iter().enumerate() {
        write!(writer, "{{\"id\":{}", text(&id)?)?;
        if let Some(labels) = labels {
            write!(writer, ",\"label\":{}", labels[example])?;
        }
        for (column, name) in columns.iter().zip(&names) {
            match &column.values {
                ColumnValues::Float(values) => write!(writer, ",{name}:{}", json_number(values[example]))?,
                ColumnValues::Integer(values) => write!(writer, ",{name}:{}", values[example])?,
                ColumnValues::Flag(values) => write!(writer, ",{name}:{}", values[example])?,
            }
        }
        writeln!(writer, "}}")?;
    }
    Ok(())
}

/// A number as Python writes it: infinities and NaN by name.
fn json_number(value: f64) -> String {
    match value {
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        value if value.is_nan() => "NaN".into(),
        value => exact(value),
    }
}
