/// Intervals of equal width on [min, max] of the numbers of each of some groups, as [`cl_prune::CoverageCentric`] cuts them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Strata {
    /// How many of each group.
    n: u64,
    /// Group, min and max, in increasing order of groups.
    entries: Vec<(i64, f64, f64)>,
}

/// Bytes of an entry.
const WIDTH: usize = 8 + 8 + 8;

impl Strata {
    /// `n` strata, at least one, of groups that are given in increasing order.
    pub(crate) fn new(n: usize, entries: Vec<(i64, f64, f64)>) -> Self {
        Self { n: n as u64, entries }
    }

    /// The stratum of a number of a group, counted over all groups; `None` where the group has none.
    pub(crate) fn find(&self, group: i64, number: f64) -> Option<i64> {
        let at = self.entries.binary_search_by_key(&group, |&(group, ..)| group).ok()?;
        let (_, min, max) = self.entries[at];
        // Halves, because the difference of two large numbers of other sign is infinite.
        let place = (number / 2.0 - min / 2.0) / (max / 2.0 - min / 2.0);
        // One number for all is 0/0, which becomes the first stratum.
        let stratum = ((place * self.n as f64) as u64).min(self.n.saturating_sub(1));
        Some((at as u64 * self.n + stratum) as i64)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let entry = |&(group, min, max): &(i64, f64, f64)| {
            [group.to_le_bytes(), min.to_le_bytes(), max.to_le_bytes()].concat()
        };
        self.n.to_le_bytes().into_iter().chain(self.entries.iter().flat_map(entry)).collect()
    }

    /// None where these are no such bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (n, entries) = bytes.split_first_chunk::<8>()?;
        let chunks = entries.chunks_exact(WIDTH);
        let whole = chunks.remainder().is_empty();
        let entry = |bytes: &[u8]| {
            let (group, ends) = bytes.split_first_chunk::<8>()?;
            let (min, max) = ends.split_first_chunk::<8>()?;
            let max = max.first_chunk::<8>()?;
            Some((i64::from_le_bytes(*group), f64::from_le_bytes(*min), f64::from_le_bytes(*max)))
        };
        let entries = chunks.map(entry).collect::<Option<Vec<_>>>()?;
        whole.then_some(Self { n: u64::from_le_bytes(*n), entries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_in_the_last_and_one_number_in_the_first() {
        let strata = Strata::new(4, vec![(0, 0.0, 1.0), (3, 2.0, 2.0), (5, -f64::MAX, f64::MAX)]);
        let found = [0.0, 0.24, 0.25, 0.99, 1.0].map(|number| strata.find(0, number));
        assert_eq!(found, [0, 0, 1, 3, 3].map(Some));
        assert_eq!((strata.find(3, 2.0), strata.find(5, 0.0), strata.find(1, 0.0)), (Some(4), Some(10), None));
        assert_eq!(Strata::from_bytes(&strata.to_bytes()), Some(strata.clone()));
        assert_eq!(Strata::from_bytes(&strata.to_bytes()[1..]), None);
    }
}
