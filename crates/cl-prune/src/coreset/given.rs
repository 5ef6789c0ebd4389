//! Similarities that are known before a method chooses: of neighbours, or a matrix of all.

use super::{
    neighbor_search::NeighborSearch,
    objective::{Bound, SubmodularObjective},
    similarities::Similarities,
    sparse_similarities::SparseSimilarities,
};
use crate::error::PruneError;

/// How the neighbours of examples are known.
#[derive(Debug, Clone, Copy)]
pub enum Neighbors<'a> {
    /// They are sought.
    Search(NeighborSearch),
    /// As many indices for each example, one example after the other, [`SparseSimilarities::NONE`] where one has fewer.
    Given(&'a [u32]),
}

/// Similarities between the examples.
#[derive(Debug, Clone)]
pub enum GivenSimilarities {
    /// Of neighbours alone.
    Sparse(SparseSimilarities),
    /// Of all pairs.
    Dense(Similarities),
}

impl GivenSimilarities {
    /// The number of examples.
    pub fn n_examples(&self) -> usize {
        match self {
            Self::Sparse(similarities) => similarities.n_elements(),
            Self::Dense(similarities) => similarities.n_examples(),
        }
    }

    /// That of neighbours; a matrix has no weights of its examples.
    pub(super) fn check_weights(&self, weights: Option<&[f64]>) -> Result<(), PruneError> {
        match (self, weights) {
            (Self::Dense(_), Some(_)) => {
                Err(PruneError::argument("weights", "given", "none with a matrix of all similarities"))
            }
            _ => Ok(()),
        }
    }
}

/// An objective over given similarities, whichever it is.
pub(super) type GivenObjective = BoxedObjective<'static>;

/// Any objective, whatever it borrows.
pub(super) type BoxedObjective<'a> = Box<dyn AnyObjective<'a> + 'a>;

/// An objective that can be copied without being known.
pub(super) trait AnyObjective<'a>: SubmodularObjective {
    fn copied(&self) -> BoxedObjective<'a>;
}

impl<'a, O: SubmodularObjective + Clone + 'a> AnyObjective<'a> for O {
    fn copied(&self) -> BoxedObjective<'a> {
        Box::new(self.clone())
    }
}

impl Clone for BoxedObjective<'_> {
    fn clone(&self) -> Self {
        (**self).copied()
    }
}

impl SubmodularObjective for BoxedObjective<'_> {
    fn n_elements(&self) -> usize {
        (**self).n_elements()
    }

    fn gain(&mut self, element: usize) -> f64 {
        (**self).gain(element)
    }

    fn gains(&mut self, elements: &[usize], gains: &mut Vec<f64>) {
        (**self).gains(elements, gains);
    }

    fn bounds(&mut self, elements: &[usize], bounds: &mut Vec<Bound>) {
        (**self).bounds(elements, bounds);
    }

    fn add(&mut self, element: usize) {
        (**self).add(element);
    }

    fn is_submodular(&self) -> bool {
        (**self).is_submodular()
    }
}
