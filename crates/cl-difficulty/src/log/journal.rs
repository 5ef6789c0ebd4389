use std::fs::{File, OpenOptions};
use std::io::{BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use cl_data::{DataError, io::io_error};
use serde::Serialize;

use super::purpose::Purpose;
use super::saved::{Magic, START, check_start, damaged, read_record, record, start};
use super::source::Contents;
use crate::dynamics::ColumnValues;

const MAGIC: &Magic = b"curriculum score: blocks";

/// A file of what it is for and of the blocks done, each with its length and hash: a block that a killed run left
/// half written is cut off.
pub(super) struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Opens or begins one, and reads the blocks that are done.
    pub(super) fn open(
        path: &Path,
        contents: &Contents,
        purpose: &Purpose,
    ) -> Result<(Self, Vec<Vec<ColumnValues>>), DataError> {
        let fail = |error| io_error(path, error);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut journal = Self { path: path.to_path_buf(), file: file.map_err(fail)? };
        let n_bytes = journal.file.metadata().map_err(fail)?.len();
        if n_bytes == 0 {
            journal.file.write_all(&start(MAGIC)).map_err(fail)?;
            journal.append(purpose)?;
            return Ok((journal, Vec::new()));
        }
        let mut reader = BufReader::with_capacity(1 << 20, &journal.file);
        check_start(path, &mut reader, MAGIC, "examples")?;
        let mut left = n_bytes.saturating_sub(START);
        let Some(saved) = read_record(&mut reader, &mut left).map_err(fail)? else {
            return Err(damaged(path, "it does not tell what it is of"));
        };
        let saved = postcard::from_bytes(&saved).map_err(|error| damaged(path, error))?;
        purpose.check(path, &saved, contents)?;
        let (mut done, mut n, mut end) = (Vec::new(), 0, n_bytes - left);
        while let Some(record) = read_record(&mut reader, &mut left).map_err(fail)? {
            let block: Vec<ColumnValues> = postcard::from_bytes(&record).map_err(|error| damaged(path, error))?;
            let len = block.first().map_or(0, ColumnValues::len);
            n += len;
            if n > contents.n_examples() || block.iter().any(|column| column.len() != len) {
                return Err(damaged(path, "its blocks are not of these examples"));
            }
            done.push(block);
            end = n_bytes - left;
        }
        drop(reader);
        journal.file.set_len(end).map_err(fail)?;
        journal.file.seek(SeekFrom::End(0)).map_err(fail)?;
        Ok((journal, done))
    }

    pub(super) fn append(&mut self, content: &impl Serialize) -> Result<(), DataError> {
        let written = record(content).and_then(|record| self.file.write_all(&record));
        written.and_then(|()| self.file.sync_data()).map_err(|error| io_error(&self.path, error))
    }
}
