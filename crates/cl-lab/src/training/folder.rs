//! The folder of a run: what its files are called, and whether it may be written to.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::print::TITLE;
use crate::error::LabError;

/// The configuration in full.
pub(super) const RUN: &str = "run.toml";
/// A row per epoch.
pub(super) const HISTORY: &str = "history.csv";
/// Which examples pruning kept, and why.
pub(super) const KEPT: &str = "kept.csv";
/// The ids of the training examples whose labels were made wrong.
pub(super) const WRONG: &str = "wrong.txt";
/// How hard each example of the training part is.
pub(super) const DIFFICULTY: &str = "difficulty.csv";
/// The model with what its inputs are standardised by.
pub(super) const MODEL: &str = "model.json";
/// What the run came to.
pub(super) const RESULTS: &str = "results.json";
/// Where a run stands that has not ended.
pub(super) const CHECKPOINT: &str = "checkpoint.json";
/// The dynamics.
pub(super) const DYNAMICS: &str = "dynamics";

/// What is asked of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// That it is free.
    New,
    /// That it is free once a run in it is removed.
    Overwrite,
    /// That a run in it has not ended.
    Resume,
}

/// The folder of a run.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// A folder of which `entry` holds; nothing is written yet.
    ///
    /// # Errors
    /// Where it does not hold.
    pub(super) fn new(path: &Path, entry: Entry) -> Result<Self, LabError> {
        let folder = Self(path.to_path_buf());
        let refuse = |expected: &str| Err(LabError::argument("folder", path.display(), expected));
        match path.metadata() {
            Ok(metadata) if !metadata.is_dir() => return refuse("a folder, and it is a file"),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return match entry {
                    Entry::Resume => refuse("the folder of a run that has not ended, and there is none"),
                    _ => Ok(folder),
                };
            }
            Err(source) => return Err(folder.failed(source)),
        }
        let is_run = folder.is_run();
        match entry {
            Entry::Resume if !folder.path(CHECKPOINT).exists() => {
                let ended = is_run && folder.path(RESULTS).exists();
                let there = match ended {
                    true => "one that has not ended: this one has, and results.json has what it came to",
                    false => "the folder of a run with a checkpoint.json to go on from, and it has none",
                };
                refuse(there)
            }
            Entry::Resume => Ok(folder),
            Entry::New if is_run => {
                refuse("a new folder, and it has a run: go on with that (resume), or write over it (overwrite)")
            }
            Entry::Overwrite if is_run => Ok(folder),
            _ => match folder.first_name()? {
                Some(name) => refuse(&format!(
                    "a new folder, an empty one or that of a run, and it holds other files ({name})"
                )),
                None => Ok(folder),
            },
        }
    }

    /// A file of the folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes the folder, and removes what an earlier run left in it.
    ///
    /// # Errors
    /// Where that fails.
    pub(super) fn clear(&self) -> Result<(), LabError> {
        fs::create_dir_all(&self.0).map_err(|source| self.failed(source))?;
        // The configuration stays until it is written anew: by it the folder is known for ours.
        for name in [CHECKPOINT, RESULTS, MODEL, HISTORY, KEPT, WRONG, DIFFICULTY] {
            self.remove(&self.path(name))?;
        }
        let dynamics = self.path(DYNAMICS);
        let Ok(entries) = fs::read_dir(&dynamics) else { return Ok(()) };
        for entry in entries {
            let path = entry.map_err(|source| self.failed(source))?.path();
            if path.extension().is_some_and(|ending| ending == "npy") {
                self.remove(&path)?;
            }
        }
        Ok(())
    }

    /// Removes a file, where it is there.
    ///
    /// # Errors
    /// Where that fails.
    pub(super) fn remove(&self, path: &Path) -> Result<(), LabError> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(LabError::Io { path: path.to_path_buf(), source: error })
            }
            _ => Ok(()),
        }
    }

    /// Whether a run was written into it before.
    fn is_run(&self) -> bool {
        let mut start = vec![0u8; TITLE.len()];
        let read = File::open(self.path(RUN)).and_then(|mut file| file.read_exact(&mut start));
        read.is_ok() && start == TITLE.as_bytes()
    }

    fn first_name(&self) -> Result<Option<String>, LabError> {
        let entry = fs::read_dir(&self.0).and_then(|mut entries| entries.next().transpose());
        let entry = entry.map_err(|source| self.failed(source))?;
        Ok(entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
    }

    fn failed(&self, source: std::io::Error) -> LabError {
        LabError::Io { path: self.0.clone(), source }
    }
}
