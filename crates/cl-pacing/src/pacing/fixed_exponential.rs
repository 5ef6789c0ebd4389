use std::fmt;

use cl_data::catalogue::Parameter;
use serde::{Deserialize, Serialize};

use super::entry::{pacing_entry, total};
use super::hacohen::{INCREASE, S, check_increase, check_start, grown, increases_until_full};
use super::units::{check_total, units_passed};
use super::{Pacing, rounding::Rounding};
use crate::{error::PacingError, validated::deserialise_through_new};

/// Fixed exponential pacing: the share is multiplied by a factor every so many mini-batches.
///
/// ```text
/// g(i) = min(1, s increase^floor(i / step_length))           i = 0, 1, ... counts mini-batches
/// ```
///
/// Progress is i / total; `step_length` and `total` are in the same unit, mini-batches in the paper.
///
/// Source: Hacohen and Weinshall (2019), On the power of curriculum learning in training deep networks, fixed
/// exponential pacing; s = 0.04, increase = 1.9, step_length = 100 in their code. Counts round upwards.
///
/// ```
/// use cl_pacing::{FixedExponential, Pacing};
///
/// let pacing = FixedExponential::new(0.04, 1.9, 100, 1000)?;
/// assert_eq!(pacing.count(99.0 / 1000.0, 2500, 100), 100);
/// assert_eq!(pacing.count(100.0 / 1000.0, 2500, 100), 190);
/// assert_eq!(pacing.full_at(), Some(0.6));
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct FixedExponential {
    s: f64,
    increase: f64,
    step_length: u64,
    total: u64,
}

deserialise_through_new!(FixedExponential { s: f64, increase: f64, step_length: u64, total: u64 });

impl FixedExponential {
    /// From the share `s` available at first, the factor of an increase, the mini-batches between two of them and
    /// the mini-batches of the whole run.
    ///
    /// # Errors
    /// Unless s lies in (0, 1], the increase is finite and above 1, and both lengths are at least 1.
    pub fn new(s: f64, increase: f64, step_length: u64, total: u64) -> Result<Self, PacingError> {
        check_start(s)?;
        check_increase(increase)?;
        let expected = "at least 1, the mini-batches between two increases";
        PacingError::check("step_length", step_length, step_length > 0, expected)?;
        check_total("total", total)?;
        Ok(Self { s, increase, step_length, total })
    }
}

impl Pacing for FixedExponential {
    fn fraction(&self, progress: f64) -> f64 {
        grown(self.s, self.increase, units_passed(progress, self.total) / self.step_length)
    }

    fn full_at(&self) -> Option<f64> {
        let batches = increases_until_full(self.s, self.increase) as f64 * self.step_length as f64;
        Some(batches / self.total as f64)
    }

    fn grows_until(&self, _progress: f64) -> f64 {
        f64::INFINITY
    }

    fn rounding(&self) -> Rounding {
        Rounding::Ceiling
    }
}

impl fmt::Display for FixedExponential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { s, increase, step_length, total } = self;
        write!(
            formatter,
            "fixed exponential (s = {s}, increase = {increase}, step_length = {step_length}, total = {total})"
        )
    }
}

pacing_entry! {
    ENTRY = "fixed-exponential": "Hacohen: the share grows by a factor every so many steps",
    [S, INCREASE, Parameter::with_default("step_length", "the steps between two increases", "100")],
    |options, given| {
        let (s, increase) = (options.number("s")?, options.number("increase")?);
        FixedExponential::new(s, increase, options.number("step_length")?, total(options, given)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_outside_their_domain_are_named() {
        for (s, increase, step_length, total, name) in [
            (0.0, 1.9, 100, 1000, "s"),
            (1.1, 1.9, 100, 1000, "s"),
            (f64::NAN, 1.9, 100, 1000, "s"),
            (0.1, 1.0, 100, 1000, "increase"),
            (0.1, f64::INFINITY, 100, 1000, "increase"),
            (0.1, 1.9, 0, 1000, "step_length"),
            (0.1, 1.9, 100, 0, "total"),
        ] {
            let message = FixedExponential::new(s, increase, step_length, total).unwrap_err().to_string();
            assert!(message.starts_with(&format!("argument {name} is ")), "{message}");
        }
    }
}
