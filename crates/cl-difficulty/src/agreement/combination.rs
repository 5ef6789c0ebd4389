use crate::{correlation::average_ranks, error::DifficultyError};

/// Several scores as one by mean rank, higher = harder.
///
/// ```text
/// combined_i = mean over scores of rank(s_i)          ranks from 1, ties the mean of theirs
/// ```
///
/// Units do not matter, only orders. A constant score gives everybody the same rank and changes nothing. O(scores
/// n log n).
///
/// ```
/// use cl_difficulty::agreement::mean_rank;
///
/// assert_eq!(mean_rank(&[&[0.1, 0.5, 0.9], &[30.0, 10.0, 20.0]])?, [2.0, 1.5, 2.5]);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
///
/// # Errors
/// Where there is no score, lengths differ, or a value is NaN.
pub fn mean_rank(scores: &[&[f64]]) -> Result<Vec<f64>, DifficultyError> {
    let mut sums = sum_of_ranks(scores)?;
    sums.iter_mut().for_each(|sum| *sum /= scores.len() as f64);
    Ok(sums)
}

/// Several scores as one by Borda's count, higher = harder.
///
/// ```text
/// borda_i = sum over scores of |{j: s_j < s_i}| + 1/2 |{j != i: s_j = s_i}|
/// ```
///
/// The examples that this one beats, over all ballots: scores * ([`mean_rank`] - 1), in the same order therefore.
///
/// Source: Borda (1784), Mémoire sur les élections au scrutin.
///
/// ```
/// use cl_difficulty::agreement::borda;
///
/// assert_eq!(borda(&[&[0.1, 0.5, 0.9], &[20.0, 10.0, 20.0]])?, [1.5, 1.0, 3.5]);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
///
/// # Errors
/// As [`mean_rank`].
pub fn borda(scores: &[&[f64]]) -> Result<Vec<f64>, DifficultyError> {
    let mut sums = sum_of_ranks(scores)?;
    sums.iter_mut().for_each(|sum| *sum -= scores.len() as f64);
    Ok(sums)
}

fn sum_of_ranks(scores: &[&[f64]]) -> Result<Vec<f64>, DifficultyError> {
    let Some(first) = scores.first() else {
        return Err(DifficultyError::argument("scores", "empty", "at least one"));
    };
    let mut sums = vec![0.0; first.len()];
    for score in scores {
        if score.len() != sums.len() {
            let (found, expected) = (score.len(), sums.len());
            return Err(DifficultyError::LengthMismatch { what: "score", found, expected });
        }
        sums.iter_mut().zip(average_ranks(score)?).for_each(|(sum, rank)| *sum += rank);
    }
    Ok(sums)
}
