//! What the list of rules holds of each.

use std::{fmt, sync::Arc};

use cl_data::catalogue::{Description, Options, Parameter};
use serde::Serialize;

use super::{neighbor_lists::NeighborLists, selection_rule::SelectionRule};
use crate::error::PruneError;

/// What a rule must be given beside the scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleNeeds {
    /// Nothing.
    Scores,
    /// The labels.
    Labels,
    /// The mean probability of each example's label.
    Confidence,
    /// Each example's nearest neighbours.
    Neighbors,
}

impl RuleNeeds {
    fn name(self) -> &'static str {
        match self {
            Self::Scores => "scores",
            Self::Labels => "labels",
            Self::Confidence => "the confidence of each example",
            Self::Neighbors => "the nearest neighbours of each example",
        }
    }
}

impl fmt::Display for RuleNeeds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A rule as a list of rules shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RuleDescription {
    /// Its name, what it keeps, and its own parameters.
    #[serde(flatten)]
    pub method: Description,
    /// What it must be given beside the scores.
    pub needs: RuleNeeds,
    /// Whether smaller budgets keep a part of what larger ones keep.
    pub nested: bool,
}

/// What a rule may be given beside the scores.
#[derive(Debug, Clone, Copy, Default)]
pub struct RuleInputs<'a> {
    /// The class of each example.
    pub labels: Option<&'a [usize]>,
    /// The mean probability of each example's label.
    pub confidence: Option<&'a [f64]>,
    /// The nearest neighbours of each example.
    pub neighbors: Option<&'a NeighborLists>,
}

/// Makes a rule whose options are read.
pub(super) type Make = dyn Fn(&RuleInputs<'_>) -> Result<Box<dyn SelectionRule>, PruneError> + Send + Sync;

/// A rule of the list: what is shown of it, and what reads and checks its options, once, before there are data.
pub(super) struct Entry {
    pub(super) description: RuleDescription,
    pub(super) read: fn(&mut Options) -> Result<Arc<Make>, PruneError>,
}

impl Entry {
    /// A nested rule that needs scores alone.
    pub(super) const fn new(
        name: &'static str,
        summary: &'static str,
        parameters: &'static [Parameter],
        read: fn(&mut Options) -> Result<Arc<Make>, PruneError>,
    ) -> Self {
        let method = Description { name, summary, parameters };
        Self { description: RuleDescription { method, needs: RuleNeeds::Scores, nested: true }, read }
    }

    pub(super) const fn needs(mut self, needs: RuleNeeds) -> Self {
        self.description.needs = needs;
        self
    }

    pub(super) const fn not_nested(mut self) -> Self {
        self.description.nested = false;
        self
    }
}

/// A rule that holds nothing of the data.
pub(super) fn ready(rule: impl SelectionRule + Clone + 'static) -> Arc<Make> {
    Arc::new(move |_| Ok(Box::new(rule.clone())))
}

/// What the rule of this name cannot do without.
pub(super) fn needed<T>(given: Option<T>, rule: &'static str, what: RuleNeeds) -> Result<T, PruneError> {
    given.ok_or(PruneError::Missing { rule, what: what.name() })
}
