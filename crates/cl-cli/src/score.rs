//! `curriculum score`: difficulty scores from training dynamics.

mod blocks;
mod state;

use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cl_data::catalogue::Parameter;
use cl_difficulty::{
    Column, ColumnValues, DynamicsRecorder, Metric, MetricSettings, Needs, Observations, Outputs, metrics,
};
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use serde::Serialize;

use crate::dynamics::{Chunk, Contents, InputOptions, OutputKind, Source, Values, Visitor, open_source};
use crate::output::{new_table, print};
use crate::progress::progress;
use crate::score_file::{ColumnDescription, ScoreFormat, Sidecar, Skipped, write_scores};
use blocks::Blocks;
use state::StateFile;

/// Score how hard examples are, from what a model gave out for them while it was trained.
///
/// INPUT is one of
///   - a .npz file with `logits` or `probs` (epochs, examples, classes), `labels` and perhaps `ids`;
///   - a .npy file of the same shape, with --labels;
///   - a folder with one .npy file (examples, classes) per epoch, `labels.npy` and perhaps `ids.npy`;
///   - Dataset Cartography's folder of `dynamics_epoch_E.jsonl`;
///   - TDDS's or DUAL's folder of `E_Output.npy` and `E_Index.npy`, with `labels.npy` or --labels;
///   - a Parquet file (in a build with that feature) of `id`, `epoch`, `label` and a list `logits` or `probs`.
///
/// Files are streamed, so that they may be larger than memory: most metrics keep a few numbers per example, but
/// tdds and those of averaged probabilities (self_confidence, normalized_margin, confidence_weighted_entropy) one
/// per example and class. A folder with one .npy file per epoch is read by blocks of examples where these would be
/// many, each block through all epochs: then they are kept for one block at a time. Each score is a column under its own name; the
/// JSON file beside OUT says what each is, with which options, and whether high values mean hard examples.
#[derive(Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  curriculum score dynamics.npz --metric el2n,forgetting,aum -o scores.csv
  curriculum score run/ --metric all --option tdds.window=10 --option tdds.epochs=30 -o scores.npz
  curriculum score run/ --metric all --state run.state -o scores.csv
  curriculum score first/ --metric second_split_forgetting --second-split second/ -o scores.csv
  curriculum score --list-metrics"
)]
pub(crate) struct Arguments {
    /// The training dynamics: a file or a folder
    #[arg(required_unless_present = "list_metrics")]
    input: Option<PathBuf>,
    #[command(flatten)]
    options: InputOptions,
    /// The metrics by name, or `all` that the input allows
    #[arg(long, value_name = "NAME", value_delimiter = ',', required_unless_present = "list_metrics")]
    metric: Vec<String>,
    /// Set an option of a metric
    #[arg(long = "option", value_name = "METRIC.KEY=VALUE", value_parser = metric_option)]
    metric_options: Vec<MetricOption>,
    /// Where to write: .csv, .npz, .parquet (in a build with that feature), or, for one metric, .npy
    #[arg(short, long, value_name = "OUT", required_unless_present = "list_metrics")]
    output: Option<PathBuf>,
    /// Save the work after each epoch (or block of examples) to this file, and go on from it where it exists
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// What is read one after the other [default: epochs, unless memory for them would be more than 512 MiB]
    #[arg(long, value_enum)]
    by: Option<By>,
    /// How many examples are read at a time by examples [default: as many as 400 MiB hold]
    #[arg(long, value_name = "N")]
    block: Option<NonZeroUsize>,
    /// A log of the same examples while the model was trained on another split, for second_split_forgetting
    #[arg(long, value_name = "INPUT")]
    second_split: Option<PathBuf>,
    /// List the metrics with their options
    #[arg(long)]
    list_metrics: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is visited one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Epochs,
    Examples,
}

/// Bytes of numbers per example and class that are kept before examples are visited in blocks.
const MEMORY: usize = 512 << 20;

#[derive(Debug, Clone)]
struct MetricOption {
    metric: String,
    key: String,
    value: String,
}

fn metric_option(text: &str) -> Result<MetricOption, String> {
    let parts = text.split_once('=').and_then(|(name, value)| Some((name.split_once('.')?, value)));
    let ((metric, key), value) = parts.ok_or("expected METRIC.KEY=VALUE, such as tdds.window=10")?;
    Ok(MetricOption { metric: metric.into(), key: key.into(), value: value.into() })
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.list_metrics {
        return print(&Catalogue::new(), arguments.json);
    }
    let (Some(input), Some(output)) = (&arguments.input, &arguments.output) else {
        bail!("no input or no output");
    };
    ScoreFormat::of(output)?;
    let mut source = open_source(input, &arguments.options)?;
    let contents = source.contents();
    let (settings, skipped) = selected(arguments, contents)?;
    let shown: Vec<String> = settings.iter().map(|settings| settings.metric().name.clone()).collect();
    if ScoreFormat::of(output)? == ScoreFormat::Npy && shown.len() != 1 {
        bail!("{}: a .npy file holds one column, expected one metric, not {}", output.display(), shown.len());
    }
    // How many were never learned is always told.
    let mut recorded = settings.clone();
    if !shown.iter().any(|name| name == NEVER_LEARNED) {
        recorded.push(MetricSettings::parse(NEVER_LEARNED, &[])?);
    }

    let second = second_split(arguments, &mut recorded, contents)?;
    let columns = match by(arguments.by, source.as_mut(), &recorded) {
        By::Epochs => by_epochs(input, source.as_mut(), &recorded, arguments.state.as_deref()),
        By::Examples => by_examples(source.as_mut(), &recorded, arguments.state.as_deref(), arguments.block),
    };
    let mut columns = columns?;
    let contents = source.contents();
    let n_never_learned = columns.iter().find_map(|column| match &column.values {
        ColumnValues::Flag(flags) if column.name == NEVER_LEARNED => {
            Some(flags.iter().filter(|&&never| never).count())
        }
        _ => None,
    });
    if let Some((position, column)) = second {
        columns.insert(position, column);
    }
    // The last column may be the one that only counts.
    columns.truncate(settings.len());
    let describe = |column: &Column| ColumnDescription {
        name: column.name.clone(),
        metric: column.metric.name.clone(),
        options: column.metric.options.clone(),
        higher_is_harder: column.higher_is_harder,
    };
    let sidecar = Sidecar {
        version: env!("CARGO_PKG_VERSION").into(),
        command: std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect(),
        input: input.display().to_string(),
        second_split: arguments.second_split.as_ref().map(|path| path.display().to_string()),
        format: contents.format.into(),
        outputs: contents.outputs,
        n_examples: contents.n_examples(),
        n_classes: contents.n_classes,
        epochs: contents.epochs.clone(),
        fingerprint: contents.fingerprint(),
        n_never_learned: n_never_learned.context("no column of flags tells which examples were never learned")?,
        columns: columns.iter().map(describe).collect(),
        skipped,
    };
    write_scores(output, &contents.ids, &contents.labels, columns, &sidecar)?;
    print(&Report { output: output.display().to_string(), sidecar }, arguments.json)
}

const NEVER_LEARNED: &str = "never_learned";

/// Second-split forgetting, taken out of the metrics to record, with its place among them.
fn second_split(
    arguments: &Arguments,
    recorded: &mut Vec<MetricSettings>,
    contents: &Contents,
) -> anyhow::Result<Option<(usize, Column)>> {
    let Some(path) = &arguments.second_split else { return Ok(None) };
    let needs = |settings: &MetricSettings| settings.description().needs;
    let Some(position) = recorded.iter().position(|settings| needs(settings) == Needs::SecondSplit) else {
        bail!("--second-split: no metric asked for is of a second split, expected second_split_forgetting or all");
    };
    let settings = recorded.remove(position);
    let mut source = open_source(path, &arguments.options)?;
    let (found, expected) = (source.contents().fingerprint(), contents.fingerprint());
    if found != expected {
        let path = path.display();
        bail!(
            "{path}: its ids and labels have fingerprint {found}, the input's {expected}: expected the same examples"
        );
    }
    let columns = by_epochs(path, source.as_mut(), std::slice::from_ref(&settings), None)?;
    Ok(columns.into_iter().next().map(|column| (position, column)))
}

/// By examples where the layout allows it and what is kept by epochs would be too much.
fn by(told: Option<By>, source: &mut dyn Source, settings: &[MetricSettings]) -> By {
    let contents = source.contents();
    let n_kept = settings.iter().filter(|settings| settings.keeps_probabilities()).count();
    let kept = [contents.n_examples(), contents.n_classes, size_of::<f64>()]
        .into_iter()
        .fold(n_kept, usize::saturating_mul);
    match told {
        Some(by) => by,
        None if kept > MEMORY && source.blocks().is_some() => By::Examples,
        None => By::Epochs,
    }
}

fn by_epochs(
    input: &Path,
    source: &mut dyn Source,
    settings: &[MetricSettings],
    path: Option<&Path>,
) -> anyhow::Result<Vec<Column>> {
    let contents = source.contents();
    let mut recorder = None;
    let mut state = None;
    if let Some(path) = path {
        let metrics: Vec<Metric> = settings.iter().map(|settings| settings.metric().clone()).collect();
        let state = state.insert(StateFile::new(path, contents, metrics)?);
        recorder = state.load(contents)?;
    }
    let n_done = state.as_ref().map_or(0, StateFile::n_epochs);
    let recorder = match recorder {
        Some(recorder) => recorder,
        None => DynamicsRecorder::new(contents.n_examples(), contents.n_classes, settings)?,
    };
    let bar = progress(contents, n_done);
    let mut recording = Recording { recorder, state, bar, labels: Vec::new() };
    source.visit(n_done, &mut recording)?;
    recording.bar.finish_and_clear();
    recording.recorder.columns().with_context(|| input.display().to_string())
}

fn by_examples(
    source: &mut dyn Source,
    settings: &[MetricSettings],
    path: Option<&Path>,
    rows: Option<NonZeroUsize>,
) -> anyhow::Result<Vec<Column>> {
    if source.blocks().is_none() {
        bail!("--by examples needs a folder with one .npy file in C order per epoch");
    }
    let contents = source.contents();
    let bar = progress(contents, 0);
    let mut blocks = Blocks::new(contents, settings, path, bar.clone())?;
    if let Some(source) = source.blocks() {
        source.visit_blocks(blocks.n_done(), rows, &mut blocks)?;
    }
    bar.finish_and_clear();
    Ok(blocks.into_columns())
}

/// The metrics asked for, with their options, and those of `all` that the input does not allow.
fn selected(arguments: &Arguments, contents: &Contents) -> anyhow::Result<(Vec<MetricSettings>, Vec<Skipped>)> {
    let all = arguments.metric.iter().any(|name| name == "all");
    let mut names: Vec<&str> = Vec::new();
    for name in &arguments.metric {
        if all && name != "all" {
            bail!("--metric: `all` and `{name}`, expected `all` alone or names");
        }
        if names.contains(&name.as_str()) {
            bail!("--metric: `{name}` twice");
        }
        names.push(name);
    }
    if all {
        names = metrics().iter().map(|metric| metric.method.name).collect();
    }
    if let Some(option) = arguments.metric_options.iter().find(|option| !names.contains(&option.metric.as_str())) {
        bail!("--option {}.{}: `{0}` is none of the metrics asked for", option.metric, option.key);
    }
    let (mut settings, mut skipped) = (Vec::new(), Vec::new());
    for name in names {
        let options = arguments.metric_options.iter().filter(|option| option.metric == name);
        let options: Vec<_> = options.map(|option| (option.key.as_str(), option.value.as_str())).collect();
        let parsed = MetricSettings::parse(name, &options)?;
        match unavailable(&parsed, contents, arguments.second_split.is_some())? {
            None => settings.push(parsed),
            Some(reason) if all => skipped.push(Skipped { metric: name.to_owned(), reason }),
            Some(reason) => bail!("{name} {reason}"),
        }
    }
    Ok((settings, skipped))
}

/// Why the input does not allow a metric.
fn unavailable(
    settings: &MetricSettings,
    contents: &Contents,
    second_split: bool,
) -> anyhow::Result<Option<String>> {
    let options = &settings.metric().options;
    let of_probabilities = options.get("outputs").is_some_and(|outputs| outputs == "probabilities");
    let n_epochs = contents.epochs.len();
    Ok(match settings.description().needs {
        Needs::SecondSplit if second_split => None,
        Needs::SecondSplit => Some("needs the log of training on another split, in --second-split".into()),
        Needs::Logits if contents.outputs == OutputKind::Probabilities && !of_probabilities => {
            Some("needs logits, the input has probabilities".into())
        }
        _ => match options.get("window").and_then(|window| window.parse::<usize>().ok()) {
            Some(window) if window > n_epochs => {
                Some(format!("needs a window of {window} epochs, the input has {n_epochs}"))
            }
            _ => None,
        },
    })
}

/// The recorder as a visitor.
struct Recording {
    recorder: DynamicsRecorder,
    state: Option<StateFile>,
    bar: ProgressBar,
    labels: Vec<usize>,
}

impl Visitor for Recording {
    fn observe(&mut self, contents: &Contents, chunk: &Chunk<'_>) -> anyhow::Result<()> {
        self.labels.clear();
        self.labels.extend(chunk.examples.iter().map(|&example| contents.labels[example]));
        let epoch = contents.epochs[chunk.position];
        let (indices, labels) = (chunk.examples, self.labels.as_slice());
        let recorded = match chunk.values {
            Values::F32(values) => {
                let outputs = outputs(contents.outputs, values);
                self.recorder.record(&Observations { epoch, indices, labels, outputs })
            }
            Values::F64(values) => {
                let outputs = outputs(contents.outputs, values);
                self.recorder.record(&Observations { epoch, indices, labels, outputs })
            }
        };
        self.bar.inc(indices.len() as u64);
        recorded.with_context(|| chunk.file.display().to_string())
    }

    fn epoch_ended(&mut self, contents: &Contents, position: usize) -> anyhow::Result<()> {
        self.bar.set_message(format!("epoch {}", contents.epochs[position]));
        match &mut self.state {
            Some(state) => state.save(contents, position, &self.recorder),
            None => Ok(()),
        }
    }
}

fn outputs<T>(kind: OutputKind, values: &[T]) -> Outputs<'_, T> {
    match kind {
        OutputKind::Logits => Outputs::Logits(values),
        OutputKind::Probabilities => Outputs::Probabilities(values),
    }
}

/// What was written.
#[derive(Serialize)]
struct Report {
    output: String,
    #[serde(flatten)]
    sidecar: Sidecar,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sidecar { input, format, epochs, n_examples, n_classes, n_never_learned, .. } = &self.sidecar;
        let n_epochs = epochs.len();
        writeln!(formatter, "{input}: {format}, {n_epochs} epochs, {n_examples} examples, {n_classes} classes")?;
        writeln!(formatter, "{n_never_learned} examples never learned")?;
        let mut table = new_table(&["column", "hard where", "options"]);
        for column in &self.sidecar.columns {
            let options: Vec<_> = column.options.iter().map(|(key, value)| format!("{key}={value}")).collect();
            table.add_row([column.name.as_str(), hard_where(column.higher_is_harder), &options.join(" ")]);
        }
        writeln!(formatter, "{table}")?;
        for Skipped { metric, reason } in &self.sidecar.skipped {
            writeln!(formatter, "left out: {metric} {reason}")?;
        }
        writeln!(formatter, "written to {}", self.output)
    }
}

fn hard_where(higher_is_harder: Option<bool>) -> &'static str {
    match higher_is_harder {
        Some(true) => "high",
        Some(false) => "low",
        None => "neither",
    }
}

/// The metrics that there are.
#[derive(Serialize)]
#[serde(transparent)]
struct Catalogue(Vec<Entry>);

#[derive(Serialize)]
struct Entry {
    name: &'static str,
    summary: &'static str,
    higher_is_harder: Option<bool>,
    needs_logits: bool,
    options: &'static [Parameter],
}

impl Catalogue {
    fn new() -> Self {
        let entry = |metric: &cl_difficulty::MetricDescription| Entry {
            name: metric.method.name,
            summary: metric.method.summary,
            higher_is_harder: metric.higher_is_harder,
            needs_logits: metric.needs == Needs::Logits,
            options: metric.method.parameters,
        };
        Self(metrics().iter().map(entry).collect())
    }
}

impl fmt::Display for Catalogue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Entry { name, summary, higher_is_harder, options, .. } in &self.0 {
            writeln!(formatter, "{name}: {summary}; hard where {}", hard_where(*higher_is_harder))?;
            for Parameter { name: key, meaning, default } in *options {
                let default = default.map_or(String::new(), |default| format!(" [{default}]"));
                writeln!(formatter, "    {name}.{key}: {meaning}{default}")?;
            }
        }
        Ok(())
    }
}
