//! The types in which outputs, examples and labels come.

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::Range;

use half::{bf16, f16, slice::HalfFloatSliceExt};

use crate::error::DifficultyError;

mod sealed {
    use half::{bf16, f16};

    pub trait Sealed {}

    /// Numbers of any type that outputs come in.
    #[derive(Debug, Clone, Copy)]
    pub enum Numbers<'a> {
        F16(&'a [f16]),
        Bf16(&'a [bf16]),
        F32(&'a [f32]),
        F64(&'a [f64]),
    }

    pub trait AsNumbers: Sized {
        fn as_numbers(values: &[Self]) -> Numbers<'_>;
    }
}

pub(crate) use sealed::Numbers;
use sealed::{AsNumbers, Sealed};

/// A number that outputs are made of, `f16`, `bf16`, `f32` or `f64`: all are exact in `f64`.
pub trait Float: Copy + Into<f64> + Send + Sync + Sealed + AsNumbers {}

macro_rules! float {
    ($($number:ty => $variant:ident),*) => {$(
        impl Sealed for $number {}
        impl Float for $number {}
        impl AsNumbers for $number {
            fn as_numbers(values: &[Self]) -> Numbers<'_> {
                Numbers::$variant(values)
            }
        }
    )*};
}

float!(f16 => F16, bf16 => Bf16, f32 => F32, f64 => F64);

/// The expression with `$values` the numbers, whatever they are.
macro_rules! for_numbers {
    ($numbers:expr, $values:ident => $expression:expr) => {
        match $numbers {
            Numbers::F16($values) => $expression,
            Numbers::Bf16($values) => $expression,
            Numbers::F32($values) => $expression,
            Numbers::F64($values) => $expression,
        }
    };
}

pub(crate) use for_numbers;

impl Numbers<'_> {
    pub(crate) fn len(&self) -> usize {
        for_numbers!(self, values => values.len())
    }

    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        match self {
            Self::F16(values) => Self::F16(&values[range]),
            Self::Bf16(values) => Self::Bf16(&values[range]),
            Self::F32(values) => Self::F32(&values[range]),
            Self::F64(values) => Self::F64(&values[range]),
        }
    }

    /// The same numbers as those in this range.
    #[inline(always)]
    pub(crate) fn to_f64s(self, range: Range<usize>, into: &mut [f64]) {
        match self {
            // All at once, for which machines have instructions.
            Self::F16(values) => values[range].convert_to_f64_slice(into),
            Self::Bf16(values) => values[range].convert_to_f64_slice(into),
            Self::F32(values) => {
                into.iter_mut().zip(&values[range]).for_each(|(number, &value)| *number = value.into());
            }
            Self::F64(values) => into.copy_from_slice(&values[range]),
        }
    }
}

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
