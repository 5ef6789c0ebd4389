//! The optimisers, by name.

use cl_data::catalogue::{CatalogueError, Description, Options, Parameter, find};
use cl_model::{Adam, LearningRate, Optimizer, Plateau, Sgd};
use serde::{Deserialize, Serialize};

use super::fault::named;
use crate::error::LabError;

/// An optimiser, and the factor on its learning rate that falls where nothing gets better.
///
/// The factor lives here because whoever validates can reach it: a run's schedule is out of reach while it runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Stepper {
    rule: Rule,
    pub(super) plateau: Option<Plateau>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Rule {
    Sgd(Sgd<f32>),
    Adam(Adam<f32>),
}

impl Optimizer<f32> for Stepper {
    fn update(&mut self, parameters: &mut [f32], gradient: &[f32], learning_rate: f64) {
        let learning_rate = learning_rate * self.plateau.as_ref().map_or(1.0, |plateau| plateau.at(0));
        match &mut self.rule {
            Rule::Sgd(sgd) => sgd.update(parameters, gradient, learning_rate),
            Rule::Adam(adam) => adam.update(parameters, gradient, learning_rate),
        }
    }
}

/// An optimiser of the list.
struct Entry {
    description: Description,
    make: fn(&mut Options) -> Result<Rule, LabError>,
}

const BETA1: Parameter = Parameter::with_default("beta1", "how slowly the first moment follows, in [0, 1)", "0.9");
const BETA2: Parameter =
    Parameter::with_default("beta2", "how slowly the second moment follows, in [0, 1)", "0.999");
const EPSILON: Parameter = Parameter::with_default("epsilon", "what is added to its root, above 0", "1e-8");

static OPTIMIZERS: &[Entry] = &[
    Entry {
        description: Description {
            name: "sgd",
            summary: "stochastic gradient descent",
            parameters: &[
                Parameter::with_default("momentum", "the momentum, in [0, 1)", "0.9"),
                Parameter::with_default("nesterov", "whether it is Nesterov's: true or false", "false"),
                Parameter::with_default("weight_decay", "the weight decay, at least 0", "0.0001"),
            ],
        },
        make: |o| {
            let (momentum, decay) =
                (o.number("momentum").map_err(named)?, o.number("weight_decay").map_err(named)?);
            let nesterov = o.choice("nesterov", &[("false", false), ("true", true)]).map_err(named)?;
            let sgd = Sgd::new(momentum, decay)?;
            Ok(Rule::Sgd(if nesterov { sgd.with_nesterov() } else { sgd }))
        },
    },
    Entry {
        description: Description {
            name: "adam",
            summary: "Adam, its weight decay part of the gradient",
            parameters: &[
                BETA1,
                BETA2,
                EPSILON,
                Parameter::with_default("weight_decay", "the weight decay, at least 0", "0"),
            ],
        },
        make: |o| {
            let (betas, epsilon, decay) = moments(o).map_err(named)?;
            Ok(Rule::Adam(Adam::new(betas, epsilon, decay)?))
        },
    },
    Entry {
        description: Description {
            name: "adamw",
            summary: "Adam with decoupled weight decay",
            parameters: &[
                BETA1,
                BETA2,
                EPSILON,
                Parameter::with_default("weight_decay", "the weight decay, at least 0", "0.01"),
            ],
        },
        make: |o| {
            let (betas, epsilon, decay) = moments(o).map_err(named)?;
            Ok(Rule::Adam(Adam::decoupled(betas, epsilon, decay)?))
        },
    },
];

fn moments(options: &mut Options) -> Result<((f64, f64), f64, f64), CatalogueError> {
    let mut beta =
        |name: &str| options.number_in(name, |beta: &f64| (0.0..1.0).contains(beta), "a number in [0, 1)");
    let betas = (beta("beta1")?, beta("beta2")?);
    Ok((betas, options.number("epsilon")?, options.number("weight_decay")?))
}

fn entry(name: &str) -> Result<&'static Entry, CatalogueError> {
    find("optimizer", OPTIMIZERS, |entry| &entry.description, &[], name)
}

/// Every optimiser.
pub(super) fn optimizers() -> Vec<Description> {
    OPTIMIZERS.iter().map(|entry| entry.description).collect()
}

/// The name of the optimiser that is also called `name`.
pub(super) fn optimizer_named(name: &str) -> Option<String> {
    entry(name).ok().map(|entry| entry.description.name.to_owned())
}

/// The optimiser `name`, on whose learning rate `plateau` is a factor.
///
/// # Errors
/// On an unknown name or parameter, and a parameter out of its domain.
pub(super) fn optimizer_by_name(
    name: &str,
    parameters: &[(&str, &str)],
    plateau: Option<Plateau>,
) -> Result<Stepper, LabError> {
    let entry = entry(name).map_err(named)?;
    let mut options = Options::new(&entry.description, parameters).map_err(named)?;
    Ok(Stepper { rule: (entry.make)(&mut options)?, plateau })
}
