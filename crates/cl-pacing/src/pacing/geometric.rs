use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Pacing, competence::C0, entry::pacing_entry, rounding::Rounding};
use crate::{error::PacingError, validated::deserialise_through_new};

/// Grows geometrically: by the same factor in equal times, from c0 to all at the end of the budget.
///
/// ```text
/// g(t) = 2^(log2 c0 - (t / T) log2 c0) = c0^(1 - t / T)           and 1 from t = T on
/// ```
///
/// where t is the step and T the budget, t / T the progress.
///
/// Source: Penha and Hauff (2020), Curriculum learning strategies for IR, whose geometric progression it is. Counts
/// round upwards, our choice.
///
/// ```
/// use cl_pacing::{Geometric, Pacing};
///
/// let pacing = Geometric::new(0.01)?;
/// assert!((pacing.fraction(0.5) - 0.1).abs() < 1e-15);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Geometric {
    c0: f64,
}

deserialise_through_new!(Geometric { c0: f64 });

impl Geometric {
    /// From the fraction `c0` available at first.
    ///
    /// # Errors
    /// Unless c0 lies in (0, 1]: nothing grows from 0 by a factor.
    pub fn new(c0: f64) -> Result<Self, PacingError> {
        if c0 > 0.0 && c0 <= 1.0 {
            return Ok(Self { c0 });
        }
        Err(PacingError::argument("c0", c0, "a fraction in (0, 1], because nothing grows from 0 by a factor"))
    }
}

impl Pacing for Geometric {
    fn fraction(&self, progress: f64) -> f64 {
        if progress >= 1.0 { 1.0 } else { self.c0.powf(1.0 - progress.max(0.0)) }
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

impl fmt::Display for Geometric {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "geometric (c0 = {})", self.c0)
    }
}

pacing_entry! {
    ENTRY = "geometric": "by equal factors in equal times, from c0 to all at the end", [C0],
    |options, _| Geometric::new(options.number("c0")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_of_0_is_refused() {
        for c0 in [0.0, -0.1, 1.1, f64::NAN] {
            assert!(Geometric::new(c0).unwrap_err().to_string().starts_with("argument c0 is "));
        }
        assert_eq!(Geometric::new(0.2).unwrap().fraction(f64::NAN), 0.2);
    }
}
