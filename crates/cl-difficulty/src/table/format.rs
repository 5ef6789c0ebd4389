use std::fmt;
use std::path::Path;
use std::str::FromStr;

use cl_data::{
    DataError,
    io::{is_standard, malformed},
};

use crate::error::DifficultyError;

/// The format in which a table of scores is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableFormat {
    /// `.csv`: `id`, perhaps `label`, and a column per score.
    Csv,
    /// `.jsonl`: an object per example with the same keys.
    JsonLines,
    /// `.npy`: one score per example, which its sidecar names.
    Npy,
    /// `.npz`: `ids`, perhaps `labels`, and an array per score.
    Npz,
    /// `.parquet`: `id`, perhaps `label`, and a column per score.
    #[cfg(feature = "parquet")]
    Parquet,
}

impl TableFormat {
    /// Every format by name.
    pub const NAMES: &[(&'static str, Self)] = &[
        ("csv", Self::Csv),
        ("jsonl", Self::JsonLines),
        ("npy", Self::Npy),
        ("npz", Self::Npz),
        #[cfg(feature = "parquet")]
        ("parquet", Self::Parquet),
    ];

    /// The format that a path's ending asks for; CSV for standard output, `-`.
    ///
    /// # Errors
    /// [`DataError::Malformed`] where it is none of them.
    pub fn of(path: &Path) -> Result<Self, DataError> {
        if is_standard(path) {
            return Ok(Self::Csv);
        }
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => Ok(Self::Csv),
            Some("jsonl" | "ndjson") => Ok(Self::JsonLines),
            Some("npy") => Ok(Self::Npy),
            Some("npz") => Ok(Self::Npz),
            #[cfg(feature = "parquet")]
            Some("parquet") => Ok(Self::Parquet),
            #[cfg(not(feature = "parquet"))]
            Some("parquet") => Err(malformed(path, "", ".parquet takes a build with the feature `parquet`")),
            Some("gz" | "zst" | "bz2" | "xz" | "zip") => {
                let problem = "outputs are not compressed, expected .csv, .jsonl, .npy, .npz or .parquet";
                Err(malformed(path, "", problem))
            }
            _ => Err(malformed(path, "", "unknown ending, expected .csv, .jsonl, .npy, .npz or .parquet")),
        }
    }
}

impl fmt::Display for TableFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, format)| format == self).map_or("", |(name, _)| name);
        formatter.write_str(name)
    }
}

impl FromStr for TableFormat {
    type Err = DifficultyError;

    fn from_str(text: &str) -> Result<Self, DifficultyError> {
        let found = Self::NAMES.iter().find(|(name, _)| *name == text);
        let unknown = || DifficultyError::argument("format", text, "csv, jsonl, npy, npz or parquet");
        found.map(|&(_, format)| format).ok_or_else(unknown)
    }
}
