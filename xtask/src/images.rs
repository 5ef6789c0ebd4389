//! `cargo xtask images`: what the papers say of CIFAR-10, asked with a small convolutional network on all of it.
//!
//! Three studies, each with a journal in which every run stands as it ends: scores from training on everything, under the
//! labels of the data set and those that people gave; training without some of the examples; and easy first in a tenth of
//! the time. `results.json` and `run.json` beside the journals say what came out, when, of which commit and on what.

mod problem;
mod pruning;
mod report;
mod scores;
mod short;
mod training;

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use cl_data::io::write_atomically;
use cl_study::Table;
use clap::Args;

use self::problem::{Problem, Studies};
use crate::{
    experiment::FIRST_SEED,
    run_record::{Clock, run_record},
};

/// Arguments of `cargo xtask images`.
#[derive(Args, Debug, Clone)]
pub struct Images {
    /// Folder with `cifar-10-batches-bin/` and `cifar-10n/`.
    #[arg(long, value_name = "DIR")]
    pub data_dir: PathBuf,

    /// Folder for the journals, results.json, run.json and table.md: what was run there is not run again.
    #[arg(long, value_name = "DIR", default_value = "target/images")]
    pub journal: PathBuf,

    /// Seeds of every arm.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(2..=100))]
    pub seeds: u64,

    /// Epochs of training on everything; every other arm makes as many updates.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u64).range(4..=1000))]
    pub epochs: u64,

    /// The first so many images of the training and of the test set alone, for a first look.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(128..))]
    pub images: Option<u64>,

    /// Runs at a time; one per core where it is left out.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
}

/// Runs the three studies, or goes on with them, and prints their tables.
///
/// # Errors
/// Where the data cannot be read, the folder cannot be written, a journal is of other settings, or a run fails.
pub fn images(arguments: &Images) -> Result<()> {
    std::fs::create_dir_all(&arguments.journal)
        .with_context(|| format!("{}: the folder cannot be written", arguments.journal.display()))?;
    let n = arguments.images.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    let seeds = (FIRST_SEED..FIRST_SEED + arguments.seeds).collect();
    let problem = Problem::read(&arguments.data_dir, n, arguments.epochs, seeds)?;
    let clock = Clock::start(&arguments.journal)?;
    let studies = Studies { journals: arguments.journal.clone(), jobs: arguments.jobs.map(usize::from) };
    let scores = scores::Scores::measure(&problem, &studies)?;
    let pruned = pruning::pruning(&problem, &scores, &studies)?;
    let short = short::short(&problem, &scores, &studies)?;
    let tables = report::tables(&problem, &scores, &pruned, &short)?;

    let write = |name: &str, text: String| {
        let path = arguments.journal.join(name);
        write_atomically(&path, |file| file.write_all(text.as_bytes())).with_context(|| path.display().to_string())
    };
    let json = |tables: &[(String, Table)]| {
        let tables = tables.iter().map(|(title, table)| (title.clone(), table.to_json()));
        serde_json::to_string_pretty(&tables.collect::<serde_json::Map<_, _>>())
    };
    write("results.json", json(&tables)? + "\n")?;
    let markdown = tables.iter().map(|(title, table)| format!("{title}\n\n{}\n", table.to_markdown()));
    write("table.md", markdown.collect())?;
    run_record(&arguments.journal, clock.stop()?)?;
    for (title, table) in &tables {
        println!("{title}\n{}", table.to_terminal(140));
    }
    Ok(())
}
