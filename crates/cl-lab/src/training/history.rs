use std::io::Write;
use std::path::Path;

use cl_data::io::{exact, write_atomically};
use serde::{Deserialize, Serialize};

use crate::error::LabError;

/// What an epoch came to: so many updates as a pass over the examples trained on takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochRow {
    /// The epoch, counted from 1.
    pub epoch: u64,
    /// Updates made so far.
    pub n_updates: u64,
    /// Examples shown so far, each time counted.
    pub n_presented: u64,
    /// The mean loss of what the epoch showed, before the update that it caused.
    pub train_loss: Option<f64>,
    /// The mean cross-entropy, or squared error, of the validation part.
    pub validation_loss: Option<f64>,
    /// The metric of the validation part; none where it has none.
    pub validation_metric: Option<f64>,
    /// Whether it is the best so far.
    pub is_best: bool,
}

/// Writes a row per epoch.
///
/// # Errors
/// Where the file cannot be written.
pub(super) fn write_history(path: &Path, rows: &[EpochRow]) -> Result<(), LabError> {
    let number = |value: Option<f64>| value.map(exact).unwrap_or_default();
    Ok(write_atomically(path, |writer| {
        writeln!(writer, "epoch,updates,examples,train_loss,validation_loss,validation_metric,best")?;
        rows.iter().try_for_each(|row| {
            let EpochRow { epoch, n_updates, n_presented, is_best, .. } = row;
            let [train, loss, metric] = [row.train_loss, row.validation_loss, row.validation_metric].map(number);
            writeln!(writer, "{epoch},{n_updates},{n_presented},{train},{loss},{metric},{}", u8::from(*is_best))
        })
    })?)
}
