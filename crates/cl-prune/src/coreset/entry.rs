//! What the list of coresets holds of each method.

use std::{fmt, sync::Arc};

use cl_data::{
    Scalar,
    catalogue::{Description, Options, Parameter},
};
use serde::Serialize;

use super::{
    feature_domain::FeatureDomain,
    features::{AnyFeatures, Features},
    given::{BoxedObjective, GivenSimilarities},
    maximizer::Maximization,
    objective::Coreset,
    request::{Request, Size},
    similarity::Similarity,
    targets::Targets,
};
use crate::error::PruneError;

/// A method as the list of coresets shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CoresetDescription {
    /// Its name, what it chooses, and its parameters.
    #[serde(flatten)]
    pub method: Description,
    /// What a gain is.
    pub gain: &'static str,
    /// Whether it maximises an objective greedily, submodular but where the summary says otherwise, and takes [`submodular_options`](super::submodular_options), too.
    pub submodular: bool,
    /// Whether it begins with an example that can be given.
    pub takes_start: bool,
    /// Whether it can choose by the neighbours of each example alone, and by similarities that are given.
    pub over_neighbors: bool,
    /// Whether it needs the gradients of validation examples.
    pub needs_validation: bool,
    /// Whether it chooses towards query examples, which it needs.
    pub needs_query: bool,
    /// Whether it chooses away from private examples, which it needs.
    pub needs_private: bool,
    /// Whether it needs the predicted probabilities of the classes of each example.
    pub needs_probabilities: bool,
    /// What its features are.
    pub domain: FeatureDomain,
}

/// A method with its options set.
pub(super) trait Method: fmt::Debug + Send + Sync {
    /// Chooses as many of these examples as the request says, of which there are as many.
    fn choose<T: Scalar>(&self, features: &Features<'_, T>, request: &Request<'_>) -> Result<Coreset, PruneError>;

    /// About how many bytes that takes beside the features as they are given.
    fn bytes(&self, size: &Size) -> f64;

    /// How it compares examples, where it can choose by given similarities.
    fn similarity(&self) -> Option<Similarity> {
        None
    }

    /// Whether it can represent some examples alone, or some more than others.
    fn represents_some(&self) -> bool {
        false
    }

    /// Chooses by given similarities, where it can.
    fn choose_over(
        &self,
        _given: &GivenSimilarities,
        _request: &Request<'_>,
    ) -> Result<Option<Coreset>, PruneError> {
        Ok(None)
    }

    /// How it maximises a submodular objective, where it does.
    fn maximization(&self) -> Option<Maximization> {
        None
    }

    /// That objective, nothing chosen.
    fn boxed<'a, T: Scalar>(
        &'a self,
        _features: &'a Features<'a, T>,
        _targets: &'a Targets<'a>,
    ) -> Result<Option<BoxedObjective<'a>>, PruneError> {
        Ok(None)
    }
}

/// A method for features in either precision.
pub(super) trait AnyMethod: fmt::Debug + Send + Sync {
    fn choose_any(&self, features: AnyFeatures<'_>, request: &Request<'_>) -> Result<Coreset, PruneError>;
    fn bytes(&self, size: &Size) -> f64;
    fn similarity(&self) -> Option<Similarity>;
    fn represents_some(&self) -> bool;
    fn choose_over(&self, given: &GivenSimilarities, request: &Request<'_>)
    -> Result<Option<Coreset>, PruneError>;
    fn maximization(&self) -> Option<Maximization>;
    fn boxed<'a>(
        &'a self,
        features: &'a AnyFeatures<'a>,
        targets: &'a Targets<'a>,
    ) -> Result<Option<BoxedObjective<'a>>, PruneError>;

    /// Whether what its options name needs query examples, beside what is said of it in the list.
    fn needs_query(&self) -> bool {
        false
    }

    /// The same of private examples.
    fn needs_private(&self) -> bool {
        false
    }
}

impl<M: Method> AnyMethod for M {
    fn choose_any(&self, features: AnyFeatures<'_>, request: &Request<'_>) -> Result<Coreset, PruneError> {
        match features {
            AnyFeatures::F32(features) => self.choose(&features, request),
            AnyFeatures::F64(features) => self.choose(&features, request),
        }
    }

    fn bytes(&self, size: &Size) -> f64 {
        Method::bytes(self, size)
    }

    fn similarity(&self) -> Option<Similarity> {
        Method::similarity(self)
    }

    fn represents_some(&self) -> bool {
        Method::represents_some(self)
    }

    fn choose_over(
        &self,
        given: &GivenSimilarities,
        request: &Request<'_>,
    ) -> Result<Option<Coreset>, PruneError> {
        Method::choose_over(self, given, request)
    }

    fn maximization(&self) -> Option<Maximization> {
        Method::maximization(self)
    }

    fn boxed<'a>(
        &'a self,
        features: &'a AnyFeatures<'a>,
        targets: &'a Targets<'a>,
    ) -> Result<Option<BoxedObjective<'a>>, PruneError> {
        match features {
            AnyFeatures::F32(features) => Method::boxed(self, features, targets),
            AnyFeatures::F64(features) => Method::boxed(self, features, targets),
        }
    }
}

/// Reads the options of a method.
type Read = fn(&mut Options) -> Result<Arc<dyn AnyMethod>, PruneError>;

/// A method of the list: what is shown of it, and what reads its options.
pub(super) struct Entry {
    pub(super) description: CoresetDescription,
    pub(super) read: Read,
}

impl Entry {
    /// A method that needs the features alone.
    pub(super) const fn new(
        name: &'static str,
        summary: &'static str,
        gain: &'static str,
        parameters: &'static [Parameter],
        read: Read,
    ) -> Self {
        let method = Description { name, summary, parameters };
        let (submodular, takes_start, over_neighbors, needs_validation) = (false, false, false, false);
        let description = CoresetDescription {
            method,
            gain,
            submodular,
            takes_start,
            over_neighbors,
            needs_validation,
            needs_query: false,
            needs_private: false,
            needs_probabilities: false,
            domain: FeatureDomain::Any,
        };
        Self { description, read }
    }

    /// One that maximises a submodular objective.
    pub(super) const fn submodular(mut self) -> Self {
        self.description.submodular = true;
        self
    }

    /// One that begins with an example that can be given.
    pub(super) const fn takes_start(mut self) -> Self {
        self.description.takes_start = true;
        self
    }

    /// One that can choose by neighbours alone.
    pub(super) const fn over_neighbors(mut self) -> Self {
        self.description.over_neighbors = true;
        self
    }

    /// One that chooses towards query examples.
    pub(super) const fn needs_query(mut self) -> Self {
        self.description.needs_query = true;
        self
    }

    /// One that chooses away from private examples.
    pub(super) const fn needs_private(mut self) -> Self {
        self.description.needs_private = true;
        self
    }

    /// One that needs predicted probabilities.
    pub(super) const fn needs_probabilities(mut self) -> Self {
        self.description.needs_probabilities = true;
        self
    }

    /// One whose features are of this domain.
    pub(super) const fn over(mut self, domain: FeatureDomain) -> Self {
        self.description.domain = domain;
        self
    }

    /// One that needs the gradients of validation examples.
    pub(super) const fn needs_validation(mut self) -> Self {
        self.description.needs_validation = true;
        self
    }
}
