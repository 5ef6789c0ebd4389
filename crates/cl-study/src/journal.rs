use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use cl_data::Version;
use serde::{Deserialize, Serialize};

use crate::{error::StudyError, record::EndedRun, study::Study};

/// The file in which a running study writes down each run as it ends.
///
/// JSON lines: first the declaration of the study, then one line per run, in the order in which they end. The
/// declaration is the study's identity, and lets an error say in what another study differs. The file is locked
/// for as long as the study runs.
pub(crate) struct Journal {
    path: PathBuf,
    file: Mutex<File>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    journal_version: Version<1>,
    study: Study,
}

impl Journal {
    /// Opens or begins the journal of `study`, and gives back the runs it holds, in the study's order.
    pub(crate) fn open(path: &Path, study: &Study) -> Result<(Self, Vec<Option<EndedRun>>), StudyError> {
        let at = StudyError::io;
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(at(path))?;
        file.try_lock().map_err(|error| {
            at(path)(match error {
                std::fs::TryLockError::WouldBlock => {
                    io::Error::new(io::ErrorKind::WouldBlock, "in use by another run")
                }
                std::fs::TryLockError::Error(error) => error,
            })
        })?;
        let mut content = Vec::new();
        file.read_to_end(&mut content).map_err(at(path))?;

        let header = line(&Header { journal_version: Version, study: study.clone() })?;
        let complete = content.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        if complete == 0 {
            // A study killed in its first line left a part of it; anything else is not ours to overwrite.
            if !header.as_bytes().starts_with(&content) {
                return Err(malformed(path, 1, "expected the declaration of this study"));
            }
            file.set_len(0).map_err(at(path))?;
            file.write_all(header.as_bytes()).map_err(at(path))?;
            return Ok((Self { path: path.to_owned(), file: Mutex::new(file) }, vec![None; study.runs().len()]));
        }
        let ended = read(path, &content[..complete], study)?;
        file.set_len(complete as u64).map_err(at(path))?;
        file.seek(SeekFrom::End(0)).map_err(at(path))?;
        Ok((Self { path: path.to_owned(), file: Mutex::new(file) }, ended))
    }

    /// Writes down a run that has ended: one line in one write, so that only the last line can be torn.
    pub(crate) fn append(&self, run: &EndedRun) -> Result<(), StudyError> {
        let line = line(run)?;
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes()).and_then(|()| file.flush()).map_err(StudyError::io(&self.path))
    }
}

fn line(value: &impl Serialize) -> Result<String, StudyError> {
    let json = serde_json::to_string(value)
        .map_err(|problem| StudyError::Failed { what: "writing JSON", problem: problem.to_string() })?;
    Ok(json + "\n")
}

fn read(path: &Path, content: &[u8], study: &Study) -> Result<Vec<Option<EndedRun>>, StudyError> {
    let text = std::str::from_utf8(content).map_err(|problem| StudyError::Malformed {
        path: path.to_owned(),
        place: format!("byte {}", problem.valid_up_to()),
        problem: "not UTF-8, expected JSON lines".into(),
    })?;
    let mut lines = text.lines().enumerate();
    let header = lines.next().map_or("", |(_, line)| line);
    let header: Header = serde_json::from_str(header).map_err(|problem| malformed(path, 1, problem))?;
    if let Some(difference) = difference(&header.study, study) {
        return Err(StudyError::OtherStudy { path: path.to_owned(), difference });
    }
    let runs = study.runs();
    let places: HashMap<_, usize> = runs
        .iter()
        .enumerate()
        .map(|(at, run)| ((run.setting.name.as_str(), run.arm.name.as_str(), run.seed), at))
        .collect();
    let mut ended = vec![None; runs.len()];
    for (number, line) in lines {
        let run: EndedRun = serde_json::from_str(line).map_err(|problem| malformed(path, number + 1, problem))?;
        let key = (run.setting.as_str(), run.arm.as_str(), run.seed);
        let Some(&at) = places.get(&key) else {
            return Err(malformed(path, number + 1, format!("run {key:?} is none of the study's")));
        };
        if ended[at].is_some() {
            return Err(malformed(path, number + 1, format!("run {key:?} is there twice")));
        }
        ended[at] = Some(run);
    }
    Ok(ended)
}

fn malformed(path: &Path, line: usize, problem: impl ToString) -> StudyError {
    StudyError::Malformed { path: path.to_owned(), place: format!("line {line}"), problem: problem.to_string() }
}

/// The first thing in which two declarations differ.
fn difference(journal: &Study, study: &Study) -> Option<String> {
    if journal == study {
        return None;
    }
    if journal.name != study.name {
        return Some(format!("its name is {:?}, expected {:?}", journal.name, study.name));
    }
    if journal.seeds != study.seeds {
        return Some(format!("its seeds are {:?}, expected {:?}", journal.seeds, study.seeds));
    }
    let arms = |study: &Study| -> Vec<_> {
        study.arms.iter().map(|arm| (arm.name.clone(), arm.settings.clone())).collect()
    };
    let settings = |study: &Study| -> Vec<_> {
        study.settings.iter().map(|setting| (setting.name.clone(), setting.settings.clone())).collect()
    };
    let pairs = [("arm", arms(journal), arms(study)), ("setting", settings(journal), settings(study))];
    for (what, journal, study) in pairs {
        if journal.len() != study.len() {
            return Some(format!("it has {} {what}s, expected {}", journal.len(), study.len()));
        }
        for (at, (found, expected)) in journal.iter().zip(&study).enumerate() {
            if found.0 != expected.0 {
                return Some(format!("{what} {at} is {:?}, expected {:?}", found.0, expected.0));
            }
            if found.1 != expected.1 {
                return Some(format!("{what} {:?} is {}, expected {}", found.0, found.1, expected.1));
            }
        }
    }
    Some("the declarations differ".into())
}
