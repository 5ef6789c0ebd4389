//! Columns as a stream of Arrow's C data interface, which pyarrow, polars and others read without a copy.

// Memory of NumPy's is lent to Arrow; all of it stands in this file.
#![allow(unsafe_code)]

use std::panic::AssertUnwindSafe;
use std::ptr::NonNull;
use std::sync::Arc;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, RecordBatchIterator, StringArray};
use arrow_buffer::{Buffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema};
use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::errors::value_error;

/// An array of NumPy's, kept while Arrow reads it.
struct Lent(#[expect(dead_code, reason = "held, not read")] AssertUnwindSafe<Py<PyArray1<f64>>>);

/// Numbers where they lie; copied where they are not next to each other.
fn float_column(array: &Bound<'_, PyArray1<f64>>) -> PyResult<Float64Array> {
    if !array.is_c_contiguous() {
        return Ok(Float64Array::from(array.to_vec()?));
    }
    let readonly: PyReadonlyArray1<'_, f64> =
        array.try_readonly().map_err(|error| PyValueError::new_err(error.to_string()))?;
    let values = readonly.as_slice()?;
    let (pointer, len) = (NonNull::from(values).cast::<u8>(), values.len());
    let owner = Arc::new(Lent(AssertUnwindSafe(array.clone().unbind())));
    // SAFETY: the owner keeps the array, and with it `len` numbers here, for as long as the buffer lasts; nobody writes to
    // scores, whose arrays are read-only.
    let buffer = unsafe { Buffer::from_custom_allocation(pointer, len * size_of::<f64>(), owner) };
    Ok(Float64Array::new(ScalarBuffer::new(buffer, 0, len), None))
}

/// A capsule with a stream of one batch: ids and labels where there are any, and the columns.
#[pyfunction]
#[pyo3(signature = (names, columns, ids = None, labels = None))]
pub(crate) fn arrow_stream<'py>(
    py: Python<'py>,
    names: Vec<String>,
    columns: Vec<Bound<'py, PyArray1<f64>>>,
    ids: Option<Vec<String>>,
    labels: Option<Vec<i64>>,
) -> PyResult<Bound<'py, PyCapsule>> {
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    if let Some(ids) = ids {
        fields.push(Field::new("id", DataType::Utf8, false));
        arrays.push(Arc::new(StringArray::from(ids)));
    }
    if let Some(labels) = labels {
        fields.push(Field::new("label", DataType::Int64, false));
        arrays.push(Arc::new(Int64Array::from(labels)));
    }
    for (name, column) in names.into_iter().zip(&columns) {
        fields.push(Field::new(name, DataType::Float64, false));
        arrays.push(Arc::new(float_column(column)?));
    }
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)
        .map_err(|error| value_error("columns", "not of one length", &error.to_string()))?;
    let reader = RecordBatchIterator::new([Ok(batch)], schema);
    let stream = FFI_ArrowArrayStream::new(Box::new(reader));
    // The capsule's destructor drops the stream, which releases what nobody has taken over.
    PyCapsule::new_with_value_and_destructor(py, stream, c"arrow_array_stream", |stream, _| drop(stream))
}
