use super::{
    entry::{Entry, ready},
    ranking::From,
    selection_rule::{SelectionRule, keep_from},
};
use crate::{budget::Budget, error::PruneError, selection::Selection};

/// Keeps the hardest: prunes what a model learns anyway, best where data are plenty. Nested. O(n).
///
/// Source: Toneva et al. (2019), who remove the least forgotten; Paul et al. (2021), who keep the highest EL2N.
///
/// ```
/// use cl_prune::{Budget, KeepHardest, SelectionRule};
///
/// assert_eq!(KeepHardest.select(&[0.2, 0.9, 0.5], Budget::Count(2), 0)?.kept, [1, 2]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeepHardest;

pub(super) static ENTRY: Entry =
    Entry::new("hardest", "the highest difficulties", &[], |_| Ok(ready(KeepHardest)));

impl SelectionRule for KeepHardest {
    fn name(&self) -> &'static str {
        "keep hardest"
    }

    fn is_nested(&self) -> bool {
        true
    }

    fn select(&self, scores: &[f64], budget: Budget, seed: u64) -> Result<Selection, PruneError> {
        keep_from(self.name(), scores, From::Highest, budget, seed)
    }
}
