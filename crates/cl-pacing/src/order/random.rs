use std::fmt;

use cl_data::random;

use super::{Order, check, entry::order_entry};
use crate::error::PacingError;

/// A uniformly random order: with the same pacing the control that tells what difficulty itself contributes. O(n).
///
/// ```
/// use cl_pacing::{Order, Random};
///
/// assert_eq!(Random.order(&[0.9, 0.1, 0.4], 7)?, Random.order(&[0.0; 3], 7)?);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Random;

impl Random {
    /// The order of `n_examples` examples that have no scores.
    pub fn of(n_examples: usize, seed: u64) -> Vec<usize> {
        random::permutation(&mut random::stream(seed, "random order", 0), n_examples)
    }
}

impl Order for Random {
    fn order(&self, difficulty: &[f64], seed: u64) -> Result<Vec<usize>, PacingError> {
        // A score that is none is a mistake in the control arm, too.
        check(difficulty)?;
        Ok(Self::of(difficulty.len(), seed))
    }
}

impl fmt::Display for Random {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("random")
    }
}

order_entry! {
    ENTRY = "random": "a random order, the control with the same pacing", [],
    |_, _| Ok(Random)
}
