//! Methods that maximise a submodular objective.

use std::{fmt, sync::Arc};

use cl_data::{Scalar, catalogue::Options};

use super::{
    entry::{AnyMethod, Method},
    features::Features,
    maximizer::{GREEDY_BYTES, Maximization, Maximizer},
    objective::{Coreset, SubmodularObjective},
    request::{Request, Size},
};
use crate::error::PruneError;

/// An objective with its options set.
pub(super) trait Submodular: fmt::Debug + Send + Sync + 'static {
    /// Of these examples, nothing chosen.
    fn objective<T: Scalar>(
        &self,
        features: &Features<'_, T>,
    ) -> Result<impl SubmodularObjective + Clone, PruneError>;

    /// About how many bytes it takes that do not change while it grows, and how many each copy has of its own; `alone`
    /// where there is one.
    fn bytes(&self, size: &Size, alone: bool) -> (f64, f64);

    /// Whether no example lowers it.
    fn is_monotone(&self) -> bool {
        true
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
        self.maximizer.select(self.submodular.objective(features)?, request)
    }

    fn bytes(&self, size: &Size) -> f64 {
        let n_copies = self.maximizer.n_copies(size.k as usize);
        let (shared, own) = self.submodular.bytes(size, n_copies == 1);
        GREEDY_BYTES * size.n + shared + n_copies as f64 * own
    }

    fn maximization(&self) -> Option<Maximization> {
        let (is_monotone, counts_all) = (self.submodular.is_monotone(), self.submodular.counts_all());
        Some(Maximization { maximizer: self.maximizer, is_monotone, counts_all })
    }
}
