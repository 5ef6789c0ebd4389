use cl_data::{SamplerError, check_feedback};
use serde::{Deserialize, Serialize};

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
    pub(super) fn is_sound(&self, n_examples: usize) -> bool {
        self.losses.len() == self.indices.len()
            && self.indices.iter().all(|&index| index < n_examples)
            && self.by_example == Self::new(self.indices.clone()).by_example
            && !self.losses.iter().flatten().any(|loss| loss.is_nan())
    }

    /// Notes the losses of those that are among the examples; what is told of others, or again, changes nothing.
    pub(super) fn tell(
        &mut self,
        indices: &[usize],
        losses: &[f64],
        n_examples: usize,
    ) -> Result<(), SamplerError> {
        check_feedback(indices, losses, n_examples)?;
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
