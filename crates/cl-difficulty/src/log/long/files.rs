use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cl_data::DataError;
use cl_data::io::{RowFormat, TableReader, malformed};

use super::super::beside::is_labels;
use super::super::names::number_behind;
use super::super::note::Note;
use super::super::options::Options;
use super::columns::{Columns, Run, run_of_name};
use super::scan::{BrokenFile, File};

/// The tables of a log.
pub(super) struct Files {
    pub(super) files: Vec<File>,
    /// Those that cannot be read.
    pub(super) broken: Vec<BrokenFile>,
    pub(super) note: Option<Note>,
    /// The file of each epoch, where each has one and names it.
    pub(super) of_epochs: Vec<PathBuf>,
    /// The labels that stand beside, where no file has any.
    pub(super) labels: Option<PathBuf>,
}

/// A file alone, or the tables of a folder in the order of the epochs and ranks that their names tell.
pub(super) fn tables(
    path: &Path,
    names: &BTreeMap<String, PathBuf>,
    options: &Options,
) -> Result<Files, DataError> {
    let is_table = |path: &PathBuf| RowFormat::of_name(path).is_some() && path.is_file();
    let told = |path: &PathBuf| options.labels.as_ref().is_some_and(|labels| labels == path);
    let (mut found, mut left_out) = (Vec::new(), Vec::new());
    for (name, path) in names {
        match is_table(path) && !told(path) && !is_labels(name) {
            true => found.push((number_behind(name, &["epoch", "step"]), name, path)),
            false if !told(path) && !is_labels(name) && !name.starts_with('.') => left_out.push(name.clone()),
            false => {}
        }
    }
    // Where some are named by epoch, the others are no part of it.
    if found.iter().any(|(epoch, ..)| epoch.is_some()) {
        left_out.extend(found.iter().filter(|(epoch, ..)| epoch.is_none()).map(|(_, name, _)| (*name).clone()));
        found.retain(|(epoch, ..)| epoch.is_some());
    }
    let rank = |name: &str| number_behind(name, &["rank", "shard", "part", "worker"]);
    found.sort_by(|(a, name_a, _), (b, name_b, _)| (a, rank(name_a), name_a).cmp(&(b, rank(name_b), name_b)));
    let mut of_epochs: Vec<PathBuf> = found.iter().map(|(_, _, path)| (*path).clone()).collect();
    if found.iter().any(|(epoch, ..)| epoch.is_none()) || found.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        of_epochs.clear();
    }
    let (mut files, mut broken) = (Vec::new(), Vec::new());
    for (epoch, name, path) in found {
        match (open(path, options), epoch) {
            (Err(error @ DataError::Malformed { .. }), Some(epoch)) if options.epoch_column.is_none() => {
                let run = run_of_name(name).map_or(String::new(), |run| run.to_string());
                broken.push(BrokenFile { run, epoch, error });
            }
            (file, _) => files.push(file?),
        }
    }
    if files.is_empty() {
        if let Some(first) = broken.into_iter().next() {
            return Err(first.error);
        }
        return Err(malformed(path, "", "no tables, expected .csv, .jsonl or .parquet files"));
    }
    if files.iter().any(|file| matches!(file.columns.run, Run::Column(_) | Run::Of(Some(_)))) {
        of_epochs.clear();
    }
    // Labels that stand beside are those of a log that has none.
    let (mut labels, has_labels) = (None, files.iter().any(|file| file.columns.label.is_some()));
    for (name, path) in names.iter().filter(|(name, path)| is_labels(name) && is_table(path) && !told(path)) {
        match labels.is_none() && options.labels.is_none() && !has_labels {
            true => labels = Some(path.clone()),
            false => left_out.push(name.clone()),
        }
    }
    let note = Note::files_left_out(&left_out);
    Ok(Files { files, broken, note, of_epochs, labels })
}

/// One file.
pub(super) fn table(path: &Path, options: &Options) -> Result<Files, DataError> {
    let files = vec![open(path, options)?];
    Ok(Files { files, broken: Vec::new(), note: None, of_epochs: Vec::new(), labels: None })
}

fn open(path: &Path, options: &Options) -> Result<File, DataError> {
    let table = TableReader::open(path, &options.table)?;
    let columns = Columns::find(&table, options)?;
    Ok(File { table, columns })
}
