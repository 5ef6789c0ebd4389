use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::measure::{RankCorrelation, Ranked};
use crate::error::DifficultyError;

/// How far the same score, computed by several seeds or at several epochs, agrees with itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stability {
    /// The mean correlation over pairs; `None` where no pair has one.
    pub mean: Option<f64>,
    /// The lowest correlation.
    pub lowest: Option<f64>,
    /// The highest correlation.
    pub highest: Option<f64>,
    /// The pairs that have a correlation.
    pub n_pairs: usize,
    /// The pairs of which one is constant and ranks nothing.
    pub n_undefined: usize,
}

/// The stability of a score: the mean rank correlation over all pairs of its runs.
///
/// ```text
/// stability = (2 / (R (R - 1))) sum over i < j of corr(s_i, s_j)
/// ```
///
/// O(R n log n + R^2 n) for Spearman, pairs in parallel; Kendall sorts for every pair.
///
/// ```
/// use cl_difficulty::agreement::{RankCorrelation, stability};
///
/// let runs = [&[1.0, 2.0, 3.0][..], &[1.0, 3.0, 2.0], &[1.0, 2.0, 3.0]];
/// let stability = stability(&runs, RankCorrelation::Spearman)?;
/// assert_eq!((stability.mean, stability.lowest, stability.n_pairs), (Some(2.0 / 3.0), Some(0.5), 3));
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
///
/// # Errors
/// Where there are fewer than two runs, lengths differ, or a score is NaN.
pub fn stability(runs: &[&[f64]], correlation: RankCorrelation) -> Result<Stability, DifficultyError> {
    if runs.len() < 2 {
        return Err(DifficultyError::argument("runs", runs.len(), "at least two"));
    }
    let n = runs[0].len();
    if let Some(run) = runs.iter().find(|run| run.len() != n) {
        return Err(DifficultyError::LengthMismatch { what: "run", found: run.len(), expected: n });
    }
    let ranked: Vec<Result<Ranked<'_>, _>> = runs.par_iter().map(|run| Ranked::new(run)).collect();
    let ranked: Vec<Ranked<'_>> = ranked.into_iter().collect::<Result<_, _>>()?;
    let pairs: Vec<(usize, usize)> = (0..runs.len()).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
    let values: Vec<Result<Option<f64>, _>> =
        pairs.par_iter().map(|&(i, j)| correlation.of(&ranked[i], &ranked[j])).collect();
    let values: Vec<Option<f64>> = values.into_iter().collect::<Result<_, _>>()?;
    let defined: Vec<f64> = values.iter().copied().flatten().collect();
    Ok(Stability {
        mean: (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64),
        lowest: defined.iter().copied().reduce(f64::min),
        highest: defined.iter().copied().reduce(f64::max),
        n_pairs: defined.len(),
        n_undefined: values.len() - defined.len(),
    })
}
