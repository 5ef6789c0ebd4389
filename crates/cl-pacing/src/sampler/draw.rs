use cl_data::{Batch, random};
use rand::Rng;

/// A uniform draw without replacement in O(draws): the first swaps of a shuffle, taken back afterwards.
#[derive(Debug, Clone, Default)]
pub struct Draw {
    swaps: Vec<usize>,
}

impl Draw {
    /// Adds `n` of `examples` (all, where there are fewer) to the batch, in random order; `examples` stay as they were.
    pub(super) fn without_replacement(
        &mut self,
        rng: &mut impl Rng,
        examples: &mut [u32],
        n: usize,
        batch: &mut Batch,
    ) {
        // All draws first, so that the memory of one swap need not wait for the draw of the next.
        self.swaps.clear();
        let n_draws = n.min(examples.len());
        self.swaps.extend((0..n_draws).map(|place| place + random::below(rng, examples.len() - place)));
        batch.indices.extend(self.swaps.iter().enumerate().map(|(place, &other)| {
            examples.swap(place, other);
            examples[place] as usize
        }));
        for (place, &other) in self.swaps.iter().enumerate().rev() {
            examples.swap(place, other);
        }
    }
}
