//! How much each concept counts that is to be covered.

use cl_data::catalogue::{Options, Parameter};

use crate::error::PruneError;

/// The option of the covers.
pub(super) const CONCEPT_WEIGHTS: Parameter = Parameter::with_default(
    "concept_weights",
    "how much each feature counts, separated by commas, or one number for all",
    "1",
);

/// Weights of concepts by name: one for all, or one each.
#[derive(Debug)]
pub(super) struct ConceptWeights(Vec<f64>);

impl ConceptWeights {
    pub(super) fn read(options: &mut Options) -> Result<Self, PruneError> {
        let weights = options.list("concept_weights")?;
        if weights.is_empty() {
            return Err(options.invalid("concept_weights", "at least one number").into());
        }
        check(&weights)?;
        Ok(Self(weights))
    }

    /// One for each of `n_features`, where they are not all one number.
    pub(super) fn of(&self, n_features: usize, n_examples: usize) -> Option<Vec<f64>> {
        match self.0.as_slice() {
            &[weight] => Some(vec![weight; n_features]),
            // How many features there are is not known where there are no examples.
            _ if n_examples == 0 => None,
            weights => Some(weights.to_vec()),
        }
    }
}

/// One finite number of at least 0 for each concept.
pub(super) fn check_concept_weights(weights: &[f64], n_features: usize) -> Result<(), PruneError> {
    if weights.len() != n_features {
        let (what, found) = ("concept_weights", weights.len());
        return Err(PruneError::LengthMismatch { what, found, expected: n_features });
    }
    check(weights)
}

fn check(weights: &[f64]) -> Result<(), PruneError> {
    match weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0)) {
        None => Ok(()),
        Some(feature) => {
            let value = format!("{} of feature {feature}", weights[feature]);
            Err(PruneError::argument("concept_weights", value, "finite numbers of at least 0"))
        }
    }
}
