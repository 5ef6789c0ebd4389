use cl_data::random;

use crate::error::DifficultyError;

/// Top-k overlap: of the examples that two scores hold to be hardest, the share that both do, as Jaccard's index.
///
/// ```text
/// J = |A and B| / |A or B|          A, B: the floor(fraction n + 0.5) hardest by each score
/// ```
///
/// Ties at the edge are broken by a seeded shuffle, **another one for each score**: what a tie does not rank cannot
/// agree, so that two constant scores overlap as chance would have it, fraction / (2 - fraction) for large n, and a
/// score with ties does not overlap itself in full. One value per fraction; `None` where no example is taken.
/// O(n log n).
///
/// Source: Jaccard (1901).
///
/// ```
/// use cl_difficulty::agreement::top_overlap;
///
/// let overlap = top_overlap(&[1.0, 2.0, 3.0, 4.0], &[1.0, 4.0, 2.0, 3.0], &[0.5, 1.0], 0)?;
/// assert_eq!(overlap, [Some(1.0 / 3.0), Some(1.0)]); // {2, 3} and {1, 3}
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
///
/// # Errors
/// Where the lengths differ, a score is NaN, or a fraction is outside [0, 1].
pub fn top_overlap(
    a: &[f64],
    b: &[f64],
    fractions: &[f64],
    seed: u64,
) -> Result<Vec<Option<f64>>, DifficultyError> {
    crate::correlation::check(a, b)?;
    if let Some(fraction) = fractions.iter().find(|fraction| !(0.0..=1.0).contains(*fraction)) {
        return Err(DifficultyError::argument("fractions", fraction, "shares in [0, 1]"));
    }
    let n = a.len();
    let hardness = |score: &[f64], which| {
        let order = random::argsort(&mut random::stream(seed, "overlap ties", which), score);
        let mut places = vec![0; n];
        order.into_iter().rev().enumerate().for_each(|(place, example)| places[example] = place);
        places
    };
    let (a, b) = (hardness(a, 0), hardness(b, 1));
    let overlap = |&fraction: &f64| {
        let k = (fraction * n as f64 + 0.5).floor() as usize;
        let both = a.iter().zip(&b).filter(|&(&a, &b)| a < k && b < k).count();
        (k > 0).then(|| both as f64 / (2 * k - both) as f64)
    };
    Ok(fractions.iter().map(overlap).collect())
}
