/// The order in which groups of these sizes are given places, one at a time, so that they share any number of places
/// as evenly as their sizes allow.
///
/// ```text
/// round r gives one place to each group of more than r members, larger groups first
/// ```
///
/// The first k places are those of the published rule, which goes through the groups from the smallest and gives
/// each min(size, floor(places left / groups left)): what does not divide falls to the larger groups. Groups of equal
/// size take turns from the last. O(places + groups log groups).
///
/// Groups are 32-bit numbers, because a place for each example is memory to be filled.
pub(super) fn places(sizes: &[usize]) -> Vec<u32> {
    let mut groups: Vec<u32> = (0..sizes.len() as u32).collect();
    groups.sort_by_key(|&group| sizes[group as usize]);
    groups.reverse();
    let mut places = Vec::with_capacity(sizes.iter().sum());
    let mut n_left = groups.len();
    for round in 0.. {
        // Sizes fall, so that the groups still in play are a prefix.
        while n_left > 0 && sizes[groups[n_left - 1] as usize] <= round {
            n_left -= 1;
        }
        if n_left == 0 {
            break;
        }
        places.extend_from_slice(&groups[..n_left]);
    }
    places
}

/// How many places each group is given of the first `n_places`.
pub(super) fn quotas(n_groups: usize, places: &[u32], n_places: usize) -> Vec<usize> {
    let mut quotas = vec![0; n_groups];
    places.iter().take(n_places).for_each(|&group| quotas[group as usize] += 1);
    quotas
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The rule as published: from the smallest group, an equal share of what is left.
    fn published(sizes: &[usize], n_places: usize) -> Vec<usize> {
        let mut groups: Vec<usize> = (0..sizes.len()).collect();
        groups.sort_by_key(|&group| sizes[group]);
        let (mut left, mut quotas) = (n_places, vec![0; sizes.len()]);
        for (place, &group) in groups.iter().enumerate() {
            quotas[group] = sizes[group].min(left / (sizes.len() - place));
            left -= quotas[group];
        }
        quotas
    }

    proptest! {
        #[test]
        fn fills_as_published(sizes in prop::collection::vec(0usize..30, 0..12), share in 0.0..=1.0) {
            let n: usize = sizes.iter().sum();
            let n_places = (share * n as f64) as usize;
            let own = quotas(sizes.len(), &places(&sizes), n_places);
            prop_assert_eq!(own.iter().sum::<usize>(), n_places);
            prop_assert_eq!(own, published(&sizes, n_places));
        }
    }

    #[test]
    fn the_oracle_of_coverage_centric_selection() {
        let sizes = [5, 3, 50, 200];
        assert_eq!(quotas(4, &places(&sizes), 40), [5, 3, 16, 16]);
    }
}
