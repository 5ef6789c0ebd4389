//! `curriculum-engine`: `curriculum score` and `curriculum prune` over Parquet files larger than memory.

use std::path::PathBuf;
use std::process::ExitCode;

use cl_datafusion::{EngineError, EngineOptions, LogOptions, Missing, PruneRequest, prune_table, score_log};
use cl_difficulty::{MetricSettings, OutputKind};
use cl_prune::{Budget, RuleSettings};
use clap::{Args, Parser, Subcommand, ValueEnum};
use datafusion::prelude::SessionContext;

/// Score and prune by an engine: training logs and tables of scores in Parquet, larger than memory or on a cluster.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    engine: Engine,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Engine {
    /// Bytes that states may take before they are written to files, as 800MB or 4GiB
    #[arg(long, global = true, value_name = "BYTES", value_parser = bytes)]
    memory: Option<usize>,
    /// Partitions worked on at a time [default: as many as cores]
    #[arg(long, global = true, value_name = "N")]
    partitions: Option<usize>,
    /// Where states are written that memory does not hold
    #[arg(long, global = true, value_name = "FOLDER")]
    spill: Option<PathBuf>,
    /// Run on the cluster of this scheduler instead
    #[cfg(feature = "ballista")]
    #[arg(long, global = true, value_name = "HOST:PORT", conflicts_with_all = ["memory", "spill"])]
    scheduler: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Score how hard examples are, from what a model gave out for them while it was trained
    Score(Score),
    /// Keep a part of the data by a score
    Prune(Prune),
}

#[derive(Args)]
struct Score {
    /// A Parquet file or a folder of them: a row per example and epoch
    input: PathBuf,
    /// The metrics by name
    #[arg(long, value_name = "NAME", value_delimiter = ',', required = true)]
    metric: Vec<String>,
    /// Set an option of a metric
    #[arg(long = "option", value_name = "METRIC.KEY=VALUE", value_parser = metric_option)]
    options: Vec<(String, String, String)>,
    /// The column of ids
    #[arg(long, value_name = "NAME")]
    id_column: Option<String>,
    /// The column of epochs
    #[arg(long, value_name = "NAME")]
    epoch_column: Option<String>,
    /// The column of labels
    #[arg(long, value_name = "NAME")]
    label_column: Option<String>,
    /// The column of outputs, or what numbered columns begin with
    #[arg(long, value_name = "NAME")]
    outputs_column: Option<String>,
    /// What the outputs are: logits, probabilities, log-probabilities, losses or correct
    #[arg(long, value_name = "KIND")]
    outputs: Option<OutputKind>,
    /// What becomes of an epoch that lacks examples
    #[arg(long, value_enum, default_value_t = OfMissing::Error)]
    missing: OfMissing,
    /// Where to write: .csv, .jsonl, .npz, .parquet or, for one metric, .npy
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OfMissing {
    Error,
    Skip,
}

#[derive(Args)]
struct Prune {
    /// The scores: a Parquet file or a folder of them
    scores: PathBuf,
    #[command(flatten)]
    budget: BudgetArguments,
    /// The rule by name
    #[arg(long, value_name = "NAME")]
    rule: String,
    /// Set an option of the rule
    #[arg(long = "option", value_name = "KEY=VALUE", value_parser = key_value)]
    options: Vec<(String, String)>,
    /// The column of scores
    #[arg(long, value_name = "NAME")]
    column: String,
    /// The column of ids
    #[arg(long, value_name = "NAME", default_value = "id")]
    id_column: String,
    /// The column of labels [default: label, where the rule needs one]
    #[arg(long, value_name = "NAME")]
    label_column: Option<String>,
    /// What a high score means, where nothing else tells or that is wrong
    #[arg(long, value_enum, value_name = "WHICH")]
    high_is: Option<HighIs>,
    /// The seed of ties and of all that is drawn
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where to write: .csv, .jsonl, .npz, .parquet, a folder with / behind, or ids as lines
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct BudgetArguments {
    /// Keep this part, in (0, 1]
    #[arg(long, value_name = "F")]
    keep: Option<f64>,
    /// Drop this part, in (0, 1]
    #[arg(long, value_name = "F")]
    drop: Option<f64>,
    /// Keep so many
    #[arg(long, value_name = "K")]
    count: Option<usize>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum HighIs {
    Hard,
    Easy,
}

/// A number of bytes with a unit.
fn bytes(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let unit: usize = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err("expected a number of bytes, such as 800MB or 4GiB".into()),
    };
    let number: f64 = digits.parse().map_err(|_| "expected a number of bytes, such as 800MB or 4GiB")?;
    let bytes = number * unit as f64;
    if bytes >= 1.0 && bytes < usize::MAX as f64 {
        Ok(bytes as usize)
    } else {
        Err("expected at least a byte".into())
    }
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.into(), value.into()))
}

fn metric_option(text: &str) -> Result<(String, String, String), String> {
    let parts = text.split_once('=').and_then(|(name, value)| Some((name.split_once('.')?, value)));
    let ((metric, key), value) = parts.ok_or("expected METRIC.KEY=VALUE, such as tdds.window=10")?;
    Ok((metric.into(), key.into(), value.into()))
}

impl Engine {
    async fn session(&self) -> Result<SessionContext, EngineError> {
        #[cfg(feature = "ballista")]
        if let Some(scheduler) = &self.scheduler {
            return cl_datafusion::cluster::connect(scheduler, self.partitions).await;
        }
        let spill_folder = self.spill.clone();
        EngineOptions { memory: self.memory, partitions: self.partitions, spill_folder }.session()
    }
}

async fn run_score(context: &SessionContext, arguments: Score) -> Result<String, EngineError> {
    for (metric, key, _) in &arguments.options {
        if !arguments.metric.contains(metric) {
            return Err(EngineError::Argument {
                argument: "option",
                value: format!("{metric}.{key}"),
                expected: "an option of a metric that is asked for".into(),
            });
        }
    }
    let settings = |name: &String| {
        let own = arguments.options.iter().filter(|(metric, ..)| metric == name);
        let own: Vec<(&str, &str)> = own.map(|(_, key, value)| (key.as_str(), value.as_str())).collect();
        MetricSettings::parse(name, &own)
    };
    let metrics = arguments.metric.iter().map(settings).collect::<Result<Vec<_>, _>>()?;
    let options = LogOptions {
        id_column: arguments.id_column,
        epoch_column: arguments.epoch_column,
        label_column: arguments.label_column,
        outputs_column: arguments.outputs_column,
        outputs: arguments.outputs,
    };
    let missing = match arguments.missing {
        OfMissing::Error => Missing::Error,
        OfMissing::Skip => Missing::Skip,
    };
    let command = std::env::args().collect();
    let report =
        score_log(context, &arguments.input, &options, &metrics, missing, &arguments.output, command).await?;
    Ok(serde_json::to_string_pretty(&report).unwrap_or_default())
}

async fn run_prune(context: &SessionContext, arguments: Prune) -> Result<String, EngineError> {
    let options: Vec<(&str, &str)> =
        arguments.options.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let rule = RuleSettings::parse(&arguments.rule, &options)?;
    let budget = match arguments.budget {
        BudgetArguments { keep: Some(keep), .. } => Budget::Keep(keep),
        BudgetArguments { drop: Some(drop), .. } => Budget::Drop(drop),
        BudgetArguments { count, .. } => Budget::Count(count.unwrap_or(0)),
    };
    let label = rule.needs_labels().then(|| arguments.label_column.unwrap_or_else(|| "label".into()));
    let request = PruneRequest {
        scores: arguments.scores,
        rule,
        budget,
        seed: arguments.seed,
        column: arguments.column,
        id: arguments.id_column,
        label,
        higher_is_harder: arguments.high_is.map(|high| matches!(high, HighIs::Hard)),
    };
    let report = prune_table(context, &request, &arguments.output).await?;
    Ok(serde_json::to_string_pretty(&report).unwrap_or_default())
}

async fn run(arguments: Arguments) -> Result<String, EngineError> {
    let context = arguments.engine.session().await?;
    match arguments.command {
        Command::Score(score) => run_score(&context, score).await,
        Command::Prune(prune) => run_prune(&context, prune).await,
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
