//! What logs and tables in Parquet have in common: opening, and the numbers in a field.

use std::fs::File;
use std::path::Path;

use cl_data::DataError;
use cl_data::io::{io_error, malformed};
use parquet::{errors::ParquetError, file::reader::SerializedFileReader, record::Field};

pub(crate) fn open_parquet(path: &Path) -> Result<SerializedFileReader<File>, DataError> {
    let file = File::open(path).map_err(|error| io_error(path, error))?;
    SerializedFileReader::new(file).map_err(|error| parquet_error(path, "", error))
}

pub(crate) fn parquet_error(path: &Path, place: &str, error: ParquetError) -> DataError {
    malformed(path, place, error.to_string())
}

/// An id: a text, or an integer of any width.
pub(crate) fn id(field: &Field) -> Option<String> {
    match field {
        Field::Str(id) => Some(id.clone()),
        field => integer(field).map(|id| id.to_string()),
    }
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

/// A floating-point number of any width.
pub(crate) fn float(field: &Field) -> Option<f64> {
    match field {
        Field::Float16(value) => Some(value.to_f64()),
        Field::Float(value) => Some((*value).into()),
        Field::Double(value) => Some(*value),
        _ => None,
    }
}
