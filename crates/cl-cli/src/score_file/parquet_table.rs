use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use cl_data::Ids;
use cl_data::io::write_atomically;
use cl_difficulty::{Column, ColumnValues};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::reader::SerializedFileReader;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::record::Field;
use parquet::schema::parser::parse_message_type;

use super::{ScoreColumn, ScoreFile};

/// Writes `id` (a text), `label` and a column per metric.
pub(super) fn write_parquet(path: &Path, ids: &Ids, labels: &[usize], columns: &[Column]) -> anyhow::Result<()> {
    let mut schema = "message scores { required byte_array id (utf8); required int64 label;".to_owned();
    for column in columns {
        let kind = match column.values {
            ColumnValues::Float(_) => "double",
            ColumnValues::Integer(_) => "int64",
            ColumnValues::Flag(_) => "boolean",
        };
        schema += &format!(" required {kind} {};", column.name);
    }
    let schema = Arc::new(parse_message_type(&(schema + " }"))?);
    let ids: Vec<ByteArray> = ids.iter().map(|id| ByteArray::from(&*id)).collect();
    let labels: Vec<i64> = labels.iter().map(|&label| label as i64).collect();
    Ok(write_atomically(path, |writer| {
        let write = || -> Result<(), ParquetError> {
            let mut file = SerializedFileWriter::new(writer, schema, Arc::default())?;
            let mut group = file.next_row_group()?;
            write_column::<ByteArrayType>(&mut group, &ids)?;
            write_column::<Int64Type>(&mut group, &labels)?;
            for column in columns {
                match &column.values {
                    ColumnValues::Float(values) => write_column::<DoubleType>(&mut group, values)?,
                    ColumnValues::Integer(values) => write_column::<Int64Type>(&mut group, values)?,
                    ColumnValues::Flag(values) => write_column::<BoolType>(&mut group, values)?,
                }
            }
            group.close()?;
            file.close()?;
            Ok(())
        };
        write().map_err(io::Error::other)
    })?)
}

fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, impl io::Write + Send>,
    values: &[T::T],
) -> Result<(), ParquetError> {
    if let Some(mut column) = group.next_column()? {
        column.typed::<T>().write_batch(values, None, None)?;
        column.close()?;
    }
    Ok(())
}

/// Reads `id` (a text or an integer), `label`, where there is one, and the other columns as scores.
pub(super) fn read_parquet(scores: &mut ScoreFile) -> anyhow::Result<()> {
    let path = scores.path.clone();
    let place = || path.display().to_string();
    let reader = SerializedFileReader::new(File::open(&path).with_context(place)?).with_context(place)?;
    let (mut ids, mut labels) = (Vec::new(), Vec::new());
    let mut columns: Vec<ScoreColumn> = Vec::new();
    for (number, row) in reader.into_iter().enumerate() {
        let row = row.with_context(|| format!("{}: row {number}", place()))?;
        let mut at = 0;
        for (name, field) in row.get_column_iter() {
            let wrong = |expected: &str| {
                format!("{}: row {number}, column `{name}`: {field}, expected {expected}", place())
            };
            match name.as_str() {
                "id" => ids.push(match (field, integer(field)) {
                    (Field::Str(id), _) => id.clone(),
                    (_, Some(id)) => id.to_string(),
                    _ => bail!("{}", wrong("an integer or a text")),
                }),
                "label" => {
                    let label = integer(field).and_then(|label| usize::try_from(label).ok());
                    labels.push(label.with_context(|| wrong("a class, an integer from 0"))?);
                }
                _ => {
                    if number == 0 {
                        columns.push(ScoreColumn { name: name.clone(), values: Vec::new() });
                    }
                    columns[at].values.push(number_of(field).with_context(|| wrong("a number"))?);
                    at += 1;
                }
            }
        }
    }
    let n = columns.first().map_or(0, |column| column.values.len());
    if ids.len() != n {
        bail!("{}: no column `id`", place());
    }
    scores.ids = Some(Ids::texts(ids).with_context(place)?);
    scores.labels = (!labels.is_empty()).then_some(labels);
    scores.columns = columns;
    Ok(())
}

/// An integer of any width.
pub(crate) fn integer(field: &Field) -> Option<i64> {
    match *field {
        Field::Byte(value) => Some(value.into()),
        Field::Short(value) => Some(value.into()),
        Field::Int(value) => Some(value.into()),
        Field::Long(value) => Some(value),
        Field::UByte(value) => Some(value.into()),
        Field::UShort(value) => Some(value.into()),
        Field::UInt(value) => Some(value.into()),
        Field::ULong(value) => value.try_into().ok(),
        _ => None,
    }
}

fn number_of(field: &Field) -> Option<f64> {
    match field {
        Field::Float16(value) => Some(value.to_f64()),
        Field::Float(value) => Some((*value).into()),
        Field::Double(value) => Some(*value),
        Field::Bool(value) => Some(f64::from(u8::from(*value))),
        field => integer(field).map(|value| value as f64),
    }
}
