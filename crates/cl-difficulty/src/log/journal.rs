use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use cl_data::{DataError, io::io_error};
use serde::Serialize;

use super::purpose::Purpose;
use super::saved::{Before, Magic, START, check_start, damaged, read_record, record, start};
use super::source::Contents;
use crate::dynamics::ColumnValues;

const MAGIC: &Magic = b"curriculum score: blocks";

/// A file of what it is for and of the blocks done, each with its length and hash: what follows the last block that is
/// as it was written is cut off.
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    before: Before,
}

/// What a journal had to tell.
pub(super) struct Done {
    pub(super) blocks: Vec<Vec<ColumnValues>>,
    /// Bytes that were cut off.
    pub(super) n_cut: u64,
}

impl Journal {
    /// Opens or begins one, and reads the blocks that are done.
    pub(super) fn open(path: &Path, contents: &Contents, purpose: &Purpose) -> Result<(Self, Done), DataError> {
        let fail = |error| io_error(path, error);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let before = Before::default();
        let mut journal = Self { path: path.to_path_buf(), file: file.map_err(fail)?, before };
        let n_bytes = journal.file.metadata().map_err(fail)?.len();
        let mut beginning = start(MAGIC);
        beginning.extend(record(purpose, &mut journal.before).map_err(fail)?);
        let mut there = Vec::new();
        (&journal.file).take(beginning.len() as u64).read_to_end(&mut there).map_err(fail)?;
        // Nothing, or what a run left that was killed as it began.
        if there.len() < beginning.len() && beginning.starts_with(&there) {
            journal.file.rewind().and_then(|()| journal.file.write_all(&beginning)).map_err(fail)?;
            return Ok((journal, Done { blocks: Vec::new(), n_cut: n_bytes }));
        }
        journal.file.rewind().map_err(fail)?;
        let mut reader = BufReader::with_capacity(1 << 20, &journal.file);
        check_start(path, &mut reader, MAGIC, "examples")?;
        let (mut left, mut before) = (n_bytes.saturating_sub(START), before);
        let Some(saved) = read_record(&mut reader, &mut left, &mut before).map_err(fail)? else {
            return Err(damaged(path, "what it is of is not as it was written"));
        };
        let saved = postcard::from_bytes(&saved).map_err(|error| damaged(path, error))?;
        purpose.check(path, &saved, contents)?;
        let (mut done, mut n, mut end) = (Vec::new(), 0, n_bytes - left);
        while let Some(record) = read_record(&mut reader, &mut left, &mut before).map_err(fail)? {
            let block: Vec<ColumnValues> = postcard::from_bytes(&record).map_err(|error| damaged(path, error))?;
            let len = block.first().map_or(0, ColumnValues::len);
            n += len;
            let fits = block.len() == purpose.n_metrics() && block.iter().all(|column| column.len() == len);
            if n > contents.n_examples() || !fits {
                return Err(damaged(path, "its blocks are not of these examples"));
            }
            done.push(block);
            end = n_bytes - left;
        }
        drop(reader);
        journal.file.set_len(end).map_err(fail)?;
        journal.file.seek(SeekFrom::End(0)).map_err(fail)?;
        journal.before = before;
        Ok((journal, Done { blocks: done, n_cut: n_bytes - end }))
    }

    pub(super) fn path(&self) -> &PathBuf {
        &self.path
    }

    pub(super) fn append(&mut self, content: &impl Serialize) -> Result<(), DataError> {
        let written = record(content, &mut self.before).and_then(|record| self.file.write_all(&record));
        written.and_then(|()| self.file.sync_data()).map_err(|error| io_error(&self.path, error))
    }
}
