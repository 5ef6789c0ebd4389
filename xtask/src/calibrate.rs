//! `cargo xtask calibrate`: every judge is given simulated results of known truth, and whole experiments without a
//! treatment; how often intervals hold the truth and how often verdicts are false or missed.

mod best_of_many;
mod differences;
mod others;
mod percent;
mod placebo;
mod reports;
mod splits;
mod values;

use std::io::Write as _;

use anyhow::Result;
use cl_study::{Table, shown};
use clap::Args;

use crate::progress::Bar;

pub use best_of_many::{BestOfMany, best_of_many};
pub use differences::{Cell as DifferenceCell, Design, difference};
pub use others::{correlation_coverage, other_evidence, ratio_coverage};
pub use placebo::{Placebo, placebo};
pub use reports::{ReportRates, reports};
pub use splits::{SplitCoverage, real_splits};
pub use values::Kind;

/// Arguments of `cargo xtask calibrate`.
#[derive(Args, Debug, Clone)]
pub struct Calibrate {
    /// Simulated studies of each kind.
    #[arg(long, value_name = "N", default_value_t = 4_000, value_parser = clap::value_parser!(u64).range(100..=1_000_000))]
    pub trials: u64,

    /// Times that the arms of whole experiments are exchanged.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub exchanges: u64,
}

/// Simulates and prints.
///
/// # Errors
/// Where an experiment of the placebo part fails.
pub fn calibrate(arguments: &Calibrate) -> Result<()> {
    let trials = arguments.trials;
    let bar = Bar::new("calibrate");
    section(
        "Differences, in points of accuracy: spread 1, margin 0.5. `before` is Student's interval over the values alone; now \
         it allows for what splits share (n_test / n_train = 1/4), and verdicts ask the ranks, too. Coverage is of the true \
         mean, that of ranks of the true pseudo-median; where some runs collapse the two differ, and a verdict is about the \
         latter.",
        &differences::table(trials, &bar)?,
    )?;
    section(
        "Accuracies of two classifiers over 20 splits of one data set of 450, against the truth over data sets:",
        &splits::table(trials.min(1_000), &bar)?,
    )?;
    section("Ratios of times and correlations: coverage of the true value.", &others::table(trials, &bar)?)?;
    section("Other evidence: coverage of the true value.", &others::others_table(trials, &bar)?)?;
    section(
        "The best of 180 strategies, all of the same truth. `before` is the best mean of three less the best of as many means \
         of plain training; now it is chosen by validation and judged on 20 fresh splits.",
        &best_of_many::table((trials / 10).max(100), &bar)?,
    )?;
    section(
        "Reports of 60 claims with 3 conditions each, or 22 of some, a tenth of which are true: false verdicts among those decided, and \
         claims with any false verdict.",
        &reports::table((trials / 10).max(100), &bar)?,
    )?;
    section(
        "Whole experiments whose arms are exchanged at random in each repetition, so that no difference is true: measurements \
         of which anything but no effect is said.",
        &placebo::table(arguments.exchanges, &bar)?,
    )?;
    bar.clear();
    Ok(())
}

fn section(text: &str, table: &Table) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let words: Vec<&str> = text.split_whitespace().collect();
    writeln!(out, "{}\n\n{}", words.join(" "), shown::lines(&table.to_markdown()))?;
    Ok(())
}
