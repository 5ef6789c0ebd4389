//! The fourth seam: which examples at which step. The trait itself is [`cl_data::Sampler`].

mod clocked;
mod competence;
mod curriculum;
mod instance_hardness;
mod length;
mod mini_batch;
mod mixture;
mod past;
mod prefix;
mod rho_loss;
mod schedule;
mod self_paced;
mod sequential;
mod shuffle;
mod teacher;
mod told;

pub use clocked::ClockedSampler;
pub use competence::{CompetenceSampler, EqualDifficulty};
pub use instance_hardness::{HardnessSampler, HardnessSelection, HardnessSettings};
pub use length::{LengthSampler, LongSequences};
pub use mini_batch::MiniBatchSampler;
pub use mixture::MixtureSampler;
pub use prefix::PrefixSampler;
pub use rho_loss::RhoLossSampler;
pub use self_paced::{Presentation, SelfPacedSampler, SelfPacedState};
pub use sequential::SequentialSampler;
pub use shuffle::ShuffleSampler;
pub use teacher::{Progression, TaskPolicy, TaskScore, Teacher, TeacherSampler};

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

/// Whether a batch can be had without showing an example twice.
fn check_batch_size(n_examples: usize, batch_size: usize) -> Result<(), PacingError> {
    if batch_size > n_examples {
        let value = format!("{batch_size} of {n_examples} examples");
        return Err(PacingError::argument("batch_size", value, "at most the number of examples"));
    }
    Ok(())
}

/// Examples below their number, in half the memory.
fn narrow(examples: &[usize]) -> Result<Vec<u32>, PacingError> {
    if u32::try_from(examples.len()).is_err() {
        let expected = "below 2^32, the examples that an order can hold";
        return Err(PacingError::argument("n_examples", examples.len(), expected));
    }
    Ok(examples.iter().map(|&example| example as u32).collect())
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
