//! What a folder has of a data set, by the sums of its files.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::table::{DataSet, Version};

/// What a folder has of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Presence {
    /// In one word.
    pub state: State,
    /// The versions that its files are of, each once.
    pub versions: Vec<String>,
    /// The parts of which no file is there.
    pub missing: Vec<String>,
    /// The files that are not as they should be.
    pub wrong: Vec<WrongSum>,
}

/// What a folder has of a data set, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// All of it, with the right sums.
    Present,
    /// Some of it, with the right sums.
    PartlyPresent,
    /// A file with another sum than it should have.
    Damaged,
    /// Nothing.
    Absent,
}

/// A file that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WrongSum {
    /// The file.
    pub file: PathBuf,
    /// The length that was found.
    pub bytes: u64,
    /// The SHA-256 that was found.
    pub sha256: String,
    /// What it should be, one of these.
    pub expected: Vec<Version>,
}

/// What the folder of data sets at `folder` has of `set`: the sum of every file of it that is there. `advanced` is told of
/// the bytes read as they are.
///
/// # Errors
/// Where a file is there and cannot be read.
pub fn check(set: &DataSet, folder: &Path, mut advanced: impl FnMut(u64)) -> Result<Presence> {
    let mut presence =
        Presence { state: State::Absent, versions: Vec::new(), missing: Vec::new(), wrong: Vec::new() };
    for part in &set.parts {
        let files = files(&part.versions).into_iter().map(|name| (name, path(set, folder, name)));
        let there: Vec<(&str, PathBuf)> = files.filter(|(_, path)| path.exists()).collect();
        if there.is_empty() {
            presence.missing.push(part.name.clone());
        }
        for (name, file) in there {
            let (bytes, sha256) = sum(&file, &mut advanced).with_context(|| file.display().to_string())?;
            let expected = || part.versions.iter().filter(|version| version.file == name);
            match expected().find(|version| version.sha256 == sha256) {
                Some(Version { version, .. }) if version.is_empty() || presence.versions.contains(version) => {}
                Some(Version { version, .. }) => presence.versions.push(version.clone()),
                None => {
                    presence.wrong.push(WrongSum { file, bytes, sha256, expected: expected().cloned().collect() })
                }
            }
        }
    }
    presence.state = if !presence.wrong.is_empty() {
        State::Damaged
    } else if presence.missing.is_empty() {
        State::Present
    } else if presence.missing.len() < set.parts.len() {
        State::PartlyPresent
    } else {
        State::Absent
    };
    Ok(presence)
}

/// The bytes that a check of `set` reads.
pub(super) fn bytes(set: &DataSet, folder: &Path) -> u64 {
    let files = set.parts.iter().flat_map(|part| files(&part.versions));
    files.filter_map(|name| path(set, folder, name).metadata().ok()).map(|file| file.len()).sum()
}

fn path(set: &DataSet, folder: &Path, name: &str) -> PathBuf {
    folder.join(&set.folder).join(name)
}

/// The names of the files, each once.
fn files(versions: &[Version]) -> Vec<&str> {
    let mut names: Vec<&str> = versions.iter().map(|version| &*version.file).collect();
    names.dedup();
    names
}

/// The length of a file and its SHA-256, in pieces of a mebibyte.
fn sum(path: &Path, advanced: &mut impl FnMut(u64)) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let (mut hash, mut length, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 20]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                hash.update(&buffer[..n]);
                length += n as u64;
                advanced(n as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((length, hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}
