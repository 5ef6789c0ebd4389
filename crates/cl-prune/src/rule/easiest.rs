use super::{SelectionRule, check, keep_lowest};
use crate::{Budget, PruneError, Selection};

/// Keeps the easiest: better than the hardest where few examples are kept or labels are noisy. O(n log n).
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

impl SelectionRule for KeepEasiest {
    fn name(&self) -> &'static str {
        "keep easiest"
    }

    fn select(&self, scores: &[f64], budget: Budget, seed: u64) -> Result<Selection, PruneError> {
        check(scores)?;
        keep_lowest(self.name(), scores, budget, seed)
    }
}
