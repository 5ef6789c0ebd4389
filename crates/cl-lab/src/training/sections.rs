//! The sections of a configuration: their own keys, and the lists of what is had by name.

use cl_data::catalogue::{CatalogueError, Description, Parameter};
use cl_pacing::{
    Given, PacingError, SamplerInput, SamplerInputs, order_by_name, orders, pacing_by_name, pacings,
    sampler_by_name, sampler_inputs, samplers, weighting_by_name, weightings,
};
use cl_prune::{PruneError, RuleSettings, class_options, rules};

use super::data_settings::DATA;
use super::difficulty_settings::DIFFICULTY;
use super::loss::{loss_named, losses};
use super::model_settings::MODEL;
use super::optimizer::{optimizer_named, optimizers};
use super::schedule::{SCHEDULE, schedule_named, schedules};
use super::training_settings::TRAINING;

/// A section.
pub(super) struct Section {
    /// Its name, what it is about, and its own keys.
    pub(super) description: &'static Description,
    /// What it chooses by name, whose parameters are keys, too.
    pub(super) family: Option<Family>,
}

/// What is chosen by name.
pub(super) struct Family {
    /// The key that has the name.
    pub(super) key: &'static str,
    /// What it is called.
    pub(super) what: &'static str,
    /// Whether there may be none of it.
    pub(super) optional: bool,
    /// All of them.
    pub(super) list: fn() -> Vec<Description>,
    /// What all of them take that their descriptions do not say.
    pub(super) common: fn() -> &'static [Parameter],
    /// The name of the one that is also called so.
    pub(super) canonical: fn(&str) -> Option<String>,
}

/// The name of nothing, where there may be none.
pub(super) const NONE: &str = "none";

static LOSS: Description = Description {
    name: "loss",
    summary: "what is minimised",
    parameters: &[Parameter::with_default("name", "the loss", "plain")],
};

static OPTIMIZER: Description = Description {
    name: "optimizer",
    summary: "how a gradient changes the model",
    parameters: &[Parameter::with_default("name", "the optimiser", "sgd")],
};

static ORDER: Description = Description {
    name: "order",
    summary: "the examples from first to last, for samplers over an order; permutation is the order of the data",
    parameters: &[Parameter::with_default("name", "the order", NONE)],
};

static PACING: Description = Description {
    name: "pacing",
    summary: "how much of the order is available when; of self-paced weights, how many examples count when",
    parameters: &[Parameter::with_default("name", "the pacing", NONE)],
};

static SAMPLER: Description = Description {
    name: "sampler",
    summary: "which examples at which update; those by lengths or weights are of `curriculum order`",
    parameters: &[Parameter::with_default("name", "the sampler", "shuffle")],
};

static WEIGHTING: Description = Description {
    name: "weighting",
    summary: "how much each example counts, by its loss then; a self-paced one without quantile chooses examples itself",
    parameters: &[
        Parameter::with_default("name", "the weighting", NONE),
        Parameter::with_default(
            "mu",
            "the factor by which a self-paced age grows per epoch where no pacing says it, above 1",
            "1.3",
        ),
    ],
};

/// Which examples are trained on at all.
pub(super) static PRUNING: Description = Description {
    name: "pruning",
    summary: "which examples are trained on at all, by their difficulty",
    parameters: &[
        Parameter::with_default("rule", "the rule", NONE),
        Parameter::with_default("keep", "the share that is kept, in (0, 1]", "0.5"),
        Parameter::with_default("neighbors", "the nearest neighbours of each example, for rules over them", "10"),
    ],
};

/// What is written of each example's outputs.
pub(super) static DYNAMICS: Description = Description {
    name: "dynamics",
    summary: "the outputs for each example trained on, written down while the model learns",
    parameters: &[Parameter::with_default("every", "the epochs from one time to the next; 0: never", "1")],
};

fn nothing() -> &'static [Parameter] {
    &[]
}

const RULE: Family = Family { common: class_options, ..family("rule", "rule", true, rule_list, rule_named) };

/// All sections, in the order in which they are shown.
pub(super) static SECTIONS: [Section; 13] = [
    Section { description: &DATA, family: None },
    Section { description: &MODEL, family: None },
    Section { description: &LOSS, family: Some(family("name", "loss", false, losses, loss_named)) },
    Section {
        description: &OPTIMIZER,
        family: Some(family("name", "optimizer", false, optimizers, optimizer_named)),
    },
    Section { description: &SCHEDULE, family: Some(family("name", "schedule", false, schedules, schedule_named)) },
    Section { description: &TRAINING, family: None },
    Section { description: &DIFFICULTY, family: None },
    Section { description: &ORDER, family: Some(family("name", "order", true, orders, order_named)) },
    Section { description: &PACING, family: Some(family("name", "pacing", true, pacings, pacing_named)) },
    Section { description: &SAMPLER, family: Some(family("name", "sampler", false, sampler_list, sampler_named)) },
    Section {
        description: &WEIGHTING,
        family: Some(family("name", "weighting", true, weightings, weighting_named)),
    },
    Section { description: &PRUNING, family: Some(RULE) },
    Section { description: &DYNAMICS, family: None },
];

const fn family(
    key: &'static str,
    what: &'static str,
    optional: bool,
    list: fn() -> Vec<Description>,
    canonical: fn(&str) -> Option<String>,
) -> Family {
    Family { key, what, optional, list, common: nothing, canonical }
}

/// The section of this name.
pub(super) fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.description.name == name)
}

/// A parameter that nothing has: what refuses it says under which name it does.
const NO_PARAMETER: (&str, &str) = ("?", "");

fn refused_by(error: &CatalogueError) -> Option<String> {
    match error {
        CatalogueError::Unknown { what: "parameter", name, .. } => Some(name.rsplit_once('.')?.0.to_owned()),
        _ => None,
    }
}

fn of_pacing<T>(outcome: Result<T, PacingError>) -> Option<String> {
    match outcome.err()? {
        PacingError::Catalogue(error) => refused_by(&error),
        _ => None,
    }
}

fn order_named(name: &str) -> Option<String> {
    of_pacing(order_by_name(name, &[NO_PARAMETER], &Given::default()))
}

fn pacing_named(name: &str) -> Option<String> {
    of_pacing(pacing_by_name(name, &[NO_PARAMETER], &Given::default()))
}

/// The samplers of what data of features have: not of lengths in tokens, nor of weights beside the scores.
fn sampler_list() -> Vec<Description> {
    let has = |of: &Description| {
        let inputs = sampler_inputs(of.name).unwrap_or_default();
        !inputs.iter().any(|input| matches!(input, SamplerInput::Lengths | SamplerInput::Weights))
    };
    samplers().into_iter().filter(has).collect()
}

fn sampler_named(name: &str) -> Option<String> {
    of_pacing(sampler_by_name(name, &[NO_PARAMETER], &SamplerInputs::default()))
}

fn weighting_named(name: &str) -> Option<String> {
    of_pacing(weighting_by_name(name, &[NO_PARAMETER], &Given::default()))
}

fn rule_list() -> Vec<Description> {
    rules().map(|rule| rule.method).collect()
}

fn rule_named(name: &str) -> Option<String> {
    match RuleSettings::parse(name, &[NO_PARAMETER]).err()? {
        PruneError::Catalogue(error) => refused_by(&error),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_every_list_is_known_and_no_parameter_hides_a_key() {
        for Section { description, family } in &SECTIONS {
            let Some(Family { key, list, common, canonical, .. }) = family else { continue };
            assert!(description.parameters.iter().any(|parameter| parameter.name == *key), "{}", description.name);
            for method in list() {
                assert_eq!(canonical(method.name).as_deref(), Some(method.name));
                for parameter in method.parameters.iter().chain(common()) {
                    let is_own = description.parameters.iter().any(|own| own.name == parameter.name);
                    assert!(!is_own, "{}.{} is a key of its section, too", method.name, parameter.name);
                }
            }
            assert_eq!(canonical("nonsense"), None);
        }
        assert_eq!(pacing_named("log").as_deref(), Some("logarithmic"));
        assert_eq!(sampler_named("rho").as_deref(), Some("rho-loss"));
    }
}
