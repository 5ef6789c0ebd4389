use std::ops::Range;

use super::source::Contents;
use crate::{dynamics::MetricSettings, error::DifficultyError};

/// The first epoch that any of the metrics lets in, and that before which all stop.
pub(super) fn range(metrics: &[MetricSettings]) -> (u64, Option<u64>) {
    let from = metrics.iter().map(|settings| settings.epochs().0).min().unwrap_or(0);
    let untils = metrics.iter().map(|settings| settings.epochs().1);
    let until = untils.reduce(|a, b| a.zip(b).map(|(a, b)| a.max(b))).flatten();
    (from, until)
}

/// The positions of these epochs.
pub(super) fn positions(metrics: &[MetricSettings], contents: &Contents) -> Result<Range<usize>, DifficultyError> {
    let (from, until) = range(metrics);
    let before = |epoch: u64| contents.epochs.partition_point(|&known| known < epoch);
    let positions = before(from)..until.map_or(contents.epochs.len(), before);
    if positions.is_empty() {
        let (first, last) = (contents.epochs[0], contents.epochs[contents.epochs.len() - 1]);
        let until = until.map_or(String::new(), |until| format!(" until {until}"));
        let problem = format!("no epoch from {from}{until}, the log has {first} to {last}");
        return Err(DifficultyError::malformed(&contents.path, "", problem));
    }
    Ok(positions)
}
