use std::sync::Arc;

use cl_data::Scalar;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    distributions::Distributions,
    entry::{Entry, Method},
    feature_domain::FeatureDomain,
    features::Features,
    greedy::check_left,
    objective::Coreset,
    request::{Request, Size},
    start::Start,
};
use crate::error::PruneError;

/// Contextual diversity: always the example whose predicted probabilities diverge most from those of all chosen so far.
///
/// ```text
/// d(i, j) = KL(p_i || p_j) / 2 + KL(p_j || p_i) / 2,   KL(p || q) = sum_c p_c ln(p_c / q_c)
/// m_i = min_{j in S} d(i, j),   next = argmax_i m_i,   the lowest index of equals
/// ```
///
/// k-center greedy where examples are apart as far as a model confuses them with other classes. Features are the probabilities of
/// the classes, one distribution an example: of images with many regions, which the paper compares class by class, their mean.
/// In logarithms a probability counts 1e-12 at least. A gain is the divergence m_i with which an example was chosen, infinite for
/// the first. Nested. O(n k C), O(n C) memory.
///
/// Source: Agarwal, Arora, Anand and Arora (2020), Contextual diversity for active learning, equations 1 to 3.
///
/// ```
/// use cl_prune::coreset::{ContextualDiversity, Features, Start};
///
/// // Sure of the first class, nearly so, undecided, sure of the second.
/// let probabilities = Features::new(&[0.99f32, 0.01, 0.95, 0.05, 0.5, 0.5, 0.01, 0.99], 2)?;
/// let coreset = ContextualDiversity.select(&probabilities, 3, Start::Example(0))?;
/// assert_eq!(coreset.order, [0, 3, 2]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextualDiversity;

pub(super) static ENTRY: Entry = Entry::new(
    "contextual-diversity",
    "always the example whose class probabilities, which are its features, diverge most from those of all chosen",
    "its symmetric divergence from the nearest of them",
    &[],
    |_| Ok(Arc::new(ContextualDiversity)),
)
.takes_start()
.over(FeatureDomain::Distribution);

impl Method for ContextualDiversity {
    fn choose<T: Scalar>(&self, features: &Features<'_, T>, request: &Request<'_>) -> Result<Coreset, PruneError> {
        Self::farthest(features, request.before, request.count, request.start())
    }

    fn bytes(&self, size: &Size) -> f64 {
        16.0 * size.n * size.d + 8.0 * size.n
    }
}

impl ContextualDiversity {
    /// The first `count` examples from this first one.
    ///
    /// # Errors
    /// [`PruneError::Count`] where there are fewer examples; [`PruneError::InvalidArgument`] where there is no such first one, or
    /// features are no probabilities that sum to 1.
    pub fn select<T: Scalar>(
        self,
        probabilities: &Features<'_, T>,
        count: usize,
        start: Start,
    ) -> Result<Coreset, PruneError> {
        Self::farthest(probabilities, &[], count, start)
    }

    /// The `count` examples that follow upon those `chosen` before.
    ///
    /// # Errors
    /// As [`select`](Self::select), and where one of those is no example or occurs twice.
    pub fn extend<T: Scalar>(
        self,
        probabilities: &Features<'_, T>,
        chosen: &[usize],
        count: usize,
    ) -> Result<Coreset, PruneError> {
        Self::farthest(probabilities, chosen, count, Start::Example(0))
    }

    fn farthest<T: Scalar>(
        features: &Features<'_, T>,
        chosen: &[usize],
        count: usize,
        start: Start,
    ) -> Result<Coreset, PruneError> {
        let n = features.n_examples();
        check_left(chosen, n, count)?;
        let values: Vec<f64> = features.values().iter().map(|value| value.as_f64()).collect();
        let distributions = Distributions::new("features", Features::new(&values, features.n_features())?.into())?;
        let mut coreset = Coreset::with_capacity(count);
        if count == 0 {
            return Ok(coreset);
        }
        let mut nearest = vec![f64::INFINITY; n];
        // Chosen examples stay at minus infinity.
        let mut meet = |centre: usize| {
            let own = std::mem::replace(&mut nearest[centre], f64::NEG_INFINITY);
            let one = |(example, nearest): (usize, &mut f64)| {
                *nearest = nearest.min(distributions.symmetric_divergence(example, centre));
            };
            nearest.par_iter_mut().with_min_len(1024).enumerate().for_each(one);
            let next = (0..n).fold(0, |best, other| if nearest[other] > nearest[best] { other } else { best });
            (own, next)
        };
        let mut next = None;
        for &example in chosen {
            next = Some(meet(example).1);
        }
        let mut next = next.map_or_else(|| start.resolve(n), Ok)?;
        while coreset.order.len() < count {
            let (own, farthest) = meet(next);
            coreset.push(next, own);
            next = farthest;
        }
        Ok(coreset)
    }
}
