use serde::{Deserialize, Serialize};

use super::wu::{Wu, wu_family};

/// One step: b of the data until a of the budget, then all of them.
///
/// ```text
/// g(t) = b + floor(t / (a T))                at most 1
/// ```
///
/// where t is the step and T the budget, t / T the progress. With a = 0 or b = 1 it is standard training; with
/// a > 1 the budget ends before all data are available.
///
/// Source: Wu, Dyer and Neyshabur (2021), When do curricula work?, table of pacing functions. Counts truncate.
///
/// ```
/// use cl_pacing::{Pacing, Step};
///
/// let pacing = Step::new(0.8, 0.2)?;
/// assert_eq!([0.0, 0.79, 0.8, 1.0].map(|progress| pacing.fraction(progress)), [0.2, 0.2, 1.0, 1.0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Step(Wu);

wu_family!(Step, "step", f64::floor, "Wu: b until a, then all");
