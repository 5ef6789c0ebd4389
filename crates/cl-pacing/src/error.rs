use cl_data::{SamplerError, catalogue::CatalogueError, memory};

/// Everything that can be wrong with an order, a pacing, a weighting or a sampler.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PacingError {
    /// A score or loss is NaN, which has no place in any order.
    #[error("{what} of example {example} is NaN, expected a number")]
    NotANumber {
        /// What was to be a number.
        what: &'static str,
        /// The index of the example.
        example: usize,
    },
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
    /// An index points outside the data.
    #[error("{what} {index} is out of range, expected 0..{n_examples}")]
    IndexOutOfRange {
        /// What the index is of.
        what: &'static str,
        /// The index found.
        index: usize,
        /// The number of examples.
        n_examples: usize,
    },
    /// An order names an example twice.
    #[error("the order names example {example} twice, expected every example once")]
    NotAPermutation {
        /// The example.
        example: usize,
    },
    /// An argument is outside of its domain.
    #[error("argument {argument} is {value}, expected {expected}")]
    InvalidArgument {
        /// The argument's name, as in the papers.
        argument: &'static str,
        /// The value found, as text.
        value: String,
        /// What would have been accepted, and why.
        expected: &'static str,
    },
    /// A name or a parameter given by name is none.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// A schedule was to be edited in a part that has been shown.
    #[error(
        "the schedule was to change from step {from_step}, expected at least {n_consumed}: the steps before were taken"
    )]
    PastStep {
        /// The first step to change.
        from_step: u64,
        /// The steps that were taken.
        n_consumed: u64,
    },
}

impl PacingError {
    /// An argument outside of its domain.
    pub(crate) fn argument(argument: &'static str, value: impl std::fmt::Display, expected: &'static str) -> Self {
        Self::InvalidArgument { argument, value: value.to_string(), expected }
    }

    /// That an argument lies in its domain.
    pub(crate) fn check(
        argument: &'static str,
        value: impl std::fmt::Display,
        is_valid: bool,
        expected: &'static str,
    ) -> Result<(), Self> {
        if is_valid { Ok(()) } else { Err(Self::argument(argument, value, expected)) }
    }

    /// That so many values of a type fit into memory.
    pub(crate) fn check_memory<T>(argument: &'static str, n: usize) -> Result<(), Self> {
        memory::check::<T>(n).map_err(|value| Self::argument(argument, value, memory::EXPECTED))
    }

    /// That what must have one entry per example, or per something else, does.
    pub(crate) fn check_length(what: &'static str, found: usize, expected: usize) -> Result<(), Self> {
        if found == expected { Ok(()) } else { Err(Self::LengthMismatch { what, found, expected }) }
    }
}

impl From<PacingError> for SamplerError {
    fn from(error: PacingError) -> Self {
        Self::Other(Box::new(error))
    }
}
