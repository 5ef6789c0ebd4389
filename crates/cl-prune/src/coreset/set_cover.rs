use cl_data::Scalar;

use super::{
    concept_weights::{CONCEPT_WEIGHTS, ConceptWeights, check_concept_weights},
    entry::Entry,
    feature_domain::FeatureDomain,
    features::Features,
    objective::SubmodularObjective,
    request::Size,
    submodular::{Submodular, maximized},
    targets::Targets,
};
use crate::error::PruneError;

/// Set cover: as many concepts as can be, each had by at least one example.
///
/// ```text
/// f(S)    = w(union of the concepts of S) = sum of w_u over {u : x_ju > 0 for some j in S}
/// gain(j) = sum of w_u over {u : x_ju > 0}  without what S has
/// ```
///
/// A feature is a concept: a word, a tag, an object. An example has it or not, however much of it there is. Monotone
/// submodular for weights of at least 0, all 1 where they are not given; greedy covers at least 1 - 1/e of what any k examples
/// can, which no polynomial algorithm betters unless P = NP. O(d) per gain, 8 bytes per feature beside the features.
///
/// Source: Feige (1998), A threshold of ln n for approximating set cover; `SetCoverFunction` of submodlib.
///
/// ```
/// use cl_prune::coreset::{Features, Greedy, SetCover};
///
/// // The second example has the second concept alone, which the first has, too.
/// let features = Features::new(&[1.0f32, 1.0, 0.0, 0.0, 5.0, 0.0, 0.0, 1.0, 1.0], 3)?;
/// let coreset = Greedy::default().select(&mut SetCover::new(&features)?, 2)?;
/// assert_eq!((coreset.order, coreset.gains), (vec![0, 2], vec![2.0, 1.0]));
/// let mut weighted = SetCover::new(&features)?.with_weights(&[1.0, 1.0, 4.0])?;
/// assert_eq!(Greedy::default().select(&mut weighted, 2)?.gains, [5.0, 1.0]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SetCover<'a, T> {
    features: Features<'a, T>,
    /// w_u, and 0 once a concept is covered.
    left: Vec<f64>,
}

pub(super) static ENTRY: Entry = Entry::new(
    "set-cover",
    "as many concepts as can be, features that are above 0 in at least one example",
    "weight of the concepts that it has and none chosen has",
    &[CONCEPT_WEIGHTS],
    |options| maximized(ByName(ConceptWeights::read(options)?), options),
)
.submodular()
.over(FeatureDomain::NonNegative);

#[derive(Debug)]
struct ByName(ConceptWeights);

impl Submodular for ByName {
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        _: &Targets<'_>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError> {
        let cover = SetCover::new(features)?;
        match self.0.of(features.n_features(), features.n_examples()) {
            Some(weights) => cover.with_weights(&weights),
            None => Ok(cover),
        }
    }

    fn bytes(&self, size: &Size, _: bool) -> (f64, f64) {
        (0.0, 8.0 * size.d)
    }

    fn counts_all(&self) -> bool {
        false
    }
}

impl<'a, T: Scalar> SetCover<'a, T> {
    /// Of these concepts, each of weight 1, nothing chosen. O(n d).
    ///
    /// # Errors
    /// [`PruneError::Feature`] where one is negative.
    pub fn new(features: &Features<'a, T>) -> Result<Self, PruneError> {
        let fits = |value| FeatureDomain::NonNegative.contains(value);
        features.check_each("0, or above where the example has the concept", fits)?;
        Ok(Self { features: *features, left: vec![1.0; features.n_features()] })
    }

    /// The same where concept u counts `weights[u]`. Nothing must have been chosen.
    ///
    /// # Errors
    /// [`PruneError::LengthMismatch`] where there is not a weight for each concept, [`PruneError::InvalidArgument`] where one is
    /// negative or not finite.
    pub fn with_weights(self, weights: &[f64]) -> Result<Self, PruneError> {
        check_concept_weights(weights, self.features.n_features())?;
        Ok(Self { left: weights.to_vec(), ..self })
    }
}

impl<T: Scalar> SubmodularObjective for SetCover<'_, T> {
    fn n_elements(&self) -> usize {
        self.features.n_examples()
    }

    // No term grows: what is covered becomes 0 and stays so.
    fn gain(&mut self, element: usize) -> f64 {
        let own = self.features.example(element).iter().zip(&self.left);
        own.filter(|(value, _)| value.as_f64() > 0.0).map(|(_, left)| left).sum()
    }

    fn add(&mut self, element: usize) {
        let own = self.left.iter_mut().zip(self.features.example(element));
        own.filter(|(_, value)| value.as_f64() > 0.0).for_each(|(left, _)| *left = 0.0);
    }
}
