//! `curriculum schedule`: how much of the data a pacing makes available, step by step.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::bail;
use cl_pacing::{Given, Pacing, pacing_by_name, pacings};
use cl_study::LineFigure;
use clap::Args;
use serde::Serialize;

use crate::paths;
use crate::{
    named::{List, PacingParameters},
    output::{answer, check_results, check_svg, place, print_beside, save_figure},
    output_format::OutputFormat,
    rows::{Field, write_rows},
};

/// Show how much of the data a pacing makes available at each step, and what it never does.
///
/// Step t of T is counted from 0; progress is t / T. The table has `step`, `fraction` (of the data, as the pacing
/// says) and `count` (of the N examples: rounded as the pacing's source does, at least one batch and at most all).
/// Pacings by difficulty (fixed-linear, ...) take the ranks 1 to N for the difficulties. What is never available is
/// told as places of the order, 0 the first that is shown.
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
    let ranks: Vec<f64> = (1..=n).map(|rank| rank as f64).collect();
    let given = Given { total: n_steps, difficulty: Some(&ranks), ..Given::default() };
    let pacing = pacing_by_name(name, &arguments.parameters.pairs(), &given)?;
    let schedule = Schedule { pacing: &*pacing, n, n_steps, batch_size: arguments.batch_size };

    let rows: Vec<Row> = (0..n_steps).step_by(arguments.every as usize).map(|step| schedule.row(step)).collect();
    let never_available = schedule.never_available();
    if let Some(plot) = &arguments.plot {
        let steps: Vec<f64> = rows.iter().map(|row| row.step as f64).collect();
        let counts: Vec<f64> = rows.iter().map(|row| row.count as f64).collect();
        let mut figure =
            LineFigure::new(pacing.to_string(), "step", "examples available").line(name, &steps, &counts);
        if let Some(full_at) = pacing.full_at().filter(|full_at| *full_at <= 1.0) {
            figure = figure.vertical(full_at * n_steps as f64, "all");
        }
        save_figure(&figure, plot, 760, 460)?;
    }
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
        schedule: (arguments.json && arguments.output.is_none()).then_some(rows.clone()),
    };
    let Some(output) = output else { return answer(&report, true) };
    let row = |row: &Row| vec![Field::Count(row.step), row.fraction.into(), row.count.into()];
    write_rows(output, format, &["step", "fraction", "count"], rows.iter().map(row))?;
    print_beside(&report, arguments.json, &results)
}

/// What is written.
const WRITTEN: &[OutputFormat] = &[OutputFormat::Csv, OutputFormat::Jsonl];

struct Schedule<'a> {
    pacing: &'a dyn Pacing,
    n: usize,
    n_steps: u64,
    batch_size: usize,
}

impl Schedule<'_> {
    fn progress(&self, step: u64) -> f64 {
        step as f64 / self.n_steps as f64
    }

    fn row(&self, step: u64) -> Row {
        let progress = self.progress(step);
        let count = self.pacing.available(progress, self.n, self.batch_size).len();
        Row { step, fraction: self.pacing.fraction(progress), count }
    }

    /// The places of the order that are available at no step, as ranges.
    fn never_available(&self) -> Vec<(usize, usize)> {
        // How many steps begin and end to show each place.
        let mut change = vec![0i64; self.n + 1];
        for step in 0..self.n_steps {
            let available = self.pacing.available(self.progress(step), self.n, self.batch_size);
            change[available.start] += 1;
            change[available.end] -= 1;
        }
        let (mut ranges, mut shown) = (Vec::<(usize, usize)>::new(), 0);
        for (place, change) in change[..self.n].iter().enumerate() {
            shown += change;
            match ranges.last_mut() {
                _ if shown > 0 => {}
                Some((_, end)) if *end == place => *end = place + 1,
                _ => ranges.push((place, place + 1)),
            }
        }
        ranges
    }
}

#[derive(Clone, Copy, Serialize)]
struct Row {
    step: u64,
    fraction: f64,
    count: usize,
}

#[derive(Serialize)]
struct Report {
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
    schedule: Option<Vec<Row>>,
}

impl fmt::Display for Report {
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
            let ranges: Vec<String> =
                self.never_available.iter().map(|(from, to)| format!("{from}..{to}")).collect();
            let (n, ranges) = (self.n_never_available, ranges.join(", "));
            writeln!(formatter, "never available: {n} of {n_examples}, the places {ranges} of the order")?;
        }
        for path in [&self.output, &self.plot].into_iter().flatten() {
            writeln!(formatter, "written to {}", place(path))?;
        }
        Ok(())
    }
}
