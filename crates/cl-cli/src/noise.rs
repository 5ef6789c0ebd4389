//! `curriculum noise`: label issues by confident learning.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, bail};
use cl_data::Fingerprint;
use cl_data::io::is_standard;
use cl_difficulty::log::{self, Note, RunProbabilities};
use cl_difficulty::{ConfidentLearning, IssueFilter, LabelIssue};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::paths;
use crate::{
    dynamics::InputOptions,
    output::{in_flags, new_table, place, print_beside, right, short},
    progress::Bar,
};

/// Resamples behind the interval of the noise rate.
const N_RESAMPLES: usize = 1000;

/// With more classes no dense joint is printed, which grows by their square.
const MOST_DENSE: usize = 100;

/// Up to here equal counts of the joint go as cleanlab has them.
const MOST_AS_CLEANLAB: usize = 8;

const TIES: &str = "with more than 8 classes cleanlab's unstable sort can decide equal cases otherwise (up to about \
    1.3 % of the issues were seen to differ), and here they go by the order of the examples";

/// Find labels that are probably wrong, by confident learning (Northcutt, Jiang and Chuang 2021).
///
/// INPUT is what `curriculum score` takes, of logits or probabilities. Probabilities are averaged over the epochs, or those
/// of the last one, and over runs; they should be of examples that the model was not trained on. OUT has a row per example: the class predicted,
/// the label's quality by three measures (low = probably wrong) and whether it is an issue by the filter.
///
/// The filters prune_by_noise_rate, prune_by_class and both go by counts: with more than 8 classes cleanlab's unstable
/// sort can decide equal cases otherwise (up to about 1.3 % of the issues were seen to differ), and here they go by
/// the order of the examples. JSON has the joints as matrices up to 100 classes, and the confident one always as
/// entries [given, class, count].
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum noise dynamics.npz -o issues.csv
  curriculum noise heldout.npy --labels labels.npy --filter both -o issues.csv --json")]
pub(crate) struct Arguments {
    /// The probabilities or logits: a file or a folder; of several runs the mean
    #[arg(required = true)]
    input: Vec<PathBuf>,
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
    /// Where to write: .csv, or - for standard output
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
    paths::check(arguments.input.iter().chain(arguments.options.files()), [&arguments.output])?;
    if !is_standard(&arguments.output) && arguments.output.extension().is_none_or(|ending| ending != "csv") {
        bail!("{}: unknown ending, expected .csv", arguments.output.display());
    }
    let mut runs = arguments.options.open(&arguments.input)?;
    let last = arguments.probabilities == Epochs::Last;
    let mut bar = Bar::of_runs(&runs);
    let RunProbabilities { probabilities, ids, labels, n_runs, notes } =
        log::mean_probabilities_of_runs(&mut runs, last, arguments.options.missing(), &mut bar)?;
    drop(bar);

    let (contents, n) = (runs[0].contents(), labels.len());
    let (c, n_epochs) = (contents.n_classes, contents.epochs.len());
    let first = if last { n_epochs - 1 } else { 0 };
    let place = || contents.path.display().to_string();
    let learned = ConfidentLearning::fit(&probabilities, &labels, c).with_context(place)?;
    let rows = LabelIssue::of_all(&learned, &probabilities, &ids, &labels, arguments.filter)?;
    let rate = learned.noise_rate(N_RESAMPLES, arguments.level, arguments.seed)?;
    LabelIssue::write_csv(&arguments.output, &rows)?;

    let square = |cells: Vec<u64>| cells.chunks(c).map(<[u64]>::to_vec).collect();
    let mut worst: Vec<LabelIssue> = rows.into_iter().filter(|row| row.issue).collect();
    // A stable sort: equal qualities stay in the order of the examples.
    worst.sort_by(|a, b| a.self_confidence.total_cmp(&b.self_confidence));
    let n_issues = worst.len();
    worst.truncate(10);
    let report = Report {
        output: arguments.output.display().to_string(),
        fingerprint: Fingerprint::of(&ids, &labels),
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
        confident_joint: (c <= MOST_DENSE).then(|| square(learned.confident_joint())),
        calibrated_joint: (c <= MOST_DENSE).then(|| square(learned.calibrated_joint())),
        confident_entries: learned.confident_entries().collect(),
        n_runs,
        classes: contents.class_names.clone(),
        notes,
        note: (c > MOST_AS_CLEANLAB && by_counts(arguments.filter)).then_some(TIES),
        worst,
    };
    print_beside(&report, arguments.json, &[Some(&arguments.output)])
}

/// Whether equal counts or equal qualities decide what the filter finds.
fn by_counts(filter: IssueFilter) -> bool {
    matches!(filter, IssueFilter::PruneByNoiseRate | IssueFilter::PruneByClass | IssueFilter::Both)
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
    /// Counts of given label (row) by confident class (column), where there are not too many.
    confident_joint: Option<Vec<Vec<u64>>>,
    /// The same, its rows summing to the number of examples of each label.
    calibrated_joint: Option<Vec<Vec<u64>>>,
    /// The confident joint without its zeros: given label, confident class and count.
    confident_entries: Vec<(usize, usize, u64)>,
    /// Where cleanlab may find other issues.
    note: Option<&'static str>,
    /// Over how many runs the probabilities are means.
    n_runs: usize,
    /// The label of each class, where these are not the integers themselves.
    classes: Option<Vec<String>>,
    /// What was not plain about the input, and what was done.
    notes: Vec<Note>,
    /// The issues of lowest self-confidence.
    worst: Vec<LabelIssue>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { n_examples, n_classes, n_issues, filter, level, interval: (low, high), .. } = self;
        writeln!(formatter, "{n_examples} examples, {n_classes} classes: {n_issues} label issues by {filter}")?;
        let [rate, low, high] = [self.noise_rate, *low, *high].map(|share| format!("{:.2}", share * 100.0));
        let level = level * 100.0;
        writeln!(formatter, "estimated noise rate {rate} % ({level} % interval {low} to {high} %)")?;
        for note in &self.notes {
            writeln!(formatter, "{}", in_flags(&note.text))?;
        }
        if let Some(note) = self.note {
            writeln!(formatter, "note: {note}")?;
        }
        // A larger matrix fits no terminal.
        if let Some(joint) = self.confident_joint.as_ref().filter(|_| *n_classes <= 12) {
            writeln!(formatter, "\nconfident joint, given label by probable class")?;
            let classes: Vec<String> = (0..*n_classes).map(|class| class.to_string()).collect();
            let mut table =
                new_table(&[&[""], &classes.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat());
            for (label, row) in joint.iter().enumerate() {
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
        writeln!(formatter, "written to {}", place(&self.output))
    }
}
