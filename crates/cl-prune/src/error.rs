/// Everything that can be wrong with a selection.
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
    /// An option of a coreset method that it cannot work with.
    #[error("argument {argument} is {value}, expected {expected}")]
    Option {
        /// The argument.
        argument: &'static str,
        /// The value found.
        value: String,
        /// What was expected.
        expected: String,
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
}

impl PruneError {
    pub(crate) fn option(argument: &'static str, value: impl ToString, expected: impl Into<String>) -> Self {
        Self::Option { argument, value: value.to_string(), expected: expected.into() }
    }
}
