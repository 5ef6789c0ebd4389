//! How long a row of a table, or a line of a text, may be: what is read of it is kept whole.

use std::fmt;
use std::io::{self, BufRead, Read};

/// The most bytes of a row or a line: a compressed file of some kilobytes may hold one of gigabytes.
pub(super) const MAX_RECORD: usize = 16 << 20;

/// The most columns of a row.
pub(super) const MAX_COLUMNS: usize = 1 << 20;

/// A row or line that is longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TooLong {
    Bytes,
    Columns,
}

impl fmt::Display for TooLong {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes => {
                write!(formatter, "more than {} MiB, expected rows and lines of at most as many", MAX_RECORD >> 20)
            }
            Self::Columns => write!(formatter, "more than {MAX_COLUMNS} columns, expected at most as many"),
        }
    }
}

impl std::error::Error for TooLong {}

impl From<TooLong> for io::Error {
    fn from(error: TooLong) -> Self {
        Self::other(error)
    }
}

impl TooLong {
    /// The one that an error is.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

/// Appends a line with its end to `line`; how many bytes it has, 0 at the end of the text.
pub(super) fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    let n = reader.by_ref().take(MAX_RECORD as u64 + 1).read_until(b'\n', line)?;
    if n > MAX_RECORD { Err(TooLong::Bytes.into()) } else { Ok(n) }
}
