//! The schedules of the learning rate, by name.

use cl_data::catalogue::{CatalogueError, Description, Options, Parameter, find};
use cl_model::{Cosine, Exponential, LearningRate, Plateau, Step, WarmUp};
use serde::{Deserialize, Serialize};

use super::fault::named;
use crate::error::LabError;

/// What any schedule may begin with.
pub(super) static SCHEDULE: Description = Description {
    name: "schedule",
    summary: "where the learning rate goes",
    parameters: &[
        Parameter::with_default("name", "the schedule", "cosine"),
        Parameter::with_default("warm_up", "the epochs in which it first climbs to the learning rate", "0"),
        Parameter::with_default("warm_up_start", "the share of it that it climbs from, in (0, 1]", "0.1"),
    ],
};

/// Where the learning rate goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Schedule {
    Plain(Rate),
    WarmUp(WarmUp<Rate>),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Rate {
    Constant(f64),
    Cosine(Cosine),
    Step(Step),
    Exponential(Exponential),
}

impl LearningRate for Rate {
    fn at(&self, step: u64) -> f64 {
        match self {
            Self::Constant(rate) => *rate,
            Self::Cosine(cosine) => cosine.at(step),
            Self::Step(step_wise) => step_wise.at(step),
            Self::Exponential(exponential) => exponential.at(step),
        }
    }
}

impl LearningRate for Schedule {
    fn at(&self, step: u64) -> f64 {
        match self {
            Self::Plain(rate) => rate.at(step),
            Self::WarmUp(warm_up) => warm_up.at(step),
        }
    }
}

/// What a schedule is made for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Length {
    /// The learning rate at first.
    pub(super) learning_rate: f64,
    /// The updates of the run.
    pub(super) n_updates: u64,
    /// The updates of an epoch.
    pub(super) per_epoch: u64,
}

/// A schedule with the factor that validation decides about, where it is a plateau.
pub(super) struct Made {
    pub(super) schedule: Schedule,
    pub(super) plateau: Option<Plateau>,
}

/// Makes a rate of its options for a length, with the factor that validation decides about.
type Make = fn(&mut Options, Length) -> Result<(Rate, Option<Plateau>), LabError>;

/// A schedule of the list.
struct Entry {
    description: Description,
    make: Make,
}

static SCHEDULES: &[Entry] = &[
    Entry {
        description: Description { name: "constant", summary: "nowhere", parameters: &[] },
        make: |_, of| Ok((Rate::Constant(of.learning_rate), None)),
    },
    Entry {
        description: Description {
            name: "cosine",
            summary: "along half a cosine, to the end of the run",
            parameters: &[Parameter::with_default(
                "last",
                "the share of it that is left at the end, in [0, 1]",
                "0",
            )],
        },
        make: |o, of| {
            let is_share = |share: &f64| (0.0..=1.0).contains(share);
            let last: f64 = o.number_in("last", is_share, "a share in [0, 1]").map_err(named)?;
            Ok((Rate::Cosine(Cosine::new(of.learning_rate, last * of.learning_rate, of.n_updates)?), None))
        },
    },
    Entry {
        description: Description {
            name: "step",
            summary: "down by a factor every so many epochs",
            parameters: &[
                Parameter::with_default("period", "the epochs from one step to the next, at least 1", "10"),
                Parameter::with_default("factor", "the factor, in (0, 1]", "0.5"),
            ],
        },
        make: |o, of| {
            let period =
                o.number_in("period", |n: &u64| *n >= 1, "a whole number of at least 1").map_err(named)?;
            let factor = o.number("factor").map_err(named)?;
            Ok((Rate::Step(Step::new(of.learning_rate, of.per_epoch.saturating_mul(period), factor)?), None))
        },
    },
    Entry {
        description: Description {
            name: "exponential",
            summary: "down by the same factor at every update",
            parameters: &[Parameter::with_default("factor", "the factor of an epoch, in (0, 1]", "0.95")],
        },
        make: |o, of| {
            let is_factor = |factor: &f64| *factor > 0.0 && *factor <= 1.0;
            let factor: f64 = o.number_in("factor", is_factor, "a number in (0, 1]").map_err(named)?;
            let of_update = factor.powf(1.0 / of.per_epoch as f64);
            Ok((Rate::Exponential(Exponential::new(of.learning_rate, of_update)?), None))
        },
    },
    Entry {
        description: Description {
            name: "plateau",
            summary: "down by a factor where the validation loss does not fall any more",
            parameters: &[
                Parameter::with_default("factor", "the factor, in (0, 1]", "0.5"),
                Parameter::with_default("patience", "the epochs without a lower loss that are endured", "2"),
                Parameter::with_default(
                    "least",
                    "the share of the learning rate that it stops at, in [0, 1]",
                    "0",
                ),
            ],
        },
        make: |o, of| {
            let (factor, patience) = (o.number("factor").map_err(named)?, o.number("patience").map_err(named)?);
            let plateau = Plateau::new(1.0, factor, patience, o.number("least").map_err(named)?)?;
            Ok((Rate::Constant(of.learning_rate), Some(plateau)))
        },
    },
];

fn entry(name: &str) -> Result<&'static Entry, CatalogueError> {
    find("schedule", SCHEDULES, |entry| &entry.description, &[], name)
}

/// Every schedule.
pub(super) fn schedules() -> Vec<Description> {
    SCHEDULES.iter().map(|entry| entry.description).collect()
}

/// The name of the schedule that is also called `name`.
pub(super) fn schedule_named(name: &str) -> Option<String> {
    entry(name).ok().map(|entry| entry.description.name.to_owned())
}

/// The schedule `name` over the run, after the warm-up that the section's own `options` say.
///
/// # Errors
/// On an unknown name or parameter, a parameter out of its domain, and a warm-up that is no shorter than the run.
pub(super) fn schedule_by_name(
    name: &str,
    parameters: &[(&str, &str)],
    own: &mut Options,
    of: Length,
) -> Result<Made, LabError> {
    let entry = entry(name).map_err(named)?;
    let mut options = Options::new(&entry.description, parameters).map_err(named)?;
    let is_length = |epochs: &f64| epochs.is_finite() && *epochs >= 0.0;
    let epochs: f64 = own.number_in("warm_up", is_length, "a number of epochs, at least 0").map_err(named)?;
    let is_share = |share: &f64| *share > 0.0 && *share <= 1.0;
    let start = own.number_in("warm_up_start", is_share, "a share in (0, 1]").map_err(named)?;
    // Half an update is none yet.
    let n_first = (epochs * of.per_epoch as f64).round() as u64;
    if n_first >= of.n_updates {
        return Err(named(own.invalid("warm_up", "fewer epochs than the run has")));
    }
    let (rate, plateau) = (entry.make)(&mut options, Length { n_updates: of.n_updates - n_first, ..of })?;
    let schedule = match n_first {
        0 => Schedule::Plain(rate),
        _ => Schedule::WarmUp(WarmUp::new(n_first, start, rate)?),
    };
    Ok(Made { schedule, plateau })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(name: &str, parameters: &[(&str, &str)], own: &[(&str, &str)]) -> Result<Made, LabError> {
        let mut own = Options::new(&SCHEDULE, own).unwrap();
        schedule_by_name(name, parameters, &mut own, Length { learning_rate: 0.2, n_updates: 100, per_epoch: 10 })
    }

    #[test]
    fn schedules_count_in_epochs() {
        let at = |made: Made, step| made.schedule.at(step);
        assert_eq!(at(made("step", &[("period", "2"), ("factor", "0.5")], &[]).unwrap(), 20), 0.1);
        let factor = at(made("exponential", &[("factor", "0.25")], &[]).unwrap(), 10) / 0.2;
        assert!((factor - 0.25).abs() < 1e-12);
        // The cosine takes what the warm-up leaves.
        let warm = made("cosine", &[("last", "0.5")], &[("warm_up", "2"), ("warm_up_start", "0.5")]).unwrap();
        let rates = [0, 20, 60, 100].map(|step| warm.schedule.at(step));
        let expected = [0.1, 0.2, 0.15, 0.1];
        assert!(rates.iter().zip(expected).all(|(rate, expected)| (rate - expected).abs() < 1e-12), "{rates:?}");
        let error = made("cosine", &[], &[("warm_up", "10")]).err().unwrap().to_string();
        assert!(error.contains("fewer epochs than the run has"), "{error}");
        assert!(made("plateau", &[], &[]).unwrap().plateau.is_some());
    }
}
