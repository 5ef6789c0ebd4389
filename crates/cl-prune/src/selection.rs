use serde::{Deserialize, Serialize};

use crate::PruneError;

/// What was kept and what was dropped, and why: together every example once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Selection {
    /// The name of the rule.
    pub rule: String,
    /// The examples kept, the most important first.
    pub kept: Vec<usize>,
    /// The examples dropped, the one that missed most narrowly first.
    pub dropped: Vec<usize>,
    /// One decision per example, by index.
    pub decisions: Vec<Decision>,
}

/// Why an example was kept or dropped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Whether it was kept.
    pub kept: bool,
    /// Its rank in the rule's order, 0 for the most important; kept are the ranks below the number kept.
    pub rank: usize,
    /// Whether the rule held it equal to an example that was decided otherwise, so that the seed decided.
    pub tied: bool,
}

impl Selection {
    /// The first `n_kept` of a ranking that names every example once. `equal` tells whether the rule has no
    /// preference between two examples. O(n).
    pub(crate) fn of_ranking(
        rule: &str,
        mut ranking: Vec<usize>,
        n_kept: usize,
        equal: impl Fn(usize, usize) -> bool,
    ) -> Result<Self, PruneError> {
        let n_examples = ranking.len();
        if n_kept > n_examples {
            return Err(PruneError::Count { count: n_kept, n_examples });
        }
        // The seed decides only among examples equal to both of those next to the cut.
        let at_cut = match (n_kept.checked_sub(1), ranking.get(n_kept)) {
            (Some(last), Some(&first_dropped)) if equal(ranking[last], first_dropped) => Some(first_dropped),
            _ => None,
        };
        let mut decisions = vec![Decision { kept: false, rank: 0, tied: false }; n_examples];
        for (rank, &example) in ranking.iter().enumerate() {
            let tied = at_cut.is_some_and(|cut| equal(example, cut));
            decisions[example] = Decision { kept: rank < n_kept, rank, tied };
        }
        let dropped = ranking.split_off(n_kept);
        Ok(Self { rule: rule.to_owned(), kept: ranking, dropped, decisions })
    }

    /// The number of examples kept.
    pub fn n_kept(&self) -> usize {
        self.kept.len()
    }

    /// The examples kept, by index.
    pub fn kept_sorted(&self) -> Vec<usize> {
        let mut kept = self.kept.clone();
        kept.sort_unstable();
        kept
    }

    /// One entry per example, by index: true = kept.
    pub fn mask(&self) -> Vec<bool> {
        self.decisions.iter().map(|decision| decision.kept).collect()
    }

    /// Why example `example` was kept or dropped, in words; `None` where there is no such example.
    pub fn reason(&self, example: usize) -> Option<String> {
        let Decision { kept, rank, tied } = *self.decisions.get(example)?;
        let verdict = if kept { "kept" } else { "dropped" };
        let (n_kept, n_examples) = (self.kept.len(), self.decisions.len());
        let place = format!("{verdict}: rank {} of {n_examples} by {}, {n_kept} kept", rank + 1, self.rule);
        Some(if tied { format!("{place}, tied at the cut and decided by the seed") } else { place })
    }
}
