use std::fmt;

use cl_data::random;

use super::{Order, TIES, check, entry::order_entry};
use crate::error::PacingError;

/// Hard to easy: the anti-curriculum, the first control of Wu, Dyer and Neyshabur (2021). O(n log n).
///
/// ```
/// use cl_pacing::{HardFirst, Order};
///
/// assert_eq!(HardFirst.order(&[0.9, 0.1, 0.4], 0)?, [0, 2, 1]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HardFirst;

impl Order for HardFirst {
    fn order(&self, difficulty: &[f64], seed: u64) -> Result<Vec<usize>, PacingError> {
        check(difficulty)?;
        let ease: Vec<f64> = difficulty.iter().map(|score| -score).collect();
        Ok(random::argsort(&mut random::stream(seed, TIES, 0), &ease))
    }
}

impl fmt::Display for HardFirst {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("hard first")
    }
}

order_entry! {
    ENTRY = "hard-first" | "hard" | "anti-curriculum": "hard to easy: the anti-curriculum", [],
    |_, _| Ok(HardFirst)
}
