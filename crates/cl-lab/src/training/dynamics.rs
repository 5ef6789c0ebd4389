use std::fs;
use std::path::PathBuf;

use cl_data::Dataset;
use cl_data::io::{Array, ArrayData, ids_data, write_npy};
use cl_model::Evaluation;

use crate::error::LabError;
use crate::problem::Task;

/// The dynamics of a run: a folder with `labels.npy`, `ids.npy` and a file per epoch, which `curriculum score` reads. Of
/// classes these are logits (examples, classes), of numbers losses.
///
/// Each epoch is written by itself, so that memory does not grow with the run.
#[derive(Debug)]
pub(super) struct Dynamics {
    folder: PathBuf,
    task: Task,
}

const ENDING: &str = ".npy";

impl Dynamics {
    pub(super) fn new(folder: PathBuf, task: Task) -> Self {
        Self { folder, task }
    }

    fn prefix(&self) -> &'static str {
        match self.task {
            Task::Classification => "logits_epoch_",
            Task::Regression => "losses_epoch_",
        }
    }

    /// Makes the folder, and says there which examples there are.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(super) fn begin(&self, train: &Dataset<f32>) -> Result<(), LabError> {
        fs::create_dir_all(&self.folder).map_err(|source| LabError::Io { path: self.folder.clone(), source })?;
        let n = train.n_examples();
        let ids = Array::new(vec![n], ids_data(train.ids().iter()))?;
        write_npy(self.folder.join("ids.npy"), &ids)?;
        if self.task == Task::Classification {
            let labels = train.labels().iter().map(|&label| label as i64).collect();
            write_npy(self.folder.join("labels.npy"), &Array::new(vec![n], ArrayData::I64(labels))?)?;
        }
        Ok(())
    }

    /// Writes what the model gives out for each example after an epoch.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(super) fn record(&self, epoch: u64, evaluation: &Evaluation<f32>) -> Result<(), LabError> {
        let n = evaluation.losses.len();
        let array = match self.task {
            Task::Classification => {
                let outputs = evaluation.outputs.clone();
                Array::new(vec![n, outputs.len() / n.max(1)], ArrayData::F32(outputs))?
            }
            Task::Regression => Array::new(vec![n], ArrayData::F64(evaluation.losses.clone()))?,
        };
        Ok(write_npy(self.folder.join(format!("{}{epoch:05}{ENDING}", self.prefix())), &array)?)
    }

    /// Takes back what was written after an epoch, by a run that was broken off since it was saved.
    ///
    /// # Errors
    /// Where a file cannot be removed.
    pub(super) fn forget_after(&self, epoch: u64) -> Result<(), LabError> {
        let failed = |path: &PathBuf, source| LabError::Io { path: path.clone(), source };
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(|source| failed(&self.folder, source))?,
        };
        for entry in entries {
            let path = entry.map_err(|source| failed(&self.folder, source))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let number = ["logits_epoch_", "losses_epoch_"].iter().find_map(|prefix| name.strip_prefix(prefix));
            let number = number.and_then(|rest| rest.strip_suffix(ENDING)?.parse::<u64>().ok());
            if number.is_some_and(|number| number > epoch) {
                fs::remove_file(&path).map_err(|source| failed(&path, source))?;
            }
        }
        Ok(())
    }
}
