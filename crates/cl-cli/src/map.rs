//! `curriculum map`: Dataset Cartography's data map.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::bail;
use cl_data::io::{NpzReader, Signature, TableReader};
use cl_data::random;
use cl_difficulty::MetricSettings;
use cl_difficulty::log::{self, Scoring};
use cl_difficulty::table::Table;
use cl_study::ScatterFigure;
use clap::Args;
use serde::Serialize;

use crate::dynamics::InputOptions;
use crate::output::{check_svg, note, place, print_beside, save_figure};
use crate::paths;
use crate::progress::Bar;

/// Draw the data map of a log or of scores: variability against confidence, coloured by correctness.
///
/// Examples at the top left are easy to learn, those at the bottom left hard to learn or mislabelled, those at
/// the right ambiguous (Swayamdipta et al. 2020).
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum score run/ --metric confidence,variability,correctness -o scores.csv
  curriculum map scores.csv -o map.svg
  curriculum map run/ -o map.svg")]
pub(crate) struct Arguments {
    /// What `curriculum score` takes (several are several runs), or scores with columns `confidence`, `variability` and `correctness`
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    options: InputOptions,
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
    paths::check(arguments.files.iter().chain(arguments.options.files()), [&arguments.output])?;
    check_svg(&arguments.output)?;
    if arguments.max_points == 0 {
        bail!("--max-points is 0, expected at least 1");
    }
    let [variability, confidence, correctness] = coordinates(arguments)?;
    let n_examples = variability.len();
    let mut shown: Vec<usize> = (0..n_examples).collect();
    if n_examples > arguments.max_points {
        let mut rng = random::stream(arguments.seed, "points of the data map", 0);
        shown = random::permutation(&mut rng, n_examples);
        shown.truncate(arguments.max_points);
    }
    let points: Vec<_> = shown.iter().map(|&i| (variability[i], confidence[i])).collect();
    let right: Vec<_> = shown.iter().map(|&i| correctness[i]).collect();
    let n_shown = shown.len();
    let name = arguments.files[0].file_name().unwrap_or_default().to_string_lossy();
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
    print_beside(&Report { output, n_examples, n_shown }, arguments.json, &[Some(&arguments.output)])
}

/// The map's coordinates: columns of scores, or scores of a log.
fn coordinates(arguments: &Arguments) -> anyhow::Result<[Vec<f64>; 3]> {
    const NAMES: [&str; 3] = ["variability", "confidence", "correctness"];
    let Arguments { files, options, .. } = arguments;
    if let [file] = &files[..]
        && is_table_of_scores(file, options, &NAMES)?
    {
        let table = Table::read_with(file, &options.log.table.read_options())?;
        let [variability, confidence, correctness] = NAMES.map(|name| table.column(name));
        return Ok([variability?, confidence?, correctness?].map(|column| column.values.clone()));
    }
    let metrics = NAMES.map(|name| MetricSettings::parse(name, &[]));
    let metrics: Vec<MetricSettings> = metrics.into_iter().collect::<Result<_, _>>()?;
    let mut runs = options.open(files)?;
    let n_columns = runs.len().min(2);
    let mut bar = Bar::of_runs(&runs);
    let scored = log::score_runs(&mut runs, &metrics, &Scoring::default(), options.missing(), &mut bar)?;
    drop(bar);
    scored.notes.iter().for_each(|text| note(&text.text));
    // Each is followed by its spread, where there are several runs.
    let column = |at: usize| scored.columns[at * n_columns].values.to_floats();
    Ok([column(0), column(1), column(2)])
}

/// Whether a file has a column, or an archive a member, of one of these names: seen before anything is read.
fn is_table_of_scores(file: &Path, options: &InputOptions, names: &[&str]) -> anyhow::Result<bool> {
    let has = |found: &[String]| names.iter().any(|name| found.iter().any(|found| found == name));
    if file.is_dir() {
        return Ok(false);
    }
    Ok(match Signature::of(file)? {
        Signature::Npy => false,
        Signature::Npz => has(NpzReader::open(file)?.names()),
        _ => has(TableReader::open(file, &options.log.table.table())?.columns()),
    })
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
        writeln!(formatter, "{n_shown} of {n_examples} examples drawn to {}", place(output))
    }
}
