use std::fmt;

use cl_data::catalogue::Parameter;
use serde::{Deserialize, Serialize};

use super::{Pacing, entry::pacing_entry, rounding::Rounding};
use crate::{error::PacingError, validated::deserialise_through_new};

/// Competence, linear (p = 1) or root-p: a clock that starts at c0 and is full when the curriculum ends.
///
/// ```text
/// c(t) = min(1, (t (1 - c0^p) / T + c0^p)^(1/p))
/// ```
///
/// where T is the curriculum's length, t / T the progress. Despite its name it measures nothing of the learner.
///
/// Source: Platanios et al. (2019), Competence-based curriculum learning, equations 5 to 7. Counts round upwards.
///
/// ```
/// use cl_pacing::{Competence, Pacing};
///
/// let competence = Competence::square_root(0.01)?;
/// assert!((competence.fraction(0.25) - 0.500075).abs() < 1e-6);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Competence {
    c0: f64,
    p: f64,
}

deserialise_through_new!(Competence { c0: f64, p: f64 });

impl Competence {
    /// Root-p competence from the initial competence `c0` and the power `p`.
    ///
    /// # Errors
    /// Unless c0 lies in [0, 1] and p is finite and at least 1.
    pub fn new(c0: f64, p: f64) -> Result<Self, PacingError> {
        PacingError::check("c0", c0, (0.0..=1.0).contains(&c0), "a fraction in [0, 1], the competence at first")?;
        if !(p.is_finite() && p >= 1.0) {
            return Err(PacingError::argument("p", p, "a finite number of at least 1, the degree of the root"));
        }
        Ok(Self { c0, p })
    }

    /// Linear competence, p = 1.
    ///
    /// # Errors
    /// Unless c0 lies in [0, 1].
    pub fn linear(c0: f64) -> Result<Self, PacingError> {
        Self::new(c0, 1.0)
    }

    /// Square-root competence, p = 2.
    ///
    /// # Errors
    /// Unless c0 lies in [0, 1].
    pub fn square_root(c0: f64) -> Result<Self, PacingError> {
        Self::new(c0, 2.0)
    }
}

impl Pacing for Competence {
    fn fraction(&self, progress: f64) -> f64 {
        if progress >= 1.0 || self.c0 == 1.0 {
            return 1.0;
        }
        let start = self.c0.powf(self.p);
        (progress.max(0.0) * (1.0 - start) + start).powf(1.0 / self.p).clamp(self.c0, 1.0)
    }

    fn full_at(&self) -> Option<f64> {
        Some(if self.c0 == 1.0 { 0.0 } else { 1.0 })
    }

    fn grows_until(&self, _progress: f64) -> f64 {
        f64::INFINITY
    }

    fn rounding(&self) -> Rounding {
        Rounding::Ceiling
    }
}

impl fmt::Display for Competence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "competence (c0 = {}, p = {})", self.c0, self.p)
    }
}

pub(super) const C0: Parameter = Parameter::with_default("c0", "the fraction available at first", "0.01");

pacing_entry! {
    ENTRY = "competence": "Platanios: root-p competence, from c0 to all at the end",
    [C0, Parameter::with_default("p", "the degree of the root, at least 1: 1 is linear, 2 the square root", "2")],
    |options, _| Competence::new(options.number("c0")?, options.number("p")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_outside_their_domain_are_refused() {
        for (c0, p) in [(-0.1, 2.0), (1.1, 2.0), (f64::NAN, 2.0), (0.1, 0.5), (0.1, f64::INFINITY)] {
            assert!(Competence::new(c0, p).is_err());
        }
    }
}
