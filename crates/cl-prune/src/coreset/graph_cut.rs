use cl_data::{Scalar, catalogue::Parameter};

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

/// Graph cut: similar to all examples, dissimilar among each other.
///
/// ```text
/// f(S)    = lambda sum_i sum_{j in S} s_ij - sum_{j, k in S} s_jk
/// gain(j) = lambda sum_i s_ij - s_jj - 2 sum_{k in S} s_jk
/// ```
///
/// Submodular for symmetric similarities; monotone where lambda is at least 2, else gains may become negative. O(n^2 d)
/// once for the sums, then O(n d) per pick; O(n d) memory.
///
/// Source: Iyer and Bilmes (2013), Submodular optimization with submodular cover and submodular knapsack constraints.
///
/// ```
/// use cl_prune::coreset::{Features, GraphCut, GraphCutForm, Greedy, Similarities, Similarity};
///
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 9.0, 10.0], 1)?;
/// let similarities = Similarities::new(&features, Similarity::MaxDistance)?;
/// let mut objective = GraphCut::new(similarities, 1.0, GraphCutForm::Conventional)?;
/// assert_eq!(Greedy::default().select(&mut objective, 2)?.order, [2, 3]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct GraphCut {
    similarities: Similarities,
    gains: Vec<f64>,
    /// What a chosen example's similarity takes from a gain.
    redundancy: f64,
}

pub(super) static ENTRY: Entry = Entry::new(
    "graph-cut",
    "similar to all, dissimilar among each other",
    "lambda sum_i s_ij - s_jj - 2 sum_S s_jk",
    &[
        SIMILARITY,
        Parameter::with_default("lambda", "the trade-off", "1"),
        Parameter::with_default(
            "form",
            "conventional, diversity (lambda weighs redundancy) or no-self (without s_jj)",
            "conventional",
        ),
    ],
    |options| {
        let forms = [
            ("conventional", GraphCutForm::Conventional),
            ("diversity", GraphCutForm::Diversity),
            ("no-self", GraphCutForm::NoSelf),
        ];
        let (form, lambda) = (options.choice("form", &forms)?, options.number("lambda")?);
        maximized(ByName { similarity: options.choice("similarity", &Similarity::NAMES)?, lambda, form }, options)
    },
)
.submodular()
.over_neighbors();

#[derive(Debug)]
struct ByName {
    similarity: Similarity,
    lambda: f64,
    form: GraphCutForm,
}

impl Submodular for ByName {
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        _: &Targets<'_>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError> {
        GraphCut::new(Similarities::new(features, self.similarity)?, self.lambda, self.form)
    }

    fn similarity(&self) -> Option<Similarity> {
        Some(self.similarity)
    }

    fn over(
        &self,
        given: &GivenSimilarities,
        weights: Option<&[f64]>,
    ) -> Result<Option<GivenObjective>, PruneError> {
        let &Self { lambda, form, .. } = self;
        Ok(Some(match (given, weights) {
            (GivenSimilarities::Sparse(similarities), None) => {
                Box::new(SparseGraphCut::new(similarities, lambda, form)?)
            }
            (GivenSimilarities::Sparse(similarities), Some(weights)) => {
                Box::new(SparseGraphCut::weighted(similarities, lambda, form, weights)?)
            }
            (GivenSimilarities::Dense(similarities), _) => {
                Box::new(GraphCut::new(similarities.clone(), lambda, form)?)
            }
        }))
    }

    fn bytes(&self, size: &Size, _: bool) -> (f64, f64) {
        (size.panels() + 160.0 * size.n, 8.0 * size.n)
    }

    fn is_monotone(&self) -> bool {
        if self.form == GraphCutForm::Diversity { self.lambda <= 0.5 } else { self.lambda >= 2.0 }
    }
}

impl GraphCut {
    /// Graph cut with this trade-off, nothing chosen. O(n^2 d).
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `lambda` is negative or not finite.
    pub fn new(similarities: Similarities, lambda: f64, form: GraphCutForm) -> Result<Self, PruneError> {
        if !(lambda >= 0.0 && lambda.is_finite()) {
            return Err(PruneError::argument("lambda", lambda, "a finite number of at least 0"));
        }
        let mut gains = similarities.sums();
        let own = similarities.of_each_to_itself();
        for (gain, own) in gains.iter_mut().zip(own) {
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

impl SubmodularObjective for GraphCut {
    fn n_elements(&self) -> usize {
        self.gains.len()
    }

    fn gain(&mut self, element: usize) -> f64 {
        self.gains[element]
    }

    fn add(&mut self, element: usize) {
        let column = self.similarities.column(element);
        let redundancy = self.redundancy;
        self.gains.iter_mut().zip(&column).for_each(|(gain, similarity)| *gain -= redundancy * similarity);
    }
}
