use std::sync::Arc;

use rayon::prelude::*;

use super::{objective::SubmodularObjective, sparse_similarities::SparseSimilarities};
use crate::error::PruneError;

/// Elements whose gains a thread computes at a time.
const ELEMENTS: usize = 1024;

/// Facility location over neighbours: how well every client is served by the most similar one chosen of its own few.
///
/// ```text
/// f(S)    = sum_i w_i max_{j in S and N(i)} s_ij,   f({}) = 0
/// gain(j) = sum_{i: j in N(i)} w_i max(0, s_ij - m_i)
/// ```
///
/// Monotone submodular. A gain costs as many steps as clients have j among their neighbours, K on average, so that lazy
/// greedy takes O(n K) for all first gains and little after. With K the number of examples it is
/// [`FacilityLocation`](super::FacilityLocation) to single precision.
///
/// Source: Lindgren, Wu and Dimakis (2016), Leveraging sparsity for efficient submodular data summarization, where K of
/// the order of log n per pick's share n / k loses a small part of the value.
///
/// ```
/// use cl_prune::coreset::{Greedy, SparseFacilityLocation, SparseSimilarities};
///
/// let indices = vec![0, 1, 1, 0, 2, 1];
/// let similarities = SparseSimilarities::of_lists(3, 2, indices, vec![1.0, 0.5, 1.0, 0.5, 1.0, 0.25])?;
/// let coreset = Greedy::default().select(&mut SparseFacilityLocation::new(similarities), 2)?;
/// assert_eq!((coreset.order, coreset.gains), (vec![1, 2], vec![1.75, 0.75]));
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SparseFacilityLocation {
    similarities: SparseSimilarities,
    /// m_i.
    best: Vec<f32>,
    weights: Option<Arc<[f64]>>,
}

impl SparseFacilityLocation {
    /// Over these similarities, nothing chosen.
    pub fn new(similarities: SparseSimilarities) -> Self {
        let best = vec![0.0; similarities.n_clients()];
        Self { similarities, best, weights: None }
    }

    /// The same with how much each client counts.
    ///
    /// # Errors
    /// [`PruneError::LengthMismatch`] where there is not one weight for each, [`PruneError::InvalidValue`] where one is
    /// negative or not finite.
    pub fn with_weights(self, weights: &[f64]) -> Result<Self, PruneError> {
        check_weights(weights, self.best.len())?;
        Ok(Self { weights: Some(weights.into()), ..self })
    }

    fn gain_of(&self, element: usize) -> f64 {
        let served = self.similarities.of_all_to(element);
        let terms = served.map(|(client, similarity)| (client, (similarity - self.best[client]).max(0.0)));
        match &self.weights {
            None => terms.map(|(_, term)| f64::from(term)).sum(),
            Some(weights) => terms.map(|(client, term)| weights[client] * f64::from(term)).sum(),
        }
    }

    /// For each client the position in `order` of the most similar of its own, the first of equals, where there is one.
    pub fn most_similar(&self, order: &[usize]) -> Vec<Option<usize>> {
        let mut best = vec![(f32::NEG_INFINITY, None); self.best.len()];
        for (position, &element) in order.iter().enumerate() {
            for (client, similarity) in self.similarities.of_all_to(element) {
                if similarity > best[client].0 {
                    best[client] = (similarity, Some(position));
                }
            }
        }
        best.into_iter().map(|(_, position)| position).collect()
    }
}

/// One weight per client, none of them negative.
pub(super) fn check_weights(weights: &[f64], n: usize) -> Result<(), PruneError> {
    if weights.len() != n {
        return Err(PruneError::LengthMismatch { what: "weights", found: weights.len(), expected: n });
    }
    match weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0)) {
        None => Ok(()),
        Some(example) => {
            let (what, expected) = ("weight", "a finite number of at least 0");
            Err(PruneError::InvalidValue { what, example, value: weights[example], expected })
        }
    }
}

impl SubmodularObjective for SparseFacilityLocation {
    fn n_elements(&self) -> usize {
        self.similarities.n_elements()
    }

    fn gain(&mut self, element: usize) -> f64 {
        self.gain_of(element)
    }

    fn gains(&mut self, elements: &[usize], gains: &mut Vec<f64>) {
        if elements.len() < 2 * ELEMENTS {
            gains.extend(elements.iter().map(|&element| self.gain_of(element)));
        } else {
            let found: Vec<f64> =
                elements.par_iter().with_min_len(ELEMENTS).map(|&element| self.gain_of(element)).collect();
            gains.extend(found);
        }
    }

    fn add(&mut self, element: usize) {
        for (client, similarity) in self.similarities.of_all_to(element) {
            self.best[client] = self.best[client].max(similarity);
        }
    }
}
