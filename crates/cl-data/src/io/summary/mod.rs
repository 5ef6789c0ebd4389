//! What a file holds: shapes, types, classes, ranges, what is NaN, empty or twice.

mod array;
mod duplicates;
mod file;
mod format;
mod numbers;
mod options;
mod part;
mod table;
mod typed_table;

pub use file::{FileSummary, summarize};
pub use format::FileFormat;
pub use options::SummaryOptions;
pub use part::{PartSummary, ValueCount};
