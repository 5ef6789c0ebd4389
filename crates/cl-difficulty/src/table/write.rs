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

/// Writes scores and their sidecar, each whole or not at all, in the [`TableFormat`] of the path.
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
    write_columns(path, ids, labels, columns)?;
    Ok(sidecar.write(path)?)
}

/// Writes scores without a sidecar, whole or not at all, in the [`TableFormat`] of the path.
///
/// # Errors
/// Where ids, labels and columns are not as many; several columns for a `.npy` file; Parquet without labels; and where
/// the file cannot be written.
pub fn write_columns(
    path: &Path,
    ids: &Ids,
    labels: Option<&[usize]>,
    columns: Vec<Column>,
) -> Result<(), DifficultyError> {
    let (format, n) = (TableFormat::of(path)?, ids.len());
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
        #[cfg(feature = "parquet")]
        TableFormat::Parquet => {
            let Some(labels) = labels else {
                let problem = "a .parquet file has a column of labels, expected labels";
                return Err(DifficultyError::malformed(path, "", problem));
            };
            write_parquet(path, ids, labels, &columns)?;
        }
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
