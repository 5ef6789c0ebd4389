//! Methods that maximise a submodular objective.

use std::{fmt, sync::Arc};

use cl_data::{Scalar, catalogue::Options};

use super::{
    client_facility_location::ClientFacilityLocation,
    entry::{AnyMethod, Method},
    features::Features,
    given::{BoxedObjective, GivenObjective, GivenSimilarities},
    maximizer::{GREEDY_BYTES, Maximization, Maximizer},
    objective::{Coreset, SubmodularObjective},
    request::{Request, Size},
    similarity::Similarity,
    targets::Targets,
};
use crate::error::PruneError;

/// An objective with its options set.
pub(super) trait Submodular: fmt::Debug + Send + Sync + 'static {
    /// Of these examples, with what the choice is to be towards and away from; nothing chosen.
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
        targets: &Targets<'_>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError>;

    /// About how many bytes it takes that do not change while it grows, and how many each copy has of its own; `alone`
    /// where there is one.
    fn bytes(&self, size: &Size, alone: bool) -> (f64, f64);

    /// How it compares examples, where it does so and can be had over given similarities.
    fn similarity(&self) -> Option<Similarity> {
        None
    }

    /// How it compares examples, where it can represent some of them alone, or some more than others.
    fn client_similarity(&self) -> Option<Similarity> {
        None
    }

    /// Over these similarities, nothing chosen, each example counting as `weights` say.
    fn over(
        &self,
        _given: &GivenSimilarities,
        _weights: Option<&[f64]>,
    ) -> Result<Option<GivenObjective>, PruneError> {
        Ok(None)
    }

    /// Whether no example lowers it.
    fn is_monotone(&self) -> bool {
        true
    }

    /// Whether no gain grows while it does.
    fn is_submodular(&self) -> bool {
        true
    }

    /// Whether every example lowers it.
    fn is_falling(&self) -> bool {
        false
    }

    /// Whether it counts all examples, and not the chosen alone.
    fn counts_all(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Maximized<S> {
    submodular: S,
    maximizer: Maximizer,
}

/// The method that maximises this objective, its optimiser as the options say.
pub(super) fn maximized(
    submodular: impl Submodular,
    options: &mut Options,
) -> Result<Arc<dyn AnyMethod>, PruneError> {
    Ok(Arc::new(Maximized { submodular, maximizer: Maximizer::read(options)? }))
}

impl<S: Submodular> Method for Maximized<S> {
    fn choose<T: Scalar>(&self, features: &Features<'_, T>, request: &Request<'_>) -> Result<Coreset, PruneError> {
        let targets = &request.targets;
        let Some(similarity) = self.submodular.client_similarity() else {
            return self.maximizer.select(self.submodular.objective(features, targets)?, request);
        };
        let (clients, weights) = match (request.clients, request.weights) {
            (None, None) => return self.maximizer.select(self.submodular.objective(features, targets)?, request),
            (Some(clients), weights) => {
                let own = weights.map(|weights| clients.iter().map(|&client| weights[client as usize]).collect());
                (clients.to_vec(), own)
            }
            (None, Some(weights)) => ((0..features.n_examples() as u32).collect(), Some(weights.to_vec())),
        };
        let objective = ClientFacilityLocation::new(*features, similarity, &clients)?;
        let objective = match weights {
            Some::<Vec<f64>>(weights) => objective.with_weights(&weights)?,
            None => objective,
        };
        self.maximizer.select(objective, request)
    }

    fn similarity(&self) -> Option<Similarity> {
        self.submodular.similarity()
    }

    fn represents_some(&self) -> bool {
        self.submodular.client_similarity().is_some()
    }

    fn choose_over(
        &self,
        given: &GivenSimilarities,
        request: &Request<'_>,
    ) -> Result<Option<Coreset>, PruneError> {
        given.check_weights(request.weights)?;
        let objective = self.submodular.over(given, request.weights)?;
        objective.map(|objective| self.maximizer.select(objective, request)).transpose()
    }

    fn bytes(&self, size: &Size) -> f64 {
        let n_copies = self.maximizer.n_copies(size.k as usize);
        let (shared, own) = self.submodular.bytes(size, n_copies == 1);
        GREEDY_BYTES * size.n + shared + n_copies as f64 * own
    }

    fn maximization(&self) -> Option<Maximization> {
        let (is_monotone, is_falling) = (self.submodular.is_monotone(), self.submodular.is_falling());
        let (is_submodular, counts_all) = (self.submodular.is_submodular(), self.submodular.counts_all());
        Some(Maximization { maximizer: self.maximizer, is_submodular, is_monotone, is_falling, counts_all })
    }

    fn boxed<'a, T: Scalar>(
        &'a self,
        features: &'a Features<'a, T>,
        targets: &'a Targets<'a>,
    ) -> Result<Option<BoxedObjective<'a>>, PruneError> {
        Ok(Some(Box::new(self.submodular.objective(features, targets)?)))
    }
}
