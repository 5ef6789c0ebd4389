use std::path::PathBuf;

use cl_data::{DataError, SamplerError};
use cl_difficulty::DifficultyError;

/// What can be wrong with a feed, a recorder, a checkpoint or a device, and with what they are given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CandleError {
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
         Feed::tell_wanted evaluates and tells them"
    )]
    Wanted {
        /// The step that waits.
        step: u64,
        /// How many losses it waits for.
        n_wanted: usize,
    },
    /// A device that nobody knows.
    #[error("unknown device `{name}`, expected one of cpu, cuda, metal")]
    UnknownDevice {
        /// The name given.
        name: String,
    },
    /// A backend that this program was built without.
    #[error("device `{name}` needs cl-candle's feature `{feature}`, which this program was built without")]
    NotBuilt {
        /// The name given.
        name: String,
        /// The feature.
        feature: &'static str,
    },
    /// A card that is not there.
    #[error("device `{name}` is not there: {problem}")]
    NoCard {
        /// The name given.
        name: String,
        /// What candle says.
        problem: String,
    },
    /// A checkpoint is of a network with other variables.
    #[error("the checkpoint is of another network: {problem}")]
    OtherNetwork {
        /// What differs.
        problem: String,
    },
    /// A checkpoint is of an optimiser or a recorder that remembers other things.
    #[error("the checkpoint is of another {what}: {problem}")]
    OtherState {
        /// The optimiser or the recorder.
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
        source: Box<CandleError>,
    },
    /// The sampler.
    #[error(transparent)]
    Sampler(#[from] SamplerError),
    /// What is recorded.
    #[error(transparent)]
    Difficulty(#[from] DifficultyError),
    /// Tensors.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
    /// A file.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl CandleError {
    pub(crate) fn argument(argument: &'static str, value: impl ToString, expected: impl Into<String>) -> Self {
        Self::Argument { argument, value: value.to_string(), expected: expected.into() }
    }
}
