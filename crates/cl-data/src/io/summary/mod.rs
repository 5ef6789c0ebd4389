//! What a file holds: shapes, types, classes, ranges, what is NaN, empty or twice.

mod array;
mod duplicates;
mod file;
mod format;
mod numbers;
mod part;
mod table;

pub use file::{FileSummary, summarize};
pub use format::FileFormat;
pub use part::{PartSummary, ValueCount};
pub use table::SummaryOptions;
