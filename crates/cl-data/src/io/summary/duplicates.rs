use std::collections::HashSet;

/// Duplicates by a 64-bit hash.
#[derive(Default)]
pub(super) struct Duplicates {
    seen: HashSet<u64>,
    count: usize,
}

impl Duplicates {
    pub(super) fn push(&mut self, hash: u64) {
        self.count += usize::from(!self.seen.insert(hash));
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }
}
