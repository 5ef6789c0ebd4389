use std::sync::Arc;

use cl_data::{Scalar, catalogue::Parameter};

use super::{
    constrained,
    entry::{Entry, Method},
    facility_location::{DEFAULT_MEMORY, FacilityLocation},
    features::Features,
    given::GivenSimilarities,
    greedy::{Greedy, Optimizer},
    maximizer::{EPSILON, GREEDY_BYTES, TIES, read_greedy},
    objective::Coreset,
    per_class::per_class,
    request::{Request, Size},
    similarities::Similarities,
    similarity::Similarity,
    sparse_facility_location::SparseFacilityLocation,
};
use crate::error::PruneError;

/// CRAIG: examples whose gradients, weighted, stand for the gradients of all.
///
/// ```text
/// S        = greedy facility location with s_ij = max d - || g_i - g_j ||, within every class
/// weight_j = number of examples of its class whose most similar chosen one is j
/// ```
///
/// The error of the weighted gradient sum is at most sum_i min_{j in S} || g_i - g_j ||, which facility location
/// minimises. The weights of a class sum to its size, where it has a pick; a class whose share of the count is below one
/// may have none. Cost as of [`FacilityLocation`] within the classes.
///
/// Source: Mirzasoleiman, Bilmes and Leskovec (2020), Coresets for data-efficient training of machine learning models.
///
/// ```
/// use cl_prune::coreset::{Craig, Features, Greedy};
///
/// let gradients = Features::new(&[0.0f32, 0.1, 0.2, 0.3, 5.0, -3.0, -3.0], 1)?;
/// let coreset = Craig::new(Greedy::default()).select(&gradients, &[0, 0, 0, 0, 0, 1, 1], 3)?;
/// assert_eq!(coreset.order, [2, 5, 4]);
/// assert_eq!(coreset.weights, Some(vec![4.0, 2.0, 1.0]));
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Craig {
    greedy: Greedy,
}

pub(super) static ENTRY: Entry = Entry::new(
    "craig",
    "gradients that stand for all, weighted; within classes where there are labels",
    "distance saved over all examples",
    &[Parameter::with_default("optimizer", "naive, lazy, stochastic or lazier-than-lazy", "lazy"), EPSILON, TIES],
    |options| {
        let optimizer = options.choice("optimizer", &Optimizer::NAMES)?;
        Ok(Arc::new(ByName(read_greedy(optimizer, options)?)))
    },
)
.over_neighbors();

#[derive(Debug)]
struct ByName(Greedy);

impl Method for ByName {
    fn choose<T: Scalar>(&self, features: &Features<'_, T>, request: &Request<'_>) -> Result<Coreset, PruneError> {
        let mut objective = FacilityLocation::new(Similarities::new(features, Similarity::MaxDistance)?);
        let greedy = self.0.with_seed(request.seed);
        let elements = constrained::start(&mut objective, request.before)?;
        let mut coreset = constrained::select(greedy, &mut objective, &elements, request)?;
        // What was chosen before has weights, too, which are not told.
        let all = [request.before, &coreset.order].concat();
        let sizes = objective.cluster_sizes(&all)?;
        coreset.weights = Some(sizes[request.before.len()..].iter().map(|&size| size as f64).collect());
        Ok(coreset)
    }

    fn similarity(&self) -> Option<Similarity> {
        Some(Similarity::MaxDistance)
    }

    /// By single precision of neighbours, where what no chosen one serves adds to the weight of none.
    fn choose_over(
        &self,
        given: &GivenSimilarities,
        request: &Request<'_>,
    ) -> Result<Option<Coreset>, PruneError> {
        let greedy = self.0.with_seed(request.seed);
        Ok(Some(match given {
            GivenSimilarities::Dense(similarities) => {
                let mut objective = FacilityLocation::new(similarities.clone());
                let elements = constrained::start(&mut objective, request.before)?;
                weighted(constrained::select(greedy, &mut objective, &elements, request)?, &objective)?
            }
            GivenSimilarities::Sparse(similarities) => {
                let mut objective = SparseFacilityLocation::new(similarities.clone());
                if let Some(weights) = request.weights {
                    objective = objective.with_weights(weights)?;
                }
                let elements = constrained::start(&mut objective, request.before)?;
                let mut coreset = constrained::select(greedy, &mut objective, &elements, request)?;
                let (n_before, all) = (request.before.len(), [request.before, &coreset.order].concat());
                let mut weights = vec![0.0; coreset.order.len()];
                for (client, position) in objective.most_similar(&all).into_iter().enumerate() {
                    if let Some(position) = position.and_then(|position| position.checked_sub(n_before)) {
                        weights[position] += request.weights.map_or(1.0, |weights| weights[client]);
                    }
                }
                coreset.weights = Some(weights);
                coreset
            }
        }))
    }

    fn bytes(&self, size: &Size) -> f64 {
        let (shared, own) = FacilityLocation::bytes(size, DEFAULT_MEMORY);
        // The gradients of the class are gathered.
        size.n * size.d * size.width + GREEDY_BYTES * size.n + shared + own
    }
}

impl Craig {
    /// CRAIG with this optimiser.
    pub fn new(greedy: Greedy) -> Self {
        Self { greedy }
    }

    /// `count` examples by their gradients, one example after the other, and their labels; one label for all makes no
    /// difference between classes.
    ///
    /// # Errors
    /// As [`per_class`].
    pub fn select<T: Scalar>(
        &self,
        gradients: &Features<'_, T>,
        labels: &[usize],
        count: usize,
    ) -> Result<Coreset, PruneError> {
        per_class(gradients, labels, count, |_, own, count| {
            let similarities = Similarities::new(own, Similarity::MaxDistance)?;
            let mut objective = FacilityLocation::new(similarities);
            weighted(self.greedy.select(&mut objective, count)?, &objective)
        })
    }
}

/// With how many examples each serves best.
fn weighted(mut coreset: Coreset, objective: &FacilityLocation) -> Result<Coreset, PruneError> {
    let sizes = objective.cluster_sizes(&coreset.order)?;
    coreset.weights = Some(sizes.into_iter().map(|size| size as f64).collect());
    Ok(coreset)
}
