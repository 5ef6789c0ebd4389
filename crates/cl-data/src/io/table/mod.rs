//! Tables in files, column by column: CSV, JSON lines, Parquet.

mod batch;
#[cfg(feature = "parquet")]
mod caught;
mod cells;
mod csv_table;
mod format;
mod json_array;
mod json_cell;
mod json_table;
mod mixed;
#[cfg(feature = "parquet")]
mod parquet_column;
#[cfg(feature = "parquet")]
mod parquet_table;
mod reader;

pub use batch::{Batch, Rows};
pub(super) use cells::number;
pub use cells::{CellValues, Cells, Lists, Texts, Unreadable};
pub(super) use csv_table::separator;
pub use format::RowFormat;
pub use reader::{TableOptions, TableReader, listed};
