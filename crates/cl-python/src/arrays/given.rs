//! What was given, before it is known which numbers are wanted.

use numpy::{PyArrayDescr, PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::dlpack::{Tensor, device_of};
use crate::errors::argument;

/// An array of NumPy, or a tensor.
pub(super) enum Given<'py> {
    Array(Bound<'py, PyUntypedArray>),
    Tensor(Tensor),
}

impl<'py> Given<'py> {
    /// Whatever `object` is: what is no array yet is made one by NumPy.
    pub(super) fn of(name: &str, object: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = object.cast::<PyUntypedArray>() {
            return Ok(Self::Array(array.clone()));
        }
        let py = object.py();
        if object.is_none() {
            return Err(PyTypeError::new_err(argument(name, "None", "an array of numbers")));
        }
        // NumPy's own scalars speak DLPack as little as lists do.
        let speaks =
            object.hasattr(intern!(py, "__dlpack__"))? && object.hasattr(intern!(py, "__dlpack_device__"))?;
        if speaks {
            let device = device_of(name, object)?;
            if device.0 == 1 || object.hasattr(intern!(py, "cpu"))? {
                return Ok(Self::Tensor(Tensor::of(name, object)?));
            }
        }
        let array = py.import(intern!(py, "numpy"))?.call_method1(intern!(py, "asarray"), (object,));
        let array = array.map_err(|error| {
            PyTypeError::new_err(format!("{} ({error})", argument(name, kind_of(object), "an array of numbers")))
        })?;
        let array = array.cast_into::<PyUntypedArray>()?;
        if array.dtype().kind() == b'O' {
            return Err(PyTypeError::new_err(argument(name, kind_of(object), "an array of numbers")));
        }
        Ok(Self::Array(array))
    }
}

/// What an object is, in words.
pub(crate) fn kind_of(object: &Bound<'_, PyAny>) -> String {
    let name = object.get_type().qualname().map_or_else(|_| "object".to_owned(), |name| name.to_string());
    match name.as_str() {
        "ndarray" => object.getattr("dtype").map_or(name.clone(), |dtype| format!("an array of dtype {dtype}")),
        "list" | "tuple" => format!("a {name} of other things than numbers, or of rows of unequal length"),
        _ => format!("a {name}"),
    }
}

/// The same array row after row, in this machine's order of bytes and aligned: itself, where it is so already.
pub(super) fn in_rows<'py>(array: &Bound<'py, PyUntypedArray>) -> PyResult<Bound<'py, PyUntypedArray>> {
    let py = array.py();
    let dtype = array.dtype();
    let is_native = dtype.is_native_byteorder() != Some(false);
    let is_aligned =
        || -> PyResult<bool> { array.getattr(intern!(py, "flags"))?.getattr(intern!(py, "aligned"))?.extract() };
    if is_native && array.is_c_contiguous() && is_aligned()? {
        return Ok(array.clone());
    }
    let arguments = PyDict::new(py);
    arguments.set_item("order", "C")?;
    let native: Bound<'py, PyArrayDescr> = dtype.call_method1("newbyteorder", ("=",))?.cast_into()?;
    Ok(array.call_method("astype", (native,), Some(&arguments))?.cast_into::<PyUntypedArray>()?)
}

/// The same array as numbers of another type.
pub(super) fn cast_to<'py>(
    array: &Bound<'py, PyUntypedArray>,
    dtype: &str,
) -> PyResult<Bound<'py, PyUntypedArray>> {
    let arguments = PyDict::new(array.py());
    arguments.set_item("order", "C")?;
    Ok(array.call_method("astype", (dtype,), Some(&arguments))?.cast_into::<PyUntypedArray>()?)
}
