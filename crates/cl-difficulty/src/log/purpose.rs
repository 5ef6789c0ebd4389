use std::fs::File;
use std::io::Read;
use std::path::Path;

use cl_data::io::{io_error, malformed};
use cl_data::{DataError, Fingerprint};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::positions::range;
use super::source::{Contents, OutputKind};
use crate::{dynamics::MetricSettings, scores::Metric};

/// What a state was saved for: it goes on with this and nothing else.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Purpose {
    fingerprint: Fingerprint,
    outputs: OutputKind,
    n_classes: usize,
    metrics: Vec<Metric>,
    /// By which rows count.
    rules: String,
    /// The position of the first epoch that enters.
    first: usize,
    /// The epochs recorded.
    epochs: Vec<EpochFile>,
}

impl Purpose {
    /// Of no epoch yet.
    pub(super) fn new(path: &Path, contents: &Contents, metrics: &[MetricSettings]) -> Result<Self, DataError> {
        let (from, _) = range(metrics);
        let first = contents.epochs.partition_point(|&epoch| epoch < from);
        if contents.files.is_empty() {
            let problem = "option `state` needs an input of one file per epoch, this is one file";
            return Err(malformed(path, "", problem));
        }
        let metrics = metrics.iter().map(|settings| settings.metric().clone()).collect();
        let Contents { outputs, n_classes, .. } = *contents;
        let (fingerprint, rules) = (contents.fingerprint(), contents.rules.clone());
        Ok(Self { fingerprint, outputs, n_classes, metrics, rules, first, epochs: Vec::new() })
    }

    /// Of all epochs.
    pub(super) fn of_all(path: &Path, contents: &Contents, metrics: &[MetricSettings]) -> Result<Self, DataError> {
        let mut purpose = Self { first: 0, ..Self::new(path, contents, metrics)? };
        (0..contents.epochs.len()).try_for_each(|position| purpose.push(contents, position))?;
        Ok(purpose)
    }

    /// One more epoch is recorded.
    pub(super) fn push(&mut self, contents: &Contents, position: usize) -> Result<(), DataError> {
        self.epochs.push(EpochFile::of(contents.epochs[position], &contents.files[position])?);
        Ok(())
    }

    /// All epochs up to that at this position are recorded.
    pub(super) fn push_to(&mut self, contents: &Contents, position: usize) -> Result<(), DataError> {
        let next = self.first + self.epochs.len();
        (next..=position).try_for_each(|position| self.push(contents, position))
    }

    /// How many metrics are recorded.
    pub(super) fn n_metrics(&self) -> usize {
        self.metrics.len()
    }

    /// How many epochs were recorded.
    pub(super) fn n_epochs(&self) -> usize {
        self.epochs.len()
    }

    /// Refuses the state in the file `path` where it was saved for another purpose.
    pub(super) fn check(&self, path: &Path, saved: &Self, contents: &Contents) -> Result<(), DataError> {
        let mut differs = Vec::new();
        for (what, same) in [
            ("ids or labels", saved.fingerprint == self.fingerprint),
            ("the kind of outputs", saved.outputs == self.outputs),
            ("the number of classes", saved.n_classes == self.n_classes),
            ("metrics or their options", (&saved.metrics, saved.first) == (&self.metrics, self.first)),
            ("the rules for rows that are not plain", saved.rules == self.rules),
            ("the number of epochs", self.epochs.is_empty() || saved.epochs.len() == self.epochs.len()),
        ] {
            if !same {
                differs.push(what.to_owned());
            }
        }
        for (position, epoch) in (self.first..).zip(&saved.epochs) {
            let now = match contents.files.get(position) {
                Some(file) => Some(EpochFile::of(contents.epochs[position], file)?),
                None => None,
            };
            if now.as_ref() != Some(epoch) {
                differs.push(format!("the file of epoch {}", epoch.epoch));
                break;
            }
        }
        match differs.is_empty() {
            true => Ok(()),
            false => {
                let problem = format!("the state was saved for other input: {} differ", differs.join(", "));
                Err(malformed(path, "", problem))
            }
        }
    }
}

/// A file that was read: its length and the hash of all its bytes tell any other.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct EpochFile {
    epoch: u64,
    n_bytes: u64,
    hash: [u8; 32],
}

impl EpochFile {
    fn of(epoch: u64, path: &Path) -> Result<Self, DataError> {
        let look = || -> std::io::Result<Self> {
            let mut file = File::open(path)?;
            let (mut hash, mut n_bytes) = (Sha256::new(), 0);
            let mut bytes = vec![0; 1 << 18];
            loop {
                let n = file.read(&mut bytes)?;
                if n == 0 {
                    return Ok(Self { epoch, n_bytes, hash: hash.finalize().into() });
                }
                hash.update(&bytes[..n]);
                n_bytes += n as u64;
            }
        };
        look().map_err(|error| io_error(path, error))
    }
}
