use std::path::PathBuf;

/// Everything that can be wrong with data, each message naming the argument or file, the value found and
/// what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// Two things that must have one entry per example (or per feature, or per class) do not.
    #[error("{what} has {found} entries, expected {expected} ({why})")]
    LengthMismatch {
        /// The thing that is too short or too long.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length it should have.
        expected: usize,
        /// What it is counted against.
        why: &'static str,
    },
    /// A label is no class index.
    #[error("label {label} of example {example} is out of range, expected 0..{n_classes}")]
    LabelOutOfRange {
        /// The label found.
        label: usize,
        /// The index of the example that bears it.
        example: usize,
        /// The number of classes.
        n_classes: usize,
    },
    /// A feature is NaN or infinite.
    #[error("feature {feature} of example {example} is {value}, expected a finite number")]
    NotFinite {
        /// Row of the feature.
        feature: usize,
        /// Index of the example.
        example: usize,
        /// The value found.
        value: f64,
    },
    /// The same id stands for two examples.
    #[error("id {id} is borne by examples {first} and {second}, expected every id once")]
    DuplicateId {
        /// The id, as text.
        id: String,
        /// The first example with it.
        first: usize,
        /// The second one.
        second: usize,
    },
    /// An index points outside the data.
    #[error("index {index} is out of range, expected 0..{n_examples}")]
    IndexOutOfRange {
        /// The index found.
        index: usize,
        /// The number of examples.
        n_examples: usize,
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
    /// The environment asks for instructions that this machine does not have.
    #[error("environment variable CURRICULUM_INSTRUCTIONS is {value:?}, expected one of {available}")]
    Instructions {
        /// Its value.
        value: String,
        /// The names of those that there are.
        available: String,
    },
    /// A file could not be opened, read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The content of a file is not what its format demands.
    #[error("{path}: {}{problem}", before(.place))]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line, byte offset, header field or member; empty where it is the file as a whole.
        place: String,
        /// The value found and what was expected.
        problem: String,
    },
    /// A file is of neither of two layouts, each named with what is wrong then.
    #[error("neither {} ({}) nor {} ({})", .0[0].0, .0[0].1, .0[1].0, .0[1].1)]
    Neither([(&'static str, Box<DataError>); 2]),
}

/// A place before what is wrong there.
fn before(place: &str) -> String {
    if place.is_empty() { String::new() } else { format!("{place}: ") }
}

impl DataError {
    /// An argument outside of its domain.
    pub(crate) fn argument(argument: &'static str, value: impl std::fmt::Display, expected: &'static str) -> Self {
        Self::InvalidArgument { argument, value: value.to_string(), expected }
    }
}
