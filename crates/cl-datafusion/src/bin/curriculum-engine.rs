//! `curriculum-engine`: `curriculum score`, `noise`, `prune` and `coreset` over Parquet files larger than memory.

use std::path::PathBuf;
use std::process::ExitCode;

use cl_datafusion::{
    CoresetRequest, EngineError, EngineOptions, LogOptions, Missing, NoiseRequest, PruneRequest, coreset_of_table,
    label_issues_of_log, prune_table, score_log,
};
use cl_difficulty::{IssueFilter, MetricSettings, OutputKind};
use cl_prune::coreset::CoresetSettings;
use cl_prune::{Budget, RuleSettings};
use clap::{Args, Parser, Subcommand, ValueEnum};
use datafusion::prelude::SessionContext;

/// Score, prune, find label issues and choose coresets by an engine: logs, scores and features in Parquet, larger than
/// memory or on a cluster. What was done is printed as JSON.
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
    /// Print JSON, as always: taken so that commands are those of `curriculum`
    #[arg(long, global = true, hide = true)]
    json: bool,
    /// Run on the cluster of this scheduler instead
    #[cfg(feature = "ballista")]
    #[arg(long, global = true, value_name = "HOST:PORT", conflicts_with_all = ["memory", "spill"])]
    scheduler: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Score how hard examples are, from what a model gave out for them while it was trained
    Score(Score),
    /// Find labels that are probably wrong, by confident learning (Northcutt, Jiang and Chuang 2021)
    Noise(Noise),
    /// Keep a part of the data by a score
    Prune(Prune),
    /// Choose few examples that stand for all by their features, in two rounds (GreeDi, Mirzasoleiman et al. 2013)
    Coreset(Coreset),
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
    #[command(flatten)]
    log: Log,
    /// Where to write: .csv, .jsonl, .npz, .parquet or, for one metric, .npy
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
}

/// What the columns of a log do not tell.
#[derive(Args)]
struct Log {
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
}

impl Log {
    fn options(self) -> (LogOptions, Missing) {
        let Self { id_column, epoch_column, label_column, outputs_column, outputs, missing } = self;
        let missing = match missing {
            OfMissing::Error => Missing::Error,
            OfMissing::Skip => Missing::Skip,
        };
        (LogOptions { id_column, epoch_column, label_column, outputs_column, outputs }, missing)
    }
}

#[derive(Args)]
struct Noise {
    /// A Parquet file or a folder of them: a row per example and epoch, of logits or probabilities
    input: PathBuf,
    /// Which epochs enter
    #[arg(long, value_enum, default_value_t = Epochs::Mean)]
    probabilities: Epochs,
    /// The filter: prune_by_noise_rate, prune_by_class, both, confident_learning, predicted_neq_given,
    /// low_normalized_margin or low_self_confidence
    #[arg(long, value_name = "NAME", default_value_t = IssueFilter::PruneByNoiseRate)]
    filter: IssueFilter,
    /// The level of the interval of the noise rate
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    level: f64,
    /// The seed of the interval's resamples
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    log: Log,
    /// Where to write: .csv, or a folder of Parquet files with / behind
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Epochs {
    /// Averaged over all epochs
    Mean,
    /// The last epoch
    Last,
}

#[derive(Args)]
struct Coreset {
    /// The features: a Parquet file or a folder of them
    features: PathBuf,
    /// The method, one whose choices can be merged
    #[arg(long, value_name = "NAME")]
    method: String,
    /// How many examples to choose
    #[arg(long, value_name = "K")]
    count: usize,
    /// In how many random parts examples choose first; each must fit into memory
    #[arg(long, value_name = "M")]
    parts: u64,
    /// Set an option of the method
    #[arg(long = "option", value_name = "KEY=VALUE", value_parser = key_value)]
    options: Vec<(String, String)>,
    /// The column of ids
    #[arg(long, value_name = "NAME")]
    id_column: Option<String>,
    /// The column of features, a list, or what numbered columns begin with
    #[arg(long, value_name = "NAME")]
    features_column: Option<String>,
    /// The seed of the parts and of ties
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where to write: .csv, .jsonl, .npz, .parquet, or ids as lines
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

    /// Where several passes over one result keep it; nowhere on a cluster, whose machines may share no folder.
    fn scratch(&self) -> Option<PathBuf> {
        #[cfg(feature = "ballista")]
        if self.scheduler.is_some() {
            return None;
        }
        Some(self.spill.clone().unwrap_or_else(std::env::temp_dir))
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
    let (options, missing) = arguments.log.options();
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

async fn run_noise(
    context: &SessionContext,
    arguments: Noise,
    scratch: Option<PathBuf>,
) -> Result<String, EngineError> {
    let (options, missing) = arguments.log.options();
    let request = NoiseRequest {
        log: arguments.input,
        options,
        missing,
        last: arguments.probabilities == Epochs::Last,
        filter: arguments.filter,
        level: arguments.level,
        seed: arguments.seed,
        scratch,
    };
    let report = label_issues_of_log(context, &request, &arguments.output).await?;
    Ok(serde_json::to_string_pretty(&report).unwrap_or_default())
}

async fn run_coreset(context: &SessionContext, arguments: Coreset) -> Result<String, EngineError> {
    let options: Vec<(&str, &str)> =
        arguments.options.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let request = CoresetRequest {
        features: arguments.features,
        id_column: arguments.id_column,
        features_column: arguments.features_column,
        settings: CoresetSettings::parse(&arguments.method, &options)?,
        count: arguments.count,
        parts: arguments.parts,
        seed: arguments.seed,
    };
    let report = coreset_of_table(context, &request, &arguments.output).await?;
    Ok(serde_json::to_string_pretty(&report).unwrap_or_default())
}

async fn run(arguments: Arguments) -> Result<String, EngineError> {
    let context = arguments.engine.session().await?;
    match arguments.command {
        Command::Score(score) => run_score(&context, score).await,
        Command::Noise(noise) => run_noise(&context, noise, arguments.engine.scratch()).await,
        Command::Prune(prune) => run_prune(&context, prune).await,
        Command::Coreset(coreset) => run_coreset(&context, coreset).await,
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
