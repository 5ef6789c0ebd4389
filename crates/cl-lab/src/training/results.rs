use std::io::Write;
use std::path::Path;

use cl_data::Version;
use cl_data::io::write_atomically;
use serde::Serialize;

use crate::error::LabError;
use crate::metric::Metric;
use crate::problem::Task;

/// How a model does on a part of the data.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measured {
    /// Examples of the part.
    pub n_examples: usize,
    /// The mean cross-entropy, or squared error of the standardised number.
    pub loss: f64,
    /// The metric; none where the part has none.
    pub metric: Option<f64>,
}

/// What a run came to; `results.json` is this.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Results {
    /// The version of the form.
    pub version: Version<1>,
    /// The data, as they were named.
    pub data: String,
    /// What is predicted.
    pub task: Task,
    /// Examples of the training part.
    pub n_train: usize,
    /// Those of them that pruning kept.
    pub n_kept: usize,
    /// Labels of the training part that were made wrong.
    pub n_wrong: usize,
    /// Where difficulties came from, if anything asked for them.
    pub difficulty: Option<String>,
    /// Parameters of the model.
    pub n_parameters: usize,
    /// Epochs, so many updates each as a pass over the examples trained on takes.
    pub n_epochs: u64,
    /// Updates.
    pub n_updates: u64,
    /// Examples shown, each time counted.
    pub n_presented: u64,
    /// Examples that were trained on and never shown.
    pub n_never_shown: usize,
    /// The epoch whose weights the model has; none where none was better than not a number.
    pub best_epoch: Option<u64>,
    /// Whether patience ended the run before its budget.
    pub stopped_early: bool,
    /// The metric.
    pub metric: Metric,
    /// On the validation part, which the best epoch was chosen on.
    pub validation: Measured,
    /// On the test part, which was read once, at the end.
    pub test: Measured,
}

impl Results {
    /// Writes them as JSON.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(super) fn write(&self, path: &Path) -> Result<(), LabError> {
        Ok(write_atomically(path, |writer| {
            serde_json::to_writer_pretty(&mut *writer, self)?;
            writeln!(writer)
        })?)
    }
}
