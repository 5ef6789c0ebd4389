//! Scores of the training dynamics and label issues.

use anyhow::Result;
use cl_benches::inputs::{logits, noisily_labelled};
use cl_difficulty::{ConfidentLearning, DynamicsRecorder, IssueFilter, Log, MetricSettings, Outputs};

use crate::folder::Folder;
use crate::task::{Entry, Task};

pub(crate) const ENTRIES: &[Entry] = &[
    Entry { name: "dynamics", write: write_logits, start: dynamics },
    Entry { name: "label-issues", write: write_probabilities, start: label_issues },
];

const N_EXAMPLES: usize = 200_000;
const N_CLASSES: usize = 10;
const N_EPOCHS: usize = 20;

fn write_logits(folder: &Folder) -> Result<()> {
    folder.write_labels(&(0..N_EXAMPLES).map(|i| i % N_CLASSES).collect::<Vec<_>>())?;
    let shape = [N_EPOCHS, N_EXAMPLES, N_CLASSES];
    folder.write("logits", &shape, logits(shape.iter().product()))
}

fn dynamics(folder: &Folder) -> Result<Task> {
    let (logits, labels) = (folder.read::<f32>("logits")?, folder.labels()?);
    let metrics: Vec<MetricSettings> = ["el2n", "forgetting", "aum"]
        .into_iter()
        .map(|name| MetricSettings::parse(name, &[]))
        .collect::<Result<_, _>>()?;
    let epochs: Vec<u64> = (0..N_EPOCHS as u64).collect();
    let run = move || {
        let mut recorder = DynamicsRecorder::new(N_EXAMPLES, N_CLASSES, &metrics)?;
        recorder.record_log(&Log { epochs: &epochs, labels: &labels, outputs: Outputs::Logits(&logits[..]) })?;
        Ok(recorder.columns()?)
    };
    let means = |columns: &Vec<cl_difficulty::Column>| {
        let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
        columns.iter().map(|column| mean(column.values.to_floats())).collect()
    };
    Ok(Task::new(run, means))
}

fn write_probabilities(folder: &Folder) -> Result<()> {
    let n = 1_000_000;
    let (probabilities, labels) = noisily_labelled(n, N_CLASSES);
    folder.write_labels(&labels)?;
    folder.write("probabilities", &[n, N_CLASSES], probabilities)
}

fn label_issues(folder: &Folder) -> Result<Task> {
    let (probabilities, labels) = (folder.read::<f64>("probabilities")?, folder.labels()?);
    let run = move || {
        let learned = ConfidentLearning::fit(&probabilities, &labels, N_CLASSES)?;
        Ok(learned.issues(&probabilities, &labels, IssueFilter::PruneByNoiseRate)?)
    };
    Ok(Task::new(run, |issues: &Vec<bool>| vec![issues.iter().filter(|&&issue| issue).count() as f64]))
}
