//! Which of the processor's vector instructions the kernels of all crates use: the widest there are, unless told
//! otherwise.
//!
//! **The same bytes from all of them.** Every sum of every kernel runs in one order, whatever the width of the vectors,
//! and a multiply-add rounds once, where the processor has no instruction for it by software. So a score, a model or a
//! report does not depend on the machine that computed it; only the time does. What is left to the system's
//! mathematical library (`tanh` in `f64`, for example) is as equal as that library.
//!
//! The environment variable `CURRICULUM_INSTRUCTIONS` narrows the choice: to measure how much the vectors bring, and to
//! test the promise on one machine.

use std::sync::OnceLock;

use pulp::Arch;

use crate::error::DataError;

/// The environment variable that names the instructions to use.
pub const VARIABLE: &str = "CURRICULUM_INSTRUCTIONS";

/// A set of vector instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Instructions {
    /// No vectors beyond those that the compiler takes for granted.
    Scalar,
    /// AVX2 and FMA of x86-64: 256 bits, 16 registers.
    Avx2,
    /// AVX-512 (F, CD, BW, DQ and VL) of x86-64: 512 bits, 32 registers.
    Avx512,
    /// NEON of AArch64: 128 bits, 32 registers.
    Neon,
}

impl Instructions {
    /// Every set, the narrowest first.
    pub const ALL: [Self; 4] = [Self::Scalar, Self::Avx2, Self::Avx512, Self::Neon];

    /// Its name, as the variable spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
        }
    }

    /// The sets that this machine has, the narrowest first.
    ///
    /// ```
    /// use cl_data::instructions::Instructions;
    ///
    /// assert_eq!(Instructions::available()[0], Instructions::Scalar);
    /// ```
    pub fn available() -> Vec<Self> {
        Self::ALL.into_iter().filter(|instructions| instructions.arch().is_some()).collect()
    }

    /// Those in use: what the variable names, where this machine has it, and the widest otherwise.
    pub fn in_use() -> Self {
        static IN_USE: OnceLock<Instructions> = OnceLock::new();
        *IN_USE.get_or_init(|| named().ok().flatten().unwrap_or_else(Self::widest))
    }

    fn widest() -> Self {
        Self::available().last().copied().unwrap_or(Self::Scalar)
    }

    /// What `pulp` dispatches on; none where this machine lacks them.
    pub fn arch(self) -> Option<Arch> {
        match self {
            Self::Scalar => Some(Arch::Scalar),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => pulp::x86::V3::try_new().map(Arch::V3),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => pulp::x86::V4::try_new().map(Arch::V4),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => pulp::aarch64::Neon::try_new().map(Arch::Neon),
            _ => None,
        }
    }
}

/// What every kernel dispatches on: what the variable names, where this machine has it, and the widest otherwise. Looked
/// up once a process; O(1).
#[inline]
pub fn arch() -> Arch {
    // Nothing is looked up in a page, which then need not load the kernels of instructions that are never used there.
    if cfg!(target_family = "wasm") {
        return Arch::Scalar;
    }
    static ARCH: OnceLock<Arch> = OnceLock::new();
    // Where none are named, those that `pulp` finds: on processors not listed here it knows others.
    *ARCH.get_or_init(|| named().ok().flatten().and_then(Instructions::arch).unwrap_or_default())
}

/// Runs `kernel` compiled for the instructions in use: plain loops in it are vectorised to their width, and nothing is
/// fused or reordered. It gains where it is inlined, it and what it calls, which larger ones must be told to. Some
/// nanoseconds beside the kernel.
///
/// ```
/// let mut x = [1.0f32, 2.0, 3.0];
/// cl_data::instructions::vectorized(
///     #[inline(always)]
///     || x.iter_mut().for_each(|x| *x *= 2.0),
/// );
/// assert_eq!(x, [2.0, 4.0, 6.0]);
/// ```
#[inline(always)]
pub fn vectorized<R>(kernel: impl FnOnce() -> R) -> R {
    arch().dispatch(kernel)
}

/// Whether the variable, where it is set, names instructions that this machine has. Programs ask once, at their start;
/// the kernels take a wrong name as none.
///
/// # Errors
/// Names the variable, its value and what this machine has.
pub fn check() -> Result<(), DataError> {
    named().map(|_| ())
}

/// What the variable names.
fn named() -> Result<Option<Instructions>, DataError> {
    match std::env::var_os(VARIABLE) {
        Some(value) if !value.is_empty() => parse(&value.to_string_lossy()).map(Some),
        _ => Ok(None),
    }
}

fn parse(value: &str) -> Result<Instructions, DataError> {
    let available = Instructions::available();
    available.iter().copied().find(|instructions| instructions.name() == value).ok_or_else(|| {
        let names: Vec<&str> = available.iter().map(|instructions| instructions.name()).collect();
        DataError::Instructions { value: value.into(), available: names.join(", ") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_available_is_found_by_name() {
        for instructions in Instructions::available() {
            assert_eq!(parse(instructions.name()).ok(), Some(instructions));
            assert!(instructions.arch().is_some());
        }
        let error = parse("sse9").unwrap_err().to_string();
        assert!(error.contains(VARIABLE) && error.contains("sse9") && error.contains("scalar"), "{error}");
    }
}
