//! Logs as tables: a row per example and epoch, in one file or several, in any order.

mod broken;
mod by_epoch;
mod columns;
mod examples;
mod files;
mod keys;
mod label_lists;
mod list_text;
mod look;
mod outputs;
mod predicted;
mod row_index;
mod scan;
mod seen;
mod segments;
mod source;
mod stream;

pub(super) use source::open_tables;
