//! Errors of the crates as exceptions of the right class; the message is the crate's own.

use cl_data::{DataError, SamplerError};
use cl_difficulty::DifficultyError;
use cl_lab::LabError;
use cl_pacing::PacingError;
use cl_prune::PruneError;
use cl_study::StudyError;
use pyo3::create_exception;
use pyo3::exceptions::{PyIndexError, PyMemoryError, PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

create_exception!(
    curriculum,
    StateError,
    PyValueError,
    "A saved state is damaged, of another version, or of other data or settings than what it was to be loaded into."
);

/// What becomes an exception.
pub(crate) trait IntoException {
    fn into_exception(self) -> PyErr;
}

impl IntoException for DataError {
    fn into_exception(self) -> PyErr {
        match &self {
            Self::IndexOutOfRange { .. } => PyIndexError::new_err(self.to_string()),
            // With the number of the system's error, Python chooses the class: FileNotFoundError, PermissionError.
            Self::Io { path, source } => match source.raw_os_error() {
                Some(code) => {
                    let text = source.to_string();
                    let text = text.split(" (os error").next().unwrap_or_default().to_owned();
                    PyOSError::new_err((code, text, path.display().to_string()))
                }
                // Wrapped by who says which file it was; its kind chooses the class.
                None => std::io::Error::new(source.kind(), self.to_string()).into(),
            },
            _ => PyValueError::new_err(self.to_string()),
        }
    }
}

impl IntoException for PacingError {
    fn into_exception(self) -> PyErr {
        match self {
            Self::IndexOutOfRange { .. } => PyIndexError::new_err(self.to_string()),
            _ => PyValueError::new_err(self.to_string()),
        }
    }
}

impl IntoException for PruneError {
    fn into_exception(self) -> PyErr {
        match self {
            Self::IndexOutOfRange { .. } => PyIndexError::new_err(self.to_string()),
            _ => PyValueError::new_err(self.to_string()),
        }
    }
}

impl IntoException for DifficultyError {
    fn into_exception(self) -> PyErr {
        match self {
            Self::ExampleOutOfRange { .. } => PyIndexError::new_err(self.to_string()),
            Self::Data(error) => error.into_exception(),
            _ => PyValueError::new_err(self.to_string()),
        }
    }
}

impl IntoException for SamplerError {
    fn into_exception(self) -> PyErr {
        match self {
            Self::IndexOutOfRange { .. } => PyIndexError::new_err(self.to_string()),
            Self::OutOfTurn { .. } => PyRuntimeError::new_err(self.to_string()),
            Self::Version(_) | Self::OtherSettings { .. } | Self::OtherPast { .. } | Self::Unusable(_) => {
                StateError::new_err(self.to_string())
            }
            _ => PyValueError::new_err(self.to_string()),
        }
    }
}

impl IntoException for StudyError {
    fn into_exception(self) -> PyErr {
        PyValueError::new_err(self.to_string())
    }
}

impl IntoException for LabError {
    fn into_exception(self) -> PyErr {
        PyValueError::new_err(self.to_string())
    }
}

/// A result whose error is raised.
pub(crate) trait OrRaise<T> {
    fn or_raise(self) -> PyResult<T>;
}

impl<T, E: IntoException> OrRaise<T> for Result<T, E> {
    fn or_raise(self) -> PyResult<T> {
        self.map_err(IntoException::into_exception)
    }
}

/// An argument outside of its domain, in the words that all crates have for it.
pub(crate) fn argument(name: &str, value: impl std::fmt::Display, expected: &str) -> String {
    format!("argument {name} is {value}, expected {expected}")
}

/// Room for `n` values, or a `MemoryError` where memory has none: a small tensor can say that it has any number of them.
pub(crate) fn room<T>(name: &str, n: usize) -> PyResult<Vec<T>> {
    let mut values = Vec::new();
    match values.try_reserve_exact(n) {
        Ok(()) => Ok(values),
        Err(_) => {
            Err(PyMemoryError::new_err(argument(name, format!("of {n} numbers"), "as many as memory can hold")))
        }
    }
}

pub(crate) fn value_error(name: &str, value: impl std::fmt::Display, expected: &str) -> PyErr {
    PyValueError::new_err(argument(name, value, expected))
}
