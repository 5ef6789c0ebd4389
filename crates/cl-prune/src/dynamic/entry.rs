//! What the list of dynamic prunings holds of each.

use cl_data::{
    Sampler,
    catalogue::{Description, Options, Parameter},
};

use super::epoch_fractions::EpochFractions;
use crate::error::PruneError;

/// What dynamic prunings are made of beside their parameters.
#[derive(Debug, Clone, Copy)]
pub struct DynamicInputs {
    /// The number of examples.
    pub n_examples: usize,
    /// The examples of a batch.
    pub batch_size: usize,
    /// The seed of draws and shuffles.
    pub seed: u64,
}

/// Makes a sampler.
pub(super) type Make = fn(&mut Options, DynamicInputs) -> Result<Box<dyn Sampler>, PruneError>;

/// A dynamic pruning of the list.
pub(super) struct Entry {
    pub(super) description: Description,
    pub(super) make: Make,
}

/// What prunings at random have in common.
pub(super) const FRACTIONS: Parameter = Parameter::with_default(
    "fractions",
    "the part of the data that each epoch shows, by commas; the last goes on, so that 0.5,0.5,1 prunes for two epochs",
    "0.5",
);

pub(super) fn fractions(options: &mut Options) -> Result<EpochFractions, PruneError> {
    EpochFractions::new(options.list(FRACTIONS.name)?)
}
