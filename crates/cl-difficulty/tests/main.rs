//! All integration tests of the crate in one program, which links once.

mod agreement;
mod array_logs;
mod data_based;
mod distances;
mod dynamics;
mod example_state;
mod label_noise;
mod logs;
mod long_log;
mod long_refusals;
mod long_tables;
mod loss_metrics;
mod model_based;
mod output_kinds;
#[cfg(feature = "parquet")]
mod parquet_rows;
mod recorder_seams;
mod score_a_log;
mod select_examples;
mod soft_labels;
mod tables;
mod tables_as_written;
