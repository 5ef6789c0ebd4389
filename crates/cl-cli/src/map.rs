//! `curriculum map`: Dataset Cartography's data map.

use std::fmt;
use std::path::PathBuf;

use anyhow::bail;
use cl_data::random;
use cl_difficulty::table::Table;
use cl_study::ScatterFigure;
use clap::Args;
use serde::Serialize;

use crate::output::{check_svg, print, save_figure};

/// Draw the data map of a file of scores: variability against confidence, coloured by correctness.
///
/// Examples at the top left are easy to learn, those at the bottom left hard to learn or mislabelled, those at
/// the right ambiguous (Swayamdipta et al. 2020).
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum score run/ --metric confidence,variability,correctness -o scores.csv
  curriculum map scores.csv -o map.svg")]
pub(crate) struct Arguments {
    /// The scores: columns `confidence`, `variability` and `correctness`
    file: PathBuf,
    /// The figure to write (.svg)
    #[arg(short, long, value_name = "OUT.svg")]
    output: PathBuf,
    /// Draw at most so many examples, chosen at random
    #[arg(long, value_name = "N", default_value_t = 25_000)]
    max_points: usize,
    /// The seed of that choice
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    check_svg(&arguments.output)?;
    if arguments.max_points == 0 {
        bail!("--max-points is 0, expected at least 1");
    }
    let file = Table::read(&arguments.file)?;
    let [variability, confidence, correctness] =
        ["variability", "confidence", "correctness"].map(|name| file.column(name));
    let (variability, confidence, correctness) = (variability?, confidence?, correctness?);
    let n_examples = variability.values.len();
    let mut shown: Vec<usize> = (0..n_examples).collect();
    if n_examples > arguments.max_points {
        let mut rng = random::stream(arguments.seed, "points of the data map", 0);
        shown = random::permutation(&mut rng, n_examples);
        shown.truncate(arguments.max_points);
    }
    let points: Vec<_> = shown.iter().map(|&i| (variability.values[i], confidence.values[i])).collect();
    let right: Vec<_> = shown.iter().map(|&i| correctness.values[i]).collect();
    let n_shown = shown.len();
    let name = arguments.file.file_name().unwrap_or_default().to_string_lossy();
    let title = match n_shown == n_examples {
        true => format!("Data map of {name} ({n_examples} examples)"),
        false => format!("Data map of {name} ({n_shown} of {n_examples} examples)"),
    };
    let figure = ScatterFigure::new(title, "variability", "confidence").valued(
        "examples",
        &points,
        &right,
        "correctness (epochs right)",
    );
    save_figure(&figure, &arguments.output, 900, 640)?;
    let output = arguments.output.display().to_string();
    print(&Report { output, n_examples, n_shown }, arguments.json)
}

#[derive(Serialize)]
struct Report {
    output: String,
    n_examples: usize,
    n_shown: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { output, n_examples, n_shown } = self;
        writeln!(formatter, "{n_shown} of {n_examples} examples drawn to {output}")
    }
}
