//! Numbers that a case is made of: the same for the same case.

/// SplitMix64.
pub(super) struct Draws(u64);

impl Draws {
    pub(super) fn of(case: u64) -> Self {
        let mut draws = Self(case.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bf0_3635);
        draws.next();
        draws
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Below `n`; 0 where there is nothing below.
    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    pub(super) fn one_of<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    pub(super) fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.next() as u8).collect()
    }

    /// A range within `0..n`, short as a rule.
    pub(super) fn range(&mut self, n: usize) -> std::ops::Range<usize> {
        let start = self.below(n);
        let longest = (n - start).min(if self.below(4) == 0 { n } else { 64 });
        start..start + 1.min(longest) + self.below(longest)
    }
}
