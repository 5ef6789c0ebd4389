//! The files in which a run over a log keeps its state.

use std::cell::RefCell;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use cl_data::io::{Array, ArrayData, write_npy};
use cl_difficulty::log::{self, By, Options, Scoring};
use cl_difficulty::{DifficultyError, MetricSettings};
use sha2::{Digest, Sha256};

use super::{damage, input::Input, scratch};

/// Magic and version.
const START: usize = 28;

/// Three examples of two classes through so many epochs, whose labels lie beside them.
fn log_of(name: &str, n_epochs: usize) -> PathBuf {
    let folder = scratch::folder(name);
    let write = |name: &str, array: Result<Array, _>| {
        write_npy(folder.join(name), &array.expect("an array")).expect("a temporary file can be written");
    };
    for epoch in 0..n_epochs {
        let logits = (0..6).map(|at| ((at * 7 + epoch * 5) % 11) as f32 / 4.0).collect();
        write(&format!("logits_{epoch}.npy"), Array::new(vec![3, 2], ArrayData::F32(logits)));
    }
    write("labels.npy", Array::new(vec![3], ArrayData::I64(vec![0, 1, 1])));
    folder
}

fn metrics(choice: u8) -> Vec<MetricSettings> {
    let names = [
        ["forgetting", "loss", "el2n"],
        ["aum", "learning_time", "confidence"],
        ["variability", "first_learned", "l1_error"],
        ["tdds", "dyn_unc", "dual"],
        ["self_confidence", "loss_ema", "loss_last"],
    ];
    let parse = |name: &&str| {
        MetricSettings::parse(name, &[("window", "2")]).or_else(|_| MetricSettings::parse(name, &[])).ok()
    };
    names[usize::from(choice) % names.len()].iter().filter_map(parse).collect()
}

fn score(folder: &Path, scoring: &Scoring, metrics: &[MetricSettings]) -> Result<log::Scored, DifficultyError> {
    let mut source = log::open(folder, &Options::default()).expect("a log");
    log::score(source.as_mut(), metrics, scoring, &mut ())
}

/// By the order of reading and the metrics.
type Saved = HashMap<(By, Vec<String>), Vec<u8>>;

thread_local! {
    static SAVED: RefCell<Saved> = RefCell::default();
}

/// The state that a run over a log leaves, which is written once.
fn saved(folder: &Path, scoring: &Scoring, metrics: &[MetricSettings]) -> Vec<u8> {
    let names = metrics.iter().map(|settings| settings.metric().name.clone()).collect();
    let key = (scoring.by.unwrap_or(By::Epochs), names);
    if let Some(saved) = SAVED.with_borrow(|saved| saved.get(&key).cloned()) {
        return saved;
    }
    scratch::remove("state");
    score(folder, scoring, metrics).expect("a log is scored");
    let saved = std::fs::read(scratch::path("state")).expect("a state was written");
    SAVED.with_borrow_mut(|all| all.insert(key, saved.clone()));
    saved
}

/// A state by epochs, of two epochs of three.
pub(crate) fn state_epochs(data: &[u8]) {
    let mut input = Input::new(data);
    let metrics = metrics(input.byte());
    let scoring = Scoring { by: Some(By::Epochs), block: None, state: Some(scratch::path("state")) };
    let saved = saved(&kept("two_epochs", 2), &scoring, &metrics);
    let changed = match input.byte() {
        0 => [&saved[..START], input.rest()].concat(),
        _ => damage::bytes(&saved, &mut input),
    };
    scratch::file("state", &changed);
    let folder = kept("three_epochs", 3);
    gone_on(&folder, &scoring, &metrics);
}

/// A state by blocks of examples.
pub(crate) fn state_blocks(data: &[u8]) {
    let mut input = Input::new(data);
    let metrics = metrics(input.byte());
    let block = NonZeroUsize::new(1);
    let scoring = Scoring { by: Some(By::Examples), block, state: Some(scratch::path("state")) };
    let folder = kept("two_epochs", 2);
    let saved = saved(&folder, &scoring, &metrics);
    let mut records = records(&saved[START..]);
    let mut changed = saved[..START].to_vec();
    let choice = usize::from(input.byte());
    if let Some(n) = (choice % 5).checked_sub(1).filter(|n| *n <= records.len()) {
        records.truncate(n);
    }
    if let Some(record) = records.get_mut(choice / 5 % 4) {
        *record = damage::bytes(record, &mut input);
    }
    for record in records {
        changed.extend_from_slice(&(record.len() as u64).to_le_bytes());
        changed.extend_from_slice(&Sha256::digest(&record));
        changed.extend_from_slice(&record);
    }
    changed.extend_from_slice(input.rest());
    scratch::file("state", &changed);
    gone_on(&folder, &scoring, &metrics);
}

/// Goes on from the state, if it is not refused, and then from the one that this leaves.
fn gone_on(folder: &Path, scoring: &Scoring, metrics: &[MetricSettings]) {
    let Ok(scored) = score(folder, scoring, metrics) else { return };
    for column in &scored.columns {
        assert_eq!(column.values.len(), scored.ids.len(), "{}", column.name);
    }
    score(folder, scoring, metrics).expect("a state that was written is gone on from");
}

/// The contents of records of length, hash and content.
fn records(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<8>() {
        let n = u64::from_le_bytes(*length) as usize;
        let content = rest.get(32..).and_then(|rest| rest.split_at_checked(n));
        let Some((content, rest)) = content else { break };
        records.push(content.to_vec());
        bytes = rest;
    }
    records
}

/// A log that is written once.
fn kept(name: &str, n_epochs: usize) -> PathBuf {
    let folder = scratch::path(name);
    if folder.exists() { folder } else { log_of(name, n_epochs) }
}
