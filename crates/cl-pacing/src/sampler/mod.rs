//! The fourth seam: which examples at which step. The trait itself is [`cl_data::Sampler`].

mod apart;
mod bandit;
mod batch_size_ramp;
mod catalogue;
mod clocked;
mod competence;
mod curriculum;
mod draw;
mod entry;
mod groups;
mod hardness_settings;
mod instance_hardness;
mod length;
mod members;
mod mini_batch;
mod mixture;
mod ordered;
mod past;
mod planned;
mod prefix;
mod proportions;
mod rho_loss;
mod schedule;
mod self_paced;
mod sequential;
mod shuffle;
mod sources;
mod stepwise;
mod teacher;
mod token_budget;
mod told;
mod weighted;

pub use apart::ApartSampler;
pub use bandit::{Progression, TaskPolicy, Teacher};
pub use batch_size_ramp::batch_size_ramp;
pub use catalogue::{sampler_by_name, sampler_inputs, samplers};
pub use clocked::ClockedSampler;
pub use competence::{CompetenceSampler, EqualDifficulty};
pub use curriculum::CurriculumSampler;
pub use entry::{SamplerInput, SamplerInputs};
pub use groups::GroupSampler;
pub use hardness_settings::{HardnessSelection, HardnessSettings};
pub use instance_hardness::HardnessSampler;
pub use length::{LengthSampler, LongSequences};
pub use mini_batch::MiniBatchSampler;
pub use mixture::MixtureSampler;
pub use planned::PlannedSampler;
pub use prefix::PrefixSampler;
pub use proportions::Proportions;
pub use rho_loss::RhoLossSampler;
pub use self_paced::{Presentation, SelfPacedSampler};
pub use sequential::SequentialSampler;
pub use shuffle::ShuffleSampler;
pub use sources::SourcesSampler;
pub use teacher::{TaskScore, TeacherSampler};
pub use token_budget::{BatchOrder, Padding, TokenBudget, TokenBudgetSampler};
pub use weighted::{Replacement, WeightedSampler};

use crate::error::PacingError;

fn check_sizes(n_examples: usize, batch_size: usize) -> Result<(), PacingError> {
    if n_examples == 0 {
        return Err(PacingError::argument("n_examples", n_examples, "at least 1"));
    }
    if u32::try_from(n_examples).is_err() {
        return Err(PacingError::argument(
            "n_examples",
            n_examples,
            "below 2^32, the examples that an order can hold",
        ));
    }
    PacingError::check_memory::<u64>("n_examples", n_examples)?;
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
