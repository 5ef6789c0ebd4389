use std::path::Path;

use cl_data::{DataError, io::malformed};

/// The format of a table of scores, by its ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableFormat {
    /// `.csv`: `id`, perhaps `label`, and a column per score.
    Csv,
    /// `.npy`: one score per example, which its sidecar names.
    Npy,
    /// `.npz`: `ids`, perhaps `labels`, and an array per score.
    Npz,
    /// `.parquet`: `id`, `label` and a column per score.
    #[cfg(feature = "parquet")]
    Parquet,
}

impl TableFormat {
    /// The format that a path's ending asks for.
    ///
    /// # Errors
    /// [`DataError::Malformed`] where it is none of them.
    pub fn of(path: &Path) -> Result<Self, DataError> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => Ok(Self::Csv),
            Some("npy") => Ok(Self::Npy),
            Some("npz") => Ok(Self::Npz),
            #[cfg(feature = "parquet")]
            Some("parquet") => Ok(Self::Parquet),
            #[cfg(not(feature = "parquet"))]
            Some("parquet") => Err(malformed(path, "", ".parquet takes a build with the feature `parquet`")),
            _ => Err(malformed(path, "", "unknown ending, expected .csv, .npy or .npz")),
        }
    }
}
