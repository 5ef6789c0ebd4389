use super::{
    graph_cut_form::GraphCutForm, objective::SubmodularObjective, sparse_facility_location::check_weights,
    sparse_similarities::SparseSimilarities,
};
use crate::error::PruneError;

/// Graph cut over neighbours: [`GraphCut`](super::GraphCut) where two examples that are neither's neighbours have
/// similarity 0, and neighbours of one direction alone have it in both. O(n K) once, O(K) per pick on average.
///
/// ```
/// use cl_prune::coreset::{Greedy, GraphCutForm, SparseGraphCut, SparseSimilarities};
///
/// let indices = vec![0, 1, 1, 0, 2, 1];
/// let similarities = SparseSimilarities::of_lists(3, 2, indices, vec![1.0, 0.5, 1.0, 0.5, 1.0, 0.25])?;
/// let mut objective = SparseGraphCut::new(&similarities, 2.0, GraphCutForm::Conventional)?;
/// assert_eq!(Greedy::default().select(&mut objective, 2)?.gains, [2.5, 1.0]); // 2 x 1.75 - 1, then 2 x 1.5 - 1 - 2 x 0.5
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SparseGraphCut {
    similarities: SparseSimilarities,
    gains: Vec<f64>,
    /// What a chosen example's similarity takes from a gain.
    redundancy: f64,
}

impl SparseGraphCut {
    /// Over these similarities made symmetric, nothing chosen.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `lambda` is negative or not finite, or there is not a client for each element.
    pub fn new(similarities: &SparseSimilarities, lambda: f64, form: GraphCutForm) -> Result<Self, PruneError> {
        Self::build(similarities, lambda, form, SparseSimilarities::sums)
    }

    /// The same with how much each client counts in the first sum.
    ///
    /// # Errors
    /// As [`new`](Self::new), and where there is not one weight of at least 0 for each.
    pub fn weighted(
        similarities: &SparseSimilarities,
        lambda: f64,
        form: GraphCutForm,
        weights: &[f64],
    ) -> Result<Self, PruneError> {
        check_weights(weights, similarities.n_clients())?;
        Self::build(similarities, lambda, form, |symmetric| {
            let sum =
                |element| symmetric.of_all_to(element).map(|(client, s)| weights[client] * f64::from(s)).sum();
            (0..symmetric.n_elements()).map(sum).collect()
        })
    }

    fn build(
        similarities: &SparseSimilarities,
        lambda: f64,
        form: GraphCutForm,
        sums: impl FnOnce(&SparseSimilarities) -> Vec<f64>,
    ) -> Result<Self, PruneError> {
        if !(lambda >= 0.0 && lambda.is_finite()) {
            return Err(PruneError::argument("lambda", lambda, "a finite number of at least 0"));
        }
        let similarities = similarities.symmetric()?;
        let mut gains = sums(&similarities);
        for (gain, own) in gains.iter_mut().zip(similarities.of_each_to_itself()) {
            let own = f64::from(own);
            *gain = match form {
                GraphCutForm::Conventional => lambda * *gain - own,
                GraphCutForm::Diversity => *gain - lambda * own,
                GraphCutForm::NoSelf => lambda * *gain,
            };
        }
        let redundancy = if form == GraphCutForm::Diversity { 2.0 * lambda } else { 2.0 };
        Ok(Self { similarities, gains, redundancy })
    }
}

impl SubmodularObjective for SparseGraphCut {
    fn n_elements(&self) -> usize {
        self.gains.len()
    }

    fn gain(&mut self, element: usize) -> f64 {
        self.gains[element]
    }

    fn add(&mut self, element: usize) {
        for (client, similarity) in self.similarities.of_all_to(element) {
            self.gains[client] -= self.redundancy * f64::from(similarity);
        }
    }
}
