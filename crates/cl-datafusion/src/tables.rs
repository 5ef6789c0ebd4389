use std::path::Path;

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::compute::{cast, concat_batches};
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::prelude::{DataFrame, ParquetReadOptions, SessionContext};

use cl_data::Ids;
use cl_difficulty::ColumnValues;

use crate::error::EngineError;

/// The rows of a Parquet file, or of all in a folder.
///
/// # Errors
/// Where there is none, or columns of one name have several types.
pub(crate) async fn read_parquet(context: &SessionContext, path: &Path) -> Result<DataFrame, EngineError> {
    let text = path.to_string_lossy();
    // What is somewhere else is the object store's to find.
    if !text.contains("://") && !path.exists() {
        return Err(EngineError::cell("the input", text, "not there", "a Parquet file or a folder of them"));
    }
    // Executors may run in another folder.
    let absolute = if text.contains("://") { None } else { std::path::absolute(path).ok() };
    let text = absolute.map_or_else(|| text.to_string(), |path| path.to_string_lossy().into_owned());
    let folder = path.is_dir() && !text.ends_with('/');
    let text = if folder { format!("{text}/") } else { text };
    let ending = if path.is_dir() { ".parquet" } else { "" };
    let options = ParquetReadOptions { file_extension: ending, ..ParquetReadOptions::default() };
    let frame = context.read_parquet(text.as_str(), options).await.map_err(|error| {
        EngineError::cell("the input", text.as_str(), error.to_string(), "Parquet files with the same columns")
    })?;
    if frame.schema().fields().is_empty() {
        return Err(EngineError::cell("the input", text, "without a column", "Parquet files of rows"));
    }
    Ok(frame)
}

/// All rows at once.
pub(crate) async fn collect(frame: DataFrame) -> Result<RecordBatch, EngineError> {
    let schema = std::sync::Arc::new(frame.schema().as_arrow().clone());
    let batches = frame.collect().await?;
    let schema = batches.first().map_or(schema, RecordBatch::schema);
    Ok(concat_batches(&schema, &batches).map_err(datafusion::error::DataFusionError::from)?)
}

/// A column of ids, of integers or texts.
pub(crate) fn ids(column: &dyn Array) -> Result<Ids, EngineError> {
    let kind = if column.data_type().is_integer() { DataType::Int64 } else { DataType::Utf8 };
    let cast = cast(column, &kind).map_err(datafusion::error::DataFusionError::from)?;
    let ids = match kind {
        DataType::Int64 => Ids::integers(cast.as_primitive::<Int64Type>().values().to_vec()),
        _ => Ids::texts(cast.as_string::<i32>().iter().map(|id| id.unwrap_or_default().to_owned()).collect()),
    };
    Ok(ids.map_err(cl_difficulty::DifficultyError::from)?)
}

/// A column of labels.
pub(crate) fn labels(column: &dyn Array) -> Result<Vec<usize>, EngineError> {
    let labels = cast(column, &DataType::Int64).map_err(datafusion::error::DataFusionError::from)?;
    let labels = labels.as_primitive::<Int64Type>();
    let label = |label: Option<i64>| {
        let class = label.and_then(|label| usize::try_from(label).ok());
        let found = || label.map_or("null".into(), |label| label.to_string());
        class.ok_or_else(|| EngineError::cell("the table", "the label", found(), "a class from 0"))
    };
    labels.iter().map(label).collect()
}

/// A column of a metric's values.
pub(crate) fn values(name: &str, column: &dyn Array) -> Result<ColumnValues, EngineError> {
    if column.null_count() > 0 {
        return Err(EngineError::cell("the table", format!("column {name}"), "null", "a value in every row"));
    }
    let floats = |column: &dyn Array| -> Result<Vec<f64>, EngineError> {
        let column = cast(column, &DataType::Float64).map_err(datafusion::error::DataFusionError::from)?;
        Ok(column.as_primitive::<Float64Type>().values().to_vec())
    };
    Ok(match column.data_type() {
        DataType::Boolean => {
            ColumnValues::Flag(column.as_boolean().iter().map(|flag| flag == Some(true)).collect())
        }
        kind if kind.is_integer() => {
            let column = cast(column, &DataType::Int64).map_err(datafusion::error::DataFusionError::from)?;
            ColumnValues::Integer(column.as_primitive::<Int64Type>().values().to_vec())
        }
        _ => ColumnValues::Float(floats(column)?),
    })
}
