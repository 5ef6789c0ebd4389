//! What the entries of pacings share.

use cl_data::catalogue::{Options, Parameter};

use crate::{entry::Given, error::PacingError};

pub(super) const N_CYCLES: Parameter =
    Parameter::with_default("n_cycles", "how often the pacing is gone through; any pacing takes it", "1");

macro_rules! pacing_entry {
    ($($entry:tt)*) => {
        $crate::entry::entry! { dyn $crate::pacing::Pacing, [$crate::pacing::entry::N_CYCLES]; $($entry)* }
    };
}

pub(super) use pacing_entry;

/// The steps of one cycle, for pacings that count in steps.
pub(super) fn total(options: &mut Options, given: &Given<'_>) -> Result<u64, PacingError> {
    let n_cycles: u64 = options.number(N_CYCLES.name)?;
    match given.total.checked_rem(n_cycles) {
        Some(0) => Ok(given.total / n_cycles),
        _ => {
            let expected = format!("a divisor of the {} steps of the run", given.total);
            Err(options.invalid(N_CYCLES.name, expected).into())
        }
    }
}
