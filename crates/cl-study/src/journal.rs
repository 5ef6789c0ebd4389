use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use cl_data::Version;
use cl_data::seal::{open_json, seal_json};
use serde::{Deserialize, Serialize};

use crate::{error::StudyError, record::EndedRun, study::Study};

/// The file in which a running study writes down each run as it ends.
///
/// JSON lines, each with its checksum: first the declaration of the study, then one line per run, in the order in
/// which they end. The declaration is the study's identity, and lets an error say in what another study differs. The
/// file is locked for as long as the study runs.
pub(crate) struct Journal {
    path: PathBuf,
    file: Mutex<File>,
}

/// What a journal had to tell.
pub(crate) struct Found {
    /// The runs that have ended, in the study's order.
    pub(crate) ended: Vec<Option<EndedRun>>,
    /// The lines, counted from 1, that are not as they were written; they are wiped, and their runs done again.
    pub(crate) damaged: Vec<usize>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    journal_version: Version<2>,
    study: Study,
}

impl Journal {
    /// Opens or begins the journal of `study`.
    pub(crate) fn open(path: &Path, study: &Study) -> Result<(Self, Found), StudyError> {
        let at = StudyError::io;
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = options.map_err(at(path))?;
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
                return Err(malformed(path, 1, "no journal, expected the declaration of this study"));
            }
            file.set_len(0).and_then(|()| file.rewind()).map_err(at(path))?;
            file.write_all(header.as_bytes()).map_err(at(path))?;
            let found = Found { ended: vec![None; study.runs().len()], damaged: Vec::new() };
            return Ok((Self { path: path.to_owned(), file: Mutex::new(file) }, found));
        }
        let (found, damaged) = read(path, &content[..complete], study)?;
        // In place: whatever of it is done when the power fails, the line stays one that is not as it was written.
        for bytes in damaged {
            file.seek(SeekFrom::Start(bytes.start as u64)).map_err(at(path))?;
            file.write_all(&vec![b' '; bytes.len()]).map_err(at(path))?;
        }
        file.set_len(complete as u64).map_err(at(path))?;
        file.seek(SeekFrom::End(0)).map_err(at(path))?;
        Ok((Self { path: path.to_owned(), file: Mutex::new(file) }, found))
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
    Ok(seal_json(&json) + "\n")
}

/// What the lines say, and where in the file those are that are not as they were written.
fn read(path: &Path, content: &[u8], study: &Study) -> Result<(Found, Vec<Range<usize>>), StudyError> {
    let mut end = 0;
    let mut lines = content.split(|&byte| byte == b'\n').map(|line| {
        let start = end;
        end += line.len() + 1;
        (start..start + line.len(), std::str::from_utf8(line).ok())
    });
    let header = lines.next().and_then(|(_, line)| line).unwrap_or("");
    check_header(header, study).map_err(|problem| match problem {
        Refused::Other(difference) => StudyError::OtherStudy { path: path.to_owned(), difference },
        Refused::Unreadable(problem) => malformed(path, 1, problem),
    })?;
    let runs = study.runs();
    let places: HashMap<_, usize> = runs
        .iter()
        .enumerate()
        .map(|(at, run)| ((run.setting.name.as_str(), run.arm.name.as_str(), run.seed), at))
        .collect();
    let (mut ended, mut damaged, mut places_of_damage) = (vec![None; runs.len()], Vec::new(), Vec::new());
    for (number, (bytes, line)) in (2..).zip(lines) {
        // Wiped before, or what follows the last line.
        if line.is_some_and(|line| line.bytes().all(|byte| byte == b' ')) {
            continue;
        }
        let Some(json) = line.and_then(|line| open_json(line).ok()) else {
            damaged.push(number);
            places_of_damage.push(bytes);
            continue;
        };
        let run: EndedRun = serde_json::from_str(&json).map_err(|problem| malformed(path, number, problem))?;
        let key = (run.setting.as_str(), run.arm.as_str(), run.seed);
        let Some(&at) = places.get(&key) else {
            return Err(malformed(path, number, format!("run {key:?} is none of the study's")));
        };
        if ended[at].is_some() {
            return Err(malformed(path, number, format!("run {key:?} is there twice")));
        }
        ended[at] = Some(run);
    }
    Ok((Found { ended, damaged }, places_of_damage))
}

/// Why a declaration is not that of the study.
enum Refused {
    /// In what the other study differs.
    Other(String),
    Unreadable(String),
}

fn check_header(header: &str, study: &Study) -> Result<(), Refused> {
    let unreadable = |problem: &dyn std::fmt::Display| Refused::Unreadable(problem.to_string());
    // The version first: that of an older journal has no checksum.
    #[derive(Deserialize)]
    struct Versioned {
        #[serde(rename = "journal_version")]
        _version: Version<2>,
    }
    serde_json::from_str::<Versioned>(header).map_err(|problem| unreadable(&problem))?;
    let json = open_json(header).map_err(|problem| {
        unreadable(&format!("the journal is damaged: {problem}; without it all runs are done anew"))
    })?;
    let header: Header = serde_json::from_str(&json).map_err(|problem| unreadable(&problem))?;
    difference(&header.study, study).map_or(Ok(()), |difference| Err(Refused::Other(difference)))
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
