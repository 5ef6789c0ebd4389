//! The types in which outputs, examples and labels come.

use std::borrow::Cow;
use std::fmt::Display;

use half::{bf16, f16, slice::HalfFloatSliceExt};

use crate::error::DifficultyError;

mod sealed {
    pub trait Sealed {}
}

use sealed::Sealed;

/// A number that outputs are made of, `f16`, `bf16`, `f32` or `f64`: all are exact in `f64`.
pub trait Float: Copy + Into<f64> + Send + Sync + Sealed {
    /// Whether it is neither NaN nor infinite.
    fn is_finite(self) -> bool;
    /// The same numbers; as many in both.
    fn to_f64s(values: &[Self], into: &mut [f64]) {
        into.iter_mut().zip(values).for_each(|(number, value)| *number = (*value).into());
    }
}

macro_rules! float {
    ($number:ty $(, $to_f64s:item)?) => {
        impl Sealed for $number {}
        impl Float for $number {
            #[inline(always)]
            fn is_finite(self) -> bool {
                self.is_finite()
            }
            $(#[inline(always)] $to_f64s)?
        }
    };
}

float!(f64);
float!(f32);
// All at once, for which machines have instructions.
float!(
    f16,
    fn to_f64s(values: &[Self], into: &mut [f64]) {
        values.convert_to_f64_slice(into)
    }
);
float!(
    bf16,
    fn to_f64s(values: &[Self], into: &mut [f64]) {
        values.convert_to_f64_slice(into)
    }
);

/// A number that counts examples or classes from 0: `i32`, `i64`, `u32`, `u64` or `usize`.
pub trait Index: Copy + TryInto<usize> + Display + Send + Sync + Sealed {
    /// The same numbers, where all are possible.
    ///
    /// # Errors
    /// On one that is negative or too large, by value and position in `argument`.
    fn to_usizes<'a>(argument: &'static str, values: &'a [Self]) -> Result<Cow<'a, [usize]>, DifficultyError> {
        let convert = |(position, &value): (usize, &Self)| {
            let found = || format!("{value} at position {position}");
            value.try_into().map_err(|_| DifficultyError::argument(argument, found(), "whole numbers from 0"))
        };
        values.iter().enumerate().map(convert).collect::<Result<Vec<_>, _>>().map(Cow::Owned)
    }
}

macro_rules! index {
    ($($number:ty),*) => {$(
        impl Sealed for $number {}
        impl Index for $number {}
    )*};
}

index!(i32, i64, u32, u64);

impl Sealed for usize {}

impl Index for usize {
    fn to_usizes<'a>(_: &'static str, values: &'a [Self]) -> Result<Cow<'a, [usize]>, DifficultyError> {
        Ok(Cow::Borrowed(values))
    }
}
