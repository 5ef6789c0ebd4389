use cl_data::random::{permutation, stream};

use super::{
    entry::{Entry, ready},
    selection_rule::{SelectionRule, check},
};
use crate::{budget::Budget, error::PruneError, selection::Selection};

/// Keeps a uniformly random part: the control that every rule must beat. Nested. O(n).
///
/// ```
/// use cl_prune::{Budget, KeepRandom, SelectionRule};
///
/// let kept = |scores: &[f64]| KeepRandom.select(scores, Budget::Count(2), 7).map(|selection| selection.kept);
/// assert_eq!(kept(&[0.2, 0.9, 0.5])?, kept(&[0.0; 3])?); // scores play no part
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeepRandom;

pub(super) static ENTRY: Entry =
    Entry::new("random", "a random part, the control", &[], |_| Ok(ready(KeepRandom)));

impl SelectionRule for KeepRandom {
    fn name(&self) -> &'static str {
        "keep random"
    }

    fn is_nested(&self) -> bool {
        true
    }

    fn select(&self, scores: &[f64], budget: Budget, seed: u64) -> Result<Selection, PruneError> {
        // A score that is none is a mistake in the control arm, too.
        check(scores)?;
        let n_kept = budget.resolve(scores.len())?;
        let ranking = permutation(&mut stream(seed, "random selection", 0), scores.len());
        // The seed decides everything, so that calling examples tied would say nothing.
        Selection::of_ranking(self.name(), ranking, n_kept, |_, _| false)
    }
}
