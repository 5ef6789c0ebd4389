//! `curriculum advise`: one page of advice on one's own data.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use cl_data::io::{Array, ArrayData, ids_data, write_npz};
use cl_difficulty::log;
use cl_lab::{
    Metric,
    advise::{Advice, GivenScores, HeldOutExamples, Options, Plan, advise, advise_files, advise_with_log},
};
use cl_study::shown;
use clap::Args;
use serde::Serialize;

use crate::compare::{duration, wrapped};
use crate::output::{check_results, note, print_beside, written};
use crate::output_format::OutputFormat;
use crate::paths;
use crate::problem_arguments::{ModelArgument, ProblemOptions, data_path, margin, metric};
use crate::progress::RunBar;
use crate::rows::{Field, write_rows};

/// One page on your data: class balance, duplicates, wrong labels, what is never forgotten, how much can go, and which order
/// helps at which budget, with the commands that do each.
///
/// DATA is what `curriculum compare` takes. Without it, a log of your own model (--dynamics, what `curriculum score` takes) or
/// scores (--scores) tell what they can, and what cannot be said is named with what would be needed. With DATA, a log tells what
/// your model forgets, and scores are the difficulty that pruning and orders go by.
///
/// Every number of the page stands in the JSON (its form: docs/schema/advise-1.json).
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum advise digits
  curriculum advise train.csv --label species --json advice.json --suspects suspects.csv
  curriculum advise adult.csv --label income --impute --time-limit 10m --difficulty difficulty.csv
  curriculum advise --dynamics dynamics.npz
  curriculum advise --scores scores.csv --score-column el2n")]
pub(crate) struct Arguments {
    /// The data: a file, a folder, or the name of a bundled set
    #[arg(required_unless_present_any = ["dynamics", "scores"])]
    data: Option<String>,
    #[command(flatten)]
    options: ProblemOptions,
    /// The log of your own model: a file or a folder; each of several is a run
    #[arg(long, value_name = "LOG")]
    dynamics: Vec<PathBuf>,
    /// How long it may take (90s, 5m, 2h); what is left out is said
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "2m")]
    time_limit: Duration,
    /// Do what an earlier advice did, from its JSON, however long it takes
    #[arg(long, value_name = "ADVICE.json")]
    plan: Option<PathBuf>,
    /// What pruning and orders are compared by: accuracy, balanced-accuracy, log-loss, auc or r2 [accuracy; of numbers r2]
    #[arg(long, value_parser = metric)]
    metric: Option<Metric>,
    /// The largest difference that is not worth naming, in points, of log-loss in nats [0.5; 0.01]
    #[arg(long, value_name = "POINTS")]
    margin: Option<f64>,
    /// What learns
    #[arg(long, value_enum, default_value_t = ModelArgument::Mlp)]
    model: ModelArgument,
    /// The widths of the hidden layers
    #[arg(long, value_delimiter = ',', value_name = "WIDTH,...", default_value = "64")]
    hidden: Vec<usize>,
    /// Threads [one per core]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Write JSON to a file; without one to standard output, and the page to standard error
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    json: Option<PathBuf>,
    /// Where to write all suspect labels: .csv, or - for standard output
    #[arg(long, value_name = "FILE.csv")]
    suspects: Option<PathBuf>,
    /// Where to write the loss of each example under models that had not seen it: .csv, for `prune` and `order`
    #[arg(long, value_name = "FILE.csv")]
    difficulty: Option<PathBuf>,
    /// Where to write what these models say of each example: .npz, for `noise`
    #[arg(long, value_name = "FILE.npz")]
    held_out: Option<PathBuf>,
}

impl Arguments {
    /// The options that `compare` has, too, as far as they are not what they are without.
    fn compared_by(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(metric) = self.metric {
            words.extend(["--metric".to_owned(), metric.to_string()]);
        }
        if let Some(margin) = self.margin {
            words.extend(["--margin".to_owned(), margin.to_string()]);
        }
        match self.model {
            ModelArgument::Linear => words.extend(["--model", "linear"].map(String::from)),
            ModelArgument::Mlp if self.hidden != [64] => {
                let widths: Vec<String> = self.hidden.iter().map(usize::to_string).collect();
                words.extend(["--hidden".to_owned(), widths.join(",")]);
            }
            ModelArgument::Mlp => {}
        }
        words
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { json, suspects, difficulty, held_out, .. } = arguments;
    let results = [json, suspects, difficulty, held_out];
    let mut read = arguments.options.paths();
    read.extend(arguments.data.as_deref().map(data_path));
    read.extend(arguments.dynamics.iter().chain(&arguments.plan).cloned());
    paths::check(&read, results.into_iter().flatten())?;
    let results = results.map(Option::as_deref);
    check_results(&results)?;
    for (path, ending) in [(suspects, "csv"), (difficulty, "csv"), (held_out, "npz")] {
        check_ending(path.as_deref(), ending)?;
    }

    let advice = advised(arguments)?;
    if let Some(path) = json {
        let text = serde_json::to_string_pretty(&advice)?;
        written(path, |file| Ok(writeln!(file, "{}", shown::json(&text))?))?;
    }
    if let Some(path) = suspects {
        write_suspects(path, &advice)?;
    }
    if let Some(path) = difficulty {
        let asked = asked(&advice, path)?;
        let rows =
            asked.ids.iter().zip(&asked.losses).map(|(id, &loss)| vec![Field::Text(id), Field::Number(loss)]);
        write_rows(path, OutputFormat::Csv, &["id", "loss"], rows)?;
    }
    if let Some(path) = held_out {
        write_held_out(path, asked(&advice, path)?)?;
    }
    print_beside(&Report { advice: &advice }, false, &results)
}

fn advised(arguments: &Arguments) -> anyhow::Result<Advice> {
    let mut runs = Vec::new();
    for path in &arguments.dynamics {
        runs.extend(log::open_runs(path, &log::Options::default())?);
    }
    let mut options = Options {
        time_limit: Some(arguments.time_limit),
        jobs: arguments.jobs,
        metric: arguments.metric,
        margin: margin(arguments.margin, arguments.metric),
        model: arguments.model.with(&arguments.hidden),
        plan: arguments.plan.as_deref().map(read_plan).transpose()?,
        arguments: None,
    };
    match &arguments.data {
        Some(data) => {
            options.arguments =
                Some([vec![data.clone()], arguments.options.arguments(), arguments.compared_by()].concat());
            let problem = arguments.options.read(data)?;
            let bar = RunBar::new();
            Ok(match runs.is_empty() {
                true => advise(&problem, &options, &bar)?,
                false => advise_with_log(&problem, &mut runs, &options, &bar)?,
            })
        }
        None => {
            let scores = match arguments.options.scores() {
                Some((path, column, high_is_hard)) => Some(GivenScores::read(path, column, high_is_hard)?),
                None => None,
            };
            let files: Vec<String> = arguments.dynamics.iter().map(|path| path.display().to_string()).collect();
            options.arguments = (!files.is_empty()).then_some(files);
            for text in runs.iter().flat_map(|run| &run.contents().notes) {
                note(&text.text);
            }
            Ok(advise_files(&mut runs, scores.as_ref(), &options)?)
        }
    }
}

/// The plan of an advice that was written as JSON.
fn read_plan(path: &Path) -> anyhow::Result<Plan> {
    let place = || path.display().to_string();
    // An advice of a million suspects is smaller; a device has no end.
    const MOST: u64 = 1 << 30;
    let mut text = String::new();
    std::fs::File::open(path).and_then(|file| file.take(MOST).read_to_string(&mut text)).with_context(place)?;
    let advice: serde_json::Value = serde_json::from_str(&text).with_context(place)?;
    match advice.get("plan") {
        Some(plan) if plan.is_object() => Ok(serde_json::from_value(plan.clone()).with_context(place)?),
        _ => bail!("{}: no plan, expected what `curriculum advise DATA --json` writes", path.display()),
    }
}

fn check_ending(path: Option<&Path>, ending: &str) -> anyhow::Result<()> {
    match path.filter(|path| !cl_data::io::is_standard(path)) {
        Some(path) if path.extension().is_none_or(|own| own != ending) => {
            bail!("{}: unknown ending, expected .{ending}", path.display())
        }
        _ => Ok(()),
    }
}

/// What models say that had not seen the examples.
fn asked<'a>(advice: &'a Advice, path: &Path) -> anyhow::Result<&'a HeldOutExamples> {
    let lacking = || {
        let why = if advice.data.is_none() { "without DATA" } else { "in the time limit" };
        format!(
            "{}: no model was asked {why}, expected {}",
            path.display(),
            if advice.data.is_none() { "DATA" } else { "more time" }
        )
    };
    advice.held_out.as_ref().with_context(lacking)
}

fn write_suspects(path: &Path, advice: &Advice) -> anyhow::Result<()> {
    let rows = advice.suspects.iter().map(|suspect| {
        vec![
            Field::Text(suspect.id.as_str().into()),
            Field::Text(suspect.given.as_str().into()),
            Field::Text(suspect.suggested.as_str().into()),
            Field::Number(suspect.margin),
            Field::Number(suspect.self_confidence),
        ]
    });
    write_rows(path, OutputFormat::Csv, &["id", "given", "suggested", "margin", "self_confidence"], rows)
}

fn write_held_out(path: &Path, asked: &HeldOutExamples) -> anyhow::Result<()> {
    if asked.probabilities.is_empty() {
        bail!(
            "{}: what is predicted is a number, of which there are no probabilities, expected classes",
            path.display()
        );
    }
    let (n, c) = (asked.labels.len(), asked.n_classes);
    let probabilities = Array::new(vec![1, n, c], ArrayData::F64(asked.probabilities.clone()))?;
    let labels = Array::new(vec![n], ArrayData::I64(asked.labels.iter().map(|&label| label as i64).collect()))?;
    let ids = Array::new(vec![n], ids_data(asked.ids.iter()))?;
    Ok(write_npz(path, [("probabilities", &probabilities), ("labels", &labels), ("ids", &ids)])?)
}

/// The page, in the width of the terminal.
#[derive(Serialize)]
#[serde(transparent)]
struct Report<'a> {
    advice: &'a Advice,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, section) in self.advice.page.iter().enumerate() {
            if at > 0 {
                writeln!(formatter)?;
            }
            writeln!(formatter, "{}", section.title)?;
            if section.title == "Commands" {
                // A line that is to be copied is not broken.
                for command in &self.advice.commands {
                    writeln!(formatter, "  {}:\n    {}", command.does, shown::line(&command.line))?;
                }
                continue;
            }
            for sentence in &section.sentences {
                for (part, line) in wrapped(sentence).into_iter().enumerate() {
                    writeln!(formatter, "{}{line}", if part == 0 { "  " } else { "    " })?;
                }
            }
        }
        Ok(())
    }
}
