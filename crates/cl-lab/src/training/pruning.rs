//! Which examples are trained on at all, as the configuration says.

use cl_data::Dataset;
use cl_difficulty::model_based::{Distance, Neighbors};
use cl_prune::{Budget, NeighborLists, RuleInputs, RuleNeeds, RuleSettings, Selection, SelectionRule};

use super::configuration::Configuration;
use super::plan::Plan;
use super::sections::NONE;
use crate::error::LabError;

/// How many examples are kept of `n_examples`.
///
/// # Errors
/// Where none would be.
pub(super) fn n_kept(configuration: &Configuration, plan: &Plan, n_examples: usize) -> Result<usize, LabError> {
    if configuration.chosen("pruning") == NONE {
        return Ok(n_examples);
    }
    match Budget::Keep(plan.keep).resolve(n_examples)? {
        0 => {
            let expected = format!("a share that leaves some of {n_examples} examples");
            Err(LabError::argument("pruning.keep", plan.keep, expected))
        }
        n_kept => Ok(n_kept),
    }
}

/// Which examples are kept, where some are to go; `own` says that difficulties are the user's own, and not losses.
///
/// # Errors
/// Where the rule cannot use what there is.
pub(super) fn selection(
    configuration: &Configuration,
    plan: &Plan,
    train: &Dataset<f32>,
    difficulty: Option<&[f64]>,
    own: bool,
) -> Result<Option<Selection>, LabError> {
    let name = configuration.chosen("pruning");
    if name == NONE {
        return Ok(None);
    }
    let rule = RuleSettings::parse(name, &configuration.parameters("pruning"))?;
    let seed = plan.training.seed;
    // The loss of a label is -ln of its probability.
    let confidence: Option<Vec<f64>> =
        difficulty.filter(|_| !own).map(|losses| losses.iter().map(|loss| (-loss).exp()).collect());
    let neighbors = match rule.description().needs {
        RuleNeeds::Neighbors => Some(neighbors(train, plan.n_neighbors, seed)?),
        _ => None,
    };
    let inputs = RuleInputs {
        labels: Some(train.labels()),
        confidence: confidence.as_deref(),
        neighbors: neighbors.as_ref(),
    };
    let none = vec![0.0; if difficulty.is_none() { train.n_examples() } else { 0 }];
    let selection = rule.rule(&inputs)?.select(difficulty.unwrap_or(&none), Budget::Keep(plan.keep), seed)?;
    Ok(Some(selection))
}

/// The nearest neighbours of each example by its standardised features.
fn neighbors(train: &Dataset<f32>, k: usize, seed: u64) -> Result<NeighborLists, LabError> {
    let found = Neighbors::within(train, k, Distance::Euclidean, seed)?;
    let queries = 0..found.n_queries();
    let indices = queries.clone().flat_map(|query| found.indices(query)).copied().collect();
    let distances = queries.flat_map(|query| found.distances(query)).copied().collect();
    Ok(NeighborLists::new(k, indices, distances)?)
}
