use cl_data::{DataError, SamplerError};

/// Everything that can go wrong between a model and its data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The model and the data do not fit.
    #[error("the model has {what} = {model}, the data has {data}")]
    Mismatch {
        /// What is counted.
        what: &'static str,
        /// The model's number.
        model: usize,
        /// The data's number.
        data: usize,
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
    /// A sampler handed out an example that the data does not have.
    #[error("the sampler gave index {index} at step {step}, expected 0..{n_examples}")]
    SamplerIndex {
        /// The index given.
        index: usize,
        /// The step.
        step: u64,
        /// The number of examples of the data.
        n_examples: usize,
    },
    /// A sampler handed out weights that are no weights.
    #[error("the sampler gave weight {weight} at step {step}, expected one finite weight per example or none")]
    SamplerWeight {
        /// The weight given, or how many where the count is wrong.
        weight: String,
        /// The step.
        step: u64,
    },
    /// A sampler showed nothing for so long that the budget would never be spent.
    #[error("the sampler showed no example in the last {n_steps} steps, up to step {step}")]
    NothingShown {
        /// The step reached.
        step: u64,
        /// The number of empty steps in a row.
        n_steps: u64,
    },
    /// The loss became NaN or infinite: the run diverged and was stopped.
    #[error("the run diverged: the loss of example {example} is {loss} at step {step}")]
    Diverged {
        /// The first step with such a loss.
        step: u64,
        /// The example that bears it.
        example: usize,
        /// The loss.
        loss: f64,
    },
    /// A checkpoint of another run.
    #[error("the checkpoint has another {what}: {found}, expected {expected}")]
    OtherCheckpoint {
        /// What differs.
        what: &'static str,
        /// What the checkpoint has.
        found: String,
        /// What this run has.
        expected: String,
    },
    /// The sampler cannot go on, or not from what was saved.
    #[error(transparent)]
    Sampler(#[from] SamplerError),
    /// The data itself is wrong.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl ModelError {
    pub(crate) fn argument(argument: &'static str, value: impl std::fmt::Display, expected: &'static str) -> Self {
        Self::InvalidArgument { argument, value: value.to_string(), expected }
    }
}
