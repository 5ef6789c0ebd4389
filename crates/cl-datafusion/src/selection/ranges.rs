use super::key::Key;

/// Ranges of keys of groups, both ends included: what rows a pass over a table is about. Of one group they are disjoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ranges {
    /// Group, first and last key, in increasing order.
    entries: Vec<(i64, Key, Key)>,
}

/// Bytes of an entry.
const WIDTH: usize = 8 + 16 + 16;

impl Ranges {
    pub(crate) fn new(mut entries: Vec<(i64, Key, Key)>) -> Self {
        entries.sort_unstable();
        Self { entries }
    }

    pub(crate) fn entries(&self) -> &[(i64, Key, Key)] {
        &self.entries
    }

    /// The place of the range that holds a key of a group.
    pub(crate) fn find(&self, group: i64, key: Key) -> Option<usize> {
        let at = self.entries.partition_point(|&(of, first, _)| (of, first) <= (group, key)).checked_sub(1)?;
        let (of, _, last) = self.entries[at];
        (of == group && key <= last).then_some(at)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let entry = |&(group, first, last): &(i64, Key, Key)| {
            [&group.to_le_bytes()[..], &first.to_le_bytes(), &last.to_le_bytes()].concat()
        };
        self.entries.iter().flat_map(entry).collect()
    }

    /// None where these are no such bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let entry = |bytes: &[u8]| {
            let (group, keys) = bytes.split_first_chunk::<8>()?;
            let (first, last) = keys.split_first_chunk::<16>()?;
            let last = last.first_chunk::<16>()?;
            Some((i64::from_le_bytes(*group), Key::from_le_bytes(*first), Key::from_le_bytes(*last)))
        };
        let chunks = bytes.chunks_exact(WIDTH);
        let whole = chunks.remainder().is_empty();
        let entries = chunks.map(entry).collect::<Option<Vec<_>>>()?;
        (whole && entries.is_sorted()).then_some(Self { entries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_in_the_range_of_its_group() {
        let ranges = Ranges::new(vec![(1, 10, 20), (-3, 0, Key::MAX), (1, 30, 30)]);
        assert_eq!(ranges.find(-3, 7), Some(0));
        assert_eq!(ranges.find(-3, Key::MAX), Some(0));
        let found = [9, 10, 20, 21, 29, 30, 31].map(|key| ranges.find(1, key));
        assert_eq!(found, [None, Some(1), Some(1), None, None, Some(2), None]);
        assert_eq!((ranges.find(0, 10), ranges.find(2, 10), ranges.find(-4, 0)), (None, None, None));
        let bytes = ranges.to_bytes();
        assert_eq!(Ranges::from_bytes(&bytes), Some(ranges));
        assert_eq!(Ranges::from_bytes(&bytes[1..]), None);
        assert_eq!(Ranges::from_bytes(&[]), Some(Ranges::default()));
    }
}
