//! What the list of samplers holds: a sampler with its name, its parameters and how it is made of them, as its own file
//! says.

use std::sync::Arc;

use cl_data::{
    Sampler,
    catalogue::{Description, Options, Parameter},
};

use crate::{
    error::PacingError,
    pacing::{Full, Pacing},
};

/// What samplers are made of beside their parameters.
#[derive(Debug, Clone, Default)]
pub struct SamplerInputs<'a> {
    /// The number of examples.
    pub n_examples: usize,
    /// The examples from first to last, for samplers over an order.
    pub order: Option<&'a [usize]>,
    /// The difficulty of each example.
    pub difficulty: Option<&'a [f64]>,
    /// The class or task of each example.
    pub classes: Option<&'a [usize]>,
    /// The loss of each example under a model of held-out data.
    pub irreducible: Option<&'a [f64]>,
    /// The length of each example, in tokens.
    pub lengths: Option<&'a [u64]>,
    /// How often each example is to be drawn, in proportion.
    pub weights: Option<&'a [f64]>,
    /// What is available when, all where none is given.
    pub pacing: Option<Arc<dyn Pacing>>,
    /// The examples of a batch.
    pub batch_size: usize,
    /// From which steps on batches have another size, for samplers over an order.
    pub later_batch_sizes: &'a [(u64, usize)],
    /// The steps of the whole run.
    pub total_steps: u64,
    /// The seed of shuffles and draws.
    pub seed: u64,
}

impl SamplerInputs<'_> {
    pub(super) fn order(&self, options: &Options) -> Result<Vec<usize>, PacingError> {
        Ok(options.given(self.order, "order", "the examples from first to last")?.to_vec())
    }

    pub(super) fn pacing(&self) -> Arc<dyn Pacing> {
        self.pacing.clone().unwrap_or_else(|| Arc::new(Full))
    }
}

/// What a sampler is made of beside its parameters, a batch size and a seed: fields of [`SamplerInputs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SamplerInput {
    /// `n_examples`, which others tell by their length.
    NExamples,
    /// `order`.
    Order,
    /// `difficulty`.
    Difficulty,
    /// `classes`.
    Classes,
    /// `irreducible`.
    Irreducible,
    /// `lengths`.
    Lengths,
    /// `weights`.
    Weights,
    /// `pacing`, which need not be given.
    Pacing,
    /// `total_steps`.
    TotalSteps,
}

impl SamplerInput {
    /// The name of the field.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NExamples => "n_examples",
            Self::Order => "order",
            Self::Difficulty => "difficulty",
            Self::Classes => "classes",
            Self::Irreducible => "irreducible",
            Self::Lengths => "lengths",
            Self::Weights => "weights",
            Self::Pacing => "pacing",
            Self::TotalSteps => "total_steps",
        }
    }
}

/// Makes a sampler.
pub(super) type Make = fn(&mut Options, &SamplerInputs<'_>) -> Result<Box<dyn Sampler>, PacingError>;

/// A sampler of the list.
pub(super) struct SamplerEntry {
    pub(super) description: Description,
    pub(super) inputs: &'static [SamplerInput],
    pub(super) make: Make,
    /// Whether it takes `later_batch_sizes`.
    pub(super) is_resized: bool,
}

impl SamplerEntry {
    pub(super) const fn new(
        name: &'static str,
        summary: &'static str,
        parameters: &'static [Parameter],
        inputs: &'static [SamplerInput],
        make: Make,
    ) -> Self {
        Self { description: Description { name, summary, parameters }, inputs, make, is_resized: false }
    }

    /// The same of one whose batch size may change.
    pub(super) const fn resized(self) -> Self {
        Self { is_resized: true, ..self }
    }
}
