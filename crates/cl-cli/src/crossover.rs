//! `curriculum crossover`: prune curves of a saved study, and where methods fall below chance.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use cl_data::io::{malformed, open, with_expected};
use cl_study::{Crossing, Crossover, CrossoverSettings, EqualBudget, PruneCurves, PruneStudy, shown};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::output::{
    check_results, check_svg, left, new_table, place, print_beside, right, save_figure_after, written,
};
use crate::output_format::OutputFormat;
use crate::paths;

/// Draw and tabulate a prune study: accuracy against the part kept, and where each method falls below the control.
///
/// STUDY is a prune study as `cl-study` saves it (JSON): methods x fractions x seeds with random and stratified
/// random among the methods, at equal updates, equal epochs or both. A crossover is the part of the data kept at
/// which a method's mean falls below the control's, between the fractions measured by linear interpolation; its
/// interval is a bootstrap over seeds, expanded for their number and still too narrow for fewer than
/// five. Where there is none it says on which side.
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum crossover study.json
  curriculum crossover study.json --equal epochs -o curves.svg --csv curves.csv
  curriculum crossover study.json --control \"stratified random\" --crossing stays --json")]
pub(crate) struct Arguments {
    /// The study (.json), or - for standard input
    study: PathBuf,
    /// At equal what; without it the first of the study is drawn, and all are tabulated
    #[arg(long, value_enum, value_name = "WHAT")]
    equal: Option<Equal>,
    /// What the methods are compared with
    #[arg(long, value_name = "METHOD", default_value = PruneStudy::RANDOM)]
    control: String,
    /// Which of several crossings counts
    #[arg(long, value_enum, default_value_t = Which::First)]
    crossing: Which,
    /// By how much a method must be below the control
    #[arg(long, value_name = "MARGIN", default_value_t = 0.0)]
    margin: f64,
    /// How often the seeds are resampled, from 100 to 10000000
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    resamples: usize,
    /// The level of the intervals
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    level: f64,
    /// The seed of the resamples
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The figure to write (.svg)
    #[arg(short, long, value_name = "OUT.svg")]
    output: Option<PathBuf>,
    /// A row per method and fraction: accuracy, difference, class balance, wrong labels, cost
    #[arg(long, value_name = "FILE.csv")]
    csv: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Equal {
    Updates,
    Epochs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// The first from the full data
    First,
    /// The one after which it stays below
    Stays,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    paths::check([&arguments.study], [&arguments.output, &arguments.csv].into_iter().flatten())?;
    if let Some(output) = &arguments.output {
        check_svg(output)?;
    }
    if let Some(csv) = &arguments.csv {
        OutputFormat::of(csv, None, &[OutputFormat::Csv])?;
    }
    let results = [arguments.output.as_deref(), arguments.csv.as_deref()];
    check_results(&results)?;
    let of_study = || arguments.study.display().to_string();
    let curves = read_study(&arguments.study)?;
    let study = curves.study();
    let budgets = match arguments.equal {
        Some(Equal::Updates) => vec![EqualBudget::Updates],
        Some(Equal::Epochs) => vec![EqualBudget::Epochs],
        None => study.budgets.clone(),
    };
    let settings = CrossoverSettings {
        crossing: match arguments.crossing {
            Which::First => Crossing::First,
            Which::Stays => Crossing::Stays,
        },
        n_resamples: arguments.resamples,
        level: arguments.level,
        seed: arguments.seed,
        margin: arguments.margin,
    };
    let mut crossovers = Vec::new();
    for &budget in &budgets {
        for method in study.methods.iter().filter(|method| **method != arguments.control) {
            crossovers
                .push(curves.crossover(method, &arguments.control, budget, &settings).with_context(of_study)?);
        }
    }
    let mut tables = Vec::new();
    for &budget in &budgets {
        tables.push((budget, curves.table(budget, &arguments.control).with_context(of_study)?));
    }
    let table = || {
        let Some(csv) = &arguments.csv else { return Ok(()) };
        written(csv, |writer| {
            for (at, (budget, table)) in tables.iter().enumerate() {
                for (row, line) in table.to_csv().lines().enumerate() {
                    match (at, row) {
                        (0, 0) => writeln!(writer, "equal,{line}")?,
                        (_, 0) => {}
                        _ => writeln!(writer, "{budget},{line}")?,
                    }
                }
            }
            Ok(())
        })
    };
    match (&arguments.output, budgets.first()) {
        (Some(output), Some(&budget)) => {
            let mut figure = curves.figure(budget)?;
            for crossover in crossovers.iter().filter(|crossover| crossover.budget == budget) {
                if let Some(fraction) = crossover.at.fraction() {
                    figure = figure.vertical(fraction, format!("{} {}", crossover.method, crossover.at));
                }
            }
            save_figure_after(&figure, output, (900, 560), table)?;
        }
        _ => table()?,
    }
    let curves_shown = tables
        .iter()
        .map(|(budget, table)| Curves { equal: *budget, rows: table.to_json(), text: table.to_terminal(160) })
        .collect();
    let shown = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let report = Report {
        study: study.name.clone(),
        n_seeds: study.seeds.len(),
        n_failed: curves.failed().count(),
        control: arguments.control.clone(),
        crossovers,
        curves: curves_shown,
        figure: shown(&arguments.output),
        table: shown(&arguments.csv),
    };
    print_beside(&report, arguments.json, &results)
}

/// The most bytes of a compressed study, tens of thousands of runs: a small file may hold any number.
const MAX_BYTES: u64 = 16 << 20;

fn read_study(path: &Path) -> anyhow::Result<PruneCurves> {
    let mut input = open(path)?;
    let most = usize::try_from(input.n_bytes().unwrap_or(MAX_BYTES)).unwrap_or(usize::MAX);
    let bytes = input.read_up_to(most.saturating_add(1))?;
    if bytes.len() > most {
        let problem = format!("more than {} MiB, expected a compressed study of at most as many", most >> 20);
        return Err(malformed(path, "", problem).into());
    }
    let expected = "a prune study as `cl-study` saves it";
    serde_json::from_slice(&bytes).map_err(|error| malformed(path, "", with_expected(error, expected)).into())
}

#[derive(Serialize)]
struct Report {
    study: String,
    n_seeds: usize,
    n_failed: usize,
    control: String,
    crossovers: Vec<Crossover>,
    curves: Vec<Curves>,
    #[serde(skip_serializing_if = "Option::is_none")]
    figure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<String>,
}

#[derive(Serialize)]
struct Curves {
    equal: EqualBudget,
    rows: serde_json::Value,
    #[serde(skip)]
    text: String,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { study, n_seeds, n_failed, control, .. } = self;
        let (study, control) = (shown::name(study), shown::name(control));
        writeln!(formatter, "{study}: {n_seeds} seeds, {n_failed} runs failed")?;
        for Curves { equal, text, .. } in &self.curves {
            writeln!(formatter, "\nat equal {equal}\n{text}")?;
        }
        writeln!(formatter, "\npart kept at which a method falls below {control}")?;
        let level = self.crossovers.first().map_or(String::new(), |one| format!("{} %", one.level * 100.0));
        let mut table = new_table(&["method", "equal", "at", &format!("{level} interval"), "never", "seeds"]);
        for one in &self.crossovers {
            let interval = match one.interval {
                None => "one seed".to_owned(),
                Some([low, high]) if low == high && low.fraction().is_none() => String::new(),
                Some([low, high]) => format!("{low} to {high}"),
            };
            let never = format!("{:.1} %", one.never_below * 100.0);
            let cells = [one.method.clone(), one.budget.to_string()].map(left);
            let numbers = [one.at.to_string(), interval, never, one.n_seeds.to_string()].map(right);
            table.add_row(cells.into_iter().chain(numbers));
        }
        writeln!(formatter, "{table}")?;
        for path in [&self.figure, &self.table].into_iter().flatten() {
            writeln!(formatter, "written to {}", place(path))?;
        }
        Ok(())
    }
}
