use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{PacingError, SamplerFingerprint};

/// Some examples, and their losses as far as they have been told: in one go, or in parts from several machines.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Told {
    /// The examples, each once.
    pub(super) indices: Vec<usize>,
    losses: Vec<Option<f64>>,
    /// The places of `indices`, by example.
    by_example: Vec<usize>,
}

impl Told {
    /// Nothing told yet of distinct examples.
    pub(super) fn new(indices: Vec<usize>) -> Self {
        let mut by_example: Vec<usize> = (0..indices.len()).collect();
        by_example.sort_unstable_by_key(|&place| indices[place]);
        Self { losses: vec![None; indices.len()], indices, by_example }
    }

    /// Whether it can be [`new`](Self::new)'s for examples below `n_examples`, after some were told.
    pub(super) fn check(&self, n_examples: usize) -> Result<(), PacingError> {
        let (found, expected) = (self.losses.len(), self.indices.len());
        if found != expected {
            return Err(PacingError::LengthMismatch { what: "losses of the saved state", found, expected });
        }
        if let Some(&index) = self.indices.iter().find(|&&index| index >= n_examples) {
            return Err(PacingError::IndexOutOfRange { what: "example of the saved state", index, n_examples });
        }
        if self.by_example != Self::new(self.indices.clone()).by_example {
            return Err(PacingError::argument("state", "places", "the places of its examples"));
        }
        Ok(())
    }

    /// Notes the losses of those that are among the examples; what is told of others, or again, changes nothing.
    pub(super) fn tell(&mut self, indices: &[usize], losses: &[f64]) -> Result<(), PacingError> {
        check_losses(indices, losses)?;
        for (index, &loss) in indices.iter().zip(losses) {
            let place = self.by_example.binary_search_by_key(index, |&place| self.indices[place]);
            if let Ok(place) = place {
                self.losses[self.by_example[place]].get_or_insert(loss);
            }
        }
        Ok(())
    }

    /// Adds those of which nothing was told.
    pub(super) fn missing(&self, wanted: &mut Vec<usize>) {
        let missing = self.indices.iter().zip(&self.losses).filter(|(_, loss)| loss.is_none());
        wanted.extend(missing.map(|(&index, _)| index));
    }

    /// The losses in the order of the examples, once all are told.
    pub(super) fn losses(&self) -> Option<Vec<f64>> {
        self.losses.iter().copied().collect()
    }
}

/// One loss an example, and each a number.
pub(super) fn check_losses(indices: &[usize], losses: &[f64]) -> Result<(), PacingError> {
    if indices.len() != losses.len() {
        let (found, expected) = (losses.len(), indices.len());
        return Err(PacingError::LengthMismatch { what: "losses", found, expected });
    }
    match losses.iter().position(|loss| loss.is_nan()) {
        Some(at) => Err(PacingError::NotANumber { what: "loss", example: indices[at] }),
        None => Ok(()),
    }
}

#[derive(Serialize, Deserialize)]
struct State<P> {
    fingerprint: SamplerFingerprint,
    progress: P,
}

/// What a sampler has learned so far, with the settings that it belongs to.
pub(super) fn save<P: Serialize>(fingerprint: SamplerFingerprint, progress: &P) -> Option<String> {
    serde_json::to_string(&State { fingerprint, progress }).ok()
}

/// What [`save`] was given, unless it was given it under other settings.
pub(super) fn restore<P: DeserializeOwned>(
    fingerprint: &SamplerFingerprint,
    state: Option<&str>,
) -> Result<P, PacingError> {
    let invalid = |value: String| PacingError::argument("state", value, "the state of a sampler, as it saved it");
    let state = state.ok_or_else(|| invalid("none".into()))?;
    // Settings first: the progress of another kind of sampler cannot be read.
    let saved: State<serde_json::Value> = serde_json::from_str(state).map_err(|error| invalid(error.to_string()))?;
    fingerprint.check(&saved.fingerprint)?;
    serde_json::from_value(saved.progress).map_err(|error| invalid(error.to_string()))
}
