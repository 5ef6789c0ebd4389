//! Tables of scores in files, each with the JSON file beside it that says where they come from and which way they point.
//!
//! ```
//! use cl_data::{Ids, bundled};
//! use cl_difficulty::{Metric, Provenance, Scores, table::{Table, write_scores}};
//!
//! let iris = bundled::iris();
//! let values = (0..150).map(f64::from).collect();
//! let scores = Scores::new(Metric::new("index"), values, &iris, Provenance::default())?;
//! let folder = tempfile::tempdir().unwrap();
//! let path = folder.path().join("scores.csv");
//! write_scores(&path, iris.ids(), &[&scores])?;
//!
//! let read = Table::read(&path)?.scores(None, None)?;
//! assert_eq!(read, scores);
//! assert!(read.check(&iris).is_ok()); // of this data
//! # Ok::<(), cl_difficulty::DifficultyError>(())
//! ```

mod archive;
mod array_values;
mod column_builder;
mod direction;
mod format;
#[cfg(feature = "parquet")]
mod parquet_table;
mod read;
mod read_options;
mod roles;
mod rows;
mod score_table;
mod scores;
mod sidecar;
mod table_column;
mod write;

pub(crate) use direction::Pointing;
pub use direction::{Direction, DirectionSource};
pub use format::TableFormat;
pub use read_options::ReadOptions;
pub use score_table::Table;
pub use scores::write_scores;
pub use sidecar::{ColumnDescription, Sidecar, Skipped, sidecar_path};
pub use table_column::{TableColumn, UnusableColumn};
pub use write::{write, write_as, write_columns, write_columns_as};
