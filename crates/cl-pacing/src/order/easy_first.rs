use std::fmt;

use cl_data::random;

use super::{Order, TIES, check, entry::order_entry};
use crate::error::PacingError;

/// Easy to hard: the curriculum of Bengio et al. (2009). O(n log n).
///
/// ```
/// use cl_pacing::{EasyFirst, Order};
///
/// assert_eq!(EasyFirst.order(&[0.9, 0.1, 0.4], 0)?, [1, 2, 0]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EasyFirst;

impl Order for EasyFirst {
    fn order(&self, difficulty: &[f64], seed: u64) -> Result<Vec<usize>, PacingError> {
        check(difficulty)?;
        Ok(random::argsort(&mut random::stream(seed, TIES, 0), difficulty))
    }
}

impl fmt::Display for EasyFirst {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("easy first")
    }
}

order_entry! {
    ENTRY = "easy-first" | "easy" | "curriculum": "easy to hard: the curriculum", [],
    |_, _| Ok(EasyFirst)
}
