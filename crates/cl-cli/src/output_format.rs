//! In which format a result is written: by option, by the name of the file, and to standard output the plainest.

use std::path::Path;

use anyhow::bail;
use cl_data::io::is_standard;
use cl_difficulty::table::TableFormat;
use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// The format of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// A row per line, fields between commas
    Csv,
    /// An object per line
    Jsonl,
    /// A NumPy array
    Npy,
    /// An archive of NumPy arrays
    Npz,
    /// Parquet
    Parquet,
    /// Ids alone, one per line
    Ids,
}

impl OutputFormat {
    fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::Parquet => "parquet",
            Self::Ids => "ids",
        }
    }

    fn of_ending(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "npy" => Some(Self::Npy),
            "npz" => Some(Self::Npz),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// The format that was told, else that of the file's ending, of those that a command writes; ids, where it writes
    /// them, for standard output and all other names, else CSV for standard output.
    pub(crate) fn of(path: &Path, told: Option<Self>, written: &[Self]) -> anyhow::Result<Self> {
        if let Some(told) = told {
            return match written.contains(&told) {
                true => Ok(told),
                false => bail!("--output-format {}: expected {}", told.name(), listed(written, "")),
            };
        }
        let ids = written.contains(&Self::Ids);
        if is_standard(path) {
            return Ok(if ids { Self::Ids } else { Self::Csv });
        }
        if is_compressed(path) {
            bail!("{}: outputs are not compressed, expected {}", path.display(), listed(written, "."));
        }
        match Self::of_ending(path).filter(|format| written.contains(format)) {
            Some(format) => Ok(format),
            None if ids => Ok(Self::Ids),
            None => bail!("{}: unknown ending, expected {}", path.display(), listed(written, ".")),
        }
    }
}

/// Whether a name is that of a compressed file.
fn is_compressed(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ["gz", "zst", "bz2", "xz", "zip"].contains(&ending)
}

fn listed(formats: &[OutputFormat], before: &str) -> String {
    let names: Vec<String> = formats.iter().map(|format| format!("{before}{}", format.name())).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} or {last}", first.join(", ")),
        None => String::new(),
    }
}

/// The formats of scores by name.
pub(crate) fn score_format() -> impl TypedValueParser<Value = TableFormat> {
    let names = TableFormat::NAMES.iter().map(|(name, _)| *name);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<TableFormat>())
}
