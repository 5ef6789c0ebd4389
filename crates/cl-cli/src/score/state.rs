//! The recorder between two epochs, in a file, so that a long run goes on where it was stopped.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cl_data::Fingerprint;
use cl_data::io::write_atomically;
use cl_difficulty::{DynamicsRecorder, Metric};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::dynamics::{Contents, OutputKind};

const MAGIC: &[u8; 24] = b"curriculum score state 1";

/// Bytes hashed at either end of an epoch's file.
const SAMPLE: u64 = 1 << 16;

/// What a state was saved for: it goes on with this and nothing else.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Purpose {
    fingerprint: Fingerprint,
    outputs: OutputKind,
    n_classes: usize,
    metrics: Vec<Metric>,
    /// The epochs recorded.
    epochs: Vec<EpochFile>,
}

impl Purpose {
    fn new(path: &Path, contents: &Contents, metrics: Vec<Metric>) -> anyhow::Result<Self> {
        if contents.files.is_empty() {
            bail!("{}: --state needs an input of one file per epoch, this is one file", path.display());
        }
        let Contents { outputs, n_classes, .. } = *contents;
        Ok(Self { fingerprint: contents.fingerprint(), outputs, n_classes, metrics, epochs: Vec::new() })
    }

    /// Of all epochs.
    pub(super) fn of_all(path: &Path, contents: &Contents, metrics: Vec<Metric>) -> anyhow::Result<Self> {
        let mut purpose = Self::new(path, contents, metrics)?;
        let files = contents.epochs.iter().zip(&contents.files);
        purpose.epochs = files.map(|(&epoch, file)| EpochFile::of(epoch, file)).collect::<anyhow::Result<_>>()?;
        Ok(purpose)
    }

    /// What was other when `saved` was.
    pub(super) fn differences(&self, saved: &Self, contents: &Contents) -> anyhow::Result<Vec<String>> {
        let mut differs = Vec::new();
        for (what, same) in [
            ("ids or labels", saved.fingerprint == self.fingerprint),
            ("the kind of outputs", saved.outputs == self.outputs),
            ("the number of classes", saved.n_classes == self.n_classes),
            ("metrics or their options", saved.metrics == self.metrics),
            ("the number of epochs", self.epochs.is_empty() || saved.epochs.len() == self.epochs.len()),
        ] {
            if !same {
                differs.push(what.to_owned());
            }
        }
        for (position, epoch) in saved.epochs.iter().enumerate() {
            let now = match contents.files.get(position) {
                Some(file) => Some(EpochFile::of(contents.epochs[position], file)?),
                None => None,
            };
            if now.as_ref() != Some(epoch) {
                differs.push(format!("the file of epoch {}", epoch.epoch));
                break;
            }
        }
        Ok(differs)
    }
}

/// A file that was read: its length and the hash of its ends tell another one.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct EpochFile {
    epoch: u64,
    n_bytes: u64,
    sample: [u8; 32],
}

impl EpochFile {
    fn of(epoch: u64, path: &Path) -> anyhow::Result<Self> {
        let look = || -> std::io::Result<Self> {
            use std::io::{Seek, SeekFrom};
            let mut file = File::open(path)?;
            let n_bytes = file.metadata()?.len();
            let mut hash = Sha256::new();
            let mut bytes = Vec::new();
            (&mut file).take(SAMPLE).read_to_end(&mut bytes)?;
            file.seek(SeekFrom::Start(n_bytes.saturating_sub(SAMPLE)))?;
            file.take(SAMPLE).read_to_end(&mut bytes)?;
            hash.update(&bytes);
            Ok(Self { epoch, n_bytes, sample: hash.finalize().into() })
        };
        look().with_context(|| path.display().to_string())
    }
}

/// A state file, and the epochs that it holds.
pub(super) struct StateFile {
    path: PathBuf,
    purpose: Purpose,
}

impl StateFile {
    /// The state of a run that has recorded nothing.
    pub(super) fn new(path: &Path, contents: &Contents, metrics: Vec<Metric>) -> anyhow::Result<Self> {
        let purpose = Purpose::new(path, contents, metrics)?;
        Ok(Self { path: path.to_path_buf(), purpose })
    }

    /// The recorder where there is a state, which must be of the same input and metrics; how many epochs it has
    /// seen is then [`n_epochs`](Self::n_epochs).
    pub(super) fn load(&mut self, contents: &Contents) -> anyhow::Result<Option<DynamicsRecorder>> {
        if !self.path.exists() {
            return Ok(None);
        }
        let path = self.path.display();
        let mut file =
            BufReader::with_capacity(1 << 20, File::open(&self.path).with_context(|| path.to_string())?);
        let mut magic = [0; MAGIC.len()];
        if file.read_exact(&mut magic).is_err() || magic != *MAGIC {
            bail!("{path}: no state of this version of `curriculum score`, expected one or a new file name");
        }
        let mut scratch = vec![0; 1 << 16];
        let damaged = || format!("{path}: the state is damaged");
        let (saved, (mut file, _)) =
            postcard::from_io::<Purpose, _>((file, &mut scratch)).with_context(damaged)?;
        let differs = self.purpose.differences(&saved, contents)?;
        if !differs.is_empty() {
            bail!("{path}: the state was saved for other input: {} differ", differs.join(", "));
        }
        let (recorder, (rest, _)) =
            postcard::from_io::<DynamicsRecorder, _>((&mut file, &mut scratch)).with_context(damaged)?;
        if rest.read(&mut [0])? != 0 {
            bail!("{}", damaged());
        }
        self.purpose.epochs = saved.epochs;
        Ok(Some(recorder))
    }

    /// How many epochs were recorded.
    pub(super) fn n_epochs(&self) -> usize {
        self.purpose.epochs.len()
    }

    /// Saves the recorder after the epoch at `position`.
    pub(super) fn save(
        &mut self,
        contents: &Contents,
        position: usize,
        recorder: &DynamicsRecorder,
    ) -> anyhow::Result<()> {
        self.purpose.epochs.push(EpochFile::of(contents.epochs[position], &contents.files[position])?);
        let other = std::io::Error::other;
        Ok(write_atomically(&self.path, |writer| {
            writer.write_all(MAGIC)?;
            postcard::to_io(&self.purpose, &mut *writer).map_err(other)?;
            postcard::to_io(recorder, &mut *writer).map_err(other)?;
            Ok(())
        })?)
    }
}
