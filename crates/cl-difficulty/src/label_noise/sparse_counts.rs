/// Examples by given and true class: only the counts that are not zero, so that work and memory go by the examples
/// and not by the square of the classes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SparseCounts {
    /// Per given class the true classes in increasing order, each with its count.
    rows: Vec<Vec<(usize, u64)>>,
}

impl SparseCounts {
    /// The sums of equal pairs of given and true class, both below `n_classes`.
    pub(super) fn sum(n_classes: usize, entries: Vec<(usize, usize, u64)>) -> Self {
        let mut rows = vec![Vec::new(); n_classes];
        for (given, class, count) in merged(entries) {
            rows[given].push((class, count));
        }
        Self { rows }
    }

    /// From one row per class, each in increasing order of the true classes; zeros are dropped.
    pub(super) fn from_rows(mut rows: Vec<Vec<(usize, u64)>>) -> Self {
        rows.iter_mut().for_each(|row| row.retain(|&(_, count)| count > 0));
        Self { rows }
    }

    /// The same with a diagonal of at least one.
    pub(super) fn with_diagonal(mut self) -> Self {
        for (given, row) in self.rows.iter_mut().enumerate() {
            if let Err(place) = row.binary_search_by_key(&given, |&(class, _)| class) {
                row.insert(place, (given, 1));
            }
        }
        self
    }

    /// The counts of each given class.
    pub(super) fn rows(&self) -> &[Vec<(usize, u64)>] {
        &self.rows
    }

    /// One count.
    pub(super) fn count(&self, given: usize, class: usize) -> u64 {
        let row = &self.rows[given];
        row.binary_search_by_key(&class, |&(class, _)| class).map_or(0, |place| row[place].1)
    }

    /// Given class, true class and count, row by row.
    pub(super) fn entries(&self) -> impl Iterator<Item = (usize, usize, u64)> + '_ {
        self.rows
            .iter()
            .enumerate()
            .flat_map(|(given, row)| row.iter().map(move |&(class, count)| (given, class, count)))
    }

    /// All counts, row by row.
    pub(super) fn dense(&self) -> Vec<u64> {
        let c = self.rows.len();
        let mut dense = vec![0; c * c];
        self.entries().for_each(|(given, class, count)| dense[given * c + class] = count);
        dense
    }
}

/// How often each pair of given and true class occurs, in order. A square as small as the `pairs` are many is quicker
/// than to sort them.
pub(super) fn tally(
    pairs: impl ExactSizeIterator<Item = Option<(usize, usize)>>,
    n_classes: usize,
) -> Vec<(usize, usize, u64)> {
    if n_classes.saturating_mul(n_classes) > pairs.len() {
        return merged(pairs.flatten().map(|(given, class)| (given, class, 1)).collect());
    }
    let mut square = vec![0u64; n_classes * n_classes];
    pairs.flatten().for_each(|(given, class)| square[given * n_classes + class] += 1);
    let counts = square.into_iter().enumerate().filter(|&(_, count)| count > 0);
    counts.map(|(cell, count)| (cell / n_classes, cell % n_classes, count)).collect()
}

/// In order, equal pairs of classes as one.
fn merged(mut entries: Vec<(usize, usize, u64)>) -> Vec<(usize, usize, u64)> {
    let classes = |&(given, class, _): &(usize, usize, u64)| (given, class);
    entries.sort_unstable_by_key(classes);
    entries.dedup_by(|next, kept| {
        let equal = classes(next) == classes(kept);
        kept.2 += if equal { next.2 } else { 0 };
        equal
    });
    entries
}
