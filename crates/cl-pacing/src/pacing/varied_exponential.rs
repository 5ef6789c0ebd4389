use std::fmt;

use cl_data::catalogue::Parameter;
use serde::{Deserialize, Serialize};

use super::entry::{pacing_entry, total};
use super::hacohen::{INCREASE, S, check_increase, check_start, grown, increases_until_full};
use super::units::{check_total, units_passed};
use super::{Pacing, rounding::Rounding};
use crate::{error::PacingError, validated::deserialise_through_new};

/// Varied exponential pacing: the share is multiplied by a factor after each of the mini-batches given.
///
/// ```text
/// g(i) = min(1, s increase^(sum_k 1[i > x_k]))           i = 0, 1, ... counts mini-batches
/// ```
///
/// Progress is i / total. With fewer than ceil(-log_increase s) mini-batches x_k it never reaches the full data.
///
/// Source: Hacohen and Weinshall (2019), On the power of curriculum learning in training deep networks, varied
/// exponential pacing. Counts round upwards.
///
/// ```
/// use cl_pacing::{Pacing, VariedExponential};
///
/// let pacing = VariedExponential::new(0.25, 2.0, vec![10, 40], 100)?;
/// assert_eq!([0.1, 0.11, 0.40, 0.41].map(|progress| pacing.fraction(progress)), [0.25, 0.5, 0.5, 1.0]);
/// assert_eq!(VariedExponential::new(0.25, 2.0, vec![10], 100)?.full_at(), None);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct VariedExponential {
    s: f64,
    increase: f64,
    after: Vec<u64>,
    total: u64,
}

deserialise_through_new!(VariedExponential { s: f64, increase: f64, after: Vec<u64>, total: u64 });

impl VariedExponential {
    /// From the share `s` available at first, the factor of an increase, the mini-batches x_k `after` which the
    /// increases come and the mini-batches of the whole run.
    ///
    /// # Errors
    /// Unless s lies in (0, 1], the increase is finite and above 1, the x_k do not decrease and total is at least 1.
    pub fn new(s: f64, increase: f64, after: Vec<u64>, total: u64) -> Result<Self, PacingError> {
        check_start(s)?;
        check_increase(increase)?;
        if let Some(pair) = after.windows(2).find(|pair| pair[0] > pair[1]) {
            let found = format!("{} before {}", pair[0], pair[1]);
            return Err(PacingError::argument("after", found, "mini-batches that do not decrease"));
        }
        check_total("total", total)?;
        Ok(Self { s, increase, after, total })
    }
}

impl Pacing for VariedExponential {
    fn fraction(&self, progress: f64) -> f64 {
        let i = units_passed(progress, self.total);
        grown(self.s, self.increase, self.after.partition_point(|&x| i > x) as u64)
    }

    fn full_at(&self) -> Option<f64> {
        let last = match increases_until_full(self.s, self.increase) {
            0 => return Some(0.0),
            k => *self.after.get(usize::try_from(k - 1).ok()?)?,
        };
        Some((last as f64 + 1.0) / self.total as f64)
    }

    fn grows_until(&self, _progress: f64) -> f64 {
        f64::INFINITY
    }

    fn rounding(&self) -> Rounding {
        Rounding::Ceiling
    }
}

impl fmt::Display for VariedExponential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { s, increase, after, total } = self;
        write!(
            formatter,
            "varied exponential (s = {s}, increase = {increase}, after = {after:?}, total = {total})"
        )
    }
}

pacing_entry! {
    ENTRY = "varied-exponential": "Hacohen: the share grows by a factor after each of the steps given",
    [S, INCREASE, Parameter::new("after", "the steps after which it grows, separated by commas")],
    |options, given| {
        let (s, increase) = (options.number("s")?, options.number("increase")?);
        VariedExponential::new(s, increase, options.list("after")?, total(options, given)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With x_k = k L - 1, i > x_k is i >= k L: fixed exponential pacing.
    #[test]
    fn evenly_spaced_it_is_fixed_exponential() {
        let fixed = crate::pacing::FixedExponential::new(0.04, 1.9, 100, 1400).unwrap();
        let after = (1..=6).map(|k| 100 * k - 1).collect();
        let varied = VariedExponential::new(0.04, 1.9, after, 1400).unwrap();
        for i in 0..1400 {
            let progress = f64::from(i) / 1400.0;
            assert_eq!(fixed.fraction(progress), varied.fraction(progress));
        }
        assert_eq!(fixed.full_at(), varied.full_at());
    }

    #[test]
    fn decreasing_thresholds_are_refused() {
        let error = VariedExponential::new(0.1, 2.0, vec![3, 2], 10).unwrap_err();
        assert_eq!(error.to_string(), "argument after is 3 before 2, expected mini-batches that do not decrease");
    }
}
