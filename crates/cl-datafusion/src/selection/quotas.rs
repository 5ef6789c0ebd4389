use std::cmp::Reverse;
use std::collections::BinaryHeap;

use cl_data::random::{permutation, shuffle, stream};
use cl_prune::{Allocation, Floor, PruneError};

/// What every class keeps at least: see [`cl_prune::ClassBalanced`].
///
/// # Errors
/// Where a class is smaller, or all floors are more than the budget.
pub(crate) fn floor(floor: Floor, labels: &[usize], sizes: &[usize], n_kept: usize) -> Result<usize, PruneError> {
    let n_classes = labels.len();
    let floor = match floor {
        Floor::None => 0,
        Floor::Count(floor) => floor,
        Floor::Share(share) => (share * n_kept as f64 / n_classes.max(1) as f64 + 1e-9).floor() as usize,
    };
    for (&class, &size) in labels.iter().zip(sizes) {
        if size < floor {
            return Err(PruneError::ClassTooSmall { class, size, floor });
        }
    }
    if floor.saturating_mul(n_classes) > n_kept {
        return Err(PruneError::FloorsAboveBudget { count: n_kept, n_classes, floor });
    }
    Ok(floor)
}

/// How many examples each class keeps of `n_kept`, as [`cl_prune::ClassBalanced`] shares them under the same seed; with
/// [`Allocation::Global`] the floors alone. `floor` is one that all classes can keep.
///
/// O(classes log classes) for equal shares, O(n log classes) in O(classes) memory for proportional ones.
pub(crate) fn quotas(
    allocation: Allocation,
    sizes: &[usize],
    floor: usize,
    n_kept: usize,
    seed: u64,
) -> Vec<usize> {
    match allocation {
        Allocation::Global => vec![floor; sizes.len()],
        // The first `floor` places of each class are among the first that are given.
        Allocation::Equal => {
            let classes = permutation(&mut stream(seed, "equal classes", 0), sizes.len());
            let shuffled: Vec<usize> = classes.iter().map(|&class| sizes[class]).collect();
            let mut quotas = vec![0; sizes.len()];
            classes.iter().zip(even(&shuffled, n_kept)).for_each(|(&class, quota)| quotas[class] = quota);
            quotas
        }
        Allocation::Proportional => proportional(sizes, floor, n_kept, seed),
    }
}

/// How many of the first `n_kept` places each group of these sizes is given, in rounds of one for each group that has
/// members left, larger groups first and of equally large ones the last.
pub(crate) fn even(sizes: &[usize], n_kept: usize) -> Vec<usize> {
    let mut groups: Vec<usize> = (0..sizes.len()).collect();
    groups.sort_by_key(|&group| sizes[group]);
    let (mut quotas, mut left, mut rounds) = (vec![0; sizes.len()], n_kept, 0);
    // From the smallest: rounds in which all of the others take part.
    for (place, &group) in groups.iter().enumerate() {
        let n_left = groups.len() - place;
        let full = (sizes[group] - rounds).min(left / n_left);
        rounds += full;
        left -= full * n_left;
        if rounds < sizes[group] {
            // The budget ends within the next round.
            for &group in &groups[place..] {
                quotas[group] = rounds;
            }
            groups[place..].iter().rev().take(left).for_each(|&group| quotas[group] += 1);
            return quotas;
        }
        quotas[group] = rounds;
    }
    quotas
}

/// A place of a class, (r + 1/2) / n: positive, so that its bits have its order.
fn place(size: usize, r: usize) -> u64 {
    ((r as f64 + 0.5) / size as f64).to_bits()
}

/// By the places (r + 1/2) / n of all classes in increasing order, equal ones in random order, after `floor` of each.
fn proportional(sizes: &[usize], floor: usize, n_kept: usize, seed: u64) -> Vec<usize> {
    let rng = &mut stream(seed, "class places", 0);
    let mut quotas = vec![floor; sizes.len()];
    let mut left = n_kept - floor * sizes.len();
    let mut next: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::with_capacity(sizes.len());
    next.extend(
        sizes
            .iter()
            .enumerate()
            .filter(|(_, size)| **size > 0)
            .map(|(class, &size)| Reverse((place(size, 0), class))),
    );
    let (mut given, mut ties) = (vec![0; sizes.len()], Vec::new());
    while left > 0 {
        ties.clear();
        while let Some(&Reverse((at, class))) = next.peek() {
            if ties.first().is_some_and(|&(first, _)| first != at) {
                break;
            }
            ties.push((at, class));
            next.pop();
        }
        if ties.is_empty() {
            break;
        }
        shuffle(rng, &mut ties);
        for &(_, class) in &ties {
            given[class] += 1;
            if given[class] > floor && left > 0 {
                quotas[class] += 1;
                left -= 1;
            }
            if given[class] < sizes[class] {
                next.push(Reverse((place(sizes[class], given[class]), class)));
            }
        }
    }
    quotas
}

#[cfg(test)]
mod tests {
    use cl_prune::{Budget, ClassBalanced, CoverageCentric, KeepHardest, SelectionRule};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// Those of the embedded rule.
        #[test]
        fn quotas_are_those_of_the_rule(
            sizes in prop::collection::vec(prop_oneof![1usize..12, Just(6usize), 1usize..300], 1..12),
            share in 0.0..=1.0,
            floor in prop_oneof![Just(0usize), 0usize..3],
            seed: u64,
        ) {
            let labels: Vec<usize> = sizes.iter().enumerate().flat_map(|(class, &size)| vec![class; size]).collect();
            let n_kept = (share * labels.len() as f64) as usize;
            let floor = Floor::Count(floor);
            for allocation in [Allocation::Equal, Allocation::Proportional] {
                let rule = ClassBalanced::new(KeepHardest, labels.clone(), allocation, floor).unwrap();
                let expected = rule.select(&vec![0.0; labels.len()], Budget::Count(n_kept), seed);
                let classes: Vec<usize> = (0..sizes.len()).collect();
                match (super::floor(floor, &classes, &sizes, n_kept), expected) {
                    (Ok(floor), Ok(expected)) => {
                        let expected: Vec<usize> = expected.groups.iter().map(|group| group.n_kept).collect();
                        prop_assert_eq!(quotas(allocation, &sizes, floor, n_kept, seed), expected);
                    }
                    (found, expected) => prop_assert_eq!(found.unwrap_err(), expected.unwrap_err()),
                }
            }
        }

        /// Those of coverage-centric selection.
        #[test]
        fn even_shares_are_those_of_strata(sizes in prop::collection::vec(0usize..40, 2..9), share in 0.0..=1.0) {
            let mut sizes = sizes;
            // The ends of the scores must be there.
            let last = sizes.len() - 1;
            (sizes[0], sizes[last]) = (sizes[0].max(1), sizes[last].max(1));
            let scores: Vec<f64> = sizes.iter().enumerate().flat_map(|(at, &size)| vec![at as f64; size]).collect();
            let n_kept = (share * scores.len() as f64) as usize;
            let rule = CoverageCentric::new(0.0, sizes.len()).unwrap();
            let groups = rule.select(&scores, Budget::Count(n_kept), 0).unwrap().groups;
            let (found, expected): (Vec<usize>, Vec<usize>) = groups.iter().map(|group| (group.size, group.n_kept)).unzip();
            prop_assert_eq!(even(&found, n_kept), expected);
        }
    }
}
