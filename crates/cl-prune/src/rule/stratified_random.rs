use std::sync::Arc;

use super::{
    class_balanced::{Allocation, ClassBalanced, Floor},
    entry::{Entry, RuleNeeds, needed},
    random::KeepRandom,
    selection_rule::SelectionRule,
};
use crate::{budget::Budget, error::PruneError, selection::Selection};

/// Keeps a random part of every class, each in the proportion that it has in the data: the second control, which
/// tells what of a rule's gain is only that it keeps the classes together. Nested. O(n).
///
/// ```
/// use cl_prune::{Budget, SelectionRule, StratifiedRandom};
///
/// let rule = StratifiedRandom::new(vec![0, 0, 0, 0, 1, 1])?;
/// let kept = rule.select(&[0.0; 6], Budget::Count(3), 0)?.kept;
/// assert_eq!(kept.iter().filter(|&&example| example < 4).count(), 2);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StratifiedRandom(ClassBalanced<KeepRandom>);

pub(super) static ENTRY: Entry =
    Entry::new("stratified-random", "a random part of each class in proportion, the second control", &[], |_| {
        Ok(Arc::new(|inputs| {
            let labels = needed(inputs.labels, "stratified-random", RuleNeeds::Labels)?;
            Ok(Box::new(StratifiedRandom::new(labels.to_vec())?))
        }))
    })
    .needs(RuleNeeds::Labels);

impl StratifiedRandom {
    /// The rule for examples of these classes.
    ///
    /// # Errors
    /// Where a label is no class that a machine could count.
    pub fn new(labels: Vec<usize>) -> Result<Self, PruneError> {
        ClassBalanced::new(KeepRandom, labels, Allocation::Proportional, Floor::None).map(Self)
    }
}

impl SelectionRule for StratifiedRandom {
    fn name(&self) -> &'static str {
        "stratified random"
    }

    fn is_nested(&self) -> bool {
        true
    }

    fn select(&self, scores: &[f64], budget: Budget, seed: u64) -> Result<Selection, PruneError> {
        Ok(Selection { rule: self.name().to_owned(), ..self.0.select(scores, budget, seed)? })
    }

    fn select_among(
        &self,
        scores: &[f64],
        members: &[usize],
        budget: Budget,
        seed: u64,
    ) -> Result<Selection, PruneError> {
        Ok(Selection { rule: self.name().to_owned(), ..self.0.select_among(scores, members, budget, seed)? })
    }
}
