use serde::{Deserialize, Serialize};

use crate::{correlation::average_ranks, error::DifficultyError};

/// What the cumulative distribution is where several examples are equally difficult.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CdfTies {
    /// The mean of their ranks, so that values are spread as evenly as ties permit.
    MeanRank,
    /// The highest of their ranks: the distribution function itself, P\[D <= d\].
    HighestRank,
}

/// Difficulty as its own cumulative distribution: the share of the examples that are at most as hard.
///
/// ```text
/// cdf_i = rank(d_i) / n          ranks from 1, in (0, 1]
/// ```
///
/// What a competence in (0, 1] is compared with: an example is shown from cdf_i <= competence on. O(n log n).
///
/// Source: Platanios et al. (2019), section 2.2, whose code approximates it by a histogram of at most 1000 bins.
///
/// ```
/// use cl_difficulty::data_based::{CdfTies, cumulative_distribution};
///
/// let difficulty = [9.0, 1.0, 1.0, 4.0];
/// assert_eq!(cumulative_distribution(&difficulty, CdfTies::MeanRank)?, [1.0, 0.375, 0.375, 0.75]);
/// assert_eq!(cumulative_distribution(&difficulty, CdfTies::HighestRank)?, [1.0, 0.5, 0.5, 0.75]);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
///
/// # Errors
/// Where a difficulty is NaN.
pub fn cumulative_distribution(difficulty: &[f64], ties: CdfTies) -> Result<Vec<f64>, DifficultyError> {
    let n = difficulty.len() as f64;
    let ranks = average_ranks(difficulty)?;
    if ties == CdfTies::MeanRank {
        return Ok(ranks.into_iter().map(|rank| rank / n).collect());
    }
    let mut sorted = ranks.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let at_most = |rank: f64| sorted.partition_point(|&r| r <= rank) as f64;
    Ok(ranks.into_iter().map(|rank| at_most(rank) / n).collect())
}
