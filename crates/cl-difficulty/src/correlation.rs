//! How far two scores agree.

use crate::error::DifficultyError;

/// Pearson's correlation, `None` where a variable is constant.
///
/// ```text
/// r = sum (a_i - mean a)(b_i - mean b) / sqrt( sum (a_i - mean a)^2  sum (b_i - mean b)^2 )
/// ```
///
/// O(n).
///
/// # Errors
/// Where the lengths differ or a value is NaN or infinite.
pub fn pearson(a: &[f64], b: &[f64]) -> Result<Option<f64>, DifficultyError> {
    check(a, b)?;
    for (metric, values) in [("first score", a), ("second score", b)] {
        if let Some(example) = values.iter().position(|value| value.is_infinite()) {
            let (metric, value) = (metric.to_owned(), values[example]);
            return Err(DifficultyError::InvalidScore { metric, example, value, expected: "a finite number" });
        }
    }
    Ok(pearson_of(a, b))
}

/// Spearman's rank correlation: Pearson's of the ranks, ties given the mean of their ranks; `None` where a
/// score is constant, because it ranks nothing.
///
/// O(n) by radix sort, O(n log n) at worst; the two scores are ranked in parallel. Infinite scores rank first or
/// last.
///
/// Source: Spearman (1904); with ties as SciPy's `spearmanr`.
///
/// ```
/// assert_eq!(cl_difficulty::spearman(&[1.0, 2.0, 9.0], &[3.0, 4.0, 5.0])?, Some(1.0));
/// assert_eq!(cl_difficulty::spearman(&[1.0, 2.0, 9.0], &[0.0, 0.0, 0.0])?, None);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
///
/// # Errors
/// Where the lengths differ or a value is NaN.
pub fn spearman(a: &[f64], b: &[f64]) -> Result<Option<f64>, DifficultyError> {
    check(a, b)?;
    let (a, b) = rayon::join(|| ranks(a), || ranks(b));
    Ok(pearson_of(&a, &b))
}

/// Kendall's tau-b, `None` where a score is constant.
///
/// ```text
/// tau_b = (concordant - discordant) / sqrt( (pairs - pairs tied in a) (pairs - pairs tied in b) )
/// ```
///
/// By Knight's merge sort: O(n log n).
///
/// Source: Kendall (1945), Knight (1966); as SciPy's `kendalltau`.
///
/// ```
/// assert_eq!(cl_difficulty::kendall(&[1.0, 2.0, 3.0], &[1.0, 3.0, 2.0])?, Some(1.0 / 3.0));
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
///
/// # Errors
/// Where the lengths differ or a value is NaN.
pub fn kendall(a: &[f64], b: &[f64]) -> Result<Option<f64>, DifficultyError> {
    check(a, b)?;
    let mut pairs: Vec<(f64, f64)> = a.iter().map(|a| a + 0.0).zip(b.iter().map(|b| b + 0.0)).collect();
    pairs.sort_unstable_by(|x, y| x.0.total_cmp(&y.0).then(x.1.total_cmp(&y.1)));
    let tied_a = tied_pairs(&pairs, |x, y| x.0 == y.0);
    let tied_both = tied_pairs(&pairs, |x, y| x == y);
    let mut b: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
    let discordant = inversions(&mut b);
    let tied_b = tied_pairs(&b, |x, y| x == y);
    let n = a.len() as u64;
    let all = n * n.saturating_sub(1) / 2;
    if tied_a == all || tied_b == all {
        return Ok(None);
    }
    let difference = (all + tied_both - tied_a - tied_b) as f64 - 2.0 * discordant as f64;
    // One root of the product is exact where two would round twice, as for a score with itself.
    Ok(Some((difference / ((all - tied_a) as f64 * (all - tied_b) as f64).sqrt()).clamp(-1.0, 1.0)))
}

/// Ranks from 1, ties given the mean of the ranks they take. O(n log n).
///
/// ```
/// assert_eq!(cl_difficulty::average_ranks(&[5.0, 1.0, 5.0])?, [2.5, 1.0, 2.5]);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
///
/// # Errors
/// Where a value is NaN.
pub fn average_ranks(values: &[f64]) -> Result<Vec<f64>, DifficultyError> {
    check(values, values)?;
    Ok(ranks(values))
}

pub(crate) fn ranks(values: &[f64]) -> Vec<f64> {
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for_each_tie(values, |tied| {
        let rank = start as f64 + (tied.len() + 1) as f64 / 2.0;
        start += tied.len();
        tied.iter().for_each(|example| ranks[example] = rank);
    });
    ranks
}

/// Visits the examples in ascending order of their values, those with the same value at a time.
///
/// Of each value, a key that sorts as the value does is cut to the 33 bits that tell the smallest from the largest
/// apart, packed into one word with the index, and sorted by three passes of eleven bits. Values that agree in these
/// bits are then sorted by comparison: a few per million of a continuous score.
pub(crate) fn for_each_tie(values: &[f64], mut visit: impl FnMut(Tied<'_>)) {
    let Some(last) = values.len().checked_sub(1) else { return };
    let index_bits = usize::BITS - last.leading_zeros();
    let key_bits = KEY_BITS.min(64 - index_bits);
    let (lowest, highest) = values.iter().fold((u64::MAX, 0), |(lowest, highest), &value| {
        let key = key(value);
        (key.min(lowest), key.max(highest))
    });
    let dropped = (64 - (highest - lowest).leading_zeros()).saturating_sub(key_bits);
    let pack = |(index, &value)| (key(value) - lowest) >> dropped << index_bits | index as u64;
    let mut packed: Vec<u64> = values.iter().enumerate().map(pack).collect();
    if packed.len() < SHORTEST_RADIX_SORT {
        packed.sort_unstable();
    } else {
        packed = radix_sort(packed, index_bits);
    }

    let mask = (1 << index_bits) - 1;
    for group in packed.chunk_by_mut(|x, y| x >> index_bits == y >> index_bits) {
        let value = |packed: u64| key(values[(packed & mask) as usize]);
        if dropped == 0 || group.len() == 1 {
            visit(Tied { packed: group, mask });
            continue;
        }
        if group.windows(2).any(|pair| value(pair[0]) > value(pair[1])) {
            group.sort_unstable_by_key(|&packed| value(packed));
        }
        for tied in group.chunk_by(|&x, &y| value(x) == value(y)) {
            visit(Tied { packed: tied, mask });
        }
    }
}

/// Examples with the same value.
#[derive(Clone, Copy)]
pub(crate) struct Tied<'a> {
    packed: &'a [u64],
    mask: u64,
}

impl<'a> Tied<'a> {
    pub(crate) fn len(self) -> usize {
        self.packed.len()
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = usize> + use<'a> {
        self.packed.iter().map(move |packed| (packed & self.mask) as usize)
    }
}

/// A key that sorts as the value does: a negative number's bits reversed, a positive one's put above.
fn key(value: f64) -> u64 {
    // Adding 0.0 makes -0.0 equal to 0.0.
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// Sorts by the bits from `lowest_bit` on, stable in those below.
fn radix_sort(mut packed: Vec<u64>, lowest_bit: u32) -> Vec<u64> {
    let digit = |packed: u64, pass: u32| (packed >> lowest_bit >> (DIGIT_BITS * pass)) as usize & (N_DIGITS - 1);
    let mut counts = [[0usize; N_DIGITS]; N_PASSES];
    for &packed in &packed {
        counts.iter_mut().zip(0..).for_each(|(counts, pass)| counts[digit(packed, pass)] += 1);
    }
    let mut sorted = vec![0; packed.len()];
    for (counts, pass) in counts.iter_mut().zip(0..) {
        if counts.contains(&packed.len()) {
            continue;
        }
        let mut start = 0;
        counts.iter_mut().for_each(|count| (*count, start) = (start, start + *count));
        for &packed in &packed {
            let slot = &mut counts[digit(packed, pass)];
            sorted[*slot] = packed;
            *slot += 1;
        }
        std::mem::swap(&mut packed, &mut sorted);
    }
    packed
}

/// Below it, comparing is faster than counting digits.
const SHORTEST_RADIX_SORT: usize = 4096;
const N_PASSES: usize = 3;
const DIGIT_BITS: u32 = 11;
const N_DIGITS: usize = 1 << DIGIT_BITS;
const KEY_BITS: u32 = N_PASSES as u32 * DIGIT_BITS;

pub(crate) fn pearson_of(a: &[f64], b: &[f64]) -> Option<f64> {
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - mean_a, b - mean_b);
        aa += a * a;
        bb += b * b;
        ab += a * b;
    }
    let constant = |values: &[f64]| values.windows(2).all(|pair| pair[0] == pair[1]);
    // The variance of a constant is not always zero in floating point, so the values themselves are asked.
    if constant(a) || constant(b) || aa == 0.0 || bb == 0.0 {
        return None;
    }
    // One root keeps the correlation of a score with itself at exactly 1; two cannot overflow.
    let norm = if (aa * bb).is_normal() { (aa * bb).sqrt() } else { aa.sqrt() * bb.sqrt() };
    Some((ab / norm).clamp(-1.0, 1.0))
}

fn tied_pairs<T>(sorted: &[T], tied: impl Fn(&T, &T) -> bool) -> u64 {
    sorted.chunk_by(tied).map(|group| group.len() as u64 * (group.len() as u64 - 1) / 2).sum()
}

/// Sorts by merging and counts the pairs that stood the wrong way round.
fn inversions(values: &mut [f64]) -> u64 {
    let n = values.len();
    let mut merged = vec![0.0; n];
    let (mut count, mut width) = (0, 1);
    while width < n {
        for start in (0..n).step_by(2 * width) {
            let (middle, end) = ((start + width).min(n), (start + 2 * width).min(n));
            let (mut left, mut right) = (start, middle);
            for slot in &mut merged[start..end] {
                if right >= end || left < middle && values[left] <= values[right] {
                    *slot = values[left];
                    left += 1;
                } else {
                    *slot = values[right];
                    right += 1;
                    count += (middle - left) as u64;
                }
            }
        }
        values.copy_from_slice(&merged);
        width *= 2;
    }
    count
}

pub(crate) fn check(a: &[f64], b: &[f64]) -> Result<(), DifficultyError> {
    if a.len() != b.len() {
        let what = "second score";
        return Err(DifficultyError::LengthMismatch { what, found: b.len(), expected: a.len() });
    }
    check_numbers("first score", a)?;
    check_numbers("second score", b)
}

/// Refuses NaN.
pub(crate) fn check_numbers(metric: &str, values: &[f64]) -> Result<(), DifficultyError> {
    match values.iter().position(|value| value.is_nan()) {
        Some(example) => {
            let (metric, value) = (metric.to_owned(), values[example]);
            Err(DifficultyError::InvalidScore { metric, example, value, expected: "a number" })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// SciPy 1.17.1: `spearmanr(a, b)`, `kendalltau(a, b)`, `pearsonr(a, b)` with ties in both.
    #[test]
    fn ties_are_scipys() {
        let a = [1.0, 2.0, 2.0, 3.0, 5.0, 5.0, 5.0, 8.0];
        let b = [2.0, 1.0, 1.0, 4.0, 4.0, 3.0, 9.0, 7.0];
        assert!((spearman(&a, &b).unwrap().unwrap() - SPEARMAN).abs() < 1e-15);
        assert!((kendall(&a, &b).unwrap().unwrap() - KENDALL).abs() < 1e-15);
        assert!((pearson(&a, &b).unwrap().unwrap() - PEARSON).abs() < 1e-15);
    }

    const SPEARMAN: f64 = 0.7827445953659216;
    const KENDALL: f64 = 0.6004805767690768;
    const PEARSON: f64 = 0.7396948321947121;

    fn kendall_by_pairs(a: &[f64], b: &[f64]) -> Option<f64> {
        let (mut difference, mut untied_a, mut untied_b) = (0.0, 0.0, 0.0);
        for i in 0..a.len() {
            for j in 0..i {
                let sign = |x: f64| if x == 0.0 { 0.0 } else { x.signum() };
                let (x, y) = (sign(a[i] - a[j]), sign(b[i] - b[j]));
                difference += x * y;
                untied_a += x * x;
                untied_b += y * y;
            }
        }
        (untied_a * untied_b > 0.0).then(|| difference / f64::sqrt(untied_a) / f64::sqrt(untied_b))
    }

    fn close(a: Option<f64>, b: Option<f64>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-12,
            (a, b) => a == b,
        }
    }

    proptest! {
        #[test]
        fn rank_correlations_are_what_they_should(
            pairs in prop::collection::vec((-4i8..4, -4i8..4), 0..50),
        ) {
            let a: Vec<f64> = pairs.iter().map(|&(a, _)| f64::from(a)).collect();
            let b: Vec<f64> = pairs.iter().map(|&(_, b)| f64::from(b)).collect();
            prop_assert!(close(kendall(&a, &b)?, kendall_by_pairs(&a, &b)));
            for correlation in [spearman, kendall] {
                let there = correlation(&a, &b)?;
                prop_assert!(close(there, correlation(&b, &a)?), "symmetric");
                let increasing: Vec<f64> = a.iter().map(|a| a.exp()).collect();
                prop_assert!(close(there, correlation(&increasing, &b)?), "monotone maps change nothing");
                let negated: Vec<f64> = a.iter().map(|a| -a).collect();
                prop_assert!(close(there.map(|r| -r), correlation(&negated, &b)?), "odd");
                if let Some(own) = correlation(&a, &a)? {
                    prop_assert!((own - 1.0).abs() < 1e-12);
                }
            }
        }
    }

    proptest! {
        /// Long enough for the radix sort: few values and many ties, neighbours in the last bits, any bits.
        #[test]
        fn the_radix_sort_sorts(seed: u64, kind in 0..4) {
            use rand::Rng;
            let mut rng = cl_data::random::stream(seed, "test", 0);
            let values: Vec<f64> = std::iter::repeat_with(|| match kind {
                0 => f64::from(rng.next_u32() % 8) - 4.0,
                1 => f64::from_bits(1.0f64.to_bits() + rng.next_u64() % 1000),
                2 => f64::from_bits(rng.next_u64()),
                _ => [-0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY, -1e-310][rng.next_u32() as usize % 5],
            })
            .filter(|value| !value.is_nan())
            .take(2 * SHORTEST_RADIX_SORT)
            .collect();
            let mut expected: Vec<usize> = (0..values.len()).collect();
            expected.sort_by(|&a, &b| (values[a] + 0.0).total_cmp(&(values[b] + 0.0)));
            let mut all = Vec::new();
            for_each_tie(&values, |tied| {
                let first = all.len();
                all.extend(tied.iter());
                let value = values[all[first]];
                assert!(all[first..].iter().all(|&i| values[i] == value));
                assert!(first == 0 || values[all[first - 1]] < value);
            });
            prop_assert!(all.iter().zip(&expected).all(|(&found, &expected)| values[found] == values[expected]));
            all.sort_unstable();
            prop_assert!(all.into_iter().eq(0..values.len()));
        }
    }

    #[test]
    fn a_constant_has_no_correlation() {
        let tenths = [0.1; 7];
        let other = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        assert_eq!(pearson(&tenths, &other).unwrap(), None);
        assert_eq!(spearman(&tenths, &other).unwrap(), None);
        assert_eq!(kendall(&tenths, &other).unwrap(), None);
        assert_eq!(spearman(&[], &[]).unwrap(), None);
        assert!(spearman(&[f64::NAN], &[1.0]).is_err());
        assert!(spearman(&[1.0], &[1.0, 2.0]).is_err());
        assert_eq!(spearman(&[1.0, f64::INFINITY], &[1.0, 2.0]).unwrap(), Some(1.0));
    }
}
