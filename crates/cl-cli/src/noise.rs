//! `curriculum noise`: label issues by confident learning.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use cl_data::Fingerprint;
use cl_data::io::write_atomically;
use cl_difficulty::{ConfidentLearning, IssueFilter, confidence_weighted_entropy, normalized_margin};
use cl_model::softmax;
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use serde::Serialize;

use crate::dynamics::{Chunk, Contents, InputOptions, OutputKind, Values, Visitor, open_source};
use crate::output::{csv_field, exact, new_table, print, right, short};
use crate::progress::progress;

/// Resamples behind the interval of the noise rate.
const N_RESAMPLES: usize = 1000;

/// Find labels that are probably wrong, by confident learning (Northcutt, Jiang and Chuang 2021).
///
/// INPUT is what `curriculum score` takes. Probabilities are averaged over the epochs, or those of the last one;
/// they should be of examples that the model was not trained on. OUT has a row per example: the class predicted,
/// the label's quality by three measures (low = probably wrong) and whether it is an issue by the filter.
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum noise dynamics.npz -o issues.csv
  curriculum noise heldout.npy --labels labels.npy --filter both -o issues.csv --json")]
pub(crate) struct Arguments {
    /// The probabilities or logits: a file or a folder
    input: PathBuf,
    #[command(flatten)]
    options: InputOptions,
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
    /// Where to write (.csv)
    #[arg(short, long, value_name = "OUT.csv")]
    output: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Epochs {
    /// Averaged over all epochs
    Mean,
    /// The last epoch
    Last,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.output.extension().is_none_or(|ending| ending != "csv") {
        bail!("{}: unknown ending, expected .csv", arguments.output.display());
    }
    let mut source = open_source(&arguments.input, &arguments.options)?;
    let contents = source.contents();
    let (n, c, n_epochs) = (contents.n_examples(), contents.n_classes, contents.epochs.len());
    let first = match arguments.probabilities {
        Epochs::Mean => 0,
        Epochs::Last => n_epochs - 1,
    };
    let weight = 1.0 / (n_epochs - first) as f64;
    let bar = progress(contents, first);
    let mut mean =
        MeanProbabilities { sums: vec![0.0; n * c], row: vec![0.0; c], probabilities: vec![0.0; c], bar };
    source.visit(first, &mut mean)?;
    mean.bar.finish_and_clear();
    let mut probabilities = mean.sums;
    probabilities.iter_mut().for_each(|p| *p = (*p * weight).min(1.0));

    let contents = source.contents();
    let place = || arguments.input.display().to_string();
    let learned = ConfidentLearning::fit(&probabilities, &contents.labels, c).with_context(place)?;
    let issues = learned.issues(&probabilities, &contents.labels, arguments.filter)?;
    let rate = learned.noise_rate(N_RESAMPLES, arguments.level, arguments.seed)?;
    let rows: Vec<Row> = probabilities
        .chunks_exact(c)
        .zip(&contents.labels)
        .zip(contents.ids.iter())
        .zip(&issues)
        .map(|(((p, &label), id), &issue)| Row::of(id.into_owned(), label, p, issue))
        .collect();
    write_atomically(&arguments.output, |writer| {
        writeln!(
            writer,
            "id,label,predicted,self_confidence,normalized_margin,confidence_weighted_entropy,issue"
        )?;
        for row in &rows {
            let qualities = [row.self_confidence, row.normalized_margin, row.confidence_weighted_entropy];
            let [own, margin, entropy] = qualities.map(exact);
            let (id, issue) = (csv_field(&row.id), u8::from(row.issue));
            writeln!(writer, "{id},{},{},{own},{margin},{entropy},{issue}", row.label, row.predicted)?;
        }
        Ok(())
    })?;

    let square = |cells: &[u64]| cells.chunks(c).map(<[u64]>::to_vec).collect();
    let mut worst: Vec<Row> = rows.into_iter().filter(|row| row.issue).collect();
    // A stable sort: equal qualities stay in the order of the examples.
    worst.sort_by(|a, b| a.self_confidence.total_cmp(&b.self_confidence));
    let n_issues = worst.len();
    worst.truncate(10);
    let report = Report {
        output: arguments.output.display().to_string(),
        fingerprint: contents.fingerprint(),
        n_examples: n,
        n_classes: c,
        epochs: contents.epochs[first..].to_vec(),
        probabilities: arguments.probabilities,
        filter: arguments.filter.to_string(),
        n_issues,
        noise_rate: rate.estimate,
        interval: (rate.low, rate.high),
        level: arguments.level,
        thresholds: learned.thresholds().to_vec(),
        confident_joint: square(learned.confident_joint()),
        calibrated_joint: square(learned.calibrated_joint()),
        worst,
    };
    print(&report, arguments.json)
}

/// The sum over epochs of the probabilities.
struct MeanProbabilities {
    sums: Vec<f64>,
    row: Vec<f64>,
    probabilities: Vec<f64>,
    bar: ProgressBar,
}

impl MeanProbabilities {
    fn add<T: Copy + Into<f64>>(&mut self, contents: &Contents, examples: &[usize], values: &[T]) {
        let c = contents.n_classes;
        for (&example, values) in examples.iter().zip(values.chunks_exact(c)) {
            self.row.iter_mut().zip(values).for_each(|(row, &value)| *row = value.into());
            let row = match contents.outputs {
                OutputKind::Probabilities => &self.row,
                OutputKind::Logits => {
                    softmax(&self.row, &mut self.probabilities);
                    &self.probabilities
                }
            };
            self.sums[example * c..][..c].iter_mut().zip(row).for_each(|(sum, p)| *sum += p);
        }
    }
}

impl Visitor for MeanProbabilities {
    fn observe(&mut self, contents: &Contents, chunk: &Chunk<'_>) -> anyhow::Result<()> {
        match chunk.values {
            Values::F32(values) => self.add(contents, chunk.examples, values),
            Values::F64(values) => self.add(contents, chunk.examples, values),
        }
        self.bar.inc(chunk.examples.len() as u64);
        Ok(())
    }

    fn epoch_ended(&mut self, contents: &Contents, position: usize) -> anyhow::Result<()> {
        self.bar.set_message(format!("epoch {}", contents.epochs[position]));
        Ok(())
    }
}

/// One example and its label's quality.
#[derive(Serialize)]
struct Row {
    id: String,
    label: usize,
    predicted: usize,
    self_confidence: f64,
    normalized_margin: f64,
    confidence_weighted_entropy: f64,
    issue: bool,
}

impl Row {
    fn of(id: String, label: usize, p: &[f64], issue: bool) -> Self {
        Self {
            id,
            label,
            predicted: (0..p.len()).fold(0, |best, class| if p[class] > p[best] { class } else { best }),
            self_confidence: p[label],
            normalized_margin: normalized_margin(p, label),
            confidence_weighted_entropy: confidence_weighted_entropy(p, label, false),
            issue,
        }
    }
}

#[derive(Serialize)]
struct Report {
    output: String,
    fingerprint: Fingerprint,
    n_examples: usize,
    n_classes: usize,
    epochs: Vec<u64>,
    probabilities: Epochs,
    filter: String,
    n_issues: usize,
    /// The estimated share of wrong labels.
    noise_rate: f64,
    interval: (f64, f64),
    level: f64,
    thresholds: Vec<f64>,
    /// Counts of given label (row) by confident class (column).
    confident_joint: Vec<Vec<u64>>,
    /// The same, its rows summing to the number of examples of each label.
    calibrated_joint: Vec<Vec<u64>>,
    /// The issues of lowest self-confidence.
    worst: Vec<Row>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { n_examples, n_classes, n_issues, filter, level, interval: (low, high), .. } = self;
        writeln!(formatter, "{n_examples} examples, {n_classes} classes: {n_issues} label issues by {filter}")?;
        let [rate, low, high] = [self.noise_rate, *low, *high].map(|share| format!("{:.2}", share * 100.0));
        let level = level * 100.0;
        writeln!(formatter, "estimated noise rate {rate} % ({level} % interval {low} to {high} %)")?;
        // A larger matrix fits no terminal.
        if *n_classes <= 12 {
            writeln!(formatter, "\nconfident joint, given label by probable class")?;
            let classes: Vec<String> = (0..*n_classes).map(|class| class.to_string()).collect();
            let mut table =
                new_table(&[&[""], &classes.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat());
            for (label, row) in self.confident_joint.iter().enumerate() {
                let label = right(label.to_string());
                table.add_row(std::iter::once(label).chain(row.iter().map(|count| right(count.to_string()))));
            }
            writeln!(formatter, "{table}")?;
        }
        if !self.worst.is_empty() {
            writeln!(formatter, "\nissues of lowest self-confidence")?;
            let mut table = new_table(&["id", "label", "predicted", "self-confidence"]);
            for row in &self.worst {
                let (label, predicted) = (row.label.to_string(), row.predicted.to_string());
                table.add_row([
                    right(&*row.id),
                    right(label),
                    right(predicted),
                    right(short(row.self_confidence)),
                ]);
            }
            writeln!(formatter, "{table}")?;
        }
        writeln!(formatter, "written to {}", self.output)
    }
}
