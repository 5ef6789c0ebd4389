use std::ops::Range;

/// Everything that can be wrong with what a sampler is asked for, told, or restored from; it stays as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SamplerError {
    /// A sampler that learns was asked for a step that it cannot give now, or for the state at one.
    #[error(
        "step {step} is out of turn, {}: later ones wait for losses still to be told, on every rank those of all \
         ranks",
        if first_step < end { format!("expected one of {first_step}..{end}") } else { "expected none yet".into() }
    )]
    OutOfTurn {
        /// The step asked for.
        step: u64,
        /// The first step that could have been.
        first_step: u64,
        /// The step after the last one that could have been.
        end: u64,
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
    /// A loss that nothing can be learned from, such as NaN.
    #[error("loss of example {example} is {loss}, expected {expected}")]
    Loss {
        /// The index of the example.
        example: usize,
        /// The loss found.
        loss: f64,
        /// What would have been accepted.
        expected: &'static str,
    },
    /// A saved state of another version, or one whose version is damaged.
    #[error("the version of the saved state: {0}")]
    Version(String),
    /// A saved state belongs to a sampler with other settings.
    #[error("the saved state was made with {setting} {saved}, not with {found}")]
    OtherSettings {
        /// The setting that differs.
        setting: String,
        /// Its value in the saved state.
        saved: String,
        /// Its value here.
        found: String,
    },
    /// A saved state was shown other examples, or otherwise, than the sampler would have shown.
    #[error(
        "the {what} of the first {n_steps} steps is not that of the saved state ({found}; saved: {saved}): only what \
         comes after may change"
    )]
    OtherPast {
        /// What differs: the schedule or the order.
        what: &'static str,
        /// The steps taken when the state was saved.
        n_steps: u64,
        /// The schedule of the saved state.
        saved: String,
        /// The schedule here.
        found: String,
    },
    /// A saved state is damaged.
    #[error("the saved state is unusable: {0}")]
    Unusable(String),
    /// What a sampler made elsewhere has to say.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl SamplerError {
    /// A step that is none of those that `can` be had.
    pub fn out_of_turn(step: u64, can: Range<u64>) -> Self {
        Self::OutOfTurn { step, first_step: can.start, end: can.end }
    }
}
