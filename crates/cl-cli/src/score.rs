//! `curriculum score`: difficulty scores from training dynamics.

use std::ffi::OsString;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::bail;
use cl_data::catalogue::Parameter;
use cl_data::io::is_standard;
use cl_difficulty::log::{self, Contents, Scoring};
use cl_difficulty::table::{self, Sidecar, Skipped, TableFormat, sidecar_path};
use cl_difficulty::{Column, MetricSettings, Needs, metrics};
use cl_study::shown;
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::paths;
use crate::{
    dynamics::InputOptions,
    output::{answer, in_flags, left, new_table, place, print_beside},
    output_format::score_format,
    progress::Bar,
};

/// Score how hard examples are, from what a model gave out for them while it was trained.
///
/// INPUT is one of (`curriculum formats` has the names of columns and the rules)
///   - a table with a row per example and epoch: .csv, .jsonl, .parquet (.gz, .zst), or a folder of them, with `id`,
///     `epoch`, `label` and what the model gave: `logits` or `probs` (a list, or logit_0, logit_1, ...), or only
///     `loss`, or only `correct` or `pred`;
///   - a .npz file with `logits` or `probs` (epochs, examples, classes), `labels` and perhaps `ids`;
///   - a .npy file of the same shape, with --labels; of losses (epochs, examples) without;
///   - a folder with one .npy file (examples, classes) per epoch, `labels.npy` and perhaps `ids.npy`;
///   - Dataset Cartography's folder of `dynamics_epoch_E.jsonl`, of several ranks, too;
///   - TDDS's or DUAL's folder of `E_Output.npy` and `E_Index.npy`, with `labels.npy` or --labels;
///   - several of these, or a table with a column `run` or `seed`: scores are means over the runs, beside each
///     its standard deviation, NAME_sd.
///
/// Files are streamed, so that they may be larger than memory: most metrics keep a few numbers per example, but
/// tdds and those of averaged probabilities (self_confidence, normalized_margin, confidence_weighted_entropy) one
/// per example and class. A folder with one .npy file per epoch is read by blocks of examples where these would be
/// many, each block through all epochs: then they are kept for one block at a time. Each score is a column under its
/// own name; the JSON file beside OUT says what each is, with which options, and whether high values mean hard examples.
#[derive(Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  curriculum score dynamics.npz --metric el2n,forgetting,aum -o scores.csv
  curriculum score losses.csv --metric loss_mean,learning_time -o scores.csv
  curriculum score seed0.npz seed1.npz --metric el2n --option el2n.until=20 -o scores.csv
  curriculum score log.jsonl --metric el2n --missing skip --duplicates last -o - | head
  curriculum score run/ --metric all --option tdds.window=10 --option tdds.epochs=30 -o scores.npz
  curriculum score run/ --metric all --state run.state -o scores.csv
  curriculum score first/ --metric second_split_forgetting --second-split second/ -o scores.csv
  curriculum score --list-metrics"
)]
pub(crate) struct Arguments {
    /// The training dynamics: a file or a folder; several are several runs
    #[arg(required_unless_present = "list_metrics")]
    input: Vec<PathBuf>,
    #[command(flatten)]
    options: InputOptions,
    /// The metrics by name, or `all` that the input allows
    #[arg(long, value_name = "NAME", value_delimiter = ',', required_unless_present = "list_metrics")]
    metric: Vec<String>,
    /// Set an option of a metric
    #[arg(long = "option", value_name = "METRIC.KEY=VALUE", value_parser = metric_option)]
    metric_options: Vec<MetricOption>,
    /// Where to write: .csv, .jsonl, .npz, .parquet or, for one metric, .npy; - for standard output
    #[arg(short, long, value_name = "OUT", required_unless_present = "list_metrics")]
    output: Option<PathBuf>,
    /// The format of OUT, whatever its name
    #[arg(long, value_name = "NAME", value_parser = score_format(), hide_short_help = true)]
    output_format: Option<TableFormat>,
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

impl From<By> for log::By {
    fn from(by: By) -> Self {
        match by {
            By::Epochs => Self::Epochs,
            By::Examples => Self::Examples,
        }
    }
}

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

/// What was `given` on the command line is written beside the scores.
pub(crate) fn run(arguments: &Arguments, given: &[OsString]) -> anyhow::Result<()> {
    if arguments.list_metrics {
        return answer(&Catalogue::new(), arguments.json);
    }
    let Some(output) = &arguments.output else { bail!("no output") };
    let Arguments { input, second_split: second, state, .. } = arguments;
    let beside = sidecar_path(output);
    let read = input.iter().chain(second).chain(arguments.options.files());
    paths::check(read, [output, &beside].into_iter().chain(state))?;
    let format = arguments.output_format.map_or_else(|| TableFormat::of(output), Ok)?;
    let mut runs = arguments.options.open(&arguments.input)?;
    let Some(source) = runs.first() else { bail!("no input") };
    let contents = source.contents();
    let (mut settings, skipped) = selected(arguments, contents)?;
    if format == TableFormat::Npy && (settings.len() != 1 || runs.len() > 1) {
        let n = settings.len() * runs.len().min(2);
        bail!("{}: a .npy file holds one column, expected one metric of one run, not {n}", output.display());
    }
    if arguments.second_split.is_some() && runs.len() > 1 {
        bail!("--second-split takes one run, not {}", runs.len());
    }
    let second = second_split(arguments, &mut settings, contents)?;
    let unblocked = |run: &mut Box<dyn log::Source>| run.blocks().is_none().then(|| run.contents().path.clone());
    if arguments.by == Some(By::Examples)
        && let Some(path) = runs.iter_mut().find_map(unblocked)
    {
        bail!("{}: --by examples needs a folder with one .npy file in C order per epoch", path.display());
    }
    let mut bar = Bar::of_runs(&runs);
    let scoring =
        Scoring { by: arguments.by.map(Into::into), block: arguments.block, state: arguments.state.clone() };
    let mut scored = log::score_runs(&mut runs, &settings, &scoring, arguments.options.missing(), &mut bar)?;
    drop(bar);
    if let Some((position, column)) = second {
        scored.columns.insert(position, column);
    }
    let contents = runs[0].contents();
    let inputs: Vec<String> = arguments.input.iter().map(|input| input.display().to_string()).collect();
    let sidecar = Sidecar {
        version: env!("CARGO_PKG_VERSION").into(),
        command: given.iter().map(|argument| argument.to_string_lossy().into_owned()).collect(),
        input: inputs.join(", "),
        second_split: arguments.second_split.as_ref().map(|path| path.display().to_string()),
        skipped,
        ..Sidecar::of_log(contents, &scored)
    };
    let labels = (!scored.labels.is_empty()).then_some(&scored.labels[..]);
    match is_standard(output) {
        // Standard output has nothing beside it.
        true => table::write_columns_as(format, output, &scored.ids, labels, scored.columns)?,
        false => table::write_as(format, output, &scored.ids, labels, scored.columns, &sidecar)?,
    }
    let report = Report { output: output.display().to_string(), sidecar };
    print_beside(&report, arguments.json, &[Some(output)])
}

/// Second-split forgetting, taken out of the metrics to record, with its place among them.
fn second_split(
    arguments: &Arguments,
    settings: &mut Vec<MetricSettings>,
    contents: &Contents,
) -> anyhow::Result<Option<(usize, Column)>> {
    let Some(path) = &arguments.second_split else { return Ok(None) };
    let needs = |settings: &MetricSettings| settings.description().needs;
    let Some(position) = settings.iter().position(|settings| needs(settings) == Needs::SecondSplit) else {
        bail!("--second-split: no metric asked for is of a second split, expected second_split_forgetting or all");
    };
    let own = settings.remove(position);
    let mut source = log::open(path, &arguments.options.log()?)?;
    let mut bar = Bar::new(source.contents(), 0);
    let columns = log::second_split(source.as_mut(), contents, &[own], &mut bar)?;
    Ok(columns.into_iter().next().map(|column| (position, column)))
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
        match log::unavailable(&parsed, contents, arguments.second_split.is_some()) {
            None => settings.push(parsed),
            Some(reason) if all => skipped.push(Skipped { metric: name.to_owned(), reason: in_flags(&reason) }),
            Some(reason) if parsed.unavailable(contents.outputs).is_some() => {
                let possible: Vec<String> =
                    log::available(contents).iter().map(|settings| settings.metric().name.clone()).collect();
                let path = contents.path.display();
                bail!("{path}: {name} {reason}; this log can give {}", possible.join(", "));
            }
            Some(reason) => bail!("{name} {reason}"),
        }
    }
    Ok((settings, skipped))
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
        let Sidecar { input, format, epochs, n_examples, n_classes, n_never_learned, n_runs, .. } = &self.sidecar;
        let n_epochs = epochs.len();
        let input = shown::line(input);
        write!(formatter, "{input}: {format}, {n_epochs} epochs, {n_examples} examples")?;
        if *n_classes > 0 {
            write!(formatter, ", {n_classes} classes")?;
        }
        match n_runs {
            1 => writeln!(formatter)?,
            n => writeln!(formatter, ", mean over {n} runs with its standard deviation")?,
        }
        if let Some(outputs) = self.sidecar.outputs {
            writeln!(formatter, "outputs: {outputs}")?;
        }
        for note in &self.sidecar.notes {
            writeln!(formatter, "{}", in_flags(&note.text))?;
        }
        if let Some(n) = n_never_learned {
            writeln!(formatter, "{n} examples never learned")?;
        }
        let mut table = new_table(&["column", "hard where", "options"]);
        for column in &self.sidecar.columns {
            let options: Vec<_> = column.options.iter().map(|(key, value)| format!("{key}={value}")).collect();
            table.add_row([&column.name, hard_where(column.higher_is_harder), &options.join(" ")].map(left));
        }
        writeln!(formatter, "{table}")?;
        for Skipped { metric, reason } in &self.sidecar.skipped {
            writeln!(formatter, "left out: {metric} {}", in_flags(reason))?;
        }
        writeln!(formatter, "written to {}", place(&self.output))
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
