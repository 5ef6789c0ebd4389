use cl_data::Fingerprint;

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
    /// Scores were joined to data other than their own.
    #[error("the scores belong to data with fingerprint {scores}, not to this data with fingerprint {data}")]
    OtherData {
        /// The fingerprint that the scores carry.
        scores: Fingerprint,
        /// The fingerprint of the data.
        data: Fingerprint,
    },
}
