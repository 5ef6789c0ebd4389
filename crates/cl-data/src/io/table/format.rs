use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::super::input::open;
use super::super::signature::Signature;
use super::json_array::first_bytes;
use crate::error::DataError;

/// How the rows of a table are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowFormat {
    /// Fields between commas, semicolons or tabs, named in the first row.
    Csv,
    /// An object per line, or an array of objects.
    JsonLines,
    /// Parquet.
    Parquet,
}

impl RowFormat {
    /// Every format by name.
    pub const NAMES: [(&'static str, Self); 3] =
        [("csv", Self::Csv), ("jsonl", Self::JsonLines), ("parquet", Self::Parquet)];

    /// The format of a file: its content decides, gzipped or not.
    ///
    /// # Errors
    /// [`DataError::Io`], and where a compressed stream is corrupt.
    pub fn of(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let head = open(path)?.read_up_to(4096)?;
        if Signature::of_bytes(&head) == Signature::Parquet {
            return Ok(Self::Parquet);
        }
        Ok(Self::of_text(&head))
    }

    /// The format of a text by how it begins.
    pub(in crate::io) fn of_text(head: &[u8]) -> Self {
        match first_bytes(head) {
            [Some(b'{'), _] | [Some(b'['), Some(b'{' | b']')] => Self::JsonLines,
            _ => Self::Csv,
        }
    }

    /// The format that a name ends in, compression aside.
    pub fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        let name = [".gz", ".zst"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
        let endings = [
            (".csv", Self::Csv),
            (".tsv", Self::Csv),
            (".jsonl", Self::JsonLines),
            (".ndjson", Self::JsonLines),
            (".parquet", Self::Parquet),
            (".pq", Self::Parquet),
        ];
        endings.iter().find(|(ending, _)| name.ends_with(ending)).map(|&(_, format)| format)
    }
}

impl fmt::Display for RowFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Csv => "CSV",
            Self::JsonLines => "JSON lines",
            Self::Parquet => "Parquet",
        })
    }
}

impl FromStr for RowFormat {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let found = Self::NAMES.iter().find(|(name, _)| *name == text);
        let unknown = || DataError::argument("format", text, "csv, jsonl or parquet");
        found.map(|&(_, format)| format).ok_or_else(unknown)
    }
}
