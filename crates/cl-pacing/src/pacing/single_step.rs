use std::fmt;

use cl_data::catalogue::Parameter;
use serde::{Deserialize, Serialize};

use super::entry::{pacing_entry, total};
use super::hacohen::{S, check_start};
use super::units::{check_total, units_passed};
use super::{Pacing, rounding::Rounding};
use crate::{error::PacingError, validated::deserialise_through_new};

/// Single step pacing: a share s for the first mini-batches, then all data.
///
/// ```text
/// g(i) = s^(1[i < step_length])           i = 0, 1, ... counts mini-batches
/// ```
///
/// Progress is i / total; `step_length` and `total` are in the same unit, mini-batches in the paper.
///
/// Source: Hacohen and Weinshall (2019), On the power of curriculum learning in training deep networks, single step
/// pacing. Counts round upwards; Wu's [`Step`](crate::Step) truncates.
///
/// ```
/// use cl_pacing::{Pacing, SingleStep};
///
/// let pacing = SingleStep::new(0.1, 20, 100)?;
/// assert_eq!([0.0, 0.19, 0.2, 1.0].map(|progress| pacing.fraction(progress)), [0.1, 0.1, 1.0, 1.0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct SingleStep {
    s: f64,
    step_length: u64,
    total: u64,
}

deserialise_through_new!(SingleStep { s: f64, step_length: u64, total: u64 });

impl SingleStep {
    /// From the share `s` available at first, the mini-batches that it lasts and the mini-batches of the whole run.
    ///
    /// # Errors
    /// Unless s lies in (0, 1] and total is at least 1.
    pub fn new(s: f64, step_length: u64, total: u64) -> Result<Self, PacingError> {
        check_start(s)?;
        check_total("total", total)?;
        Ok(Self { s, step_length, total })
    }
}

impl Pacing for SingleStep {
    fn fraction(&self, progress: f64) -> f64 {
        if units_passed(progress, self.total) < self.step_length { self.s } else { 1.0 }
    }

    fn full_at(&self) -> Option<f64> {
        Some(if self.s == 1.0 { 0.0 } else { self.step_length as f64 / self.total as f64 })
    }

    fn grows_until(&self, _progress: f64) -> f64 {
        f64::INFINITY
    }

    fn rounding(&self) -> Rounding {
        Rounding::Ceiling
    }
}

impl fmt::Display for SingleStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { s, step_length, total } = self;
        write!(formatter, "single step (s = {s}, step_length = {step_length}, total = {total})")
    }
}

pacing_entry! {
    ENTRY = "single-step": "Hacohen: a share for the first steps, then all",
    [S, Parameter::new("step_length", "the steps that it lasts")],
    |options, given| SingleStep::new(options.number("s")?, options.number("step_length")?, total(options, given)?)
}
