//! Pruning while training: samplers that choose anew, epoch by epoch, which examples are shown.

mod catalogue;
mod dynamic_random;
mod entry;
mod epoch_fractions;
mod info_batch;
mod repeated_random;

pub use catalogue::{dynamic_pruning_by_name, dynamic_prunings};
pub use dynamic_random::DynamicRandomSampler;
pub use entry::DynamicInputs;
pub use epoch_fractions::EpochFractions;
pub use info_batch::{InfoBatchSampler, PruningDraw};
pub use repeated_random::RepeatedRandomSampler;

use crate::error::PruneError;

pub(crate) fn check_sizes(n_examples: usize, batch_size: usize) -> Result<(), PruneError> {
    for (argument, value) in [("n_examples", n_examples), ("batch_size", batch_size)] {
        if value == 0 {
            return Err(PruneError::argument(argument, value, "at least 1"));
        }
    }
    PruneError::check_memory::<u64>("n_examples", n_examples)
}

/// The places of batch number `index` among `n` examples, none beyond the last.
pub(crate) fn chunk(n: usize, index: u64, batch_size: usize) -> std::ops::Range<usize> {
    let start = usize::try_from(index).ok().and_then(|index| index.checked_mul(batch_size));
    let start = start.map_or(n, |start| start.min(n));
    start..start.saturating_add(batch_size).min(n)
}
