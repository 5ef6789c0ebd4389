use serde::{Deserialize, Serialize};

use super::wu::{Wu, wu_family};

/// Grows logarithmically, most of it at the start: from b of the data to all of them at a of the budget.
///
/// ```text
/// g(t) = b + (1 - b) (1 + 0.1 ln(t / (a T) + exp(-10)))           and 1 from t = a T on
/// ```
///
/// where t is the step and T the budget, t / T the progress. With a = 0 or b = 1 it is standard training; with
/// a > 1 the budget ends before all data are available.
/// The bracket is 0 at t = 0 and evaluated as 0.1 ln(1 + exp(10) t / (a T)), which loses nothing there. It passes 1
/// at (1 - exp(-10)) a T, a 22,000th before a T.
///
/// Source: Wu, Dyer and Neyshabur (2021), When do curricula work?, table of pacing functions. Counts truncate.
///
/// ```
/// use cl_pacing::{Pacing, Logarithmic};
///
/// let pacing = Logarithmic::new(0.8, 0.2)?;
/// assert_eq!(pacing.fraction(0.0), 0.2);
/// assert!(pacing.fraction(0.4) > 0.94);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Logarithmic(Wu);

wu_family!(
    Logarithmic,
    "logarithmic",
    |x| 0.1 * (10.0_f64.exp() * x).ln_1p(),
    "Wu: from b to all at a, most of it at the start",
    "log"
);
