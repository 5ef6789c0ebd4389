use std::sync::Arc;

use super::{
    objective::SubmodularObjective, sparse_facility_location::check_weights,
    sparse_similarities::SparseSimilarities,
};
use crate::error::PruneError;

/// Saturated coverage over neighbours: [`SaturatedCoverage`](super::SaturatedCoverage) of each client's similarity to its
/// own few. O(n K) once, O(K) per gain on average.
///
/// ```
/// use cl_prune::coreset::{Greedy, SparseSaturatedCoverage, SparseSimilarities};
///
/// let indices = vec![0, 1, 1, 0, 2, 1];
/// let similarities = SparseSimilarities::of_lists(3, 2, indices, vec![1.0, 0.5, 1.0, 0.5, 1.0, 0.25])?;
/// let coreset = Greedy::default().select(&mut SparseSaturatedCoverage::new(similarities, 0.5)?, 2)?;
/// assert_eq!(coreset.gains, [1.5, 0.375]); // 0.5 of 0.75, 0.75 of 0.75 and 0.25 of 0.625; then what is left of the last
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SparseSaturatedCoverage {
    similarities: SparseSimilarities,
    /// What is left of each client's share.
    left: Vec<f64>,
    weights: Option<Arc<[f64]>>,
}

impl SparseSaturatedCoverage {
    /// Coverage up to the share `alpha`, nothing chosen.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `alpha` is outside of (0, 1].
    pub fn new(similarities: SparseSimilarities, alpha: f64) -> Result<Self, PruneError> {
        if !(alpha > 0.0 && alpha <= 1.0) {
            return Err(PruneError::argument("alpha", alpha, "a number in (0, 1]"));
        }
        let mut left = similarities.client_sums();
        left.iter_mut().for_each(|left| *left *= alpha);
        Ok(Self { similarities, left, weights: None })
    }

    /// The same with how much each client counts.
    ///
    /// # Errors
    /// Where there is not one weight of at least 0 for each.
    pub fn with_weights(self, weights: &[f64]) -> Result<Self, PruneError> {
        check_weights(weights, self.left.len())?;
        Ok(Self { weights: Some(weights.into()), ..self })
    }
}

impl SubmodularObjective for SparseSaturatedCoverage {
    fn n_elements(&self) -> usize {
        self.similarities.n_elements()
    }

    fn gain(&mut self, element: usize) -> f64 {
        let served = self.similarities.of_all_to(element);
        let terms = served.map(|(client, similarity)| (client, f64::from(similarity).min(self.left[client])));
        match &self.weights {
            None => terms.map(|(_, term)| term).sum(),
            Some(weights) => terms.map(|(client, term)| weights[client] * term).sum(),
        }
    }

    fn add(&mut self, element: usize) {
        for (client, similarity) in self.similarities.of_all_to(element) {
            self.left[client] = (self.left[client] - f64::from(similarity)).max(0.0);
        }
    }
}
