use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::column::reader::ColumnReader;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::ReaderProperties;
use parquet::file::reader::{FileReader, RowGroupReader};
use parquet::file::serialized_reader::{SerializedFileReader, SerializedRowGroupReader};

use super::super::input::{open, read_error};
use super::super::spool::Spool;
use super::super::standard_input::open_file;
use super::super::{io_error, malformed};
use super::batch::{Batch, Rows};
use super::cells::{CellValues, Cells, Unreadable};
use super::guarded::guarded;
use super::parquet_column::{Flaw, Leaf, read_cells};
use super::parquet_footer::check_footer;
use super::parquet_said::said;
use crate::error::DataError;

/// Rows read at a time of a few columns, and numbers after which fewer are.
const ROWS: usize = 1 << 16;
const NUMBERS: usize = 1 << 20;

/// A Parquet file: its columns by name, its row groups as parts.
pub(super) struct ParquetTable {
    path: PathBuf,
    metadata: ParquetMetaData,
    names: Vec<String>,
    leaves: Vec<Leaf>,
    /// Where the file is gzipped as a whole: it can only be read from its end.
    unpacked: Option<Spool>,
}

impl ParquetTable {
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        let mut input = open(path)?;
        let mut unpacked = None;
        if input.n_bytes().is_none() {
            // What is no Parquet file shows before all of it is unpacked.
            let mut start = Vec::new();
            input.by_ref().take(4).read_to_end(&mut start).map_err(|error| read_error(path, "", error))?;
            if start != *b"PAR1" {
                return Err(malformed(path, "", "the unpacked file does not start with PAR1, expected Parquet"));
            }
            let spool = Spool::of(&mut (&start[..]).chain(input)).map_err(|error| read_error(path, "", error))?;
            unpacked = Some(spool);
        }
        let file = match &unpacked {
            Some(spool) => spool.open(),
            None => open_file(path),
        };
        let file = file.map_err(|error| io_error(path, error))?;
        let read = || -> Result<_, String> {
            check_footer(&file)?;
            let reader = SerializedFileReader::new(file).map_err(said)?;
            let metadata = reader.metadata().clone();
            let schema = metadata.file_metadata().schema_descr();
            let leaves: Vec<Leaf> = (0..schema.num_columns()).map(|column| Leaf::new(schema, column)).collect();
            Ok((metadata, leaves))
        };
        let (metadata, leaves) = guarded(read).map_err(|problem| malformed(path, "", problem))?;
        let names = leaves.iter().map(|leaf| leaf.name.clone()).collect();
        Ok(Self { path: path.to_path_buf(), metadata, names, leaves, unpacked })
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn n_parts(&self) -> usize {
        self.metadata.num_row_groups()
    }

    /// A file of its own, because files opened together share their place.
    fn file(&self) -> Result<File, DataError> {
        let file = match &self.unpacked {
            Some(spool) => spool.open(),
            None => open_file(&self.path),
        };
        file.map_err(|error| io_error(&self.path, error))
    }

    pub(super) fn rows(&self, part: usize, columns: &[usize]) -> Result<Box<dyn Rows + '_>, DataError> {
        if part >= self.n_parts() {
            return Err(DataError::argument("part", part, "one of the parts of the table"));
        }
        let group = self.metadata.row_group(part);
        let is_brotli = |&column: &usize| matches!(group.column(column).compression(), Compression::BROTLI(_));
        if cfg!(not(feature = "brotli")) && columns.iter().any(is_brotli) {
            let problem = "compressed by Brotli, which this build leaves out, expected another compression, such as \
                           zstd (the command as `cargo install` builds it reads Brotli)";
            return Err(malformed(&self.path, "", problem));
        }
        let properties = Arc::new(ReaderProperties::builder().build());
        let file = Arc::new(self.file()?);
        let open = || -> Result<Vec<ColumnReader>, String> {
            let reader = SerializedRowGroupReader::new(file, group, None, properties).map_err(said)?;
            columns.iter().map(|&column| reader.get_column_reader(column).map_err(said)).collect()
        };
        let readers = guarded(open).map_err(|problem| malformed(&self.path, "", problem))?;
        let leaves: Vec<&Leaf> = columns.iter().map(|&column| &self.leaves[column]).collect();
        let rows_before: i64 = (0..part).map(|part| self.metadata.row_group(part).num_rows()).sum();
        let lists = leaves.iter().any(|leaf| leaf.is_list());
        Ok(Box::new(PartRows {
            path: &self.path,
            readers,
            leaves,
            first_row: rows_before.max(0) as u64,
            n_left: usize::try_from(group.num_rows()).unwrap_or(0),
            n_next: if lists { 1024 } else { (NUMBERS * 4 / columns.len().max(1)).clamp(256, ROWS) },
        }))
    }
}

/// The rows of one row group.
struct PartRows<'a> {
    path: &'a Path,
    readers: Vec<ColumnReader>,
    leaves: Vec<&'a Leaf>,
    first_row: u64,
    n_left: usize,
    n_next: usize,
}

impl Rows for PartRows<'_> {
    fn next_batch(&mut self) -> Result<Option<Batch>, DataError> {
        let n_rows = self.n_next.min(self.n_left);
        if n_rows == 0 {
            return Ok(None);
        }
        let (mut columns, mut n_numbers) = (Vec::with_capacity(self.readers.len()), 1);
        for (reader, leaf) in self.readers.iter_mut().zip(&self.leaves) {
            let cells = match guarded(|| Ok(read_cells(reader, leaf, n_rows))) {
                Ok(Ok(cells)) => cells,
                Ok(Err(Flaw::Type(problem))) => {
                    Cells::full(CellValues::Other(Unreadable { n: n_rows, row: 0, problem }))
                }
                Ok(Err(Flaw::Damage(problem))) | Err(problem) => {
                    let place = format!("rows from {}, column `{}`", self.first_row, leaf.name);
                    return Err(malformed(self.path, place, problem));
                }
            };
            if cells.values.len() != n_rows {
                let place = format!("rows from {}, column `{}`", self.first_row, leaf.name);
                let problem = format!("{} values, expected {n_rows}", cells.values.len());
                return Err(malformed(self.path, place, problem));
            }
            if let CellValues::Lists(lists) = &cells.values {
                n_numbers += lists.values.len();
            }
            columns.push(cells);
        }
        if n_numbers > 1 {
            self.n_next = (n_rows.saturating_mul(NUMBERS) / n_numbers).clamp(1, ROWS);
        }
        let batch = Batch { columns, n_rows, first_row: self.first_row, lines: Vec::new() };
        self.first_row += n_rows as u64;
        self.n_left -= n_rows;
        Ok(Some(batch))
    }
}
