//! A difficulty per example, from a file of scores: what the commands that use scores have in common.

use std::path::Path;

use cl_data::Ids;
use clap::ValueEnum;

use crate::score_file::{ScoreColumn, ScoreFile};

/// What a high value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Direction {
    Hard,
    Easy,
}

/// A file of scores, or a plain `.npy` of one difficulty per example, by index.
pub(crate) fn read_scores(path: &Path) -> anyhow::Result<ScoreFile> {
    Ok(ScoreFile::read_plain(path)?)
}

/// The column that was named, or the only one.
pub(crate) fn chosen_column<'a>(file: &'a ScoreFile, name: Option<&str>) -> anyhow::Result<&'a ScoreColumn> {
    Ok(file.chosen(name)?)
}

/// The scores, higher = harder.
pub(crate) fn difficulties(
    file: &ScoreFile,
    column: &ScoreColumn,
    high_is: Option<Direction>,
) -> anyhow::Result<Vec<f64>> {
    Ok(file.difficulties(column, high_is.map(|direction| direction == Direction::Hard))?)
}

/// Labels by position (.npy) or by id (.csv).
pub(crate) fn read_labels(path: &Path, ids: &Ids) -> anyhow::Result<Vec<usize>> {
    Ok(cl_data::io::read_labels(path, ids)?)
}
