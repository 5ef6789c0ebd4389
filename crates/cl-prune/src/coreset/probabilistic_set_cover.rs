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

/// Probabilistic set cover: every concept, with as high a probability as can be.
///
/// ```text
/// f(S)    = sum_u w_u (1 - prod_{j in S} (1 - p_ju))      p_ju in [0, 1], the probability that j covers u
/// gain(j) = sum_u p_ju m_u,   m_u = w_u prod_{k in S} (1 - p_ku)
/// ```
///
/// The expected weight of what is covered, where examples cover concepts independently. Monotone submodular for weights of
/// at least 0, all 1 where they are not given; with probabilities of 0 and 1 it is [`SetCover`](super::SetCover). O(d) per gain,
/// 8 bytes per feature beside the features.
///
/// Source: El-Arini, Veda, Shahaf and Guestrin (2009), Turning down the noise in the blogosphere;
/// `ProbabilisticSetCoverFunction` of submodlib.
///
/// ```
/// use cl_prune::coreset::{Features, Greedy, ProbabilisticSetCover};
///
/// let features = Features::new(&[0.5f32, 0.5, 0.75, 0.0, 0.0, 0.75], 2)?;
/// let coreset = Greedy::default().select(&mut ProbabilisticSetCover::new(&features)?, 2)?;
/// assert_eq!((coreset.order, coreset.gains), (vec![0, 1], vec![1.0, 0.375]));
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ProbabilisticSetCover<'a, T> {
    features: Features<'a, T>,
    /// m_u.
    missed: Vec<f64>,
}

pub(super) static ENTRY: Entry = Entry::new(
    "probabilistic-set-cover",
    "every concept with as high a probability as can be, features being probabilities",
    "growth of the expected weight of the concepts covered",
    &[CONCEPT_WEIGHTS],
    |options| maximized(ByName(ConceptWeights::read(options)?), options),
)
.submodular()
.over(FeatureDomain::Probability);

#[derive(Debug)]
struct ByName(ConceptWeights);

impl Submodular for ByName {
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        _: &Targets<'_>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError> {
        let cover = ProbabilisticSetCover::new(features)?;
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

impl<'a, T: Scalar> ProbabilisticSetCover<'a, T> {
    /// Of these concepts, each of weight 1, nothing chosen. O(n d).
    ///
    /// # Errors
    /// [`PruneError::Feature`] where one is no probability.
    pub fn new(features: &Features<'a, T>) -> Result<Self, PruneError> {
        features.check_each("a probability in [0, 1]", |value| FeatureDomain::Probability.contains(value))?;
        Ok(Self { features: *features, missed: vec![1.0; features.n_features()] })
    }

    /// The same where concept u counts `weights[u]`. Nothing must have been chosen.
    ///
    /// # Errors
    /// [`PruneError::LengthMismatch`] where there is not a weight for each concept, [`PruneError::InvalidArgument`] where one is
    /// negative or not finite.
    pub fn with_weights(self, weights: &[f64]) -> Result<Self, PruneError> {
        check_concept_weights(weights, self.features.n_features())?;
        Ok(Self { missed: weights.to_vec(), ..self })
    }
}

impl<T: Scalar> SubmodularObjective for ProbabilisticSetCover<'_, T> {
    fn n_elements(&self) -> usize {
        self.features.n_examples()
    }

    // No term grows, since no probability of being missed does.
    fn gain(&mut self, element: usize) -> f64 {
        let own = self.features.example(element).iter().zip(&self.missed);
        own.map(|(value, missed)| value.as_f64() * missed).sum()
    }

    fn add(&mut self, element: usize) {
        let own = self.missed.iter_mut().zip(self.features.example(element));
        own.for_each(|(missed, value)| *missed *= 1.0 - value.as_f64());
    }
}
