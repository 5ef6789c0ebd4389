//! Section 5: does the order matter? The study of Wu, Dyer and Neyshabur (2021) in full.

mod balance;
mod claims;
mod comparison;
mod design;
mod figures;
mod grid;
mod imbalance;
mod network;
mod problem;
mod report;
mod study;
mod training;

use anyhow::Result;

use crate::{
    claim::{Measurement, Part},
    experiment::{Context, Experiment, Findings},
};
use claims::{CLASSES, CONTROL, NO_ORDER, NOISE, RUNS, SHORT, SHORT_ANTI};
use design::{Design, N_SEEDS, N_STANDARD};
use grid::{A, B, Strategy};
use problem::Source;

/// Every order with every pacing function against plain training that was tried as often.
pub(super) static ORDERINGS: Experiment = Experiment {
    id: "orderings",
    section: "5",
    question: "Is any order of the examples better than a random one, once luck is accounted for?",
    claims: &[RUNS, NO_ORDER, SHORT, SHORT_ANTI, NOISE, CONTROL, CLASSES],
    run,
};

fn run(context: &Context<'_>) -> Result<Findings> {
    let mut findings = Findings::default();
    let n_strategies = Strategy::grid(&A, &B).len();
    findings.measure(RUNS.id, Part::Real, "the paper's design, for each data set and setting", {
        let n_runs = n_strategies as u64 * N_SEEDS + N_STANDARD;
        Measurement::Number { value: n_runs as f64 }
    });
    let digits = Source::digits()?;
    Design::digits(context).run(&mut findings, context, &digits)?;
    imbalance::run(&mut findings, context, &digits)?;
    if let Some(data_dir) = context.data_dir.as_ref().filter(|dir| dir.folder("fashion-mnist").is_some()) {
        Design::fashion_mnist(context).run(&mut findings, context, &Source::fashion_mnist(data_dir)?)?;
    }
    Ok(findings)
}
