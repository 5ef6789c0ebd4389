use super::{
    entry::{Entry, ready},
    ranking::From,
    selection_rule::{SelectionRule, keep_from},
};
use crate::{budget::Budget, error::PruneError, selection::Selection};

/// Keeps the easiest: better than the hardest where few examples are kept or labels are noisy. Nested. O(n).
///
/// Source: Sorscher et al. (2022), Beyond neural scaling laws, the data-scarce regime.
///
/// ```
/// use cl_prune::{Budget, KeepEasiest, SelectionRule};
///
/// assert_eq!(KeepEasiest.select(&[0.2, 0.9, 0.5], Budget::Count(2), 0)?.kept, [0, 2]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeepEasiest;

pub(super) static ENTRY: Entry = Entry::new("easiest", "the lowest difficulties", &[], |_| Ok(ready(KeepEasiest)));

impl SelectionRule for KeepEasiest {
    fn name(&self) -> &'static str {
        "keep easiest"
    }

    fn is_nested(&self) -> bool {
        true
    }

    fn select(&self, scores: &[f64], budget: Budget, seed: u64) -> Result<Selection, PruneError> {
        keep_from(self.name(), scores, From::Lowest, budget, seed)
    }
}
