use super::selection_rule::check_length;
use crate::error::PruneError;

/// The nearest neighbours of every example, as lists of equal length: never an n x n matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct NeighborLists {
    k: usize,
    pub(super) indices: Vec<usize>,
    distances: Vec<f64>,
}

impl NeighborLists {
    /// The lists of `k` neighbours each, those of example i at `i k .. (i + 1) k`, and their distances.
    ///
    /// # Errors
    /// Where the lists are of other lengths, a neighbour is no example or the example itself, or a distance is no
    /// finite number of at least 0.
    pub fn new(k: usize, indices: Vec<usize>, distances: Vec<f64>) -> Result<Self, PruneError> {
        if k == 0 || !indices.len().is_multiple_of(k) {
            return Err(PruneError::argument("k", k, "a divisor of the number of neighbours, at least 1"));
        }
        check_length("distances", distances.len(), indices.len())?;
        let n_examples = indices.len() / k;
        for (at, (&index, &value)) in indices.iter().zip(&distances).enumerate() {
            if index >= n_examples {
                return Err(PruneError::IndexOutOfRange { what: "neighbour", index, n_examples });
            }
            let example = at / k;
            if index == example {
                let (value, expected) = (index as f64, "another example");
                return Err(PruneError::InvalidValue { what: "neighbour", example, value, expected });
            }
            if !(value >= 0.0 && value.is_finite()) {
                let expected = "a finite number of at least 0";
                return Err(PruneError::InvalidValue {
                    what: "distance to a neighbour",
                    example,
                    value,
                    expected,
                });
            }
        }
        Ok(Self { k, indices, distances })
    }

    /// The number of examples.
    pub fn n_examples(&self) -> usize {
        self.indices.len() / self.k
    }

    /// The neighbours of an example, with their distances.
    pub(super) fn of(&self, example: usize) -> impl Iterator<Item = (usize, f64)> {
        let list = example * self.k..(example + 1) * self.k;
        self.indices[list.clone()].iter().copied().zip(self.distances[list].iter().copied())
    }
}
