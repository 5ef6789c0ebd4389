use std::path::{Path, PathBuf};

/// Everything that can go wrong in a study, each message naming the argument, series or file, the value found
/// and what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// Fewer values than a statistic or a figure needs.
    #[error("{what} has {found} values, expected at least {expected}")]
    TooFew {
        /// The sample, series or list.
        what: String,
        /// How many values it has.
        found: usize,
        /// How many it needs.
        expected: usize,
    },
    /// Two things that go together have different lengths.
    #[error("{what} has {found} entries, expected {expected} ({why})")]
    LengthMismatch {
        /// The thing that is too short or too long.
        what: String,
        /// Its length.
        found: usize,
        /// The length it should have.
        expected: usize,
        /// What it is counted against.
        why: &'static str,
    },
    /// A value is NaN or infinite.
    #[error("value {index} of {what} is {value}, expected a finite number")]
    NotFinite {
        /// The sample or series.
        what: String,
        /// The index of the value in it.
        index: usize,
        /// The value found.
        value: f64,
    },
    /// An argument is outside of its domain.
    #[error("argument {argument} is {value}, expected {expected}")]
    InvalidArgument {
        /// The argument's name.
        argument: &'static str,
        /// The value found, as text.
        value: String,
        /// What would have been accepted.
        expected: String,
    },
    /// A statistic has no value for this sample.
    #[error("{what} is undefined: {why}")]
    Undefined {
        /// The statistic.
        what: &'static str,
        /// What about the sample makes it so.
        why: String,
    },
    /// No arm, setting, metric or curve has this name.
    #[error("unknown {what} {name:?}, expected one of: {known}")]
    UnknownName {
        /// What was looked for.
        what: &'static str,
        /// The name asked for.
        name: String,
        /// The names there are, separated by commas.
        known: String,
    },
    /// Two of a kind bear the same name.
    #[error("two {what} of the study are {name}, expected every one once")]
    Duplicate {
        /// "arms", "settings" or "seeds".
        what: &'static str,
        /// The name or number borne twice.
        name: String,
    },
    /// A journal was written by a study that was declared otherwise.
    #[error("{path}: the journal is of another study: {difference}")]
    OtherStudy {
        /// The journal.
        path: PathBuf,
        /// Which part of the declaration differs, and how.
        difference: String,
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
    #[error("{path}: {place}: {problem}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line.
        place: String,
        /// The value found and what was expected.
        problem: String,
    },
    /// Something could not be put into JSON, or threads could not be started, or a picture not drawn.
    #[error("{what}: {problem}")]
    Failed {
        /// What was tried.
        what: &'static str,
        /// What came of it.
        problem: String,
    },
}

impl StudyError {
    /// An argument outside of its domain.
    pub(crate) fn argument(
        argument: &'static str,
        value: impl std::fmt::Display,
        expected: impl Into<String>,
    ) -> Self {
        Self::InvalidArgument { argument, value: value.to_string(), expected: expected.into() }
    }

    /// A name that nothing has, among the names there are.
    pub(crate) fn unknown<'a>(what: &'static str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        Self::UnknownName { what, name: name.to_owned(), known }
    }

    /// What the system said about `path`.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

/// At least `least` finite values, or an error that names `what`.
pub(crate) fn check_sample(what: &str, values: &[f64], least: usize) -> Result<(), StudyError> {
    if values.len() < least {
        return Err(StudyError::TooFew { what: what.to_owned(), found: values.len(), expected: least });
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(StudyError::NotFinite { what: what.to_owned(), index, value: values[index] }),
        None => Ok(()),
    }
}

/// `found == expected`, or an error that names `what` and what it is counted against.
pub(crate) fn check_length(
    what: &str,
    found: usize,
    expected: usize,
    why: &'static str,
) -> Result<(), StudyError> {
    if found == expected {
        Ok(())
    } else {
        Err(StudyError::LengthMismatch { what: what.to_owned(), found, expected, why })
    }
}
