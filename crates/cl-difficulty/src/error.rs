use std::path::{Path, PathBuf};

use cl_data::{Fingerprint, io::malformed, memory};

/// Everything that can be wrong with scores and with what they are computed from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DifficultyError {
    /// Two things that must have one entry per example do not.
    #[error("{what} has {found} entries, expected {expected}")]
    LengthMismatch {
        /// The thing that is too short or too long.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length it should have.
        expected: usize,
    },
    /// A score is NaN, or infinite where its metric allows no infinity.
    #[error("{metric} of example {example} is {value}, expected {expected}")]
    InvalidScore {
        /// The metric.
        metric: String,
        /// The example.
        example: usize,
        /// The value found.
        value: f64,
        /// What was expected.
        expected: &'static str,
    },
    /// An example that the recorder was not made for.
    #[error("example {example} is out of range, expected 0..{n_examples}")]
    ExampleOutOfRange {
        /// The example.
        example: usize,
        /// The number of examples.
        n_examples: usize,
    },
    /// An example without a single observation.
    #[error("example {example} was never presented, so its {metric} is unknown")]
    NeverPresented {
        /// The example.
        example: usize,
        /// The metric.
        metric: &'static str,
    },
    /// An argument is outside of its domain.
    #[error("argument {argument} is {value}, expected {expected}")]
    InvalidArgument {
        /// The argument's name.
        argument: &'static str,
        /// The value found, as text.
        value: String,
        /// What would have been accepted.
        expected: &'static str,
    },
    /// A name that no metric or option has, or an option's value outside of its domain.
    #[error(transparent)]
    Catalogue(#[from] cl_data::catalogue::CatalogueError),
    /// What was logged for an example in an epoch cannot be.
    #[error("example {example} in epoch {epoch}: {problem}")]
    InvalidObservation {
        /// The example.
        example: usize,
        /// The epoch.
        epoch: u64,
        /// What is wrong, and what was expected.
        problem: String,
    },
    /// An epoch that was not recorded although earlier and later ones were.
    #[error("epoch {epoch} was not recorded, expected every epoch from {first} to {last}")]
    MissingEpoch {
        /// The epoch.
        epoch: u64,
        /// The first one recorded.
        first: u64,
        /// The last one recorded.
        last: u64,
    },
    /// An example that an epoch lacks.
    #[error(
        "example {example} has no observation in epoch {epoch}, expected one for each of {n_examples} examples"
    )]
    MissingExample {
        /// The example.
        example: usize,
        /// The epoch.
        epoch: u64,
        /// The number of examples.
        n_examples: usize,
    },
    /// A metric needs more epochs than were recorded.
    #[error("{metric} needs {needed} epochs of each example, but example {example} has {found}")]
    TooFewEpochs {
        /// The metric.
        metric: String,
        /// The example.
        example: usize,
        /// Epochs needed.
        needed: u64,
        /// Epochs recorded.
        found: u64,
    },
    /// Scores were joined to data other than their own.
    #[error("the scores belong to data with fingerprint {scores}, not to this data with fingerprint {data}")]
    OtherData {
        /// The fingerprint that the scores carry.
        scores: Fingerprint,
        /// The fingerprint of the data.
        data: Fingerprint,
    },
    /// A log does not allow a metric.
    #[error("{metric} {reason}")]
    Unavailable {
        /// The metric.
        metric: String,
        /// What it needs.
        reason: String,
    },
    /// A log of a second split is not of the same examples as the first.
    #[error(
        "{path}: its ids and labels have fingerprint {found}, the input's {expected}: expected the same examples"
    )]
    OtherLog {
        /// The log of the second split.
        path: PathBuf,
        /// Its fingerprint.
        found: Fingerprint,
        /// That of the first.
        expected: Fingerprint,
    },
    /// What a file holds is wrong.
    #[error("{path}: {source}")]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: Box<DifficultyError>,
    },
    /// Who was shown a log ended the visit.
    #[error(transparent)]
    Visitor(Box<dyn std::error::Error + Send + Sync>),
    /// A model did not fit its data, or its training failed.
    #[error(transparent)]
    Model(#[from] cl_model::ModelError),
    /// The data itself is wrong.
    #[error(transparent)]
    Data(#[from] cl_data::DataError),
    /// The sampler of a curriculum could not be made from the scores.
    #[error("the curriculum's sampler could not be made: {0}")]
    Sampler(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A column has no value for an example.
    #[error("the column has no value for id {id} of example {example}")]
    MissingId {
        /// The id, as text.
        id: String,
        /// The example that bears it.
        example: usize,
    },
}

impl DifficultyError {
    /// The same, of what this file holds.
    pub(crate) fn in_file(self, path: &Path) -> Self {
        Self::InFile { path: path.to_path_buf(), source: Box::new(self) }
    }

    /// A file whose content is not what it should be.
    pub(crate) fn malformed(path: &Path, place: impl Into<String>, problem: impl Into<String>) -> Self {
        malformed(path, place, problem).into()
    }

    /// That so many values of a type fit into memory.
    pub(crate) fn check_memory<T>(argument: &'static str, n: usize) -> Result<(), Self> {
        memory::check::<T>(n).map_err(|value| Self::argument(argument, value, memory::EXPECTED))
    }

    /// An argument outside of its domain.
    pub(crate) fn argument(argument: &'static str, value: impl std::fmt::Display, expected: &'static str) -> Self {
        Self::InvalidArgument { argument, value: value.to_string(), expected }
    }
}
