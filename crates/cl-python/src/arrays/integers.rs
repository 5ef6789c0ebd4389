//! Whole numbers of at least 0: indices, labels, classes.

use std::fmt::Display;

use numpy::{
    Element, IntoPyArray, PyArray1, PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyUntypedArray,
    PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyIndexError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use super::dlpack::{NumberKind, Plain, Tensor};
use super::given::{Given, in_rows};
use super::shape::shown_shape;
use crate::errors::{argument, room};

/// Which whole numbers are taken.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Range {
    /// Indices below a number of examples: others are an `IndexError`.
    Indices(usize),
    /// Classes below their number: others are a `ValueError`.
    Classes(usize),
    /// Any of at least 0.
    Any,
}

/// An array (n,) of whole numbers within a range; the first that is not is named with its place.
pub(crate) fn integers(name: &str, object: &Bound<'_, PyAny>, range: Range) -> PyResult<Vec<usize>> {
    match Given::of(name, object)? {
        Given::Array(array) => {
            check_shape(name, array.shape())?;
            let dtype = array.dtype();
            match (dtype.kind(), dtype.itemsize()) {
                (b'i', 1) => of_array::<i8>(name, &array, range),
                (b'i', 2) => of_array::<i16>(name, &array, range),
                (b'i', 4) => of_array::<i32>(name, &array, range),
                (b'i', 8) => of_array::<i64>(name, &array, range),
                (b'u', 1) => of_array::<u8>(name, &array, range),
                (b'u', 2) => of_array::<u16>(name, &array, range),
                (b'u', 4) => of_array::<u32>(name, &array, range),
                (b'u', 8) => of_array::<u64>(name, &array, range),
                // An empty list is of no type.
                _ if array.len() == 0 => Ok(Vec::new()),
                _ => Err(refused(name, &format!("of dtype {dtype}"))),
            }
        }
        Given::Tensor(tensor) => {
            check_shape(name, tensor.shape())?;
            let (kind, bits) = tensor.numbers();
            match (kind, bits) {
                (NumberKind::Int, 8) => of_tensor::<i8>(name, &tensor, range),
                (NumberKind::Int, 16) => of_tensor::<i16>(name, &tensor, range),
                (NumberKind::Int, 32) => of_tensor::<i32>(name, &tensor, range),
                (NumberKind::Int, 64) => of_tensor::<i64>(name, &tensor, range),
                (NumberKind::UInt, 8) => of_tensor::<u8>(name, &tensor, range),
                (NumberKind::UInt, 16) => of_tensor::<u16>(name, &tensor, range),
                (NumberKind::UInt, 32) => of_tensor::<u32>(name, &tensor, range),
                (NumberKind::UInt, 64) => of_tensor::<u64>(name, &tensor, range),
                _ => Err(refused(name, &format!("a tensor of {kind:?} numbers of {bits} bits"))),
            }
        }
    }
}

fn of_array<T: Element + Copy + TryInto<usize> + Display>(
    name: &str,
    array: &Bound<'_, PyUntypedArray>,
    range: Range,
) -> PyResult<Vec<usize>> {
    let array = in_rows(array)?.cast_into::<PyArrayDyn<T>>()?;
    let array = array.try_readonly().map_err(|error| PyValueError::new_err(error.to_string()))?;
    checked(name, array.as_slice().unwrap_or_default(), range)
}

fn of_tensor<T: Plain + TryInto<usize> + Display>(
    name: &str,
    tensor: &Tensor,
    range: Range,
) -> PyResult<Vec<usize>> {
    match tensor.in_place::<T>() {
        Some(values) => checked(name, values, range),
        None => checked(name, &tensor.copied::<T>(name)?.unwrap_or_default(), range),
    }
}

fn checked<T: Copy + TryInto<usize> + Display>(name: &str, values: &[T], range: Range) -> PyResult<Vec<usize>> {
    let end = match range {
        Range::Indices(end) | Range::Classes(end) => end,
        Range::Any => isize::MAX as usize,
    };
    let mut taken = room(name, values.len())?;
    for (at, &value) in values.iter().enumerate() {
        match value.try_into() {
            Ok(index) if index < end => taken.push(index),
            _ => {
                let name = format!("{name}[{at}]");
                return Err(match range {
                    Range::Indices(end) => {
                        PyIndexError::new_err(argument(&name, value, &format!("an index in 0..{end}")))
                    }
                    Range::Classes(end) => {
                        PyValueError::new_err(argument(&name, value, &format!("a class in 0..{end}")))
                    }
                    Range::Any => PyValueError::new_err(argument(&name, value, "a whole number of at least 0")),
                });
            }
        }
    }
    Ok(taken)
}

fn check_shape(name: &str, shape: &[usize]) -> PyResult<()> {
    if shape.len() == 1 {
        return Ok(());
    }
    let found = format!("of shape {}", shown_shape(shape));
    Err(PyValueError::new_err(argument(name, found, "one whole number for each example, of shape (n,)")))
}

fn refused(name: &str, found: &str) -> PyErr {
    PyTypeError::new_err(argument(name, found, "whole numbers, such as int64"))
}

/// Indices as NumPy has them.
pub(crate) fn index_array(py: Python<'_>, indices: Vec<usize>) -> Bound<'_, PyArray1<i64>> {
    // Indices of examples in memory are far below 2^63.
    let indices: Vec<i64> = indices.into_iter().map(|index| index as i64).collect();
    indices.into_pyarray(py)
}
