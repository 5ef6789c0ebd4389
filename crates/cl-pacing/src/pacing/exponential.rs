use serde::{Deserialize, Serialize};

use super::wu::{Wu, wu_family};

/// Grows exponentially, most of it at the end: from b of the data to all of them at a of the budget.
///
/// ```text
/// g(t) = b + (1 - b) (exp(10 t / (a T)) - 1) / (exp(10) - 1)           and 1 from t = a T on
/// ```
///
/// where t is the step and T the budget, t / T the progress. With a = 0 or b = 1 it is standard training; with
/// a > 1 the budget ends before all data are available.
///
/// Source: Wu, Dyer and Neyshabur (2021), When do curricula work?, table of pacing functions. Counts truncate.
///
/// ```
/// use cl_pacing::{Pacing, Exponential};
///
/// let pacing = Exponential::new(0.8, 0.2)?;
/// assert!(pacing.fraction(0.4) < 0.21 && pacing.fraction(0.8) == 1.0);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Exponential(Wu);

wu_family!(
    Exponential,
    "exponential",
    |x| (10.0 * x).exp_m1() / 10.0_f64.exp_m1(),
    "Wu: from b to all at a, most of it at the end",
    "exp"
);
