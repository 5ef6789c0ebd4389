use std::collections::BTreeMap;
use std::path::Path;

use cl_data::io::{io_error, malformed, with_expected, write_atomically};
use cl_data::seal::Sealed;
use cl_model::{Checkpoint, SuperLoss};
use serde::{Deserialize, Serialize};

use super::history::EpochRow;
use super::identity::Identity;
use super::optimizer::Stepper;
use super::schedule::Schedule;
use crate::error::LabError;

/// The weights of the epoch that was best so far.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Best {
    /// By the criterion, higher is better.
    pub(super) value: f64,
    pub(super) epoch: u64,
    pub(super) parameters: Vec<f32>,
}

/// What a run is beside model, optimiser and sampler, at the end of an epoch.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) rows: Vec<EpochRow>,
    pub(super) best: Option<Best>,
    pub(super) epochs_since_best: u64,
    pub(super) stopped_early: bool,
    /// How often each example was shown.
    pub(super) shown: Vec<u32>,
}

/// What is made of the data before a run: models were trained for it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Prepared {
    /// The difficulty of each example of the training part.
    pub(super) difficulty: Option<Vec<f64>>,
    /// The irreducible loss of each example that is trained on.
    pub(super) irreducible: Option<Vec<f64>>,
    /// The examples of the training part that are trained on.
    pub(super) kept: Option<Vec<usize>>,
}

/// All that a run needs to go on.
#[derive(Serialize, Deserialize)]
pub(super) struct State {
    /// Every key with its text.
    pub(super) configuration: BTreeMap<String, String>,
    pub(super) data: Identity,
    pub(super) prepared: Prepared,
    pub(super) progress: Progress,
    /// What a loss that learns has learned.
    pub(super) loss: Option<SuperLoss<()>>,
    pub(super) run: Checkpoint<f32, Stepper, Schedule>,
}

const VERSION: u32 = 1;

impl State {
    /// Writes it whole or not at all, with its version and a checksum.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(super) fn write(&self, path: &Path) -> Result<(), LabError> {
        Ok(write_atomically(path, |writer| Ok(serde_json::to_writer(writer, &Sealed::<VERSION, _>::new(self))?))?)
    }

    /// Reads what was written.
    ///
    /// # Errors
    /// Where the file cannot be read, or is not what was written.
    pub(super) fn read(path: &Path) -> Result<Self, LabError> {
        let text = std::fs::read_to_string(path).map_err(|error| io_error(path, error))?;
        let sealed = serde_json::from_str::<Sealed<VERSION, Self>>(&text).map_err(|error| {
            malformed(
                path,
                "",
                with_expected(error, "a checkpoint as it was written; without one the run begins anew"),
            )
        })?;
        Ok(sealed.into_inner())
    }

    /// That it is of this configuration and these data.
    ///
    /// # Errors
    /// Naming what differs.
    pub(super) fn check(
        &self,
        path: &Path,
        configuration: &BTreeMap<String, String>,
        data: &Identity,
    ) -> Result<(), LabError> {
        let keys = self.configuration.keys().chain(configuration.keys());
        for key in keys {
            let text = |of: &BTreeMap<String, String>| of.get(key).cloned().unwrap_or_else(|| "none".to_owned());
            let (then, now) = (text(&self.configuration), text(configuration));
            if then != now {
                let problem =
                    format!("of a run with {key} = {then}, and it is {now} now: expected the same to resume");
                return Err(malformed(path, "", problem).into());
            }
        }
        match self.data.difference(data) {
            Some(what) => {
                let problem = format!("of a run on other data: {what} differ, expected the same to resume");
                Err(malformed(path, "", problem).into())
            }
            None => Ok(()),
        }
    }
}
