//! The nearest of many, kept while these come.

use std::cmp::Ordering;

/// The `size` candidates of highest rank, of equals the lower index, in whatever order they are offered. O(1) each on
/// average: twice as many are kept, and cut back when there are that many.
#[derive(Debug, Clone)]
pub(super) struct NearestList {
    size: usize,
    /// What does not reach this is not among them.
    pub(super) bound: f32,
    kept: Vec<(f32, u32)>,
}

fn better_first(a: &(f32, u32), b: &(f32, u32)) -> Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}

impl NearestList {
    pub(super) fn new(size: usize) -> Self {
        Self { size, bound: if size == 0 { f32::INFINITY } else { f32::NEG_INFINITY }, kept: Vec::new() }
    }

    /// The same of what reaches `rank`.
    pub(super) fn at_least(self, rank: f32) -> Self {
        Self { bound: self.bound.max(rank), ..self }
    }

    #[inline]
    pub(super) fn offer(&mut self, rank: f32, index: u32) {
        if rank < self.bound || self.size == 0 {
            return;
        }
        self.kept.push((rank, index));
        if self.kept.len() >= 2 * self.size {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.kept.len() >= self.size && self.size > 0 {
            let (_, last, _) = self.kept.select_nth_unstable_by(self.size - 1, better_first);
            self.bound = last.0;
            self.kept.truncate(self.size);
        }
    }

    /// The best first.
    pub(super) fn into_sorted(mut self) -> Vec<(f32, u32)> {
        self.cut();
        self.kept.sort_unstable_by(better_first);
        self.kept.shrink_to_fit();
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_best_are_kept_in_any_order(ranks in prop::collection::vec(0u8..9, 0..60), size in 0usize..9, least in 0u8..9, seed: u64) {
            let mut all: Vec<(f32, u32)> = ranks.iter().zip(0..).map(|(&rank, index)| (rank.into(), index)).collect();
            let mut list = NearestList::new(size).at_least(least.into());
            let order = cl_data::random::permutation(&mut cl_data::random::stream(seed, "test", 0), all.len());
            order.into_iter().for_each(|at| list.offer(all[at].0, all[at].1));
            all.retain(|&(rank, _)| rank >= least.into());
            all.sort_by(better_first);
            all.truncate(size);
            prop_assert_eq!(list.into_sorted(), all);
        }
    }
}
