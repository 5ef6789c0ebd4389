use std::path::Path;

use cl_data::DataError;
use cl_data::io::{ArrayData, malformed};

/// The numbers of an array, which stands at this place of a file.
pub(super) fn array_values(path: &Path, place: &str, data: &ArrayData) -> Result<Vec<f64>, DataError> {
    let mut values = Vec::new();
    data.append_floats(&mut values).map_err(|error| malformed(path, place, error.to_string()))?;
    Ok(values)
}
