use serde::{Deserialize, Serialize};

use crate::correlation::{check_numbers, for_each_tie, pearson_of, ranks};
use crate::{correlation::kendall, error::DifficultyError};

/// A measure of how far two scores order the examples the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RankCorrelation {
    /// Spearman's, [`spearman`](crate::spearman).
    Spearman,
    /// Kendall's tau-b, [`kendall`](crate::kendall()).
    Kendall,
}

/// Scores made ready to be correlated with one another, each sorted once.
pub(super) struct Ranked<'a> {
    pub(super) values: &'a [f64],
    pub(super) ranks: Vec<f64>,
    /// The examples in ascending order, tied ones together: where each group ends.
    sorted: Vec<usize>,
    ends: Vec<usize>,
}

impl<'a> Ranked<'a> {
    pub(super) fn new(values: &'a [f64]) -> Result<Self, DifficultyError> {
        check_numbers("score", values)?;
        let (mut sorted, mut ends) = (Vec::with_capacity(values.len()), Vec::new());
        for_each_tie(values, |tied| {
            sorted.extend(tied.iter());
            ends.push(sorted.len());
        });
        Ok(Self { values, ranks: ranks(values), sorted, ends })
    }

    /// Whether all examples are tied.
    pub(super) fn is_constant(&self) -> bool {
        self.ends.len() < 2
    }

    /// The ranks in a resample that holds example i `counts[i]` times. O(n), nothing being sorted again.
    pub(super) fn resampled_ranks(&self, counts: &[u32]) -> Vec<f64> {
        let mut ranks = vec![0.0; counts.len()];
        let (mut below, mut start) = (0.0, 0);
        for &end in &self.ends {
            let group = &self.sorted[start..end];
            let size: f64 = group.iter().map(|&i| f64::from(counts[i])).sum();
            group.iter().for_each(|&i| ranks[i] = below + (size + 1.0) / 2.0);
            (below, start) = (below + size, end);
        }
        ranks
    }
}

impl RankCorrelation {
    pub(super) fn of(self, a: &Ranked<'_>, b: &Ranked<'_>) -> Result<Option<f64>, DifficultyError> {
        match self {
            Self::Spearman => Ok(pearson_of(&a.ranks, &b.ranks)),
            Self::Kendall => kendall(a.values, b.values),
        }
    }
}

/// Pearson's correlation with integer weights, `None` where a variable is constant over what has weight.
pub(super) fn weighted_pearson(a: &[f64], b: &[f64], counts: &[u32]) -> Option<f64> {
    let rows = || a.iter().zip(b).zip(counts).map(|((&a, &b), &count)| (a, b, f64::from(count)));
    let (n, sum_a, sum_b) =
        rows().fold((0.0, 0.0, 0.0), |(n, x, y), (a, b, count)| (n + count, x + count * a, y + count * b));
    let (mean_a, mean_b) = (sum_a / n, sum_b / n);
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for (a, b, count) in rows() {
        let (a, b) = (a - mean_a, b - mean_b);
        aa += count * a * a;
        bb += count * b * b;
        ab += count * a * b;
    }
    // Ranks are halves of integers: those of a constant have its mean exactly.
    (aa > 0.0 && bb > 0.0).then(|| (ab / (aa * bb).sqrt()).clamp(-1.0, 1.0))
}
