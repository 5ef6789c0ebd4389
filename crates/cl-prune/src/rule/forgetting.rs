use cl_data::{catalogue::Parameter, random::stream};
use serde::{Deserialize, Serialize};

use super::{
    entry::{Entry, ready},
    ranking::{From, ranking},
    selection_rule::{SelectionRule, check},
};
use crate::{budget::Budget, error::PruneError, selection::Selection};

/// What becomes of examples that were never learned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum NeverLearnedFate {
    /// They are the last to be removed, as in the paper, and with them most wrong labels are kept.
    #[default]
    KeptFirst,
    /// They are the first to be removed, before the unforgettable, as suspected noise.
    RemovedFirst,
    /// They count as never forgotten, as in much published code, which gives them 0 forgetting events.
    Unforgettable,
}

/// Removes the unforgettable first, then in increasing number of forgetting events.
///
/// ```text
/// events 0                     unforgettable: removed first, among them the seed decides
/// 0 < events < never           removed in increasing order, ties by the seed
/// events >= never              never learned: by default removed last
/// ```
///
/// Scores are forgetting counts. `never` is what marks an example as never learned: +inf, or the number of
/// presentations T where the count of one never learned is T, which no learned example can reach (Toneva et al.; no
/// count tells by itself which of the two it was). Where counts are sums over runs, so is `never`. Nested. O(n).
///
/// Source: Toneva et al. (2019), An Empirical Study of Example Forgetting, section 5.
///
/// ```
/// use cl_prune::{Budget, RemoveUnforgettable, SelectionRule};
///
/// let rule = RemoveUnforgettable::new(5.0, Default::default())?;
/// let selection = rule.select(&[0.0, 2.0, 5.0, 1.0, 0.0], Budget::Count(3), 0)?;
/// assert_eq!(selection.kept, [2, 1, 3]);
/// assert_eq!(selection.reason(0).unwrap(), "dropped: never forgotten, 0 of 2 kept by forgetting");
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RemoveUnforgettable {
    never: f64,
    fate: NeverLearnedFate,
}

pub(super) static ENTRY: Entry = Entry::new(
    RemoveUnforgettable::NAME,
    "the most forgotten: the unforgettable are removed first",
    &[
        Parameter::with_default(
            "never",
            "the count from which an example was never learned, where the scores do not tell it",
            "inf",
        ),
        Parameter::with_default(
            "never_learned",
            "what becomes of those: kept-first, removed-first or unforgettable",
            "kept-first",
        ),
    ],
    |options| {
        let never = options.number("never")?;
        let fates = [
            ("kept-first", NeverLearnedFate::KeptFirst),
            ("removed-first", NeverLearnedFate::RemovedFirst),
            ("unforgettable", NeverLearnedFate::Unforgettable),
        ];
        Ok(ready(RemoveUnforgettable::new(never, options.choice("never_learned", &fates)?)?))
    },
);

impl Default for RemoveUnforgettable {
    /// Only infinite scores are never learned, and they are kept first.
    fn default() -> Self {
        Self { never: f64::INFINITY, fate: NeverLearnedFate::KeptFirst }
    }
}

impl RemoveUnforgettable {
    /// The rule's name.
    pub const NAME: &'static str = "forgetting";

    /// The rule for scores of which those of at least `never` mean "never learned".
    ///
    /// # Errors
    /// Unless `never` is positive.
    pub fn new(never: f64, fate: NeverLearnedFate) -> Result<Self, PruneError> {
        if never.is_nan() || never <= 0.0 {
            return Err(PruneError::argument("never", never, "a positive count, or infinity"));
        }
        Ok(Self { never, fate })
    }

    /// How many examples were learned and never forgotten: as many as can go before the paper's rule touches an
    /// example that was ever forgotten.
    pub fn n_unforgettable(&self, scores: &[f64]) -> usize {
        scores.iter().filter(|&&score| score == 0.0).count()
    }
}

impl SelectionRule for RemoveUnforgettable {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn is_nested(&self) -> bool {
        true
    }

    fn select(&self, scores: &[f64], budget: Budget, seed: u64) -> Result<Selection, PruneError> {
        check(scores)?;
        let count = "a forgetting count, at least 0";
        if let Some(example) = scores.iter().position(|&score| score < 0.0) {
            return Err(PruneError::InvalidValue {
                what: "score",
                example,
                value: scores[example],
                expected: count,
            });
        }
        let n_kept = budget.resolve(scores.len())?;
        let keys: Vec<f64> = scores
            .iter()
            .map(|&score| match self.fate {
                _ if score < self.never => score,
                NeverLearnedFate::KeptFirst => f64::INFINITY,
                NeverLearnedFate::RemovedFirst => -1.0,
                NeverLearnedFate::Unforgettable => 0.0,
            })
            .collect();
        let ranking = ranking(&keys, From::Highest, &mut stream(seed, "score ties", 0));
        let group = |&score: &f64| if score >= self.never { 2 } else { u32::from(score > 0.0) };
        let names = ["never forgotten", "forgotten", "never learned"].map(str::to_owned).to_vec();
        let groups = scores.iter().map(group).collect();
        Ok(Selection::of_ranking(self.name(), ranking, n_kept, |a, b| keys[a] == keys[b])?.grouped(names, groups))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORES: [f64; 7] = [0.0, 9.0, 1.0, 3.0, 0.0, 9.0, 1.0];

    fn kept(fate: NeverLearnedFate, count: usize) -> Vec<usize> {
        let rule = RemoveUnforgettable::new(9.0, fate).unwrap();
        rule.select(&SCORES, Budget::Count(count), 4).unwrap().kept_sorted()
    }

    #[test]
    fn the_unforgettable_go_first_and_the_never_learned_as_told() {
        assert_eq!(kept(NeverLearnedFate::KeptFirst, 5), [1, 2, 3, 5, 6]);
        assert_eq!(kept(NeverLearnedFate::KeptFirst, 3), [1, 3, 5]);
        assert_eq!(kept(NeverLearnedFate::RemovedFirst, 5), [0, 2, 3, 4, 6]);
        assert_eq!(kept(NeverLearnedFate::Unforgettable, 3), [2, 3, 6]);
        assert_eq!(RemoveUnforgettable::default().n_unforgettable(&SCORES), 2);
    }

    #[test]
    fn groups_tell_how_often_examples_were_forgotten() {
        let rule = RemoveUnforgettable::new(9.0, NeverLearnedFate::KeptFirst).unwrap();
        let selection = rule.select(&SCORES, Budget::Count(3), 4).unwrap();
        let groups: Vec<_> = selection.groups.iter().map(|g| (g.name.as_str(), g.size, g.n_kept)).collect();
        assert_eq!(groups, [("never forgotten", 2, 0), ("forgotten", 3, 1), ("never learned", 2, 2)]);
        assert_eq!(selection.group_of, [0, 2, 1, 1, 0, 2, 1]);
    }

    #[test]
    fn counts_are_counts() {
        let error = RemoveUnforgettable::default().select(&[0.0, -1.0], Budget::Count(1), 0).unwrap_err();
        assert_eq!(error.to_string(), "score of example 1 is -1, expected a forgetting count, at least 0");
        assert!(RemoveUnforgettable::new(0.0, NeverLearnedFate::KeptFirst).is_err());
        assert!(RemoveUnforgettable::new(f64::NAN, NeverLearnedFate::KeptFirst).is_err());
    }
}
