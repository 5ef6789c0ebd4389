use cl_data::{Scalar, catalogue::Parameter};

use super::{
    entry::Entry,
    features::Features,
    given::{GivenObjective, GivenSimilarities},
    kernel::ROWS,
    objective::SubmodularObjective,
    points::SimilarityVisitor,
    request::Size,
    similarities::{Similarities, sum_lanes},
    similarity::{SIMILARITY, Similarity},
    sparse_saturated_coverage::SparseSaturatedCoverage,
    submodular::{Submodular, maximized},
    targets::Targets,
};
use crate::error::PruneError;

/// Saturated coverage: how much of every example's similarity to all the chosen ones hold, up to a share of it.
///
/// ```text
/// f(S)    = sum_i min(c_i, alpha sum_{j in V} s_ij),   c_i = sum_{j in S} s_ij
/// gain(j) = sum_i min(s_ij, alpha sum_{k in V} s_ik - c_i)    where that is positive
/// ```
///
/// Monotone submodular: an example that is covered well enough counts no longer. O(n^2 d) once, O(n d) per gain and O(n d)
/// memory.
///
/// Source: Lin and Bilmes (2011), A class of submodular functions for document summarization.
///
/// ```
/// use cl_prune::coreset::{Features, Greedy, SaturatedCoverage, Similarities, Similarity};
///
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 9.0, 10.0], 1)?;
/// let similarities = Similarities::new(&features, Similarity::MaxDistance)?;
/// let mut objective = SaturatedCoverage::new(similarities, 0.25)?;
/// // The first example covers its group, so that the next comes from the other one.
/// assert_eq!(Greedy::default().select(&mut objective, 2)?.order, [2, 3]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SaturatedCoverage {
    similarities: Similarities,
    /// What is left of each example's share, 0 for rows that are no examples.
    left: Vec<f64>,
}

pub(super) static ENTRY: Entry = Entry::new(
    "saturated-coverage",
    "what covers every example up to a share of its similarity to all",
    "coverage gained",
    &[SIMILARITY, Parameter::with_default("alpha", "the share", "0.1")],
    |options| {
        let alpha = options.number("alpha")?;
        maximized(ByName { similarity: options.choice("similarity", &Similarity::NAMES)?, alpha }, options)
    },
)
.submodular()
.over_neighbors();

#[derive(Debug)]
struct ByName {
    similarity: Similarity,
    alpha: f64,
}

impl Submodular for ByName {
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        _: &Targets<'_>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError> {
        SaturatedCoverage::new(Similarities::new(features, self.similarity)?, self.alpha)
    }

    fn similarity(&self) -> Option<Similarity> {
        Some(self.similarity)
    }

    fn over(
        &self,
        given: &GivenSimilarities,
        weights: Option<&[f64]>,
    ) -> Result<Option<GivenObjective>, PruneError> {
        Ok(Some(match given {
            GivenSimilarities::Sparse(similarities) => {
                let objective = SparseSaturatedCoverage::new(similarities.clone(), self.alpha)?;
                Box::new(match weights {
                    Some(weights) => objective.with_weights(weights)?,
                    None => objective,
                })
            }
            GivenSimilarities::Dense(similarities) => {
                Box::new(SaturatedCoverage::new(similarities.clone(), self.alpha)?)
            }
        }))
    }

    fn bytes(&self, size: &Size, _: bool) -> (f64, f64) {
        (size.panels() + 160.0 * size.n, 8.0 * size.n)
    }
}

impl SaturatedCoverage {
    /// Coverage up to the share `alpha`, nothing chosen. O(n^2 d).
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `alpha` is outside of (0, 1].
    pub fn new(similarities: Similarities, alpha: f64) -> Result<Self, PruneError> {
        if !(alpha > 0.0 && alpha <= 1.0) {
            return Err(PruneError::argument("alpha", alpha, "a number in (0, 1]"));
        }
        // Similarities are symmetric, so that sums by element are those by example.
        let mut left = similarities.sums();
        left.iter_mut().for_each(|left| *left *= alpha);
        left.resize(similarities.n_panels() * ROWS, 0.0);
        Ok(Self { similarities, left })
    }
}

struct Gains<'a> {
    left: &'a [[f64; ROWS]],
    lanes: Vec<[f64; ROWS]>,
}

impl SimilarityVisitor for Gains<'_> {
    #[inline(always)]
    fn visit(&mut self, panel: usize, column: usize, similarities: &[f64; ROWS]) {
        let rows = self.lanes[column].iter_mut().zip(similarities).zip(&self.left[panel]);
        rows.for_each(|((lane, similarity), left)| *lane += similarity.min(*left));
    }
}

impl SubmodularObjective for SaturatedCoverage {
    fn n_elements(&self) -> usize {
        self.similarities.n_examples()
    }

    fn gain(&mut self, element: usize) -> f64 {
        let mut gains = Vec::new();
        self.gains(&[element], &mut gains);
        gains[0]
    }

    fn gains(&mut self, elements: &[usize], gains: &mut Vec<f64>) {
        let left = self.left.as_chunks().0;
        let new = |chunk: &[usize]| Gains { left, lanes: vec![[0.0; ROWS]; chunk.len()] };
        let found = self.similarities.by_elements(elements, new);
        gains.extend(found.iter().flat_map(|found| found.lanes.iter().map(sum_lanes)));
    }

    fn add(&mut self, element: usize) {
        let column = self.similarities.column(element);
        self.left.iter_mut().zip(&column).for_each(|(left, s)| *left = (*left - s).max(0.0));
    }
}
