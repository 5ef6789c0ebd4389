use std::collections::BTreeMap;

use crate::error::DataError;
use crate::random;

/// Splits examples into parts that hold the given fractions of **each class**, to the nearest example.
///
/// Per class of m shuffled examples, part k gets those from floor(F_{k-1} m + 0.5) to floor(F_k m + 0.5), where
/// F_k is the sum of the first k fractions; fractions that sum to 1 leave nothing over. Indices come back in
/// ascending order. O(n log n).
///
/// ```
/// let parts = cl_data::stratified_split(&[0, 0, 0, 0, 1, 1, 1, 1], &[0.75, 0.25], 7)?;
/// assert_eq!((parts[0].len(), parts[1].len()), (6, 2));
/// # Ok::<(), cl_data::DataError>(())
/// ```
///
/// # Errors
/// Where a fraction is outside [0, 1] or they sum to more than 1.
pub fn stratified_split(labels: &[usize], fractions: &[f64], seed: u64) -> Result<Vec<Vec<usize>>, DataError> {
    if let Some(fraction) = fractions.iter().find(|fraction| !(0.0..=1.0).contains(*fraction)) {
        return Err(DataError::argument("fractions", fraction, "shares in [0, 1]"));
    }
    let total: f64 = fractions.iter().sum();
    if total > 1.0 + 1e-9 {
        return Err(DataError::argument("fractions", format!("summing to {total}"), "a sum of at most 1"));
    }
    let mut parts = vec![Vec::new(); fractions.len()];
    let mut by_class = BTreeMap::<usize, Vec<usize>>::new();
    labels.iter().enumerate().for_each(|(example, &label)| by_class.entry(label).or_default().push(example));
    for (class, mut members) in by_class {
        random::shuffle(&mut random::stream(seed, "stratified split", class as u64), &mut members);
        let (mut start, mut sum) = (0, 0.0);
        for (part, fraction) in parts.iter_mut().zip(fractions) {
            sum += fraction;
            let end = ((sum * members.len() as f64 + 0.5).floor() as usize).clamp(start, members.len());
            part.extend_from_slice(&members[start..end]);
            start = end;
        }
    }
    parts.iter_mut().for_each(|part| part.sort_unstable());
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_are_disjoint_stratified_and_whole(
            labels in prop::collection::vec(0usize..4, 0..120), first in 0.0..=1.0, seed: u64,
        ) {
            let parts = stratified_split(&labels, &[first, 1.0 - first], seed)?;
            let mut all = parts.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
            for class in 0..4 {
                let size = labels.iter().filter(|&&label| label == class).count() as f64;
                let taken = parts[0].iter().filter(|&&i| labels[i] == class).count() as f64;
                prop_assert!((taken - first * size).abs() <= 0.5 + 1e-9);
            }
        }
    }

    #[test]
    fn too_much_is_refused() {
        assert!(stratified_split(&[0, 1], &[0.7, 0.4], 0).is_err());
        assert!(stratified_split(&[0, 1], &[-0.1], 0).is_err());
        assert!(stratified_split(&[0, 1], &[f64::NAN], 0).is_err());
        assert_eq!(stratified_split(&[usize::MAX, 1 << 60], &[1.0], 0).unwrap(), [[0, 1]]);
    }
}
