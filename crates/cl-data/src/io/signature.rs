use std::path::Path;

use super::open;
use crate::error::DataError;

/// What a file is by its first bytes, gzipped or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signature {
    /// A NumPy array.
    Npy,
    /// A zip archive, such as one of NumPy arrays.
    Npz,
    /// A Parquet table.
    Parquet,
    /// None of these: a text, or what only its name tells.
    Other,
}

impl Signature {
    /// Looks at a file.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Malformed`] where a gzip stream is corrupt.
    pub fn of(path: impl AsRef<Path>) -> Result<Self, DataError> {
        Ok(Self::of_bytes(&open(path)?.read_up_to(6)?))
    }

    /// Looks at the first bytes of a file, 6 of them where there are as many.
    pub fn of_bytes(head: &[u8]) -> Self {
        match head {
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Self::Npy,
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Self::Npz,
            [b'P', b'A', b'R', b'1', ..] => Self::Parquet,
            _ => Self::Other,
        }
    }
}
