//! Arrays of numbers as they come from Python: of NumPy or of any framework that speaks DLPack, without a copy where they
//! lie row after row in the processor's memory; lists and data frames through NumPy.

mod dlpack;
mod floats;
mod given;
mod integers;
mod shape;

pub(crate) use floats::{FloatValues, Floats, converted, floats, floats_or_flags, numbers, with_floats};
pub(crate) use given::kind_of;
pub(crate) use integers::{Range, index_array, integers};
pub(crate) use shape::shown_shape;
