//! Real numbers.

use half::f16;
use half::slice::HalfBitsSliceExt;
use numpy::{
    Element, PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArray,
    PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use super::dlpack::{NumberKind, Plain, Tensor};
use super::given::{Given, cast_to, in_rows};
use super::shape::shown_shape;
use crate::errors::{argument, room};

/// Numbers in memory, whoever's that is.
pub(crate) enum Memory<'py, T: Element> {
    Array(PyReadonlyArrayDyn<'py, T>),
    Tensor(Tensor),
    Own(Vec<T>),
}

impl<T: Element + Plain> Memory<'_, T> {
    /// Row after row.
    pub(crate) fn as_slice(&self) -> &[T] {
        match self {
            Self::Array(array) => array.as_slice().unwrap_or_default(),
            Self::Tensor(tensor) => tensor.in_place().unwrap_or_default(),
            Self::Own(values) => values,
        }
    }

    /// Of an array that is in rows.
    fn of_array<'py>(array: &Bound<'py, PyUntypedArray>) -> PyResult<Memory<'py, T>> {
        let array = array
            .cast::<PyArrayDyn<T>>()?
            .try_readonly()
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Memory::Array(array))
    }

    fn of_tensor<'py>(name: &str, tensor: Tensor) -> PyResult<Option<Memory<'py, T>>> {
        if tensor.in_place::<T>().is_some() {
            return Ok(Some(Memory::Tensor(tensor)));
        }
        Ok(tensor.copied(name)?.map(Memory::Own))
    }
}

/// Real numbers of any precision.
pub(crate) enum FloatValues<'py> {
    F16(Memory<'py, f16>),
    /// Its bits, because NumPy has no such type.
    BF16(Memory<'py, u16>),
    F32(Memory<'py, f32>),
    F64(Memory<'py, f64>),
}

/// An array of real numbers.
pub(crate) struct Floats<'py> {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: FloatValues<'py>,
}

/// The same expression for numbers of each precision: `with_floats!(values, slice => ...)`.
macro_rules! with_floats {
    ($values:expr, $slice:ident => $body:expr) => {
        match $values {
            $crate::arrays::FloatValues::F16(memory) => {
                let $slice = memory.as_slice();
                $body
            }
            $crate::arrays::FloatValues::BF16(memory) => {
                let $slice = $crate::arrays::Floats::bf16s(memory);
                $body
            }
            $crate::arrays::FloatValues::F32(memory) => {
                let $slice = memory.as_slice();
                $body
            }
            $crate::arrays::FloatValues::F64(memory) => {
                let $slice = memory.as_slice();
                $body
            }
        }
    };
}

pub(crate) use with_floats;

impl Floats<'_> {
    pub(crate) fn bf16s<'a>(memory: &'a Memory<'_, u16>) -> &'a [half::bf16] {
        memory.as_slice().reinterpret_cast()
    }

    /// That it has so many dimensions.
    pub(crate) fn check_dimensions(&self, name: &str, n: usize, expected: &str) -> PyResult<()> {
        if self.shape.len() == n {
            return Ok(());
        }
        let found = format!("of shape {}", shown_shape(&self.shape));
        Err(PyValueError::new_err(argument(name, found, expected)))
    }

    /// In double precision, which is exact.
    pub(crate) fn to_f64s(&self, name: &str) -> PyResult<Vec<f64>> {
        with_floats!(&self.values, slice => converted(name, slice, Into::into))
    }
}

/// The same numbers of another type.
pub(crate) fn converted<T: Copy, U>(name: &str, values: &[T], convert: impl Fn(T) -> U) -> PyResult<Vec<U>> {
    let mut taken = room(name, values.len())?;
    taken.extend(values.iter().map(|&value| convert(value)));
    Ok(taken)
}

/// An array of real numbers: float16, bfloat16, float32 or float64.
pub(crate) fn floats<'py>(name: &str, object: &Bound<'py, PyAny>) -> PyResult<Floats<'py>> {
    read(name, object, false)
}

/// The same, or yes and no, or whole numbers: 1 and 0.
pub(crate) fn floats_or_flags<'py>(name: &str, object: &Bound<'py, PyAny>) -> PyResult<Floats<'py>> {
    read(name, object, true)
}

/// One real or whole number for each of some things, in double precision.
pub(crate) fn numbers(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    let floats = floats_or_flags(name, object)?;
    floats.check_dimensions(name, 1, "one number for each example, of shape (n,)")?;
    floats.to_f64s(name)
}

fn read<'py>(name: &str, object: &Bound<'py, PyAny>, takes_integers: bool) -> PyResult<Floats<'py>> {
    match Given::of(name, object)? {
        Given::Array(array) => of_array(name, &array, takes_integers),
        Given::Tensor(tensor) => of_tensor(name, tensor, takes_integers),
    }
}

const EXPECTED: &str = "numbers of float16, bfloat16, float32 or float64";

fn of_array<'py>(name: &str, array: &Bound<'py, PyUntypedArray>, takes_integers: bool) -> PyResult<Floats<'py>> {
    let shape = array.shape().to_vec();
    let dtype = array.dtype();
    // What ml_dtypes adds to NumPy, which JAX has; its kind is that of raw memory.
    let is_bf16 = dtype.itemsize() == 2 && dtype.to_string() == "bfloat16";
    let values = match (dtype.kind(), dtype.itemsize()) {
        _ if is_bf16 => {
            let bits = in_rows(array)?.call_method1("view", ("uint16",))?.cast_into::<PyUntypedArray>()?;
            FloatValues::BF16(Memory::of_array(&bits)?)
        }
        (b'f', 2) => FloatValues::F16(Memory::of_array(&in_rows(array)?)?),
        (b'f', 4) => FloatValues::F32(Memory::of_array(&in_rows(array)?)?),
        (b'f', 8) => FloatValues::F64(Memory::of_array(&in_rows(array)?)?),
        (b'b' | b'i' | b'u', _) if takes_integers => {
            FloatValues::F64(Memory::of_array(&cast_to(array, "float64")?)?)
        }
        // An empty list is of no type.
        _ if array.len() == 0 => FloatValues::F64(Memory::Own(Vec::new())),
        _ => return Err(PyTypeError::new_err(argument(name, format!("of dtype {dtype}"), EXPECTED))),
    };
    Ok(Floats { shape, values })
}

fn of_tensor<'py>(name: &str, tensor: Tensor, takes_integers: bool) -> PyResult<Floats<'py>> {
    let shape = tensor.shape().to_vec();
    let (kind, bits) = tensor.numbers();
    let values = match (kind, bits) {
        (NumberKind::Float, 16) => Memory::of_tensor(name, tensor)?.map(FloatValues::F16),
        (NumberKind::BFloat, 16) => Memory::of_tensor(name, tensor)?.map(FloatValues::BF16),
        (NumberKind::Float, 32) => Memory::of_tensor(name, tensor)?.map(FloatValues::F32),
        (NumberKind::Float, 64) => Memory::of_tensor(name, tensor)?.map(FloatValues::F64),
        (NumberKind::Int, 8) if takes_integers => wide(name, &tensor, |it: i8| it.into())?,
        (NumberKind::Int, 16) if takes_integers => wide(name, &tensor, |it: i16| it.into())?,
        (NumberKind::Int, 32) if takes_integers => wide(name, &tensor, |it: i32| it.into())?,
        (NumberKind::Int, 64) if takes_integers => wide(name, &tensor, |it: i64| it as f64)?,
        (NumberKind::UInt | NumberKind::Bool, 8) if takes_integers => wide(name, &tensor, |it: u8| it.into())?,
        _ => None,
    };
    let found = || format!("a tensor of {kind:?} numbers of {bits} bits");
    let values = values.ok_or_else(|| PyTypeError::new_err(argument(name, found(), EXPECTED)))?;
    Ok(Floats { shape, values })
}

fn wide<'py, T: Plain>(
    name: &str,
    tensor: &Tensor,
    as_f64: impl Fn(T) -> f64,
) -> PyResult<Option<FloatValues<'py>>> {
    let Some(values) = tensor.copied::<T>(name)? else { return Ok(None) };
    Ok(Some(FloatValues::F64(Memory::Own(converted(name, &values, as_f64)?))))
}
