//! A difficulty per example, from a file of scores: what the commands that use scores have in common.

use std::fmt;
use std::path::Path;

use cl_difficulty::table::DirectionSource;
use cl_study::shown;
use clap::ValueEnum;
use serde::Serialize;

use crate::output::note;
use crate::score_file::{ScoreColumn, ScoreFile};
use crate::tables::TableArguments;

/// What a high value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Direction {
    Hard,
    Easy,
}

impl Direction {
    /// Whether a high value means a hard example, where that is told.
    pub(crate) fn told(high_is: Option<Self>) -> Option<bool> {
        high_is.map(|direction| direction == Self::Hard)
    }
}

/// Which way a column was read, for reports.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct ReadDirection {
    high_is: &'static str,
    from: &'static str,
}

impl From<cl_difficulty::table::Direction> for ReadDirection {
    fn from(direction: cl_difficulty::table::Direction) -> Self {
        let from = match direction.from {
            DirectionSource::Told => "--high-is",
            from => from.name(),
        };
        Self { high_is: if direction.higher_is_harder { "hard" } else { "easy" }, from }
    }
}

impl fmt::Display for ReadDirection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.from {
            "sidecar" => "as the JSON file beside the scores says",
            "metric" => "as the metric defines it",
            "name" => "by its name",
            "convention" => "by convention",
            from => from,
        };
        write!(formatter, "high is {} ({by})", self.high_is)
    }
}

/// A file of scores, or a plain `.npy` of one difficulty per example, by index.
pub(crate) fn read_scores(path: &Path, tables: &TableArguments) -> anyhow::Result<ScoreFile> {
    read_values("difficulty", path, tables)
}

/// The same of a plain `.npy` of something else: what its values are.
pub(crate) fn read_values(what: &str, path: &Path, tables: &TableArguments) -> anyhow::Result<ScoreFile> {
    let file = ScoreFile::read_plain_as(what, path, &tables.read_options())?;
    if let Err(problem) = file.needed_labels() {
        note(&format!("labels are not used: {problem}"));
    }
    Ok(file)
}

/// The column that was named, or the only one.
pub(crate) fn chosen_column<'a>(file: &'a ScoreFile, name: Option<&str>) -> anyhow::Result<&'a ScoreColumn> {
    Ok(file.chosen(name)?)
}

/// The scores, higher = harder, and which way they were read.
pub(crate) fn difficulties(
    file: &ScoreFile,
    column: &ScoreColumn,
    high_is: Option<Direction>,
) -> anyhow::Result<(Vec<f64>, ReadDirection)> {
    let told = Direction::told(high_is);
    let direction = file.needed_direction(&column.name, told)?;
    Ok((file.difficulties(column, told)?, direction.into()))
}

/// Says of how many examples that its sidecar describes a file holds some.
pub(crate) fn write_part(
    formatter: &mut fmt::Formatter<'_>,
    file: &str,
    part: Option<(usize, usize)>,
) -> fmt::Result {
    match part {
        Some((n, of)) => {
            let file = shown::line(file);
            writeln!(formatter, "{file}: {n} of {of} examples of its sidecar, not checked against it")
        }
        None => Ok(()),
    }
}
