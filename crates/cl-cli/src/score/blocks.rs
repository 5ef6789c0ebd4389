//! Scores block by block of examples: what is kept of an example besides its scores is kept for one block alone.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cl_difficulty::{Column, ColumnValues, DynamicsRecorder, Log, MetricSettings};
use indicatif::ProgressBar;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::outputs;
use super::state::Purpose;
use crate::dynamics::check::check;
use crate::dynamics::{Block, BlockVisitor, Chunk, Contents, Values};

const MAGIC: &[u8; 24] = b"curriculum score block 1";

/// The columns of the blocks so far, as a visitor.
pub(super) struct Blocks {
    settings: Vec<MetricSettings>,
    columns: Vec<Column>,
    journal: Option<Journal>,
    bar: ProgressBar,
}

impl Blocks {
    /// Goes on from the file `state`, where there is one.
    pub(super) fn new(
        contents: &Contents,
        settings: &[MetricSettings],
        state: Option<&Path>,
        bar: ProgressBar,
    ) -> anyhow::Result<Self> {
        let none = |settings: &MetricSettings| {
            let (metric, higher_is_harder) = (settings.metric().clone(), settings.description().higher_is_harder);
            Column { name: metric.name.clone(), values: ColumnValues::Float(Vec::new()), higher_is_harder, metric }
        };
        let columns = settings.iter().map(none).collect();
        let mut blocks = Self { settings: settings.to_vec(), columns, journal: None, bar };
        if let Some(path) = state {
            let metrics = settings.iter().map(|settings| settings.metric().clone()).collect();
            let (journal, done) = Journal::open(path, contents, &Purpose::of_all(path, contents, metrics)?)?;
            done.into_iter().for_each(|values| blocks.append(contents, values));
            blocks.journal = Some(journal);
        }
        blocks.bar.set_position((blocks.n_done() * contents.epochs.len()) as u64);
        Ok(blocks)
    }

    /// How many examples have their scores.
    pub(super) fn n_done(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    pub(super) fn into_columns(self) -> Vec<Column> {
        self.columns
    }

    fn append(&mut self, contents: &Contents, values: Vec<ColumnValues>) {
        fn extend<T>(all: &mut Vec<T>, part: Vec<T>, n: usize) {
            all.reserve_exact(n.saturating_sub(all.len()));
            all.extend(part);
        }
        let n = contents.n_examples();
        for (column, part) in self.columns.iter_mut().zip(values) {
            match (&mut column.values, part) {
                (ColumnValues::Float(all), ColumnValues::Float(part)) => extend(all, part, n),
                (ColumnValues::Integer(all), ColumnValues::Integer(part)) => extend(all, part, n),
                (ColumnValues::Flag(all), ColumnValues::Flag(part)) => extend(all, part, n),
                // The first block says which kind it is.
                (all, part) => *all = part,
            }
        }
    }
}

impl BlockVisitor for Blocks {
    fn observe(&mut self, contents: &Contents, block: &Block<'_>) -> anyhow::Result<()> {
        let (labels, epochs) = (&contents.labels[block.examples.clone()], &contents.epochs[..]);
        let mut recorder = DynamicsRecorder::new(labels.len(), contents.n_classes, &self.settings)?;
        let recorded = match block.values {
            Values::F32(values) => {
                recorder.record_log(&Log { epochs, labels, outputs: outputs(contents.outputs, values) })
            }
            Values::F64(values) => {
                recorder.record_log(&Log { epochs, labels, outputs: outputs(contents.outputs, values) })
            }
        };
        if recorded.is_err() {
            // It counts from the start of the block; this names file and id.
            find(contents, block)?;
        }
        recorded?;
        let values: Vec<ColumnValues> = recorder.columns()?.into_iter().map(|column| column.values).collect();
        if let Some(journal) = &mut self.journal {
            journal.append(&values)?;
        }
        self.append(contents, values);
        self.bar.inc((labels.len() * epochs.len()) as u64);
        Ok(())
    }
}

/// The first number of a block that is none.
fn find(contents: &Contents, block: &Block<'_>) -> anyhow::Result<()> {
    let examples: Vec<usize> = block.examples.clone().collect();
    let n = examples.len() * contents.n_classes;
    for (position, file) in contents.files.iter().enumerate() {
        let range = position * n..(position + 1) * n;
        let values = match block.values {
            Values::F32(values) => Values::F32(&values[range]),
            Values::F64(values) => Values::F64(&values[range]),
        };
        check(contents, &Chunk { file, position, examples: &examples, values })?;
    }
    Ok(())
}

/// A file of what it is for and of the blocks done, each with its length and hash: a block that a killed run left
/// half written is cut off.
struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    fn open(
        path: &Path,
        contents: &Contents,
        purpose: &Purpose,
    ) -> anyhow::Result<(Self, Vec<Vec<ColumnValues>>)> {
        let place = || path.display().to_string();
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut journal = Self { path: path.to_path_buf(), file: file.with_context(place)? };
        let mut left = journal.file.metadata().with_context(place)?.len();
        if left == 0 {
            journal.file.write_all(MAGIC).with_context(place)?;
            journal.append(purpose)?;
            return Ok((journal, Vec::new()));
        }
        let mut reader = BufReader::with_capacity(1 << 20, &journal.file);
        let mut magic = [0; MAGIC.len()];
        if reader.read_exact(&mut magic).is_err() || magic != *MAGIC {
            bail!("{}: no state of `curriculum score` by examples, expected one or a new file name", place());
        }
        left -= MAGIC.len() as u64;
        let damaged = || format!("{}: the state is damaged", place());
        let saved = read_record(&mut reader, &mut left)?.with_context(damaged)?;
        let differs = purpose.differences(&postcard::from_bytes(&saved).with_context(damaged)?, contents)?;
        if !differs.is_empty() {
            bail!("{}: the state was saved for other input: {} differ", place(), differs.join(", "));
        }
        let mut done = Vec::new();
        let mut end = journal.file.metadata().with_context(place)?.len() - left;
        let mut n = 0;
        while let Some(record) = read_record(&mut reader, &mut left)? {
            let block: Vec<ColumnValues> = postcard::from_bytes(&record).with_context(damaged)?;
            let len = block.first().map_or(0, ColumnValues::len);
            n += len;
            if n > contents.n_examples() || block.iter().any(|column| column.len() != len) {
                bail!("{}", damaged());
            }
            done.push(block);
            end = journal.file.metadata().with_context(place)?.len() - left;
        }
        drop(reader);
        journal.file.set_len(end).with_context(place)?;
        journal.file.seek(std::io::SeekFrom::End(0)).with_context(place)?;
        Ok((journal, done))
    }

    fn append(&mut self, content: &impl Serialize) -> anyhow::Result<()> {
        let bytes = postcard::to_stdvec(content)?;
        let mut record = (bytes.len() as u64).to_le_bytes().to_vec();
        record.extend_from_slice(&Sha256::digest(&bytes));
        record.extend_from_slice(&bytes);
        let written = self.file.write_all(&record).and_then(|()| self.file.sync_data());
        written.with_context(|| self.path.display().to_string())
    }
}

/// The next record, of which `left` bytes are there; `None` where it is not whole.
fn read_record(reader: &mut impl Read, left: &mut u64) -> anyhow::Result<Option<Vec<u8>>> {
    let mut start = [0; 8 + 32];
    if *left < start.len() as u64 {
        return Ok(None);
    }
    reader.read_exact(&mut start)?;
    let (length, hash) = start.split_at(8);
    let length = length.iter().rev().fold(0, |length, &byte| length << 8 | u64::from(byte));
    if length > *left - start.len() as u64 {
        return Ok(None);
    }
    let mut bytes = vec![0; usize::try_from(length)?];
    reader.read_exact(&mut bytes)?;
    if Sha256::digest(&bytes)[..] != *hash {
        return Ok(None);
    }
    *left -= start.len() as u64 + length;
    Ok(Some(bytes))
}
