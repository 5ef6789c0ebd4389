use std::fmt;

use serde::{Deserialize, Serialize};

use super::wu::Wu;
use super::{Pacing, Rounding};
use crate::PacingError;

/// Grows as the square root, fast at first: from b of the data to all of them at a of the budget.
///
/// ```text
/// g(t) = b + (1 - b) (t / (a T))^(1/2)       and 1 from t = a T on
/// ```
///
/// where t is the step and T the budget, t / T the progress. With a = 0 or b = 1 it is standard training; with
/// a > 1 the budget ends before all data are available.
///
/// Source: Wu, Dyer and Neyshabur (2021), When do curricula work?, table of pacing functions. Counts truncate.
///
/// ```
/// use cl_pacing::{Root, Pacing};
///
/// let pacing = Root::new(0.8, 0.1)?;
/// assert_eq!(pacing.fraction(0.4), 0.1 + 0.9 * 0.5_f64.sqrt());
/// assert!(pacing.reaches_full() && !Root::new(1.6, 0.1)?.reaches_full());
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Root(Wu);

impl Root {
    /// From the progress `a` at which all data are available and the fraction `b` available at first.
    ///
    /// # Errors
    /// Unless a is finite and at least 0, and b lies in [0, 1].
    pub fn new(a: f64, b: f64) -> Result<Self, PacingError> {
        Wu::new(a, b).map(Self)
    }
}

impl Pacing for Root {
    fn fraction(&self, progress: f64) -> f64 {
        self.0.fraction(progress, f64::sqrt)
    }

    fn full_at(&self) -> Option<f64> {
        Some(self.0.full_at())
    }

    fn rounding(&self) -> Rounding {
        Rounding::Truncate
    }
}

impl fmt::Display for Root {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write("root", formatter)
    }
}
