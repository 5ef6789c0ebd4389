use std::ops::Range;

/// The examples of each key, keys in the order of their values and examples by index.
#[derive(Debug, Clone)]
pub(super) struct Members {
    examples: Vec<u32>,
    /// Where each key lies in `examples`.
    keys: Vec<Range<u32>>,
}

impl Members {
    /// Of one key for each example, of which there are less than 2^32. O(n log n).
    pub(super) fn of(keys: &[usize]) -> Self {
        let mut examples: Vec<u32> = (0..keys.len() as u32).collect();
        let key = |example: u32| keys[example as usize];
        examples.sort_unstable_by_key(|&example| (key(example), example));
        let mut ranges: Vec<Range<u32>> = Vec::new();
        for members in examples.chunk_by(|&a, &b| key(a) == key(b)) {
            let start = ranges.last().map_or(0, |last| last.end);
            ranges.push(start..start + members.len() as u32);
        }
        Self { examples, keys: ranges }
    }

    pub(super) fn n_examples(&self) -> usize {
        self.examples.len()
    }

    pub(super) fn n_keys(&self) -> usize {
        self.keys.len()
    }

    /// The examples of a key.
    pub(super) fn of_key(&self, key: usize) -> &[u32] {
        let Range { start, end } = self.keys[key];
        &self.examples[start as usize..end as usize]
    }

    /// The examples, key by key, and how many each key has: what decides batches, for a hash.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        let sizes = self.keys.iter().map(|key| u64::from(key.end - key.start));
        sizes.chain(self.examples.iter().map(|&example| u64::from(example)))
    }
}
