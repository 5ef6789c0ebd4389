use cl_data::memory;
use cl_data::random::{self, MAX_RESAMPLES};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::measure::{RankCorrelation, Ranked, weighted_pearson};
use crate::{correlation::kendall, error::DifficultyError};

/// Bootstrap over examples: how often, at what level, from which seed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// Resamples, each of n examples drawn with replacement; at most [`MAX_RESAMPLES`].
    pub n_resamples: usize,
    /// The share of the resamples that the interval holds, in (0, 1): 0.95, say.
    pub level: f64,
    /// The seed of the resamples.
    pub seed: u64,
}

/// How far two scores agree.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// The correlation; `None` where a score is constant and ranks nothing.
    pub value: Option<f64>,
    /// The percentile interval of the bootstrap, where one was asked for and the value is defined.
    pub interval: Option<(f64, f64)>,
    /// Resamples in which a score was constant, left out of the interval.
    pub n_undefined: usize,
}

/// The agreement of every score with every other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct AgreementMatrix {
    names: Vec<String>,
    /// The pairs (i, j) with j < i, row by row.
    cells: Vec<Agreement>,
    /// Whether each score ranks anything.
    constant: Vec<bool>,
}

/// What is read back, before it is checked.
#[derive(Deserialize)]
struct Unchecked {
    names: Vec<String>,
    cells: Vec<Agreement>,
    constant: Vec<bool>,
}

impl TryFrom<Unchecked> for AgreementMatrix {
    type Error = DifficultyError;

    fn try_from(Unchecked { names, cells, constant }: Unchecked) -> Result<Self, DifficultyError> {
        let n = names.len();
        for (what, found, expected) in
            [("cells", cells.len(), n * n.saturating_sub(1) / 2), ("constant", constant.len(), n)]
        {
            if found != expected {
                return Err(DifficultyError::LengthMismatch { what, found, expected });
            }
        }
        Ok(Self { names, cells, constant })
    }
}

impl AgreementMatrix {
    /// The names of the scores, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The agreement of scores i and j: symmetric, 1 on the diagonal unless the score is constant; `None` where
    /// there is no such score.
    pub fn get(&self, i: usize, j: usize) -> Option<Agreement> {
        let (i, j) = (i.max(j), i.min(j));
        if i == j {
            let value = (!*self.constant.get(i)?).then_some(1.0);
            return Some(Agreement { value, interval: value.map(|one| (one, one)), n_undefined: 0 });
        }
        self.cells.get(i * i.saturating_sub(1) / 2 + j).copied()
    }
}

/// The rank correlation of every pair of named scores, with percentile bootstrap intervals over examples if asked
/// for.
///
/// All pairs share the resamples, so that their intervals can be compared. Each score is sorted once: a resample
/// costs Spearman O(n) per pair and Kendall O(n log n). Resamples are drawn in parallel from streams of their own:
/// the result does not depend on the number of threads. Memory O(scores n + pairs resamples), 8 bytes for each of the
/// latter.
///
/// Source: Efron (1979), Bootstrap Methods; the percentile interval takes the order statistics at
/// (1 - level) / 2 and (1 + level) / 2, interpolated linearly.
///
/// ```
/// use cl_difficulty::agreement::{Bootstrap, RankCorrelation, agreement_matrix};
///
/// let scores = [("loss", &[1.0, 2.0, 3.0, 4.0][..]), ("el2n", &[1.0, 3.0, 2.0, 4.0]), ("flat", &[0.0; 4])];
/// let bootstrap = Bootstrap { n_resamples: 200, level: 0.95, seed: 1 };
/// let matrix = agreement_matrix(&scores, RankCorrelation::Spearman, Some(bootstrap))?;
/// assert_eq!(matrix.get(0, 1).unwrap().value, Some(0.8));
/// assert_eq!(matrix.get(2, 1).unwrap().value, None);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
///
/// # Errors
/// Where a score is NaN, lengths differ, or the bootstrap is out of its domain.
pub fn agreement_matrix(
    scores: &[(&str, &[f64])],
    correlation: RankCorrelation,
    bootstrap: Option<Bootstrap>,
) -> Result<AgreementMatrix, DifficultyError> {
    let n = scores.first().map_or(0, |(_, values)| values.len());
    if let Some((_, values)) = scores.iter().find(|(_, values)| values.len() != n) {
        return Err(DifficultyError::LengthMismatch { what: "score", found: values.len(), expected: n });
    }
    if let Some(Bootstrap { n_resamples, level, .. }) = bootstrap {
        if !(1..=MAX_RESAMPLES).contains(&n_resamples) {
            let expected = "from 1 to 10,000,000, all of which are kept";
            return Err(DifficultyError::argument("n_resamples", n_resamples, expected));
        }
        if !(level > 0.0 && level < 1.0) {
            return Err(DifficultyError::argument("level", level, "a share in (0, 1)"));
        }
    }
    let ranked: Vec<Result<Ranked<'_>, _>> = scores.par_iter().map(|(_, values)| Ranked::new(values)).collect();
    let ranked: Vec<Ranked<'_>> = ranked.into_iter().collect::<Result<_, _>>()?;
    let pairs: Vec<(usize, usize)> = (0..ranked.len()).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
    let values: Vec<Result<Option<f64>, _>> =
        pairs.par_iter().map(|&(i, j)| correlation.of(&ranked[i], &ranked[j])).collect();
    let values: Vec<Option<f64>> = values.into_iter().collect::<Result<_, _>>()?;

    let mut resampled = vec![Vec::new(); pairs.len()];
    if let Some(Bootstrap { n_resamples, seed, .. }) = bootstrap {
        memory::check::<f64>(n_resamples * pairs.len()).map_err(|needed| {
            let value = format!("{n_resamples} of {} pairs, together {needed} numbers", pairs.len());
            DifficultyError::argument("n_resamples", value, memory::EXPECTED)
        })?;
        let n_resamples = n_resamples as u64;
        for first in (0..n_resamples).step_by(BLOCK as usize) {
            let block = first..n_resamples.min(first + BLOCK);
            let resamples: Vec<Result<Vec<Option<f64>>, _>> =
                block.into_par_iter().map(|r| resample(&ranked, &pairs, correlation, seed, r)).collect();
            for resample in resamples {
                resampled.iter_mut().zip(resample?).for_each(|(values, value)| values.extend(value));
            }
        }
    }
    let cells = values.into_iter().zip(resampled).map(|(value, resampled)| match bootstrap {
        Some(Bootstrap { n_resamples, level, .. }) => {
            let n_undefined = n_resamples - resampled.len();
            let interval = value.and_then(|_| percentile_interval(resampled, level));
            Agreement { value, interval, n_undefined }
        }
        None => Agreement { value, interval: None, n_undefined: 0 },
    });
    Ok(AgreementMatrix {
        names: scores.iter().map(|&(name, _)| name.to_owned()).collect(),
        cells: cells.collect(),
        constant: ranked.iter().map(|score| score.is_constant()).collect(),
    })
}

/// Resamples that are at work at a time.
const BLOCK: u64 = 1 << 14;

/// The correlation of each pair in resample `r`.
fn resample(
    ranked: &[Ranked<'_>],
    pairs: &[(usize, usize)],
    correlation: RankCorrelation,
    seed: u64,
    r: u64,
) -> Result<Vec<Option<f64>>, DifficultyError> {
    let n = ranked.first().map_or(0, |score| score.values.len());
    let mut rng = random::stream(seed, "bootstrap", r);
    let mut counts = vec![0u32; n];
    (0..n).for_each(|_| counts[random::below(&mut rng, n)] += 1);
    match correlation {
        RankCorrelation::Spearman => {
            let ranks: Vec<Vec<f64>> = ranked.iter().map(|score| score.resampled_ranks(&counts)).collect();
            Ok(pairs.iter().map(|&(i, j)| weighted_pearson(&ranks[i], &ranks[j], &counts)).collect())
        }
        RankCorrelation::Kendall => {
            let drawn: Vec<usize> = (0..n).flat_map(|i| (0..counts[i]).map(move |_| i)).collect();
            let gather = |score: &Ranked<'_>| drawn.iter().map(|&i| score.values[i]).collect();
            let values: Vec<Vec<f64>> = ranked.iter().map(gather).collect();
            pairs.iter().map(|&(i, j)| kendall(&values[i], &values[j])).collect()
        }
    }
}

/// The middle `level` of the values; `None` of none.
fn percentile_interval(mut values: Vec<f64>, level: f64) -> Option<(f64, f64)> {
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let quantile = |q: f64| {
        let at = q * last as f64;
        let (below, above) = (values[at.floor() as usize], values[at.ceil() as usize]);
        below + (above - below) * at.fract()
    };
    Some((quantile((1.0 - level) / 2.0), quantile((1.0 + level) / 2.0)))
}
