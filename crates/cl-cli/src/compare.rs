//! `curriculum compare`: is random order the best one can do?

use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use cl_data::io::write_atomically;
use cl_lab::{
    Metric,
    compare::{Arm, Comparison, Options, compare},
};
use cl_study::shown;
use clap::Args;
use serde::Serialize;

use crate::output::{check_results, note, print_beside};
use crate::paths;
use crate::problem_arguments::{ModelArgument, ProblemOptions, data_path, margin, metric};
use crate::progress::RunBar;

/// Compare orders, weightings and pruning with plain shuffling, on your own data: is random order the best you can do?
///
/// DATA is a CSV, JSON lines or Parquet table with a label column, an .npz with `X` and `y` (embeddings of any model, say), an
/// IDX pair or a folder with one (MNIST), a CIFAR folder, or digits, iris, wine or breast-cancer. Each repetition cuts the data
/// anew. The learning rate is chosen for shuffling and is every arm's; an arm's own settings are chosen on the validation parts
/// of splits that are not judged. Every arm is trained with the full budget of updates and with a tenth of it, on fresh splits,
/// and all gains are judged at once.
///
/// OUT has report.html, results.json (its form: docs/schema/compare-1.json) and journals: killed and started again, a comparison
/// goes on.
///
/// Arms: easy-first, hard-first, random-paced and random-paced-hard (a random order with their pacings), self-paced, focal,
/// super-loss, keep-hardest, coverage-centric, random-pruning.
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum compare digits --time-limit 2m
  curriculum compare adult.csv --label income --impute --metric auc --arms easy-first,self-paced
  curriculum compare embeddings.npz --model linear --scores scores.csv --score-column el2n
  curriculum compare patients.parquet --groups patient --metric balanced-accuracy --seeds 30")]
pub(crate) struct Arguments {
    /// The data: a file, a folder, or the name of a bundled set
    data: String,
    #[command(flatten)]
    options: ProblemOptions,
    /// The arms beside shuffling [all that suit the task]
    #[arg(long, value_delimiter = ',', value_name = "NAME,...", value_parser = arm)]
    arms: Option<Vec<Arm>>,
    /// Repetitions, each with a split of its own
    #[arg(long, value_name = "N", default_value_t = 20)]
    seeds: usize,
    /// The full budget in passes over the training part [some thousand updates]
    #[arg(long, value_name = "EPOCHS")]
    budget: Option<u64>,
    /// What is compared: accuracy, balanced-accuracy, log-loss, auc or r2 [accuracy; of numbers r2]
    #[arg(long, value_parser = metric)]
    metric: Option<Metric>,
    /// What learns
    #[arg(long, value_enum, default_value_t = ModelArgument::Mlp)]
    model: ModelArgument,
    /// The widths of the hidden layers
    #[arg(long, value_delimiter = ',', value_name = "WIDTH,...", default_value = "64")]
    hidden: Vec<usize>,
    /// Make this share of the training and validation labels wrong
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    noise: f64,
    /// What the pruning arms keep
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    keep: f64,
    /// The largest difference that is not worth naming, in points, of log-loss in nats [0.5; 0.01]
    #[arg(long, value_name = "POINTS")]
    margin: Option<f64>,
    /// Plan what fits into this time (90s, 5m, 2h), and say what was left out
    #[arg(long, value_name = "TIME", value_parser = duration)]
    time_limit: Option<Duration>,
    /// Threads [one per core]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Where report, results and journals go [compare-DATA]
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write JSON to a file, too; without one to standard output, and the answer to standard error
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    json: Option<PathBuf>,
}

fn arm(name: &str) -> Result<Arm, String> {
    name.parse().map_err(|error: cl_lab::LabError| error.to_string())
}

/// A time with its unit.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error}; expected a time such as 90s, 5m or 2h"))
}

/// A folder named for the data, in the current one.
pub(crate) fn folder_for(command: &str, data: &str) -> PathBuf {
    let name = std::path::Path::new(data).file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_else(|| "data".into());
    let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or("data").to_owned();
    PathBuf::from(format!("{command}-{}", if stem == "-" { "stdin" } else { &stem }))
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let out = arguments.out.clone().unwrap_or_else(|| folder_for("compare", &arguments.data));
    let written = ["report.html", "results.json"].map(|name| out.join(name));
    let json = arguments.json.as_deref();
    check_results(&[json])?;
    let mut read = arguments.options.paths();
    read.push(data_path(&arguments.data));
    paths::check(&read, written.iter().chain(&arguments.json))?;
    let problem = arguments.options.read(&arguments.data)?.with_label_noise(arguments.noise)?;
    let options = Options {
        arms: arguments.arms.clone(),
        n_seeds: arguments.seeds,
        epochs: arguments.budget,
        metric: arguments.metric,
        model: Some(arguments.model.with(&arguments.hidden)),
        keep: arguments.keep,
        margin: margin(arguments.margin, arguments.metric),
        time_limit: arguments.time_limit,
        jobs: arguments.jobs,
        folder: Some(out.clone()),
    };
    let comparison = compare(&problem, &options, &RunBar::new())?;
    let texts = [comparison.page()?, serde_json::to_string_pretty(&comparison)? + "\n"];
    for (path, text) in written.iter().zip(&texts) {
        write_atomically(path, |file| file.write_all(text.as_bytes()))?;
    }
    if let Some(path) = json {
        crate::output::written(path, |file| Ok(write!(file, "{}", shown::json(&texts[1]))?))?;
    }
    print_beside(&Report { comparison: &comparison }, false, &[json])?;
    note(&format!("{} and {}", written[0].display(), written[1].display()));
    Ok(())
}

/// The answer and the table; of JSON, all of it.
#[derive(Serialize)]
#[serde(transparent)]
struct Report<'a> {
    comparison: &'a Comparison,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for sentence in &self.comparison.verdict {
            for line in wrapped(sentence) {
                writeln!(formatter, "{line}")?;
            }
            writeln!(formatter)?;
        }
        let table = self.comparison.table().map_err(|_| fmt::Error)?;
        write!(formatter, "{}", table.to_terminal(width()))
    }
}

/// The columns of the terminal, or as many as a page has.
pub(crate) fn width() -> u16 {
    terminal_size::terminal_size().map_or(120, |(terminal_size::Width(columns), _)| columns.max(60))
}

/// A sentence in lines.
pub(crate) fn wrapped(text: &str) -> Vec<String> {
    let width = usize::from(width()).min(110);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let long = lines
            .last()
            .is_some_and(|line| !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width);
        if long {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
