use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ::csv::{ErrorKind, ReaderBuilder, StringRecord};

use super::input::read_error;
use super::record_limit::{MAX_COLUMNS, MAX_RECORD, TooLong};
use super::utf8::no_utf8;
use super::{Input, io_error, malformed, open};
use crate::error::DataError;

/// The rows of a CSV file one after the other, each as long as the first, its fields trimmed of blanks; blank
/// lines are skipped.
pub struct CsvRows<R> {
    path: PathBuf,
    reader: csv::Reader<Lines<R>>,
    row: StringRecord,
    line: u64,
    n_columns: Option<usize>,
    /// Whether the row before holds a line break inside a field.
    broken: bool,
}

impl CsvRows<Input> {
    /// Opens a CSV file, gzipped or not.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub fn open(path: impl AsRef<Path>, delimiter: u8) -> Result<Self, DataError> {
        Ok(Self::new(open(&path)?, path.as_ref(), delimiter))
    }
}

impl<R: Read> CsvRows<R> {
    pub(crate) fn new(source: R, path: &Path, delimiter: u8) -> Self {
        // Rows of all lengths are let through, so that the message can say which line has how many fields.
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(Lines { source, delimiter, ends: RefCell::default() });
        Self {
            path: path.to_path_buf(),
            reader,
            row: StringRecord::new(),
            line: 0,
            n_columns: None,
            broken: false,
        }
    }

    /// The first row, which names the columns.
    ///
    /// # Errors
    /// [`DataError::Malformed`] where there is none; as [`advance`](Self::advance).
    pub fn header(&mut self) -> Result<Vec<String>, DataError> {
        match self.advance()? {
            true => Ok(self.fields().map(Into::into).collect()),
            false => Err(malformed(&self.path, "line 1", "the file is empty, expected a header")),
        }
    }

    /// Of the columns that a header names, the place of one.
    ///
    /// # Errors
    /// [`DataError::Malformed`] where it is not there.
    pub fn column(&self, names: &[String], name: &str) -> Result<usize, DataError> {
        let missing = || format!("no column `{name}`, the columns are {}", names.join(", "));
        let place = names.iter().position(|column| column == name);
        place.ok_or_else(|| malformed(&self.path, "header", missing()))
    }

    /// The error of a field of this row that is not what was expected.
    pub fn unexpected(&self, column: &str, field: &str, expected: &str) -> DataError {
        let place = format!("line {}, column `{column}`", self.line);
        malformed(&self.path, place, format!("{field:?}, expected {expected}"))
    }

    /// Goes to the next row; whether there is one.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Malformed`] with the line, where the row has not as many fields as the
    /// first, is no UTF-8; and at the end of the file, where a quote was left open.
    pub fn advance(&mut self) -> Result<bool, DataError> {
        loop {
            let is_there = self.read_row()?;
            // Excel's way to tell the separator.
            if is_there && self.n_columns.is_none() && tells_separator(&self.row) {
                continue;
            }
            return if is_there { self.check_length() } else { self.end() };
        }
    }

    fn read_row(&mut self) -> Result<bool, DataError> {
        self.broken = self.row.as_slice().bytes().any(|byte| matches!(byte, b'\n' | b'\r'));
        self.reader.get_ref().ends.borrow_mut().begin_record();
        match self.reader.read_record(&mut self.row) {
            Ok(is_there) => {
                if is_there {
                    self.line = self.reader.get_ref().line_at(self.row.position());
                }
                Ok(is_there)
            }
            Err(error) => {
                let lines = self.reader.get_ref();
                let start = lines.ends.borrow().start;
                let position = error.position().unwrap_or(self.reader.position());
                Err(csv_error(&self.path, lines.line_at(Some(position)), start, error))
            }
        }
    }

    fn check_length(&mut self) -> Result<bool, DataError> {
        let expected = *self.n_columns.get_or_insert(self.row.len());
        if self.row.len() != expected {
            let problem = format!("{} columns, expected {expected}", self.row.len());
            return Err(malformed(&self.path, format!("line {}", self.line), problem));
        }
        Ok(true)
    }

    /// The csv crate ends an open quote at the end of the file, and would hide every row it swallowed: the last row
    /// then holds line breaks, and the file an odd number of quotes.
    fn end(&self) -> Result<bool, DataError> {
        if self.broken && self.reader.get_ref().ends.borrow().odd_quotes {
            let problem = "a quote is opened, expected it to be closed before the end of the file";
            return Err(malformed(&self.path, format!("line {}", self.line), problem));
        }
        Ok(false)
    }

    /// The fields of the row.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.row.iter().map(str::trim)
    }

    /// The field of a column; empty where there is none.
    pub fn field(&self, column: usize) -> &str {
        self.row.get(column).unwrap_or_default().trim()
    }

    /// The line on which the row begins, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The number of columns; 0 before the first row.
    pub fn n_columns(&self) -> usize {
        self.n_columns.unwrap_or(0)
    }
}

/// Whether a first row is `sep=;`, of which the separator makes two fields.
fn tells_separator(row: &StringRecord) -> bool {
    let fields: Vec<&str> = row.iter().collect();
    let told = match fields[..] {
        [field] => field.trim().strip_prefix("sep=").map(str::len),
        [field, ""] => field.trim().strip_prefix("sep=").map(|rest| rest.len() + 1),
        _ => None,
    };
    told == Some(1)
}

fn csv_error(path: &Path, line: u64, start: [u8; 2], error: csv::Error) -> DataError {
    let problem = error.to_string();
    match error.into_kind() {
        ErrorKind::Io(error) => match TooLong::of(&error) {
            Some(too_long) => malformed(path, format!("line {line}"), too_long.to_string()),
            None => read_error(path, "", error),
        },
        ErrorKind::Utf8 { .. } => no_utf8(path, format!("line {line}"), &start),
        // No other kind comes from reading records of any length.
        _ => io_error(path, std::io::Error::other(problem)),
    }
}

/// A source that knows its lines. The parser's own count stops before the blank lines and the line feed of
/// CR LF that it skips at the start of a record.
struct Lines<R> {
    source: R,
    delimiter: u8,
    ends: RefCell<LineEnds>,
}

#[derive(Default)]
struct LineEnds {
    n_bytes: u64,
    /// CR and LF side by side that no line has been asked for after.
    ahead: VecDeque<Breaks>,
    n_lines: u64,
    odd_quotes: bool,
    /// The first bytes.
    start: [u8; 2],
    /// Bytes and delimiters that were read since a record was asked for.
    n_of_record: usize,
    n_delimiters: usize,
}

/// Line ends side by side, of blank lines as many as there are.
struct Breaks {
    bytes: Range<u64>,
    n_feeds: u64,
}

/// Bytes of a record before its delimiters are counted, which takes time.
const LONG: usize = 1 << 16;

impl LineEnds {
    fn begin_record(&mut self) {
        (self.n_of_record, self.n_delimiters) = (0, 0);
    }

    /// Refuses a record that goes on and on, which the parser would keep whole.
    fn check(&mut self, bytes: &[u8], delimiter: u8) -> Result<(), TooLong> {
        self.n_of_record += bytes.len();
        if self.n_of_record > LONG {
            self.n_delimiters += bytes.iter().filter(|&&byte| byte == delimiter).count();
        }
        match (self.n_of_record > MAX_RECORD, self.n_delimiters > MAX_COLUMNS) {
            (true, _) => Err(TooLong::Bytes),
            (_, true) => Err(TooLong::Columns),
            _ => Ok(()),
        }
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.source.read(buffer)?;
        let ends = self.ends.get_mut();
        if let (0, [first, second, ..]) = (ends.n_bytes, &buffer[..n]) {
            ends.start = [*first, *second];
        }
        for (at, &byte) in (ends.n_bytes..).zip(&buffer[..n]).filter(|(_, byte)| matches!(byte, b'\r' | b'\n')) {
            let n_feeds = u64::from(byte == b'\n');
            match ends.ahead.back_mut().filter(|last| last.bytes.end == at) {
                Some(last) => (last.bytes.end, last.n_feeds) = (at + 1, last.n_feeds + n_feeds),
                None => ends.ahead.push_back(Breaks { bytes: at..at + 1, n_feeds }),
            }
        }
        ends.odd_quotes ^= buffer[..n].iter().filter(|&&byte| byte == b'"').count() % 2 == 1;
        ends.n_bytes += n as u64;
        ends.check(&buffer[..n], self.delimiter)?;
        Ok(n)
    }
}

impl<R> Lines<R> {
    /// The line, from 1, of the first content at or after a position, asked for in ascending order.
    fn line_at(&self, position: Option<&csv::Position>) -> u64 {
        let mut ends = self.ends.borrow_mut();
        let mut start = position.map_or(0, |position| position.byte());
        while let Some(Breaks { bytes, n_feeds }) = ends.ahead.front()
            && bytes.start <= start
        {
            let (end, n_feeds) = (bytes.end, *n_feeds);
            ends.ahead.pop_front();
            ends.n_lines += n_feeds;
            start = start.max(end);
        }
        ends.n_lines + 1
    }
}
