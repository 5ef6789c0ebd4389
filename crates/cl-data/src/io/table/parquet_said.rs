use parquet::errors::ParquetError;

use super::super::with_expected;

/// What the parquet crate says of a damaged file.
pub(super) fn said(error: ParquetError) -> String {
    with_expected(error, "a whole Parquet file")
}
