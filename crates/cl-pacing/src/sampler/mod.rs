//! The fourth seam: which examples at which step. The trait itself is [`cl_data::Sampler`].

mod prefix;
mod self_paced;
mod sequential;
mod shuffle;

pub use prefix::PrefixSampler;
pub use self_paced::{Presentation, SelfPacedSampler, SelfPacedState};
pub use sequential::SequentialSampler;
pub use shuffle::ShuffleSampler;

use crate::PacingError;

fn check_sizes(n_examples: usize, batch_size: usize) -> Result<(), PacingError> {
    if n_examples == 0 {
        return Err(PacingError::argument("n_examples", n_examples, "at least 1"));
    }
    if batch_size == 0 {
        return Err(PacingError::argument("batch_size", batch_size, "at least 1"));
    }
    Ok(())
}

/// Whether `order` names each of its `0..len` once.
fn check_permutation(order: &[usize]) -> Result<(), PacingError> {
    let n_examples = order.len();
    let mut seen = vec![false; n_examples];
    for &example in order {
        match seen.get_mut(example) {
            Some(seen) if *seen => return Err(PacingError::NotAPermutation { example }),
            Some(seen) => *seen = true,
            None => {
                return Err(PacingError::IndexOutOfRange { what: "ordered example", index: example, n_examples });
            }
        }
    }
    Ok(())
}

/// The number of batches of `n` examples, the last of which may be short.
fn n_batches(n: usize, batch_size: usize) -> u64 {
    n.div_ceil(batch_size) as u64
}

/// Batch number `index` of `examples`, empty beyond the last.
fn chunk<T>(examples: &[T], index: u64, batch_size: usize) -> &[T] {
    let start = usize::try_from(index).ok().and_then(|index| index.checked_mul(batch_size));
    let start = start.map_or(examples.len(), |start| start.min(examples.len()));
    &examples[start..start.saturating_add(batch_size).min(examples.len())]
}
