use cl_data::Scalar;

use super::{
    entry::Entry,
    features::Features,
    given::{GivenObjective, GivenSimilarities},
    graph_cut_form::GraphCutForm,
    objective::SubmodularObjective,
    request::Size,
    similarities::Similarities,
    similarity::{SIMILARITY, Similarity},
    sparse_graph_cut::SparseGraphCut,
    submodular::{Submodular, maximized},
    targets::Targets,
};
use crate::error::PruneError;

/// Sum redundancy: as little alike among each other as can be, whatever that leaves unrepresented.
///
/// ```text
/// f(S)    = sum_{i, j in V} s_ij - sum_{i, j in S} s_ij      ordered pairs, i = j among them
/// gain(j) = -s_jj - 2 sum_{k in S} s_jk
/// ```
///
/// Submodular for symmetric similarities of at least 0, and falling: every example lowers it, those like the chosen ones
/// the most, so that every gain is negative and the best set within a budget of costs is the empty one: costs and groups
/// are refused. The first term is the same for every S; the sum of gains is f(S) without it. It is
/// [`GraphCut`](super::GraphCut) with a lambda of 0. All are equal at first for similarities that are the same of every example
/// to itself, and the rule for ties decides. O(n d) per pick, nothing before the first but the largest distance where the
/// similarity has one (O(n^2 d)); O(n d) memory.
///
/// Source: Schreiber, Bilmes and Noble (2020), apricot: submodular selection for data summarization in Python
/// (`SumRedundancySelection`).
///
/// ```
/// use cl_prune::coreset::{Features, Greedy, Similarities, Similarity, SumRedundancy};
///
/// // After the first the farthest from it, then what is between them.
/// let features = Features::new(&[0.0f32, 1.0, 5.0, 9.0, 10.0], 1)?;
/// let mut objective = SumRedundancy::new(Similarities::new(&features, Similarity::MaxSquared)?);
/// let coreset = Greedy::default().select(&mut objective, 2)?;
/// assert_eq!((coreset.order, coreset.gains), (vec![0, 4], vec![-100.0, -100.0]));
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SumRedundancy {
    similarities: Similarities,
    gains: Vec<f64>,
}

pub(super) static ENTRY: Entry = Entry::new(
    "sum-redundancy",
    "what is least alike the chosen ones in sum, whatever that leaves unrepresented",
    "-s_jj - 2 sum_S s_jk",
    &[SIMILARITY],
    |options| maximized(ByName(options.choice("similarity", &Similarity::NAMES)?), options),
)
.submodular()
.over_neighbors();

#[derive(Debug)]
struct ByName(Similarity);

impl Submodular for ByName {
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        _: &Targets<'_>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError> {
        Ok(SumRedundancy::new(Similarities::new(features, self.0)?))
    }

    fn similarity(&self) -> Option<Similarity> {
        Some(self.0)
    }

    fn over(
        &self,
        given: &GivenSimilarities,
        weights: Option<&[f64]>,
    ) -> Result<Option<GivenObjective>, PruneError> {
        if weights.is_some() {
            return Err(PruneError::argument(
                "weights",
                "given",
                "none for sum-redundancy, which represents none",
            ));
        }
        Ok(Some(match given {
            GivenSimilarities::Sparse(similarities) => {
                Box::new(SparseGraphCut::new(similarities, 0.0, GraphCutForm::Conventional)?)
            }
            GivenSimilarities::Dense(similarities) => Box::new(SumRedundancy::new(similarities.clone())),
        }))
    }

    fn bytes(&self, size: &Size, _: bool) -> (f64, f64) {
        (size.panels() + 24.0 * size.n, 8.0 * size.n)
    }

    fn is_monotone(&self) -> bool {
        false
    }

    fn is_falling(&self) -> bool {
        true
    }

    fn counts_all(&self) -> bool {
        false
    }
}

impl SumRedundancy {
    /// Over these similarities, nothing chosen. O(n).
    pub fn new(similarities: Similarities) -> Self {
        let gains = similarities.of_each_to_itself().into_iter().map(|own| -own).collect();
        Self { similarities, gains }
    }
}

impl SubmodularObjective for SumRedundancy {
    fn n_elements(&self) -> usize {
        self.gains.len()
    }

    fn gain(&mut self, element: usize) -> f64 {
        self.gains[element]
    }

    fn add(&mut self, element: usize) {
        let column = self.similarities.column(element);
        self.gains.iter_mut().zip(&column).for_each(|(gain, similarity)| *gain -= 2.0 * similarity);
    }
}
