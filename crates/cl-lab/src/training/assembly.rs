//! The sampler that a configuration says, made for the examples that are trained on.

use std::sync::Arc;

use cl_data::Sampler;
use cl_pacing::{
    Annealing, EasyFirst, Given, Order, Pacing, Presentation, SamplerInputs, SelfPacedSampler, order_by_name,
    pacing_by_name, sampler_by_name, self_paced_by_name, weighting_by_name,
};

use super::configuration::Configuration;
use super::needs::Acts;
use super::plan::Plan;
use super::regulariser::Regulariser;
use super::sections::NONE;
use super::weighted::WeightedSampler;
use crate::error::LabError;

/// What there is of each example that is trained on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ingredients<'a> {
    pub(super) n_examples: usize,
    /// Classes, where they are what is predicted.
    pub(super) classes: Option<&'a [usize]>,
    pub(super) difficulty: Option<&'a [f64]>,
    /// Whether difficulties are the user's own numbers: pacings by difficulty go by these, and by ranks elsewhere.
    pub(super) own: bool,
    pub(super) irreducible: Option<&'a [f64]>,
}

/// The sampler.
///
/// # Errors
/// Where the examples are too few for it, or parameters do not go with the length of the run.
pub(super) fn sampler(
    configuration: &Configuration,
    plan: &Plan,
    of: &Ingredients<'_>,
) -> Result<Box<dyn Sampler>, LabError> {
    let n = of.n_examples;
    let training = &plan.training;
    let (total, seed, batch_size) = (training.n_updates(n), training.seed, training.batch_size);
    let in_order: Vec<usize> = (0..n).collect();
    let lateness = match of.difficulty {
        Some(difficulty) => Some(lateness(difficulty, seed)?),
        None => None,
    };
    let given = Given {
        total,
        difficulty: of.difficulty.filter(|_| of.own),
        ranks: Some(n),
        classes: of.classes,
        order: Some(&in_order),
        a: lateness.as_deref(),
    };
    let chosen = |section: &str| {
        let name = configuration.chosen(section);
        (name != NONE).then(|| (name.to_owned(), configuration.parameters(section)))
    };
    let pacing: Option<Arc<dyn Pacing>> = match chosen("pacing") {
        Some((name, parameters)) => Some(pacing_by_name(&name, &parameters, &given)?),
        None => None,
    };
    let weighting = chosen("weighting");
    if let (Some(Acts::Alternates), Some((name, parameters))) = (plan.acts, &weighting) {
        let regulariser = Regulariser(self_paced_by_name(name, parameters, &given)?);
        let annealing = match pacing {
            Some(pacing) => Annealing::quantile(pacing, training.n_epochs(n).max(1))?,
            None => Annealing::growth(plan.mu)?,
        };
        let presentation = Presentation::Shuffled { seed };
        return Ok(Box::new(SelfPacedSampler::of(regulariser, annealing, n, batch_size, presentation)?));
    }
    let order = match chosen("order") {
        Some((name, parameters)) => {
            let order = order_by_name(&name, &parameters, &given)?;
            let none = vec![0.0; if of.difficulty.is_none() { n } else { 0 }];
            Some(order.order(of.difficulty.unwrap_or(&none), seed)?)
        }
        None => None,
    };
    let inputs = SamplerInputs {
        n_examples: n,
        order: order.as_deref(),
        difficulty: of.difficulty,
        classes: of.classes,
        irreducible: of.irreducible,
        pacing,
        batch_size,
        total_steps: total,
        seed,
        ..SamplerInputs::default()
    };
    let parameters = configuration.parameters("sampler");
    let sampler = sampler_by_name(configuration.chosen("sampler"), &parameters, &inputs)?;
    match weighting {
        Some((name, parameters)) => {
            Ok(Box::new(WeightedSampler::new(sampler, weighting_by_name(&name, &parameters, &given)?)))
        }
        None => Ok(sampler),
    }
}

/// How late each example is to come: its place from easy to hard, in [0, 1).
fn lateness(difficulty: &[f64], seed: u64) -> Result<Vec<f64>, LabError> {
    let mut late = vec![0.0; difficulty.len()];
    for (place, example) in EasyFirst.order(difficulty, seed)?.into_iter().enumerate() {
        late[example] = place as f64 / difficulty.len() as f64;
    }
    Ok(late)
}
