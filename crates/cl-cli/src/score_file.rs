//! Files of scores, under the names that the commands have for them.

pub(crate) use cl_difficulty::table::{
    Sidecar, Table as ScoreFile, TableColumn as ScoreColumn, TableFormat as ScoreFormat, sidecar_path,
    write_columns_as,
};
