use std::io;
use std::path::Path;
use std::sync::Arc;

use cl_data::io::{malformed, write_atomically};
use cl_data::{DataError, Ids};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use crate::dynamics::{Column, ColumnValues};

/// Writes `id` (a text), `label`, where there are labels, and a column per metric.
pub(super) fn write_parquet(
    path: &Path,
    ids: &Ids,
    labels: Option<&[usize]>,
    columns: &[Column],
) -> Result<(), DataError> {
    let mut schema = "message scores { required byte_array id (utf8);".to_owned();
    if labels.is_some() {
        schema += " required int64 label;";
    }
    for column in columns {
        let kind = match column.values {
            ColumnValues::Float(_) => "double",
            ColumnValues::Integer(_) => "int64",
            ColumnValues::Flag(_) => "boolean",
        };
        schema += &format!(" required {kind} {};", column.name);
    }
    let schema = parse_message_type(&(schema + " }")).map_err(|error| malformed(path, "", error.to_string()))?;
    let schema = Arc::new(schema);
    let ids: Vec<ByteArray> = ids.iter().map(|id| ByteArray::from(&*id)).collect();
    let labels: Option<Vec<i64>> = labels.map(|labels| labels.iter().map(|&label| label as i64).collect());
    write_atomically(path, |writer| {
        let write = || -> Result<(), ParquetError> {
            let mut file = SerializedFileWriter::new(writer, schema, Arc::default())?;
            let mut group = file.next_row_group()?;
            write_column::<ByteArrayType>(&mut group, &ids)?;
            if let Some(labels) = &labels {
                write_column::<Int64Type>(&mut group, labels)?;
            }
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
