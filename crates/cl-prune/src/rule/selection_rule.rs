use std::fmt;

use cl_data::random::stream;

use super::ranking::{From, ranking};
use crate::{budget::Budget, error::PruneError, selection::Selection};

/// A rule that says which examples are kept, given a score for each.
///
/// A rule of one's own needs a name, whether it is nested, and `select`; everything that takes a rule takes it.
pub trait SelectionRule: fmt::Debug + Send + Sync {
    /// The rule's name.
    fn name(&self) -> &'static str;

    /// Whether under one seed smaller budgets keep a part of what larger ones keep, in the same order, so that one
    /// selection gives every smaller one.
    fn is_nested(&self) -> bool;

    /// Keeps `budget` of the examples `0..scores.len()`, higher scores being harder.
    ///
    /// # Errors
    /// Where the budget cannot be met, or a score is NaN; infinities are the extremes that they are, unless the rule
    /// says otherwise.
    fn select(&self, scores: &[f64], budget: Budget, seed: u64) -> Result<Selection, PruneError>;

    /// How many of those kept the rule would have left out, had there been others: of weight 0, where it draws by weights.
    fn n_of_weight_zero(&self, _scores: &[f64], _selection: &Selection, _seed: u64) -> Option<usize> {
        None
    }

    /// Keeps `budget` of the examples `members` as if there were no others. The selection speaks of them by their
    /// place in `members`. A rule that holds something per example must take the members' share of it.
    ///
    /// # Errors
    /// As [`select`](Self::select), and where a member is no example.
    fn select_among(
        &self,
        scores: &[f64],
        members: &[usize],
        budget: Budget,
        seed: u64,
    ) -> Result<Selection, PruneError> {
        self.select(&gather("member", scores, members)?, budget, seed)
    }
}

impl SelectionRule for Box<dyn SelectionRule> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn is_nested(&self) -> bool {
        (**self).is_nested()
    }

    fn select(&self, scores: &[f64], budget: Budget, seed: u64) -> Result<Selection, PruneError> {
        (**self).select(scores, budget, seed)
    }

    fn n_of_weight_zero(&self, scores: &[f64], selection: &Selection, seed: u64) -> Option<usize> {
        (**self).n_of_weight_zero(scores, selection, seed)
    }

    fn select_among(
        &self,
        scores: &[f64],
        members: &[usize],
        budget: Budget,
        seed: u64,
    ) -> Result<Selection, PruneError> {
        (**self).select_among(scores, members, budget, seed)
    }
}

/// No score is NaN.
pub(super) fn check(scores: &[f64]) -> Result<(), PruneError> {
    match scores.iter().position(|score| score.is_nan()) {
        Some(example) => Err(PruneError::NotANumber { example }),
        None => Ok(()),
    }
}

/// There is one entry per example.
pub(super) fn check_length(what: &'static str, found: usize, expected: usize) -> Result<(), PruneError> {
    if found == expected { Ok(()) } else { Err(PruneError::LengthMismatch { what, found, expected }) }
}

/// The values of the members, in their order.
pub(super) fn gather(what: &'static str, values: &[f64], members: &[usize]) -> Result<Vec<f64>, PruneError> {
    let n_examples = values.len();
    let value =
        |&index: &usize| values.get(index).copied().ok_or(PruneError::IndexOutOfRange { what, index, n_examples });
    members.iter().map(value).collect()
}

/// Keeps the examples from one end, ties in seeded order.
pub(super) fn keep_from(
    name: &str,
    scores: &[f64],
    from: From,
    budget: Budget,
    seed: u64,
) -> Result<Selection, PruneError> {
    check(scores)?;
    let n_kept = budget.resolve(scores.len())?;
    let ranking = ranking(scores, from, &mut stream(seed, "score ties", 0));
    Selection::of_ranking(name, ranking, n_kept, |a, b| scores[a] == scores[b])
}
