use std::ops::Range;

use super::sparse_counts::SparseCounts;

/// The most classes whose rows are sorted as a whole by NumPy's network.
const LANES: usize = 8;

/// Where an entry stands in the matrix class by class; C^2 of any C fits.
type Position = u128;

/// Scales each row to the number of examples with its label and rounds it with its sum kept. O(E log E) for E
/// entries, bit for bit what all C^2 give.
pub(super) fn calibrate(confident_joint: &SparseCounts, label_counts: &[u64]) -> SparseCounts {
    let n_classes = label_counts.len();
    let whole = |given| (0..n_classes).map(|class| (class, confident_joint.count(given, class))).collect();
    let order = if n_classes > LANES { stable_order } else { network_order };
    let rows = confident_joint.rows().iter().zip(label_counts).enumerate().map(|(given, (row, &n))| {
        let row = if n_classes > LANES { row.clone() } else { whole(given) };
        let sum = row.iter().map(|&(_, count)| count).sum::<u64>() as f64;
        row.into_iter().map(|(class, count)| (class, count as f64 / sum * n as f64)).collect()
    });
    let rows: Vec<Vec<(usize, f64)>> = rows.collect();
    // Only rounding separates this from n, but that decides where a count ends in one half: summed class by
    // class in NumPy's order, as in cleanlab.
    let position = |given, class| class as Position * n_classes as Position + given as Position;
    let row = |(given, row): (usize, &Vec<(usize, f64)>)| {
        row.iter().map(|&(class, value)| (position(given, class), value)).collect::<Vec<_>>()
    };
    let mut by_class: Vec<(Position, f64)> = rows.iter().enumerate().flat_map(row).collect();
    by_class.sort_unstable_by_key(|&(position, _)| position);
    let total = pairwise_sum(&by_class, 0..position(0, n_classes));
    let n = label_counts.iter().sum::<u64>() as f64;
    let rounded = |row: Vec<(usize, f64)>| {
        let (classes, values): (Vec<usize>, Vec<f64>) = row.into_iter().map(|(k, x)| (k, x / total * n)).unzip();
        classes.into_iter().zip(round_to_sum(&values, order)).collect()
    };
    SparseCounts::from_rows(rows.into_iter().map(rounded).collect())
}

/// Whole numbers near `values` with the same rounded sum: those furthest from their rounding give way, `order`
/// saying which come first.
///
/// Zeros never do, so that they may be left out where the order is stable: for m to go up, the errors sum to more
/// than m - 1 and none exceeds 1/2, so that at least m values have one above zero; likewise down.
fn round_to_sum(values: &[f64], order: fn(&[f64]) -> Vec<usize>) -> Vec<u64> {
    let mut rounded: Vec<f64> = values.iter().map(|value| value.round_ties_even()).collect();
    let wanted = values.iter().sum::<f64>().round_ties_even();
    loop {
        let missing = wanted - rounded.iter().sum::<f64>();
        if missing == 0.0 {
            return rounded.into_iter().map(|value| value.max(0.0) as u64).collect();
        }
        let errors: Vec<f64> = values.iter().zip(&rounded).map(|(value, rounded)| value - rounded).collect();
        let mut order = order(&errors);
        if missing > 0.0 {
            order.reverse();
        }
        for &i in order.iter().take(missing.abs() as usize) {
            rounded[i] += missing.signum();
        }
    }
}

/// The sum of the non-negative `values` at the places of `range` in the order of NumPy, zeros between them: eight
/// running sums in blocks of up to 128, halves of what is longer.
fn pairwise_sum(values: &[(Position, f64)], range: Range<Position>) -> f64 {
    let length = range.end - range.start;
    if values.is_empty() {
        return 0.0;
    }
    if length > 128 {
        let half = length / 2;
        let middle = range.start + half - half % 8;
        let (left, right) = values.split_at(values.partition_point(|&(position, _)| position < middle));
        return pairwise_sum(left, range.start..middle) + pairwise_sum(right, middle..range.end);
    }
    let rest = range.end - length % 8;
    let (eights, rest) = values.split_at(values.partition_point(|&(position, _)| position < rest));
    let mut r = [0.0; 8];
    eights.iter().for_each(|&(position, value)| r[((position - range.start) % 8) as usize] += value);
    let sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    rest.iter().fold(sum, |sum, (_, value)| sum + value)
}

/// The order of `keys`, ascending; equal keys keep theirs.
fn stable_order(keys: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]));
    order
}

/// The order of up to eight `keys`, ascending, as the sorting network has it that NumPy, and so cleanlab, runs on
/// processors with AVX-512: equal counts in a row are frequent, and which of them gives way matters where counts
/// are compared.
fn network_order(keys: &[f64]) -> Vec<usize> {
    const NEIGHBOURS: [usize; 8] = [1, 0, 3, 2, 5, 4, 7, 6];
    /// Each step: with which lane to compare, and which lanes keep the larger key.
    const STEPS: [([usize; 8], u8); 6] = [
        (NEIGHBOURS, 0xaa),
        ([3, 2, 1, 0, 7, 6, 5, 4], 0xcc),
        (NEIGHBOURS, 0xaa),
        ([7, 6, 5, 4, 3, 2, 1, 0], 0xf0),
        ([2, 3, 0, 1, 6, 7, 4, 5], 0xcc),
        (NEIGHBOURS, 0xaa),
    ];
    let mut lanes: [(f64, usize); LANES] =
        std::array::from_fn(|lane| (keys.get(lane).copied().unwrap_or(f64::INFINITY), lane));
    for (partners, larger) in STEPS {
        let before = lanes;
        for (lane, &partner) in partners.iter().enumerate() {
            let (own, other) = (before[lane], before[partner]);
            let exchange = if larger >> lane & 1 == 1 { other.0 > own.0 } else { other.0 < own.0 };
            lanes[lane] = if exchange { other } else { own };
        }
    }
    lanes.iter().take(keys.len()).map(|&(_, lane)| lane).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What NumPy 2.4.6 has with AVX-512.
    #[test]
    fn ties_go_as_in_numpy() {
        assert_eq!(network_order(&[1.0, 1.0, -1.0, 1.0, 0.0]), [2, 4, 1, 0, 3]);
        assert_eq!(network_order(&[0.0, 0.0, -1.0, 1.0, -1.0, -1.0, 0.0]), [2, 4, 5, 0, 6, 1, 3]);
        assert_eq!(network_order(&[0.0, 0.0, -1.0, -1.0, -1.0, -1.0, -1.0]), [3, 2, 5, 4, 6, 1, 0]);
        assert_eq!(network_order(&[1.0, -1.0, 0.0, 1.0, -1.0, -1.0, 0.0, -1.0]), [1, 7, 5, 4, 2, 6, 3, 0]);
    }

    #[test]
    fn rounding_keeps_the_sum() {
        for order in [network_order, stable_order] {
            assert_eq!(round_to_sum(&[0.4, 0.4, 0.2], order), [0, 1, 0]);
            assert_eq!(round_to_sum(&[1.5, 2.5, 3.0], order), [2, 2, 3]);
            assert_eq!(round_to_sum(&[1.5, 1.5, 3.0], order), [1, 2, 3]);
        }
    }

    /// The sum of all values, zeros too.
    fn dense_pairwise_sum(values: &[f64]) -> f64 {
        if values.len() > 128 {
            let half = values.len() / 2;
            let (left, right) = values.split_at(half - half % 8);
            return dense_pairwise_sum(left) + dense_pairwise_sum(right);
        }
        if values.len() < 8 {
            return values.iter().sum();
        }
        let mut eights = values.chunks_exact(8);
        let mut r = [0.0; 8];
        for eight in &mut eights {
            r.iter_mut().zip(eight).for_each(|(r, value)| *r += value);
        }
        let sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
        eights.remainder().iter().fold(sum, |sum, value| sum + value)
    }

    /// [`calibrate`] over all C^2 counts.
    fn dense_calibrate(confident_joint: &[u64], label_counts: &[u64]) -> Vec<u64> {
        let n_classes = label_counts.len();
        let scaled = |(row, &n): (&[u64], &u64)| {
            let sum = row.iter().sum::<u64>() as f64;
            row.iter().map(|&count| count as f64 / sum * n as f64).collect()
        };
        let rows: Vec<Vec<f64>> = confident_joint.chunks_exact(n_classes).zip(label_counts).map(scaled).collect();
        let by_class: Vec<f64> = (0..n_classes).flat_map(|class| rows.iter().map(move |row| row[class])).collect();
        let (total, n) = (dense_pairwise_sum(&by_class), label_counts.iter().sum::<u64>() as f64);
        let order = if n_classes > LANES { stable_order } else { network_order };
        let rounded = |row: &Vec<f64>| round_to_sum(&row.iter().map(|x| x / total * n).collect::<Vec<_>>(), order);
        rows.iter().flat_map(rounded).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn the_sum_is_that_of_all_places(
            length in 1usize..3000,
            values in prop::collection::vec((any::<prop::sample::Index>(), 0.0..9.0), 0..400),
        ) {
            let mut dense = vec![0.0; length];
            values.iter().for_each(|(place, value)| dense[place.index(length)] = *value);
            let there = dense.iter().enumerate().filter(|(_, value)| **value > 0.0);
            let there: Vec<(Position, f64)> = there.map(|(place, &value)| (place as Position, value)).collect();
            let found = pairwise_sum(&there, 0..length as Position);
            prop_assert_eq!(found.to_bits(), dense_pairwise_sum(&dense).to_bits());
        }

        /// Small counts, of which many tie and many end in one half: where a zero could give way, it would.
        #[test]
        fn calibrated_counts_are_those_of_the_dense_matrix(
            n_classes in prop_oneof![9 => 2usize..40, 1 => Just(300)],
            entries in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1u64..4), 0..150),
            unsure in prop::collection::vec(0u64..12, 40),
        ) {
            let entries: Vec<(usize, usize, u64)> = entries
                .iter()
                .map(|(given, class, count)| (given.index(n_classes), class.index(n_classes), *count))
                .collect();
            let mut label_counts: Vec<u64> = unsure.into_iter().cycle().take(n_classes).collect();
            entries.iter().for_each(|&(given, _, count)| label_counts[given] += count);
            prop_assume!(label_counts.iter().sum::<u64>() > 0);
            let joint = SparseCounts::sum(n_classes, entries).with_diagonal();
            let found = calibrate(&joint, &label_counts);
            prop_assert_eq!(found.dense(), dense_calibrate(&joint.dense(), &label_counts));
            prop_assert!(found.entries().all(|(.., count)| count > 0));
        }
    }
}
