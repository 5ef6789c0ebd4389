use std::io::{BufRead, BufReader};
use std::path::Path;

use super::super::csv_rows::CsvRows;
use super::super::input::{Input, open, read_error};
use super::batch::{Batch, Rows};
use super::cells::{CellValues, Cells, Texts};
use crate::error::DataError;

/// Rows read at a time, and bytes after which fewer are.
const ROWS: usize = 16_384;
const BYTES: usize = 1 << 22;

/// The rows of a CSV file.
pub(super) struct CsvTable {
    rows: CsvRows<Input>,
    columns: Vec<usize>,
    decimal_comma: bool,
    n_read: u64,
    /// What is wrong with the row behind those that were read.
    failed: Option<DataError>,
}

/// The character between the fields: the one told, here or in a first line `sep=;`; a tab where the first line has one; a semicolon where it has as many as
/// commas; else a comma.
pub(in crate::io) fn separator(path: &Path, told: Option<u8>) -> Result<u8, DataError> {
    if let Some(separator) = told {
        return Ok(separator);
    }
    let mut line = Vec::new();
    let mut input = BufReader::new(open(path)?);
    // A header of 100,000 columns is a long line, and decided by its beginning.
    while line.len() < 1 << 16 && !line.contains(&b'\n') {
        let bytes = input.fill_buf().map_err(|error| read_error(path, "", error))?;
        if bytes.is_empty() {
            break;
        }
        line.extend_from_slice(bytes);
        let n = bytes.len();
        input.consume(n);
    }
    let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    // Excel's way to tell it.
    if let Some(&[separator]) = text.strip_prefix(b"sep=").map(|told| told.trim_ascii_end()) {
        return Ok(separator);
    }
    if text.trim_ascii_end() == b"sep=" {
        return Ok(b'\t');
    }
    let (mut quoted, mut counts) = (false, [0usize; 3]);
    for &byte in line {
        quoted ^= byte == b'"';
        let at = [b'\t', b';', b','].iter().position(|&separator| separator == byte);
        if let Some(at) = at.filter(|_| !quoted) {
            counts[at] += 1;
        }
    }
    let [tabs, semicolons, commas] = counts;
    Ok(match tabs > 0 {
        true => b'\t',
        false if semicolons > 0 && semicolons >= commas => b';',
        false => b',',
    })
}

/// What to say where the only column was to be another: what may stand between the fields of its name.
pub(super) fn separator_hint(header: &str) -> String {
    let between = [("|", "|"), (":", ":"), (",", ","), (";", ";"), ("\t", "\\t"), (" ", "a blank")];
    let found = between.iter().find(|(separator, _)| header.contains(separator));
    found.map_or_else(String::new, |(_, name)| {
        format!("; option `separator` reads others than , ; and tabs, such as {name}")
    })
}

/// The names of the columns.
pub(super) fn header(path: &Path, separator: u8) -> Result<Vec<String>, DataError> {
    CsvRows::open(path, separator)?.header()
}

impl CsvTable {
    pub(super) fn open(
        path: &Path,
        separator: u8,
        decimal_comma: bool,
        columns: &[usize],
    ) -> Result<Self, DataError> {
        let mut rows = CsvRows::open(path, separator)?;
        rows.header()?;
        Ok(Self { rows, columns: columns.to_vec(), decimal_comma, n_read: 0, failed: None })
    }
}

impl Rows for CsvTable {
    fn next_batch(&mut self) -> Result<Option<Batch>, DataError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut columns: Vec<Texts> = self.columns.iter().map(|_| Texts::new(self.decimal_comma)).collect();
        let (mut lines, mut n_bytes) = (Vec::new(), 0);
        while lines.len() < ROWS && n_bytes < BYTES {
            match self.rows.advance() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
            for (texts, &column) in columns.iter_mut().zip(&self.columns) {
                let field = self.rows.field(column);
                n_bytes += field.len();
                texts.push(field);
            }
            lines.push(self.rows.line());
        }
        if lines.is_empty() {
            return self.failed.take().map_or(Ok(None), Err);
        }
        let columns = columns.into_iter().map(|texts| Cells::full(CellValues::Texts(texts))).collect();
        let batch = Batch { columns, n_rows: lines.len(), first_row: self.n_read, lines };
        self.n_read += batch.n_rows as u64;
        Ok(Some(batch))
    }
}
