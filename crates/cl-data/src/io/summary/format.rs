use std::path::Path;

use crate::{
    error::DataError,
    io::{RowFormat, Signature, malformed, open},
};

/// The format of a file of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileFormat {
    /// Rows of fields.
    Csv,
    /// An object per line.
    JsonLines,
    /// Columns of values.
    Parquet,
    /// MNIST's.
    Idx,
    /// The binary form of CIFAR-10 and CIFAR-100.
    Cifar,
    /// A NumPy array.
    Npy,
    /// An archive of them.
    Npz,
}

impl FileFormat {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::JsonLines => "JSON lines",
            Self::Parquet => "Parquet",
            Self::Idx => "IDX",
            Self::Cifar => "CIFAR",
            Self::Npy => "NPY",
            Self::Npz => "NPZ",
        }
    }

    /// Content decides. A name decides where the content does not, so that a damaged file is told from a file
    /// of no format.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Malformed`] where neither tells, or where a gzip stream is corrupt.
    pub fn of(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let path = path.as_ref();
        let head = open(path)?.read_up_to(4096)?;
        match Signature::of_bytes(&head) {
            Signature::Npy => return Ok(Self::Npy),
            Signature::Npz => return Ok(Self::Npz),
            Signature::Parquet => return Ok(Self::Parquet),
            _ => {}
        }
        if let Some(format) = RowFormat::of_name(path) {
            return Ok(format.into());
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
        let suffixes = [
            (".npy", Self::Npy),
            (".npz", Self::Npz),
            (".bin", Self::Cifar),
            ("-ubyte", Self::Idx),
            (".idx", Self::Idx),
        ];
        if let Some((_, format)) = suffixes.iter().find(|(suffix, _)| name.ends_with(suffix)) {
            return Ok(*format);
        }
        if matches!(*head, [0, 0, 0x08 | 0x09 | 0x0b..=0x0e, 1..=u8::MAX, ..]) {
            return Ok(Self::Idx);
        }
        // The last character may be cut.
        let text = std::str::from_utf8(&head).map_or_else(|error| error.error_len().is_none(), |_| true);
        if text && !head.contains(&0) {
            return Ok(RowFormat::of_text(&head).into());
        }
        let expected = "CSV, JSON lines, Parquet, IDX, CIFAR (.bin), .npy or .npz";
        Err(malformed(path, "", format!("format not recognised, expected {expected}")))
    }
}

impl From<RowFormat> for FileFormat {
    fn from(format: RowFormat) -> Self {
        match format {
            RowFormat::Csv => Self::Csv,
            RowFormat::JsonLines => Self::JsonLines,
            RowFormat::Parquet => Self::Parquet,
        }
    }
}
