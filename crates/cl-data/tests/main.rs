//! All integration tests of the crate in one program, which links once.

mod clusters;
mod csv_files;
mod image_files;
mod label_files;
mod numpy;
mod numpy_files;
#[cfg(feature = "parquet")]
mod parquet_files;
mod table_files;
