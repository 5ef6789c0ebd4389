use std::path::Path;

use super::malformed;
use crate::error::DataError;

/// The error of a text that is no UTF-8, with what it may be by how the file starts.
pub(super) fn no_utf8(path: &Path, place: impl Into<String>, start: &[u8]) -> DataError {
    let wide = [[0xff, 0xfe], [0xfe, 0xff]].iter().any(|mark| start.starts_with(mark));
    let guess = if wide { "UTF-16" } else { "Latin-1" };
    malformed(path, place, format!("no UTF-8 ({guess}?), expected text in UTF-8"))
}
