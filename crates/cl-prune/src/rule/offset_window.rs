use std::fmt;

use cl_data::{catalogue::Parameter, random::stream};
use serde::{Deserialize, Serialize};

use super::{
    entry::{Entry, ready},
    ranking::{From, ranking},
    selection_rule::{SelectionRule, check},
};
use crate::{budget::Budget, error::PruneError, selection::Selection};

/// The end of the ranking from which an offset is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WindowStart {
    /// Skips the easiest and keeps those that follow in increasing difficulty.
    Easiest,
    /// Skips the hardest, which may be noise, and keeps those that follow in decreasing difficulty.
    Hardest,
}

impl fmt::Display for WindowStart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Easiest => "easiest",
            Self::Hardest => "hardest",
        })
    }
}

/// Keeps a window of the ranking: sweeping its offset shows where along the difficulty the useful examples lie.
///
/// ```text
/// keep ranks o .. o + k,  o = floor(offset n + 0.5)       in order from the given end
/// ```
///
/// An offset of 0 from the hardest is [`KeepHardest`](crate::KeepHardest). Nested under one offset. O(n).
///
/// Source: Paul et al. (2021), Deep Learning on a Data Diet, the experiment on noisy labels; its published code
/// counts from the easiest.
///
/// ```
/// use cl_prune::{Budget, OffsetWindow, SelectionRule, WindowStart};
///
/// let rule = OffsetWindow::new(0.25, WindowStart::Hardest)?;
/// assert_eq!(rule.select(&[0.2, 0.9, 0.5, 0.7], Budget::Count(2), 0)?.kept, [3, 2]);
/// assert!(rule.select(&[0.2, 0.9, 0.5, 0.7], Budget::Count(4), 0).is_err()); // three are left
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OffsetWindow {
    offset: f64,
    start: WindowStart,
}

pub(super) static ENTRY: Entry = Entry::new(
    "offset",
    "a window of the ranking, after a share of it is skipped",
    &[
        Parameter::with_default("offset", "the share of all examples skipped, in [0, 1)", "0"),
        Parameter::with_default("start", "the end skipped from: easiest or hardest", "easiest"),
    ],
    |options| {
        let offset = options.number("offset")?;
        let ends = [("easiest", WindowStart::Easiest), ("hardest", WindowStart::Hardest)];
        Ok(ready(OffsetWindow::new(offset, options.choice("start", &ends)?)?))
    },
);

impl OffsetWindow {
    /// A window that skips the share `offset` of all examples at one end.
    ///
    /// # Errors
    /// Unless 0 <= offset < 1.
    pub fn new(offset: f64, start: WindowStart) -> Result<Self, PruneError> {
        if !(0.0..1.0).contains(&offset) {
            return Err(PruneError::argument("offset", offset, "a share of the examples in [0, 1)"));
        }
        Ok(Self { offset, start })
    }
}

impl SelectionRule for OffsetWindow {
    fn name(&self) -> &'static str {
        "offset window"
    }

    fn is_nested(&self) -> bool {
        true
    }

    fn select(&self, scores: &[f64], budget: Budget, seed: u64) -> Result<Selection, PruneError> {
        check(scores)?;
        let n_examples = scores.len();
        let count = budget.resolve(n_examples)?;
        let skipped = ((self.offset * n_examples as f64 + 0.5).floor() as usize).min(n_examples);
        let n_left = n_examples - skipped;
        if count > n_left {
            let why = format!("the window starts after {skipped} of the {}", self.start);
            return Err(PruneError::TooFewLeft { rule: self.name(), count, n_left, n_examples, why });
        }
        let from = match self.start {
            WindowStart::Easiest => From::Lowest,
            WindowStart::Hardest => From::Highest,
        };
        let mut sorted = ranking(scores, from, &mut stream(seed, "score ties", 0));
        let cut = |end: usize| {
            let (before, after) = (scores[*sorted.get(end.checked_sub(1)?)?], scores[*sorted.get(end)?]);
            (before == after).then_some(after)
        };
        let cuts = if count == 0 { [None; 2] } else { [cut(skipped), cut(skipped + count)] };
        // Behind the window first, what was skipped last, the nearest first.
        sorted.rotate_left(skipped);
        sorted[n_left..].reverse();
        Selection::with_ties(self.name(), sorted, count, |example| cuts.contains(&Some(scores[example])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published code: argsort()[o:o+k] in increasing order.
    #[test]
    fn the_window_slides_over_the_ranking() {
        let scores = [3.0_f64, 1.0, 4.0, 1.5, 9.0, 2.0, 6.0, 5.0, 3.5, 8.0];
        let mut sorted: Vec<usize> = (0..10).collect();
        sorted.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        for offset in 0..8 {
            for count in 0..=10 - offset {
                let select = |start| {
                    let rule = OffsetWindow::new(offset as f64 / 10.0, start).unwrap();
                    rule.select(&scores, Budget::Count(count), 0).unwrap().kept
                };
                assert_eq!(select(WindowStart::Easiest), sorted[offset..offset + count]);
                let mut hardest = select(WindowStart::Hardest);
                hardest.reverse();
                assert_eq!(hardest, sorted[10 - offset - count..10 - offset]);
            }
        }
    }

    /// Ties at either end of the window, and none elsewhere: 1 2 2 | ... | 5 5 with the window over 2 3 4 5.
    #[test]
    fn who_is_tied_at_an_end_is_told() {
        let scores = [5.0, 3.0, 2.0, 5.0, 1.0, 4.0, 2.0, 6.0, 6.0, 7.0];
        let rule = OffsetWindow::new(0.2, WindowStart::Easiest).unwrap();
        let tied = |count| -> Vec<bool> {
            let decisions = rule.select(&scores, Budget::Count(count), 0).unwrap().decisions;
            decisions.iter().map(|decision| decision.tied).collect()
        };
        let of = |values: &[f64]| -> Vec<bool> { scores.iter().map(|score| values.contains(score)).collect() };
        assert_eq!(tied(4), of(&[2.0, 5.0]));
        assert_eq!(tied(3), of(&[2.0]));
        assert_eq!(tied(6), of(&[2.0, 6.0]));
        assert_eq!(tied(0), of(&[]));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for offset in [-0.1, 1.0, f64::NAN] {
            assert!(OffsetWindow::new(offset, WindowStart::Easiest).is_err());
        }
        let error = OffsetWindow::new(0.5, WindowStart::Easiest).unwrap().select(&[0.0; 10], Budget::Keep(0.6), 0);
        assert_eq!(
            error.unwrap_err().to_string(),
            "6 of 10 examples are to be kept, but offset window leaves 5 to choose from: the window starts after 5 \
             of the easiest"
        );
    }
}
