use std::path::PathBuf;

use cl_data::DataError;
use cl_difficulty::DifficultyError;
use cl_model::ModelError;
use cl_pacing::PacingError;
use cl_prune::PruneError;
use cl_study::StudyError;

/// Everything that can go wrong between one's data and an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// An argument is outside of its domain.
    #[error("argument {argument} is {value}, expected {expected}")]
    InvalidArgument {
        /// The argument's name.
        argument: String,
        /// The value found, as text.
        value: String,
        /// What would have been accepted.
        expected: String,
    },
    /// The data cannot be what is asked for: what is wrong, and what was expected.
    #[error("{source}: {problem}")]
    Problem {
        /// The data, as they were named.
        #[source]
        source: Named,
        /// What is wrong with them, and what was expected.
        problem: String,
    },
    /// A configuration file is not what it should be.
    #[error("{path}: {problem}", path = .path.display())]
    Configuration {
        /// The file.
        path: PathBuf,
        /// Line, key, what was found and what was expected.
        problem: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A score.
    #[error(transparent)]
    Difficulty(#[from] DifficultyError),
    /// An order, a pacing, a weighting or a sampler.
    #[error(transparent)]
    Pacing(#[from] PacingError),
    /// A selection.
    #[error(transparent)]
    Prune(#[from] PruneError),
    /// A comparison.
    #[error(transparent)]
    Study(#[from] StudyError),
}

/// The name of data, as they were given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Named(pub String);

impl LabError {
    /// An argument outside of its domain.
    pub(crate) fn argument(
        argument: impl Into<String>,
        value: impl std::fmt::Display,
        expected: impl Into<String>,
    ) -> Self {
        Self::InvalidArgument { argument: argument.into(), value: value.to_string(), expected: expected.into() }
    }

    /// Data that cannot be what is asked for.
    pub(crate) fn problem(name: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Problem { source: Named(name.into()), problem: problem.into() }
    }
}
