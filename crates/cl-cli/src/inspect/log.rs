//! What a file or folder holds as a log of training: of which examples and epochs, and which metrics it can give.

use std::fmt;
use std::path::Path;

use cl_difficulty::OutputKind;
use cl_difficulty::log::{self, Contents, Duplicates, Missing, NotNumbers, Note, Source};
use serde::Serialize;

use crate::dynamics::LogOptions;
use crate::output::{in_flags, names, short};

/// A log.
#[derive(Serialize)]
pub(crate) struct LogReport {
    format: &'static str,
    outputs: OutputKind,
    n_examples: usize,
    /// The first ids, in their order.
    first_ids: Vec<String>,
    has_labels: bool,
    /// Of the outputs; null where these are one number per example.
    n_classes: Option<usize>,
    classes: Option<Vec<String>>,
    n_epochs: usize,
    first_epoch: u64,
    last_epoch: u64,
    /// Neighbours among the epochs that lie more than one apart.
    gaps: Vec<(u64, u64)>,
    runs: Vec<String>,
    /// What is not plain: duplicates, what is missing, files left out.
    notes: Vec<Note>,
    /// The metrics that it can give.
    metrics: Vec<String>,
}

impl LogReport {
    /// Of the runs of a log, opened so that nothing that could be left out is in the way.
    pub(crate) fn open(path: &Path, options: &LogOptions) -> anyhow::Result<Self> {
        let options = options.options(NotNumbers::Skip, Missing::Skip, Duplicates::First)?;
        let runs = log::open_runs(path, &options)?;
        let mut reports = runs.iter().map(|run| Self::of(run.as_ref()));
        let mut report = reports.next().ok_or_else(|| cl_data::io::malformed(path, "", "no run"))?;
        for (other, run) in reports.zip(&runs[1..]) {
            report.runs.extend(run.contents().run.clone());
            let new = other.notes.into_iter().filter(|note| !report.notes.contains(note));
            let new: Vec<Note> = new.collect();
            report.notes.extend(new);
        }
        Ok(report)
    }

    fn of(run: &dyn Source) -> Self {
        let contents = run.contents();
        let Contents { format, outputs, epochs, labels, n_classes, .. } = contents;
        let gaps = epochs.windows(2).filter(|pair| pair[1] > pair[0] + 1).map(|pair| (pair[0], pair[1]));
        let metrics = log::available(contents);
        Self {
            format,
            outputs: *outputs,
            n_examples: contents.n_examples(),
            first_ids: contents.ids.iter().take(3).map(Into::into).collect(),
            has_labels: !labels.is_empty(),
            n_classes: (!outputs.is_scalar()).then_some(*n_classes),
            classes: contents.class_names.clone(),
            n_epochs: epochs.len(),
            first_epoch: epochs.first().copied().unwrap_or_default(),
            last_epoch: epochs.last().copied().unwrap_or_default(),
            gaps: gaps.collect(),
            runs: contents.run.iter().cloned().collect(),
            notes: contents.notes.clone(),
            metrics: metrics.iter().map(|settings| settings.metric().name.clone()).collect(),
        }
    }
}

impl fmt::Display for LogReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { format, outputs, n_examples, n_epochs, first_epoch, last_epoch, .. } = self;
        write!(formatter, "as a log ({format}): {outputs} of {n_examples} examples")?;
        if let Some(n_classes) = self.n_classes {
            write!(formatter, ", {n_classes} classes")?;
        }
        writeln!(formatter, ", {n_epochs} epochs from {first_epoch} to {last_epoch}")?;
        let more = if *n_examples > self.first_ids.len() { ", ..." } else { "" };
        writeln!(formatter, "ids: {}{more}", names(&self.first_ids))?;
        if !self.has_labels {
            writeln!(formatter, "no labels")?;
        }
        if !self.runs.is_empty() {
            let n = short(self.runs.len() as f64);
            writeln!(formatter, "{n} runs: {}", names(&self.runs))?;
        }
        for note in &self.notes {
            writeln!(formatter, "{}", in_flags(&note.text))?;
        }
        writeln!(formatter, "metrics: {}", self.metrics.join(", "))
    }
}
