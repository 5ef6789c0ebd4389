use std::fmt;

use cl_data::{Fingerprint, Ids};

use super::{Order, check, entry::order_entry};
use crate::error::PacingError;

/// An order of the user's own, whatever the difficulties are. O(n).
///
/// ```
/// use cl_pacing::{Order, Permutation};
///
/// assert_eq!(Permutation::new(vec![2, 0, 1])?.order(&[0.9, 0.1, 0.4], 0)?, [2, 0, 1]);
/// assert!(Permutation::new(vec![2, 0, 2]).is_err());
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permutation(Vec<usize>);

impl Permutation {
    /// From the examples, the ones to show first first.
    ///
    /// # Errors
    /// Unless each of `0..n` is named once.
    pub fn new(order: Vec<usize>) -> Result<Self, PacingError> {
        let n_examples = order.len();
        let mut seen = vec![false; n_examples];
        for &example in &order {
            match seen.get_mut(example) {
                Some(seen) if *seen => return Err(PacingError::NotAPermutation { example }),
                Some(seen) => *seen = true,
                None => {
                    let (what, index) = ("ordered example", example);
                    return Err(PacingError::IndexOutOfRange { what, index, n_examples });
                }
            }
        }
        Ok(Self(order))
    }
}

impl Order for Permutation {
    fn order(&self, difficulty: &[f64], _seed: u64) -> Result<Vec<usize>, PacingError> {
        check(difficulty)?;
        PacingError::check_length("the order", self.0.len(), difficulty.len())?;
        Ok(self.0.clone())
    }
}

impl fmt::Display for Permutation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "permutation {}", Fingerprint::of(&Ids::range(self.0.len()), &self.0))
    }
}

order_entry! {
    ENTRY = "permutation": "an order of one's own", [],
    |options, given| Permutation::new(options.given(given.order, "order", "each example once")?.to_vec())
}
