use std::fmt::Display;

use cl_data::DataError;
use cl_model::ModelError;
use cl_pacing::PacingError;

/// Everything that can be wrong with a demo's settings, and that a training run that is too bold can come to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebError {
    /// A setting is outside of its domain.
    #[error("{argument} is {value}, expected {expected}")]
    InvalidArgument {
        /// The setting's name.
        argument: &'static str,
        /// The value found, as text.
        value: String,
        /// What would have been accepted.
        expected: &'static str,
    },
    /// The points are none that can be trained on.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The network or its training.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The order, the pacing or lambda.
    #[error(transparent)]
    Pacing(#[from] PacingError),
}

impl WebError {
    /// A setting outside of its domain.
    pub(crate) fn argument(argument: &'static str, value: impl Display, expected: &'static str) -> Self {
        Self::InvalidArgument { argument, value: value.to_string(), expected }
    }

    /// That a setting lies in its domain.
    pub(crate) fn check(
        argument: &'static str,
        value: impl Display,
        is_valid: bool,
        expected: &'static str,
    ) -> Result<(), Self> {
        if is_valid { Ok(()) } else { Err(Self::argument(argument, value, expected)) }
    }
}
