//! Tensors of other frameworks, read where they lie: the consumer's side of DLPack 1.0 for memory of the processor.
//!
//! NumPy reads DLPack, too, but knows no bfloat16.

// Foreign memory is read through the structures that DLPack lays down; all of it stands in this file.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_void};
use std::ptr::NonNull;
use std::slice;

use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyCapsuleMethods, PyDict};

use crate::errors::{argument, room, value_error};

const PLAIN: &CStr = c"dltensor";
const PLAIN_USED: &CStr = c"used_dltensor";
const VERSIONED: &CStr = c"dltensor_versioned";
const VERSIONED_USED: &CStr = c"used_dltensor_versioned";

/// The processor's memory, and such of it as is pinned for a device.
const CPU: i32 = 1;
const PINNED: [i32; 2] = [3, 11];

/// The major version of the structures below.
const MAJOR: u32 = 1;

#[repr(C)]
struct DlTensor {
    data: *mut c_void,
    device_type: i32,
    device_id: i32,
    ndim: i32,
    code: u8,
    bits: u8,
    lanes: u16,
    shape: *mut i64,
    strides: *mut i64,
    byte_offset: u64,
}

#[repr(C)]
struct Managed {
    tensor: DlTensor,
    context: *mut c_void,
    deleter: Option<unsafe extern "C" fn(*mut Managed)>,
}

#[repr(C)]
struct ManagedVersioned {
    major: u32,
    minor: u32,
    context: *mut c_void,
    deleter: Option<unsafe extern "C" fn(*mut ManagedVersioned)>,
    flags: u64,
    tensor: DlTensor,
}

/// What is given back to whoever lent it.
enum Loan {
    Plain(NonNull<Managed>),
    Versioned(NonNull<ManagedVersioned>),
}

impl Loan {
    fn tensor(&self) -> &DlTensor {
        // SAFETY: the loan is ours until it is given back, and of the layout that the capsule's name says.
        match self {
            Self::Plain(managed) => unsafe { &managed.as_ref().tensor },
            Self::Versioned(managed) => unsafe { &managed.as_ref().tensor },
        }
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        // SAFETY: called once, by the only owner, as the protocol asks for.
        unsafe {
            match self {
                Self::Plain(managed) => {
                    if let Some(deleter) = managed.as_ref().deleter {
                        deleter(managed.as_ptr());
                    }
                }
                Self::Versioned(managed) => {
                    if let Some(deleter) = managed.as_ref().deleter {
                        deleter(managed.as_ptr());
                    }
                }
            }
        }
    }
}

/// What the numbers of a tensor are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberKind {
    Int,
    UInt,
    Float,
    BFloat,
    Bool,
    Other,
}

/// A type of numbers that any bits are one of.
pub(crate) trait Plain: Copy {}

impl Plain for u8 {}
impl Plain for i8 {}
impl Plain for u16 {}
impl Plain for i16 {}
impl Plain for u32 {}
impl Plain for i32 {}
impl Plain for u64 {}
impl Plain for i64 {}
impl Plain for f32 {}
impl Plain for f64 {}
impl Plain for half::f16 {}

/// A tensor in the processor's memory, for as long as it is lent.
pub(crate) struct Tensor {
    loan: Loan,
    shape: Vec<usize>,
    /// In numbers, not in bytes.
    strides: Vec<i64>,
    n: usize,
}

impl Tensor {
    /// The tensor that `object` lends; on another device than the processor, one copy of it that its framework makes.
    pub(crate) fn of(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Self> {
        if object.getattr("requires_grad").is_ok_and(|flag| flag.is_truthy().unwrap_or(false)) {
            return Err(value_error(name, "a tensor that requires grad", &format!("{name}.detach()")));
        }
        // Its memory holds the numbers with their signs turned, which DLPack does not say.
        let resolved;
        let object = if object.call_method0("is_neg").is_ok_and(|flag| flag.is_truthy().unwrap_or(false)) {
            resolved = object.call_method0("resolve_neg")?;
            &resolved
        } else {
            object
        };
        let device = device_of(name, object)?;
        if device.0 == CPU || PINNED.contains(&device.0) {
            return Self::lent(name, object);
        }
        Self::lent(name, &on_cpu(name, object, device)?)
    }

    fn lent(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = object.py();
        let arguments = PyDict::new(py);
        arguments.set_item("max_version", (MAJOR, 0))?;
        let capsule = match object.call_method("__dlpack__", (), Some(&arguments)) {
            // Of before version 1.
            Err(error) if error.is_instance_of::<PyTypeError>(py) => object.call_method0("__dlpack__"),
            other => other,
        };
        let capsule = capsule.map_err(|error| {
            let value = format!("a {} that is not lent: {}", type_name(object), error.value(py));
            PyTypeError::new_err(argument(name, value, "one of plain numbers in memory"))
        })?;
        let no_tensor = |_| {
            let value = format!("a {} that lends no tensor, or one that was taken", type_name(object));
            PyTypeError::new_err(argument(name, value, "one of plain numbers in memory"))
        };
        let capsule = capsule.cast_into::<PyCapsule>().map_err(|error| no_tensor(error.into()))?;
        let loan = taken(&capsule).map_err(no_tensor)?;
        let tensor = loan.tensor();
        let refused = |value: String, expected: &str| Err(value_error(name, value, expected));
        if tensor.device_type != CPU && !PINNED.contains(&tensor.device_type) {
            return refused(format!("on device {}", tensor.device_type), "a tensor in the processor's memory");
        }
        let ndim = usize::try_from(tensor.ndim).unwrap_or(usize::MAX);
        if tensor.lanes != 1 || ndim > 64 || (ndim > 0 && tensor.shape.is_null()) {
            return refused("a tensor of vectors or of no shape".into(), "one of plain numbers");
        }
        // SAFETY: `shape` points to `ndim` numbers, as do `strides` where they are given.
        let dimensions = if ndim == 0 { &[][..] } else { unsafe { slice::from_raw_parts(tensor.shape, ndim) } };
        let shape: Option<Vec<usize>> = dimensions.iter().map(|&size| usize::try_from(size).ok()).collect();
        let n = shape.as_ref().and_then(|shape| shape.iter().try_fold(1usize, |n, &size| n.checked_mul(size)));
        let (Some(shape), Some(n)) = (shape, n) else {
            return refused(format!("of shape {dimensions:?}"), "sizes that memory can hold");
        };
        let strides = if tensor.strides.is_null() || ndim == 0 {
            row_major(&shape)
        } else {
            // SAFETY: as above.
            unsafe { slice::from_raw_parts(tensor.strides, ndim) }.to_vec()
        };
        if n > 0 && tensor.data.is_null() {
            return refused("a tensor without memory".into(), "numbers");
        }
        Ok(Self { loan, shape, strides, n })
    }

    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// What its numbers are, and of how many bits.
    pub(crate) fn numbers(&self) -> (NumberKind, u8) {
        let tensor = self.loan.tensor();
        let kind = match tensor.code {
            0 => NumberKind::Int,
            1 => NumberKind::UInt,
            2 => NumberKind::Float,
            4 => NumberKind::BFloat,
            6 => NumberKind::Bool,
            _ => NumberKind::Other,
        };
        (kind, tensor.bits)
    }

    fn start(&self) -> *const u8 {
        let tensor = self.loan.tensor();
        tensor.data.cast::<u8>().cast_const().wrapping_add(tensor.byte_offset as usize)
    }

    /// Its numbers, where they lie row after row as they are in memory; `T` must have their bits.
    pub(crate) fn in_place<T: Plain>(&self) -> Option<&[T]> {
        if self.n == 0 {
            return Some(&[]);
        }
        let start = self.start().cast::<T>();
        let right_type = usize::from(self.loan.tensor().bits) == 8 * size_of::<T>();
        // Strides of dimensions of one entry mean nothing.
        let expected = row_major(&self.shape);
        let mut dimensions = self.shape.iter().zip(self.strides.iter().zip(&expected));
        let in_rows = dimensions.all(|(&size, (stride, expected))| size == 1 || stride == expected);
        if !(right_type && in_rows && start.is_aligned()) {
            return None;
        }
        // SAFETY: n numbers of this many bits lie here for as long as the loan lasts, any bits are a `T`, and it is aligned.
        Some(unsafe { slice::from_raw_parts(start, self.n) })
    }

    /// Its numbers copied, row after row; none where `T` has not their bits.
    pub(crate) fn copied<T: Plain>(&self, name: &str) -> PyResult<Option<Vec<T>>> {
        if usize::from(self.loan.tensor().bits) != 8 * size_of::<T>() {
            return Ok(None);
        }
        let start = self.start().cast::<T>();
        let mut values = room(name, self.n)?;
        let mut place = vec![0usize; self.shape.len()];
        for _ in 0..self.n {
            let offset: i64 = place.iter().zip(&self.strides).map(|(&at, &stride)| at as i64 * stride).sum();
            // SAFETY: a place within the shape, at which the tensor has a number; aligned or not.
            values.push(unsafe { start.wrapping_offset(offset as isize).read_unaligned() });
            for (at, &size) in place.iter_mut().zip(&self.shape).rev() {
                *at += 1;
                if *at < size {
                    break;
                }
                *at = 0;
            }
        }
        Ok(Some(values))
    }
}

/// The device on which a tensor lies: its kind and its number.
pub(super) fn device_of(name: &str, object: &Bound<'_, PyAny>) -> PyResult<(i32, i32)> {
    let device = object.call_method0("__dlpack_device__")?;
    device.extract().map_err(|_| {
        let value = format!("a {} on no device", type_name(object));
        PyTypeError::new_err(argument(name, value, "one whose __dlpack_device__() is a kind and a number"))
    })
}

fn type_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "tensor".into(), |name| name.to_string())
}

/// Takes what a capsule holds, and says so by its name, so that nobody takes it again.
fn taken(capsule: &Bound<'_, PyCapsule>) -> PyResult<Loan> {
    let (is_versioned, name, used) = if capsule.is_valid_checked(Some(VERSIONED)) {
        (true, VERSIONED, VERSIONED_USED)
    } else {
        (false, PLAIN, PLAIN_USED)
    };
    let pointer = capsule.pointer_checked(Some(name))?;
    if is_versioned {
        let managed = pointer.cast::<ManagedVersioned>();
        // SAFETY: the name says which structure it is; the version comes first in any of them.
        let major = unsafe { managed.as_ref().major };
        if major != MAJOR {
            // Not taken: the capsule gives it back by itself.
            return Err(PyBufferError::new_err(format!("a tensor of DLPack {major}, expected version {MAJOR}")));
        }
    }
    // SAFETY: the capsule is valid, and the new name lives as long as the program.
    if unsafe { pyo3::ffi::PyCapsule_SetName(capsule.as_ptr(), used.as_ptr()) } != 0 {
        return Err(PyErr::fetch(capsule.py()));
    }
    Ok(if is_versioned { Loan::Versioned(pointer.cast()) } else { Loan::Plain(pointer.cast()) })
}

/// One copy of a tensor of another device in the processor's memory.
fn on_cpu<'py>(name: &str, object: &Bound<'py, PyAny>, device: (i32, i32)) -> PyResult<Bound<'py, PyAny>> {
    let copied = object.call_method0("cpu");
    copied.map_err(|_| {
        let value = format!("a tensor of device {}:{}", device.0, device.1);
        value_error(
            name,
            value,
            &format!("one that can be copied to the processor's memory, such as {name}.cpu()"),
        )
    })
}

fn row_major(shape: &[usize]) -> Vec<i64> {
    let mut strides = vec![1; shape.len()];
    for at in (1..shape.len()).rev() {
        // Beside a dimension of no entry the others may be of any size.
        strides[at - 1] = i64::wrapping_mul(strides[at], shape[at] as i64);
    }
    strides
}
