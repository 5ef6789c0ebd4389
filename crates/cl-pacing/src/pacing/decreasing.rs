use std::fmt;

use cl_data::catalogue::Parameter;
use serde::{Deserialize, Serialize};

use super::entry::{pacing_entry, total};
use super::units::{check_total, units_passed};
use super::{Pacing, rounding::Rounding};
use crate::{error::PacingError, validated::deserialise_through_new};

/// Shrinks from all data to their first part: what is left concentrates on what the order puts first.
///
/// ```text
/// g(e) = max(gamma^floor(e / step_length), b)           e = 0, 1, ...
/// ```
///
/// Progress is e / total; `step_length` and `total` count the same, episodes in the paper. With the hardest
/// first in the order, ever fewer and harder examples are shown.
///
/// Source: Zhou, Wang and Bilmes (2020), Curriculum learning by dynamic instance hardness, where the size k of the
/// subset goes from n to 0.2 n by factors of 0.85. Counts round upwards, our choice.
///
/// ```
/// use cl_pacing::{Decreasing, Pacing};
///
/// let pacing = Decreasing::new(0.85, 0.2, 1, 50)?;
/// assert_eq!([0.0, 0.02, 1.0].map(|progress| pacing.fraction(progress)), [1.0, 0.85, 0.2]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Decreasing {
    gamma: f64,
    b: f64,
    step_length: u64,
    total: u64,
}

deserialise_through_new!(Decreasing { gamma: f64, b: f64, step_length: u64, total: u64 });

impl Decreasing {
    /// From the factor `gamma` of each decrease, the fraction `b` below which it does not go, the time between two
    /// decreases and the time of the whole run.
    ///
    /// # Errors
    /// Unless gamma lies in (0, 1), b in [0, 1], and both times are at least 1.
    pub fn new(gamma: f64, b: f64, step_length: u64, total: u64) -> Result<Self, PacingError> {
        if !(gamma > 0.0 && gamma < 1.0) {
            return Err(PacingError::argument("gamma", gamma, "a factor in (0, 1), because the share shrinks"));
        }
        PacingError::check("b", b, (0.0..=1.0).contains(&b), "a fraction in [0, 1], the share available at last")?;
        PacingError::check("step_length", step_length, step_length > 0, "at least 1, the time of a decrease")?;
        check_total("total", total)?;
        Ok(Self { gamma, b, step_length, total })
    }
}

impl Pacing for Decreasing {
    fn fraction(&self, progress: f64) -> f64 {
        self.gamma.powf((units_passed(progress, self.total) / self.step_length) as f64).max(self.b)
    }

    /// None, unless b is 1: the data are full at first and not from then on.
    fn full_at(&self) -> Option<f64> {
        (self.b == 1.0).then_some(0.0)
    }

    fn rounding(&self) -> Rounding {
        Rounding::Ceiling
    }

    fn reaches_full(&self) -> bool {
        true
    }
}

impl fmt::Display for Decreasing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { gamma, b, step_length, total } = self;
        write!(formatter, "decreasing (gamma = {gamma}, b = {b}, step_length = {step_length}, total = {total})")
    }
}

pacing_entry! {
    ENTRY = "decreasing": "DIHCL: from all data down to b by a factor every so many steps",
    [
        Parameter::with_default("gamma", "the factor, in (0, 1)", "0.85"),
        Parameter::with_default("b", "the fraction available at last", "0.2"),
        Parameter::new("step_length", "the steps between two decreases"),
    ],
    |options, given| {
        let (gamma, b) = (options.number("gamma")?, options.number("b")?);
        Decreasing::new(gamma, b, options.number("step_length")?, total(options, given)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinks_to_the_least() {
        let pacing = Decreasing::new(0.5, 0.2, 2, 10).unwrap();
        let fractions: Vec<f64> = (0..11).map(|e| pacing.fraction(f64::from(e) / 10.0)).collect();
        assert_eq!(fractions, [1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2, 0.2]);
        for (gamma, b, step_length, total) in
            [(1.0, 0.2, 1, 1), (0.0, 0.2, 1, 1), (0.5, 1.1, 1, 1), (0.5, 0.2, 0, 1), (0.5, 0.2, 1, 0)]
        {
            assert!(Decreasing::new(gamma, b, step_length, total).is_err());
        }
    }
}
