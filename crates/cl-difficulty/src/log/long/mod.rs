//! Logs as tables: a row per example and epoch, in one file or several, in any order.

mod by_epoch;
mod columns;
mod examples;
mod files;
mod keys;
mod outputs;
mod row_index;
mod scan;
mod seen;
mod segments;
mod source;
mod stream;

pub(super) use source::open_tables;
