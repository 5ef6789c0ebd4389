//! `curriculum schedule`: how much of the data a pacing makes available, step by step.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::bail;
use cl_pacing::{Given, Pacing, never_available, pacing_by_name, pacings};
use cl_study::LineFigure;
use clap::Args;
use serde::{Serialize, Serializer};

use crate::paths;
use crate::{
    named::{List, PacingParameters},
    output::{answer, check_results, check_svg, place, print_beside, save_figure_after},
    output_format::OutputFormat,
    rows::{Field, write_rows},
};

/// Show how much of the data a pacing makes available at each step, and what it never does.
///
/// Step t of T is counted from 0; progress is t / T. The table has `step`, `fraction` (of the data, as the pacing
/// says) and `count` (of the N examples: rounded as the pacing's source does, at least one batch and at most all).
/// Pacings by difficulty (fixed-linear, ...) take the ranks 1 to N for the difficulties. What is never available is
/// told as places of the order, 0 the first that is shown. Neither N nor T costs memory; at most 100,000,000 steps are told
/// and 1,000,000 drawn, of more every K-th.
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum schedule --pacing root --a 0.8 --b 0.2 -n 50000 --steps 39100 --every 391
  curriculum schedule --pacing fixed-exponential --param s=0.04 --param increase=1.9 -n 50000 --steps 2000 -o s.csv
  curriculum schedule --pacing linear --a 1.6 --b 0.1 -n 1000 --steps 400 -o s.csv --plot s.svg
  curriculum schedule --list")]
pub(crate) struct Arguments {
    /// The pacing by name
    #[arg(long, value_name = "NAME", required_unless_present = "list")]
    pacing: Option<String>,
    #[command(flatten)]
    parameters: PacingParameters,
    /// The number of examples
    #[arg(short, long, value_name = "N", required_unless_present = "list")]
    n_examples: Option<usize>,
    /// The budget T: the steps of the whole run
    #[arg(long, value_name = "T", required_unless_present = "list")]
    steps: Option<u64>,
    /// Tell every K-th step
    #[arg(long, value_name = "K", default_value_t = 1)]
    every: u64,
    /// The examples of a batch, below which no count falls
    #[arg(long, value_name = "B", default_value_t = 1)]
    batch_size: usize,
    /// Where to write the table: .csv or .jsonl, - for standard output [default: -, where no --json is asked for]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// The format of OUT, whatever its name: csv or jsonl
    #[arg(long, value_enum, value_name = "NAME", hide_possible_values = true)]
    output_format: Option<OutputFormat>,
    /// Draw it (.svg)
    #[arg(long, value_name = "OUT.svg")]
    plot: Option<PathBuf>,
    /// List the pacings with their parameters
    #[arg(long)]
    list: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    paths::check([], [&arguments.output, &arguments.plot].into_iter().flatten())?;
    if arguments.list {
        return answer(&List(vec![("pacings", pacings())]), arguments.json);
    }
    let (Some(name), Some(n), Some(n_steps)) = (&arguments.pacing, arguments.n_examples, arguments.steps) else {
        bail!("no pacing, no number of examples or no steps");
    };
    for (argument, value) in [
        ("--n-examples", n as u64),
        ("--steps", n_steps),
        ("--every", arguments.every),
        ("--batch-size", arguments.batch_size as u64),
    ] {
        if value == 0 {
            bail!("{argument} is 0, expected at least 1");
        }
    }
    if arguments.batch_size > n {
        bail!("--batch-size is {}, expected at most the number of examples, {n}", arguments.batch_size);
    }
    let standard = Path::new("-");
    // JSON without an output is report and table in one.
    let output = arguments.output.as_deref().or((!arguments.json).then_some(standard));
    let format = OutputFormat::of(output.unwrap_or(standard), arguments.output_format, WRITTEN)?;
    let results = [output, arguments.plot.as_deref()];
    check_results(&results)?;
    if let Some(plot) = &arguments.plot {
        check_svg(plot)?;
    }
    let given = Given { total: n_steps, ranks: Some(n), ..Given::default() };
    let pacing = pacing_by_name(name, &arguments.parameters.pairs(), &given)?;
    let (every, batch_size) = (arguments.every, arguments.batch_size);
    let schedule = Schedule { pacing: &*pacing, n, n_steps, every, batch_size };
    let n_rows = schedule.n_rows();
    if n_rows > MOST_ROWS {
        bail!(
            "--steps is {n_steps}, of which {n_rows} would be told, expected at most {MOST_ROWS}, or a larger --every"
        );
    }
    if let Some(plot) = arguments.plot.as_ref().filter(|_| n_rows > MOST_DRAWN) {
        let plot = plot.display();
        bail!(
            "{plot}: {n_rows} of the {n_steps} --steps to draw, expected at most {MOST_DRAWN}, or a larger --every"
        );
    }
    let never_available = never_available(&*pacing, n, batch_size, n_steps)?;
    let never_available: Vec<(usize, usize)> =
        never_available.iter().map(|range| (range.start, range.end)).collect();
    let report = Report {
        pacing: pacing.to_string(),
        n_examples: n,
        n_steps,
        full_at: pacing.full_at(),
        reaches_full: never_available.is_empty(),
        n_never_available: never_available.iter().map(|(from, to)| to - from).sum(),
        never_available,
        output: arguments.output.as_ref().map(|path| path.display().to_string()),
        plot: arguments.plot.as_ref().map(|path| path.display().to_string()),
        schedule: (arguments.json && arguments.output.is_none()).then_some(&schedule),
    };
    let table = || match output {
        None => Ok(()),
        Some(output) => {
            let row = |row: Row| vec![Field::Count(row.step), row.fraction.into(), row.count.into()];
            write_rows(output, format, &["step", "fraction", "count"], schedule.rows().map(row))
        }
    };
    match &arguments.plot {
        None => table()?,
        Some(plot) => {
            let steps: Vec<f64> = schedule.rows().map(|row| row.step as f64).collect();
            let counts: Vec<f64> = schedule.rows().map(|row| row.count as f64).collect();
            let mut figure =
                LineFigure::new(pacing.to_string(), "step", "examples available").line(name, &steps, &counts);
            if let Some(full_at) = pacing.full_at().filter(|full_at| *full_at <= 1.0) {
                figure = figure.vertical(full_at * n_steps as f64, "all");
            }
            save_figure_after(&figure, plot, (760, 460), table)?;
        }
    }
    match output {
        None => answer(&report, true),
        Some(_) => print_beside(&report, arguments.json, &results),
    }
}

/// The most rows of a table.
const MOST_ROWS: u64 = 100_000_000;

/// The most points of a figure.
const MOST_DRAWN: u64 = 1_000_000;

/// What is written.
const WRITTEN: &[OutputFormat] = &[OutputFormat::Csv, OutputFormat::Jsonl];

#[derive(Clone, Copy)]
struct Schedule<'a> {
    pacing: &'a dyn Pacing,
    n: usize,
    n_steps: u64,
    every: u64,
    batch_size: usize,
}

impl Schedule<'_> {
    fn n_rows(&self) -> u64 {
        self.n_steps.div_ceil(self.every)
    }

    fn rows(&self) -> impl Iterator<Item = Row> {
        (0..self.n_rows()).map(|row| self.row(row * self.every))
    }

    fn row(&self, step: u64) -> Row {
        let progress = step as f64 / self.n_steps as f64;
        let count = self.pacing.available(progress, self.n, self.batch_size).len();
        Row { step, fraction: self.pacing.fraction(progress), count }
    }
}

/// Row by row, none of which is kept.
impl Serialize for Schedule<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.rows())
    }
}

#[derive(Serialize)]
struct Row {
    step: u64,
    fraction: f64,
    count: usize,
}

#[derive(Serialize)]
struct Report<'a> {
    pacing: String,
    n_examples: usize,
    n_steps: u64,
    /// The progress from which on all are available; above 1 it is out of reach.
    full_at: Option<f64>,
    /// Whether every place of the order is available at some step.
    reaches_full: bool,
    n_never_available: usize,
    /// From and to, the latter excluded.
    never_available: Vec<(usize, usize)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plot: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<&'a Schedule<'a>>,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pacing, n_examples, n_steps, .. } = self;
        writeln!(formatter, "{pacing}: {n_examples} examples, {n_steps} steps")?;
        match self.full_at {
            Some(full_at) if full_at <= 1.0 => {
                let step = (full_at * *n_steps as f64 - 1e-9).ceil().max(0.0);
                writeln!(formatter, "all data from step {step} on")?;
            }
            Some(full_at) => writeln!(formatter, "all data at {full_at} times the budget: never within it")?,
            None => writeln!(formatter, "never all data at once")?,
        }
        if !self.never_available.is_empty() {
            let n = self.n_never_available;
            write!(formatter, "never available: {n} of {n_examples}, the places ")?;
            for (at, (from, to)) in self.never_available.iter().enumerate() {
                write!(formatter, "{}{from}..{to}", if at > 0 { ", " } else { "" })?;
            }
            writeln!(formatter, " of the order")?;
        }
        for path in [&self.output, &self.plot].into_iter().flatten() {
            writeln!(formatter, "written to {}", place(path))?;
        }
        Ok(())
    }
}
