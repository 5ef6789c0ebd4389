use serde::{Deserialize, Serialize};

use super::wu::{Wu, wu_family};

/// Grows as the square, slowly at first: from b of the data to all of them at a of the budget.
///
/// ```text
/// g(t) = b + (1 - b) (t / (a T))^2           and 1 from t = a T on
/// ```
///
/// where t is the step and T the budget, t / T the progress. With a = 0 or b = 1 it is standard training; with
/// a > 1 the budget ends before all data are available.
///
/// Source: Wu, Dyer and Neyshabur (2021), When do curricula work?, table of pacing functions. Counts truncate.
///
/// ```
/// use cl_pacing::{Pacing, Quadratic};
///
/// let pacing = Quadratic::new(0.8, 0.2)?;
/// assert_eq!(pacing.fraction(0.4), 0.2 + 0.8 * 0.25);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quadratic(Wu);

wu_family!(Quadratic, "quadratic", |x| x * x, "Wu: from b to all at a, as the square", "quad");
