use std::io;
use std::path::Path;
use std::sync::Arc;

use cl_data::io::{malformed, write_atomically};
use cl_data::{DataError, Ids};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::record::Field;
use parquet::schema::parser::parse_message_type;

use super::score_table::{Table, TableColumn};
use crate::{
    dynamics::{Column, ColumnValues},
    parquet_fields::{float, id, integer, open_parquet, parquet_error},
};

/// Writes `id` (a text), `label` and a column per metric.
pub(super) fn write_parquet(
    path: &Path,
    ids: &Ids,
    labels: &[usize],
    columns: &[Column],
) -> Result<(), DataError> {
    let mut schema = "message scores { required byte_array id (utf8); required int64 label;".to_owned();
    for column in columns {
        let kind = match column.values {
            ColumnValues::Float(_) => "double",
            ColumnValues::Integer(_) => "int64",
            ColumnValues::Flag(_) => "boolean",
        };
        schema += &format!(" required {kind} {};", column.name);
    }
    let schema = parse_message_type(&(schema + " }")).map_err(|error| parquet_error(path, "", error))?;
    let schema = Arc::new(schema);
    let ids: Vec<ByteArray> = ids.iter().map(|id| ByteArray::from(&*id)).collect();
    let labels: Vec<i64> = labels.iter().map(|&label| label as i64).collect();
    write_atomically(path, |writer| {
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
    })
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
pub(super) fn read_parquet(table: &mut Table) -> Result<(), DataError> {
    let path = &table.path;
    let (mut ids, mut labels) = (Vec::new(), Vec::new());
    let mut columns: Vec<TableColumn> = Vec::new();
    for (number, row) in open_parquet(path)?.into_iter().enumerate() {
        let row = row.map_err(|error| parquet_error(path, &format!("row {number}"), error))?;
        let mut at = 0;
        for (name, field) in row.get_column_iter() {
            let wrong = |expected: &str| {
                let place = format!("row {number}, column `{name}`");
                malformed(path, place, format!("{field}, expected {expected}"))
            };
            match name.as_str() {
                "id" => ids.push(id(field).ok_or_else(|| wrong("an integer or a text"))?),
                "label" => {
                    let label = integer(field).and_then(|label| usize::try_from(label).ok());
                    labels.push(label.ok_or_else(|| wrong("a class, an integer from 0"))?);
                }
                _ => {
                    if number == 0 {
                        columns.push(TableColumn { name: name.clone(), values: Vec::new() });
                    }
                    columns[at].values.push(number_of(field).ok_or_else(|| wrong("a number"))?);
                    at += 1;
                }
            }
        }
    }
    let n = columns.first().map_or(0, |column| column.values.len());
    if ids.len() != n {
        return Err(malformed(path, "", "no column `id`"));
    }
    table.ids = Some(Ids::texts(ids).map_err(|error| malformed(path, "", error.to_string()))?);
    table.labels = (!labels.is_empty()).then_some(labels);
    table.columns = columns;
    Ok(())
}

fn number_of(field: &Field) -> Option<f64> {
    match field {
        Field::Bool(value) => Some(f64::from(u8::from(*value))),
        field => float(field).or_else(|| integer(field).map(|value| value as f64)),
    }
}
