//! `curriculum train`: a model of one's own data, by any curriculum.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::bail;
use cl_data::io::is_standard;
use cl_lab::Task;
use cl_lab::training::{Configuration, EpochRow, Measured, Options, Outcome, Results, Watcher, train};
use cl_study::shown;
use clap::Args;
use serde::Serialize;

use crate::named::key_value;
use crate::output::{answer, place, print, short};
use crate::paths;
use crate::problem_arguments::{ProblemOptions, data_path};
use crate::progress::Spinner;

/// Train a model on your own data, by any combination of order, pacing, weighting, sampler and pruning.
///
/// What is trained, and how, a TOML file says (`--print-config` prints one with every key, its default and what it means); what
/// it does not say is at its default: a perceptron, plainly shuffled. It is checked as a whole before anything is trained. OUT
/// gets the configuration in full, the history, the model that was best on the validation part, what it does on the test part,
/// which is read once, and the training dynamics, which `curriculum score` reads. A run that was broken off goes on with
/// --resume, to the same bytes as one that was not.
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum train digits
  curriculum train --print-config > run.toml
  curriculum train flowers.csv --label species --config run.toml --out flowers/
  curriculum train flowers.csv --label species --config run.toml --out flowers/ --resume
  curriculum train digits --set order.name=easy-first --set pacing.name=root --set pacing.a=0.8 --set pacing.b=0.2 \\
      --set sampler.name=prefix
  curriculum score curriculum-train/dynamics --metric el2n,forgetting,aum -o scores.csv")]
pub(crate) struct Arguments {
    /// The data: a file, a folder, or the name of a bundled set
    #[arg(required_unless_present = "print_config")]
    data: Option<String>,
    #[command(flatten)]
    options: ProblemOptions,
    /// How to train [the defaults of --print-config]
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set a key of the configuration, whatever the file says
    #[arg(long, value_name = "SECTION.KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
    /// Where all is written: a new folder, an empty one, or that of a run
    #[arg(long, short, value_name = "DIR", default_value = "curriculum-train")]
    out: PathBuf,
    /// Epochs from one checkpoint to the next
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    checkpoint_every: u64,
    /// Go on with the run that OUT has
    #[arg(long, conflicts_with = "overwrite")]
    resume: bool,
    /// Write over the run that OUT has
    #[arg(long)]
    overwrite: bool,
    /// Print the configuration with every key, its default and what it means, and train nothing
    #[arg(long)]
    print_config: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { out, config, set, .. } = arguments;
    if arguments.print_config {
        let configuration = configuration(config.as_deref(), set)?;
        return answer(&Commented(configuration.commented()), arguments.json);
    }
    let Some(data) = &arguments.data else { bail!("no data") };
    if is_standard(out) {
        bail!("{}: standard output, expected a folder", out.display());
    }
    let mut read = arguments.options.paths();
    read.push(data_path(data));
    read.extend(config.clone());
    paths::check(&read, [out])?;
    let configuration = configuration(config.as_deref(), set)?;
    let problem = arguments.options.read(data)?;
    let options = Options {
        checkpoint_every: arguments.checkpoint_every,
        resume: arguments.resume,
        overwrite: arguments.overwrite,
        ..Options::new(out)
    };
    let mut watcher = Shown(Spinner::new("data"));
    let outcome = train(&problem, &configuration, &options, &mut watcher)?;
    drop(watcher);
    match outcome {
        Outcome::Ended(results) => {
            let out = out.display().to_string();
            let score = score_command(&out, results.task);
            print(&Report { out, score, results: *results }, arguments.json)
        }
        Outcome::BrokenOff(epoch) => bail!("{}: broken off after epoch {epoch}", out.display()),
    }
}

/// That of a file, or the default, with what is set beside it.
fn configuration(path: Option<&Path>, set: &[(String, String)]) -> anyhow::Result<Configuration> {
    Ok(match path {
        Some(path) => Configuration::load(path, set)?,
        None => Configuration::read(Path::new("--set"), "", set)?,
    })
}

/// What reads the dynamics.
fn score_command(out: &str, task: Task) -> String {
    let metrics = match task {
        Task::Classification => "el2n,forgetting,aum",
        Task::Regression => "loss_mean",
    };
    let folder = Path::new(out).join("dynamics");
    let scores = Path::new(out).join("scores.csv");
    format!("curriculum score {} --metric {metrics} -o {}", quoted(&folder), quoted(&scores))
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = |character: char| character.is_alphanumeric() || "/._-".contains(character);
    if path.chars().all(is_plain) { path } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

/// A configuration as it is printed.
#[derive(Serialize)]
#[serde(transparent)]
struct Commented(String);

impl fmt::Display for Commented {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A line that says how far a run is.
struct Shown(Spinner);

impl Watcher for Shown {
    fn doing(&mut self, what: &str) {
        self.0.say(what);
    }

    fn epoch(&mut self, row: &EpochRow, n_epochs: u64) {
        let number = |value: Option<f64>| value.map_or("none".into(), short);
        let [train, loss, metric] = [row.train_loss, row.validation_loss, row.validation_metric].map(number);
        let epoch = row.epoch;
        self.0.say(&format!("epoch {epoch} of {n_epochs}: loss {train}, validation {loss}, metric {metric}"));
    }
}

/// What came of a run.
#[derive(Serialize)]
struct Report {
    out: String,
    /// What reads the dynamics.
    score: String,
    #[serde(flatten)]
    results: Results,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { out, score, results } = self;
        let Results { n_train, n_kept, n_wrong, n_parameters, n_epochs, n_updates, n_presented, .. } = results;
        write!(formatter, "{}: {n_kept} examples trained on", shown::line(&results.data))?;
        if n_kept < n_train {
            write!(formatter, " of {n_train}")?;
        }
        if *n_wrong > 0 {
            write!(formatter, ", {n_wrong} of {n_train} labels made wrong")?;
        }
        writeln!(formatter, ", {n_parameters} parameters")?;
        write!(formatter, "{n_epochs} epochs, {n_updates} updates, {n_presented} examples shown")?;
        if results.stopped_early {
            write!(formatter, "; stopped where nothing got better")?;
        }
        writeln!(formatter)?;
        if let Some(difficulty) = &results.difficulty {
            writeln!(formatter, "difficulty: {difficulty}")?;
        }
        if results.n_never_shown > 0 {
            writeln!(formatter, "{} examples were never shown", results.n_never_shown)?;
        }
        let metric = results.metric;
        let measured = |part: &Measured| {
            let value = part.metric.map_or("none".into(), short);
            format!("{metric} {value}, loss {} on {} examples", short(part.loss), part.n_examples)
        };
        let best = results.best_epoch.map(|epoch| format!(" (best: epoch {epoch})")).unwrap_or_default();
        writeln!(formatter, "validation: {}{best}", measured(&results.validation))?;
        writeln!(formatter, "test: {}", measured(&results.test))?;
        writeln!(formatter, "written to {}", place(out))?;
        writeln!(formatter, "its dynamics: {}", shown::line(score))
    }
}
