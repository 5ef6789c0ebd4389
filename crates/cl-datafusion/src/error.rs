use cl_difficulty::DifficultyError;
use cl_prune::PruneError;
use datafusion::error::DataFusionError;

/// What can be wrong with a table, with what is asked of it, and with an engine that works on it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A function was called with arguments of types that it does not take.
    #[error("{function}({found}): {problem}; expected {expected}")]
    Call {
        /// The function.
        function: String,
        /// The types of the arguments found.
        found: String,
        /// What is wrong.
        problem: String,
        /// How it is called.
        expected: &'static str,
    },
    /// A cell that a function cannot use.
    #[error("{function}: {what} is {found}, expected {expected}")]
    Cell {
        /// The function, or the table that is read.
        function: String,
        /// The argument or column.
        what: String,
        /// What stands there.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// What was said of an example in an epoch cannot be.
    #[error("{function}, in epoch {epoch} of an example: {problem}")]
    Observation {
        /// The function.
        function: String,
        /// The epoch.
        epoch: u64,
        /// What is wrong, and what was expected.
        problem: String,
    },
    /// A metric needs more epochs of each example than one has.
    #[error("{metric} needs {needed} epochs of each example, but one has {found}")]
    TooFewEpochs {
        /// The metric.
        metric: String,
        /// Epochs needed.
        needed: u64,
        /// Epochs found.
        found: u64,
    },
    /// An argument is outside of its domain.
    #[error("argument {argument} is {value}, expected {expected}")]
    Argument {
        /// The argument's name.
        argument: &'static str,
        /// The value found, as text.
        value: String,
        /// What would have been accepted.
        expected: String,
    },
    /// A table lacks a column.
    #[error("{table}: no column `{column}`, the columns are {columns}")]
    MissingColumn {
        /// The table.
        table: String,
        /// The column looked for.
        column: String,
        /// Those that there are.
        columns: String,
    },
    /// A metric, its options or its values.
    #[error(transparent)]
    Difficulty(#[from] DifficultyError),
    /// A rule, its options or a budget.
    #[error(transparent)]
    Prune(#[from] PruneError),
    /// The engine: reading, planning, running out of memory.
    #[error(transparent)]
    Engine(#[from] DataFusionError),
}

impl EngineError {
    pub(crate) fn argument(argument: &'static str, value: impl ToString, expected: impl Into<String>) -> Self {
        Self::Argument { argument, value: value.to_string(), expected: expected.into() }
    }

    pub(crate) fn cell(
        function: impl Into<String>,
        what: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self::Cell { function: function.into(), what: what.into(), found: found.into(), expected: expected.into() }
    }

    /// What a metric says of an example, which a function knows by no name.
    pub(crate) fn of_metric(function: &str, error: DifficultyError) -> Self {
        match error {
            DifficultyError::InvalidObservation { epoch, problem, .. } => {
                Self::Observation { function: function.to_owned(), epoch, problem }
            }
            DifficultyError::TooFewEpochs { metric, needed, found, .. } => {
                Self::TooFewEpochs { metric, needed, found }
            }
            DifficultyError::NeverPresented { metric, .. } => {
                Self::TooFewEpochs { metric: metric.to_owned(), needed: 1, found: 0 }
            }
            error => Self::Difficulty(error),
        }
    }
}

impl From<EngineError> for DataFusionError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Engine(error) => error,
            error => Self::External(Box::new(error)),
        }
    }
}
