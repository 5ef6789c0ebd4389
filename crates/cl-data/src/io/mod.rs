//! Readers and writers of files: CSV, IDX (MNIST), CIFAR binary, `.npy` and `.npz`; tables as CSV, JSON lines and Parquet;
//! lines of text; matrices of features, ids and labels; what a file holds. `-` is standard input and output.
//!
//! Every reader takes gzipped files as they are, recognised by content (`.npz`, which must be seekable, aside).
//! Files are untrusted: what a header promises is checked before it is allocated, and every error names the
//! file and the place. Every writer writes a temporary file beside its target and renames it.

mod array;
mod atomic;
mod cifar;
mod csv;
mod csv_rows;
mod csv_text;
mod element;
mod feature_table;
mod features;
mod ids;
mod idx;
mod input;
mod label_book;
mod label_table;
mod labels;
mod memory;
mod npy;
mod npy_header;
mod npy_list;
mod npz;
mod npz_dataset;
mod npz_lists;
mod partial_file;
mod record_limit;
mod signature;
mod spool;
mod standard_input;
mod summary;
mod table;
mod text;
mod utf8;

pub use array::{Array, ArrayData};
pub use atomic::write_atomically;
pub use cifar::{Cifar100Label, CifarPart, read_cifar10, read_cifar10_batch, read_cifar100, read_cifar100_batch};
pub(crate) use csv::read_csv_from;
pub use csv::{CsvOptions, HeaderRow, LabelColumn, read_csv, write_csv};
pub use csv_rows::CsvRows;
pub use csv_text::{csv_field, exact};
pub use element::ElementType;
pub use features::{FeatureReader, FeatureRows, FeatureShape, FeatureValues};
pub use ids::{ids_data, ids_of, read_ids, read_ids_for};
pub use idx::{PixelScale, read_idx, read_idx_pair};
pub use input::{Input, open};
pub use label_book::{LabelBook, LabelClasses, LabelOptions, LabelProblem};
pub use label_table::LabelTable;
pub use labels::{ID_COLUMNS, LABEL_COLUMNS, Labels, beyond_outputs, indices_of, read_indices, read_indices_for};
pub use memory::available_memory;
pub use npy::{NpyReader, read_npy, write_npy};
pub use npy_list::NpyList;
pub use npz::{NpzReader, read_npz, write_npz};
pub use npz_dataset::{read_npz_dataset, write_npz_dataset};
pub use npz_lists::{ListId, NpzLists};
pub use signature::Signature;
pub use standard_input::{forget_standard_input, is_standard};
pub use summary::{FileFormat, FileSummary, PartSummary, SummaryOptions, ValueCount, summarize};
pub use table::{
    Batch, CellValues, Cells, Lists, RowFormat, Rows, TableOptions, TableReader, Texts, Unreadable, listed,
};
pub use text::{TextLines, read_lines};

use std::path::Path;

use crate::error::DataError;

/// A file whose content is not what its format demands: the place in it (empty for all of it), what was found and what
/// was expected.
pub fn malformed(path: &Path, place: impl Into<String>, problem: impl Into<String>) -> DataError {
    DataError::Malformed { path: path.to_path_buf(), place: place.into(), problem: problem.into() }
}

/// What a parser of another's said, with what was expected where it does not say that.
pub fn with_expected(said: impl std::fmt::Display, expected: &str) -> String {
    let said = said.to_string();
    if said.contains("expected") { said } else { format!("{said}, expected {expected}") }
}

/// What the system said of a file.
pub fn io_error(path: &Path, source: std::io::Error) -> DataError {
    DataError::Io { path: path.to_path_buf(), source }
}

/// How many axes an array may have, as in NumPy 2.
pub(crate) const MAX_AXES: usize = 64;

/// The number of elements of a shape; `None` where it overflows.
pub(crate) fn n_elements(shape: &[usize]) -> Option<usize> {
    // A zero anywhere makes the array empty, however large the other dimensions.
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(1usize, |product, &dimension| product.checked_mul(dimension))
}
