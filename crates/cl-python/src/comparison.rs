//! Comparisons by a training function of one's own: what it scored comes in, what is to be said of it goes out.

use cl_lab::own_training::OwnTraining;
use pyo3::prelude::*;

use crate::errors::{OrRaise, value_error};

/// The columns of the table.
const WIDTH: u16 = 110;

/// Judges what a training scored, given as JSON: the results as JSON, as a table for a terminal, and as a page.
#[pyfunction]
pub(crate) fn judge_comparison(py: Python<'_>, request: &str) -> PyResult<(String, String, String)> {
    let training: OwnTraining = serde_json::from_str(request)
        .map_err(|error| value_error("request", error, "the scores of a comparison, as JSON"))?;
    let comparison = py.detach(|| training.judged()).or_raise()?;
    let results = serde_json::to_string_pretty(&comparison)
        .map_err(|error| value_error("request", error, "scores that JSON can hold"))?;
    let table = comparison.table().or_raise()?.to_terminal(WIDTH);
    let page = py.detach(|| comparison.page()).or_raise()?;
    Ok((results + "\n", table, page))
}
