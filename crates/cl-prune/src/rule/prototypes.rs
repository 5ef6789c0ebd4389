use cl_data::catalogue::Parameter;
use serde::{Deserialize, Serialize};

use super::{
    entry::{Entry, ready},
    ranking::From,
    selection_rule::{SelectionRule, keep_from},
};
use crate::{budget::Budget, error::PruneError, selection::Selection};

/// Which side of the prototypes is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PrototypeSide {
    /// Far from every prototype, the unusual: where data are plenty.
    #[default]
    Far,
    /// Near a prototype, the typical: where data are scarce.
    Near,
}

/// Keeps the examples far from, or near to, the centre of their cluster.
///
/// ```text
/// score_i = distance of x_i to the nearest of the k-means centres of an embedding, at least 0
/// ```
///
/// The distances are the caller's. The paper guarantees every class half of its equal share:
/// [`ClassBalanced`](crate::ClassBalanced) with a floor of that share does (as we recall the paper). Nested. O(n).
///
/// Source: Sorscher et al. (2022), Beyond neural scaling laws, self-supervised prototypes.
///
/// ```
/// use cl_prune::{Budget, KeepByPrototype, PrototypeSide, SelectionRule};
///
/// let near = KeepByPrototype { side: PrototypeSide::Near };
/// assert_eq!(near.select(&[0.2, 0.9, 0.5], Budget::Count(2), 0)?.kept, [0, 2]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeepByPrototype {
    /// The side that is kept.
    pub side: PrototypeSide,
}

pub(super) static ENTRY: Entry = Entry::new(
    "prototypes",
    "by the distance to the nearest prototype",
    &[Parameter::with_default("side", "which are kept: far or near", "far")],
    |options| {
        let side = options.choice("side", &[("far", PrototypeSide::Far), ("near", PrototypeSide::Near)])?;
        Ok(ready(KeepByPrototype { side }))
    },
);

impl SelectionRule for KeepByPrototype {
    fn name(&self) -> &'static str {
        match self.side {
            PrototypeSide::Far => "far from prototypes",
            PrototypeSide::Near => "near to prototypes",
        }
    }

    fn is_nested(&self) -> bool {
        true
    }

    fn select(&self, scores: &[f64], budget: Budget, seed: u64) -> Result<Selection, PruneError> {
        if let Some(example) = scores.iter().position(|&score| score < 0.0) {
            let (value, expected) = (scores[example], "at least 0");
            return Err(PruneError::InvalidValue { what: "distance", example, value, expected });
        }
        let from = match self.side {
            PrototypeSide::Far => From::Highest,
            PrototypeSide::Near => From::Lowest,
        };
        keep_from(self.name(), scores, from, budget, seed)
    }
}
