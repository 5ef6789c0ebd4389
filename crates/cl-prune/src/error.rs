use cl_data::SamplerError;
use cl_data::catalogue::{CatalogueError, Options};
use cl_data::memory;

/// Everything that can be wrong with a selection or a dynamic pruning.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PruneError {
    /// A score is NaN, which has no place in any ranking.
    #[error("score of example {example} is NaN, expected a number")]
    NotANumber {
        /// The index of the example.
        example: usize,
    },
    /// A feature that no distance can be computed with.
    #[error("feature {feature} of example {example} is {value}, expected {expected}")]
    Feature {
        /// The index of the example.
        example: usize,
        /// The index of the feature.
        feature: usize,
        /// The value found, as text: NaN does not equal itself.
        value: String,
        /// What was expected.
        expected: &'static str,
    },
    /// A budget that no data can meet.
    #[error("argument {argument} is {value}, expected a fraction in (0, 1]")]
    Fraction {
        /// The argument: keep or drop.
        argument: &'static str,
        /// The value found.
        value: f64,
    },
    /// More examples are to be kept than there are.
    #[error("argument count is {count}, expected at most the number of examples, {n_examples}")]
    Count {
        /// The count asked for.
        count: usize,
        /// The number of examples.
        n_examples: usize,
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
    /// An argument is outside of its domain.
    #[error("argument {argument} is {value}, expected {expected}")]
    InvalidArgument {
        /// The argument's name, as in the papers.
        argument: &'static str,
        /// The value found, as text.
        value: String,
        /// What would have been accepted.
        expected: String,
    },
    /// A value that belongs to an example is none that the rule can use.
    #[error("{what} of example {example} is {value}, expected {expected}")]
    InvalidValue {
        /// What the value is.
        what: &'static str,
        /// The index of the example.
        example: usize,
        /// The value found.
        value: f64,
        /// What would have been accepted.
        expected: &'static str,
    },
    /// The rule leaves fewer examples to choose from than are to be kept.
    #[error("{count} of {n_examples} examples are to be kept, but {rule} leaves {n_left} to choose from: {why}")]
    TooFewLeft {
        /// The rule.
        rule: &'static str,
        /// How many are to be kept.
        count: usize,
        /// How many there are to choose from.
        n_left: usize,
        /// The number of examples.
        n_examples: usize,
        /// What took the others.
        why: String,
    },
    /// A class has fewer examples than it must keep.
    #[error("class {class} has {size} examples, fewer than its floor of {floor}")]
    ClassTooSmall {
        /// The class.
        class: usize,
        /// Its number of examples.
        size: usize,
        /// How many it must keep.
        floor: usize,
    },
    /// The floors of all classes together are more than the budget.
    #[error("{count} examples are to be kept, fewer than {n_classes} classes with a floor of {floor} each")]
    FloorsAboveBudget {
        /// How many are to be kept.
        count: usize,
        /// The number of classes that occur.
        n_classes: usize,
        /// How many each class must keep.
        floor: usize,
    },
    /// A name or a parameter of what is had by name.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// What a part of the examples has chosen does not go with the others.
    #[error("{part}: {why}")]
    Part {
        /// The part.
        part: String,
        /// What is wrong with it.
        why: String,
    },
    /// A neighbour, or a similarity to one, that cannot be.
    #[error("{what} of example {client} is {value}, expected {expected}")]
    Neighbor {
        /// The index of the example whose neighbour it is.
        client: usize,
        /// The neighbour or the similarity.
        what: &'static str,
        /// The value found.
        value: String,
        /// What would have been accepted.
        expected: String,
    },
    /// A rule needs what it was not given.
    #[error("{rule} needs {what}")]
    Missing {
        /// The rule.
        rule: &'static str,
        /// What is missing.
        what: &'static str,
    },
}

impl PruneError {
    /// That so many values of a type fit into memory.
    pub(crate) fn check_memory<T>(argument: &'static str, n: usize) -> Result<(), Self> {
        memory::check::<T>(n).map_err(|value| Self::argument(argument, value, memory::EXPECTED))
    }

    /// An argument outside of its domain.
    pub(crate) fn argument(
        argument: &'static str,
        value: impl std::fmt::Display,
        expected: impl Into<String>,
    ) -> Self {
        Self::InvalidArgument { argument, value: value.to_string(), expected: expected.into() }
    }

    /// The same of a parameter of what is had by name, where the argument is one: so that what a constructor checks
    /// need not be checked when options are read.
    pub(crate) fn of_parameter(self, options: &Options) -> Self {
        match self {
            Self::InvalidArgument { argument, expected, .. } if options.has(argument) => {
                options.invalid(argument, expected).into()
            }
            other => other,
        }
    }
}

impl From<PruneError> for SamplerError {
    fn from(error: PruneError) -> Self {
        Self::Other(Box::new(error))
    }
}
