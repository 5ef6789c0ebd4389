use cl_difficulty::{OutputKind, log::mean_probabilities_of_epochs};
use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::buffer::NullBuffer;

use super::lists::lists_of;
use super::number::Number;
use super::rows::Rows;
use super::values::compare;
use crate::error::EngineError;

/// The mean of the probabilities of each group over its rows, in the order of their epochs or, where there are none, of
/// their numbers; null where a group has no row.
///
/// # Errors
/// On an epoch that a group has twice.
pub(super) fn mean_probabilities<N: Number>(
    function: &str,
    kind: OutputKind,
    has_epochs: bool,
    rows: &Rows<N>,
) -> Result<ArrayRef, EngineError> {
    let (starts, mut order) = rows.by_group();
    let mut numbers = Vec::with_capacity(rows.n_groups() * rows.width());
    let mut is_there = Vec::with_capacity(rows.n_groups());
    for group in 0..rows.n_groups() {
        let own = &mut order[starts[group]..starts[group + 1]];
        if has_epochs {
            own.sort_unstable_by_key(|&row| rows.epoch(row as usize));
            let epochs = || own.iter().map(|&row| rows.epoch(row as usize));
            if let Some((epoch, _)) = epochs().zip(epochs().skip(1)).find(|(a, b)| a == b) {
                let problem = "it is there twice, expected one row per example and epoch".to_owned();
                return Err(EngineError::Observation { function: function.to_owned(), epoch, problem });
            }
        } else {
            own.sort_unstable_by(|&a, &b| compare(rows.numbers(a as usize), rows.numbers(b as usize)));
        }
        let mean = mean_probabilities_of_epochs(kind, own.iter().map(|&row| rows.numbers(row as usize)));
        is_there.push(mean.is_some());
        match mean {
            Some(mean) => numbers.extend(mean),
            None => numbers.resize(numbers.len() + rows.width(), 0.0),
        }
    }
    Ok(lists_of(numbers, rows.width(), NullBuffer::from(is_there)))
}
