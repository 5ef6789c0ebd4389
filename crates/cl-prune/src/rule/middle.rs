use cl_data::random::stream;

use super::{
    entry::{Entry, ready},
    ranking::{From, ranking},
    selection_rule::{SelectionRule, check},
};
use crate::{budget::Budget, error::PruneError, selection::Selection};

/// Keeps the middle: neither what is learned anyway nor what may be noise.
///
/// ```text
/// keep ranks floor((n - k) / 2) .. floor((n - k) / 2) + k       of the scores in increasing order
/// ```
///
/// With the distance to the class median for a score this is the moderate coreset; ranks are global, over all
/// classes. (A published copy of it keeps the two tails instead.) Nested: every further example joins at one end of
/// the window or at the other. O(n).
///
/// Source: Xia et al. (2023), Moderate Coreset, section 3.
///
/// ```
/// use cl_prune::{Budget, KeepMiddle, SelectionRule};
///
/// assert_eq!(KeepMiddle.select(&[0.2, 0.9, 0.5, 0.0, 0.7], Budget::Count(3), 0)?.kept_sorted(), [0, 2, 4]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeepMiddle;

pub(super) static ENTRY: Entry =
    Entry::new("middle", "the middle ranks (moderate coreset, on the distance to the class median)", &[], |_| {
        Ok(ready(KeepMiddle))
    });

impl SelectionRule for KeepMiddle {
    fn name(&self) -> &'static str {
        "keep middle"
    }

    fn is_nested(&self) -> bool {
        true
    }

    fn select(&self, scores: &[f64], budget: Budget, seed: u64) -> Result<Selection, PruneError> {
        check(scores)?;
        let n = scores.len();
        let n_kept = budget.resolve(n)?;
        let sorted = ranking(scores, From::Lowest, &mut stream(seed, "score ties", 0));
        let first = (n - n_kept) / 2;
        let window = first..first + n_kept;
        // Scores that stand on both sides of an end of the window.
        let cut = |end: usize| {
            let (before, after) = (scores[*sorted.get(end.checked_sub(1)?)?], scores[*sorted.get(end)?]);
            (before == after).then_some(after)
        };
        let cuts = if window.is_empty() { [None; 2] } else { [cut(window.start), cut(window.end)] };
        let ranking = inside_out(n).map(|rank| sorted[rank]).collect();
        Selection::with_ties(self.name(), ranking, n_kept, |example| cuts.contains(&Some(scores[example])))
    }
}

/// The ranks `0..n` in the order in which the window takes them as it grows: its first is floor((n - k) / 2).
fn inside_out(n: usize) -> impl Iterator<Item = usize> {
    (0..n).map(move |k| {
        let (before, after) = ((n - k) / 2, (n - k - 1) / 2);
        // Either the window starts one earlier, or it ends one later.
        if after < before { after } else { after + k }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_grows_at_its_ends() {
        for n in 0..40 {
            let order: Vec<usize> = inside_out(n).collect();
            for k in 0..=n {
                let mut window = order[..k].to_vec();
                window.sort_unstable();
                let first = (n - k) / 2;
                assert_eq!(window, (first..first + k).collect::<Vec<_>>(), "{k} of {n}");
            }
        }
    }

    #[test]
    fn ties_are_those_at_either_end() {
        let scores = [0.0, 0.0, 1.0, 2.0, 2.0, 3.0];
        let selection = KeepMiddle.select(&scores, Budget::Count(2), 0).unwrap();
        let tied: Vec<bool> = selection.decisions.iter().map(|decision| decision.tied).collect();
        assert_eq!(tied, [false, false, false, true, true, false]);
        assert!(selection.mask()[2]);
    }
}
