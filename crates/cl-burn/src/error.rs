use std::path::PathBuf;

use burn::data::dataset::DatasetError;
use cl_data::{DataError, SamplerError};
use cl_difficulty::DifficultyError;

/// What can be wrong with a loader, a recorder, a checkpoint or a device, and with what they are given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BurnError {
    /// An argument is outside of its domain.
    #[error("argument {argument} is {value}, expected {expected}")]
    Argument {
        /// The argument's name.
        argument: &'static str,
        /// The value found, as text.
        value: String,
        /// What would have been accepted.
        expected: String,
    },
    /// The sampler cannot go on before it is told losses that no batch has shown.
    #[error(
        "before the batch of step {step} the sampler must be told the losses of {n_wanted} examples: \
         Loader::tell_wanted evaluates and tells them"
    )]
    Wanted {
        /// The step that waits.
        step: u64,
        /// How many losses it waits for.
        n_wanted: usize,
    },
    /// A part of a loader was asked for, as training on several devices at once does.
    #[error(
        "examples {start}..{end} of a loader were asked for, but a sampler draws from all of them: \
         train on one device, or give each rank a loader over a sampler of its own share"
    )]
    Sliced {
        /// The first example of the part.
        start: usize,
        /// The example after its last.
        end: usize,
    },
    /// A backend that nobody knows.
    #[error("unknown device `{name}`, expected one of {}", .known.join(", "))]
    UnknownDevice {
        /// The name given.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// A backend that this program was built without.
    #[error("device `{name}` needs cl-burn's feature `{feature}`, which this program was built without")]
    NotBuilt {
        /// The name given.
        name: String,
        /// The feature.
        feature: &'static str,
    },
    /// A card that is not there.
    #[error(
        "device `{name}` is not there: {}",
        if *.n_found == 0 { "no such card, or no driver of it, is found".into() }
        else { format!("{n_found} found, expected an index below {n_found}") }
    )]
    NoCard {
        /// The name given.
        name: String,
        /// How many cards of this backend there are.
        n_found: usize,
    },
    /// A checkpoint is of a network with other parameters.
    #[error("the checkpoint is of another network: {problem}")]
    OtherNetwork {
        /// What differs, in burn's words.
        problem: String,
    },
    /// A checkpoint is of an optimiser, or a schedule, that remembers other things.
    #[error("the checkpoint is of another {what}: {problem}")]
    OtherState {
        /// The optimiser, the schedule or the recorder.
        what: &'static str,
        /// What differs.
        problem: String,
    },
    /// A checkpoint lacks what is asked of it.
    #[error("the checkpoint holds no {what}")]
    Missing {
        /// What was asked for.
        what: &'static str,
    },
    /// A checkpoint is damaged, or none.
    #[error("the checkpoint is unusable: {0}")]
    Unusable(String),
    /// A checkpoint's file is one of these.
    #[error("{}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<BurnError>,
    },
    /// Something cannot be read from the device, or made a record of.
    #[error("{what} cannot be had from the device: {problem}")]
    Device {
        /// What was read.
        what: &'static str,
        /// The problem, in burn's words.
        problem: String,
    },
    /// Another thread failed while it held the sampler.
    #[error("a sampler failed before, and holds nothing that can be trusted")]
    Poisoned,
    /// The sampler.
    #[error(transparent)]
    Sampler(#[from] SamplerError),
    /// What is recorded.
    #[error(transparent)]
    Difficulty(#[from] DifficultyError),
    /// The data set.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A file.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl BurnError {
    pub(crate) fn argument(argument: &'static str, value: impl ToString, expected: impl Into<String>) -> Self {
        Self::Argument { argument, value: value.to_string(), expected: expected.into() }
    }

    pub(crate) fn device(what: &'static str, problem: impl ToString) -> Self {
        Self::Device { what, problem: problem.to_string() }
    }
}
