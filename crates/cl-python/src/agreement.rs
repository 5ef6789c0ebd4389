//! How far scores agree.

use cl_difficulty::agreement::{
    Bootstrap, RankCorrelation, agreement_matrix, borda, mean_rank, stability, top_overlap,
};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::numbers;
use crate::errors::{IntoException, OrRaise, value_error};
use crate::process::compute;

fn correlation(name: &str) -> PyResult<RankCorrelation> {
    match name {
        "spearman" => Ok(RankCorrelation::Spearman),
        "kendall" => Ok(RankCorrelation::Kendall),
        other => Err(value_error("correlation", format!("{other:?}"), "spearman or kendall")),
    }
}

fn score_lists(scores: &[Bound<'_, PyAny>]) -> PyResult<Vec<Vec<f64>>> {
    scores.iter().enumerate().map(|(at, score)| numbers(&format!("scores[{at}]"), score)).collect()
}

/// Each pair (i, j) of scores with j < i: correlation, interval, unless there are no resamples, and undefined resamples.
#[pyfunction]
pub(crate) fn agree<'py>(
    py: Python<'py>,
    names: Vec<String>,
    scores: Vec<Bound<'py, PyAny>>,
    correlation: &str,
    n_resamples: usize,
    level: f64,
    seed: u64,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let correlation = self::correlation(correlation)?;
    let values = score_lists(&scores)?;
    let named: Vec<(&str, &[f64])> =
        names.iter().map(String::as_str).zip(values.iter().map(Vec::as_slice)).collect();
    let bootstrap = (n_resamples > 0).then_some(Bootstrap { n_resamples, level, seed });
    let matrix = compute(py, || agreement_matrix(&named, correlation, bootstrap))?.or_raise()?;
    let mut cells = Vec::new();
    for i in 0..named.len() {
        for j in 0..=i {
            let Some(cell) = matrix.get(i, j) else { continue };
            let dict = PyDict::new(py);
            dict.set_item("row", i)?;
            dict.set_item("column", j)?;
            dict.set_item("value", cell.value)?;
            dict.set_item("interval", cell.interval)?;
            dict.set_item("n_undefined", cell.n_undefined)?;
            cells.push(dict);
        }
    }
    Ok(cells)
}

/// The share of the hardest that two scores have in common, for each fraction.
#[pyfunction]
pub(crate) fn overlap(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    fractions: Vec<f64>,
    seed: u64,
) -> PyResult<Vec<Option<f64>>> {
    let (a, b) = (numbers("a", a)?, numbers("b", b)?);
    compute(py, || top_overlap(&a, &b, &fractions, seed))?.map_err(IntoException::into_exception)
}

/// The mean correlation over pairs of runs of a score, the lowest, the highest, and the pairs with and without one.
#[pyfunction]
pub(crate) fn runs_stability<'py>(
    py: Python<'py>,
    runs: Vec<Bound<'py, PyAny>>,
    correlation: &str,
) -> PyResult<Bound<'py, PyDict>> {
    let correlation = self::correlation(correlation)?;
    let values = score_lists(&runs)?;
    let slices: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
    let found = compute(py, || stability(&slices, correlation))?.or_raise()?;
    let dict = PyDict::new(py);
    dict.set_item("mean", found.mean)?;
    dict.set_item("lowest", found.lowest)?;
    dict.set_item("highest", found.highest)?;
    dict.set_item("n_pairs", found.n_pairs)?;
    dict.set_item("n_undefined", found.n_undefined)?;
    Ok(dict)
}

/// Several difficulties as one.
#[pyfunction]
pub(crate) fn combined<'py>(
    py: Python<'py>,
    scores: Vec<Bound<'py, PyAny>>,
    how: &str,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let values = score_lists(&scores)?;
    let slices: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
    let combined = match how {
        "mean_rank" => compute(py, || mean_rank(&slices))?,
        "borda" => compute(py, || borda(&slices))?,
        other => return Err(value_error("how", format!("{other:?}"), "mean_rank or borda")),
    };
    Ok(combined.or_raise()?.into_pyarray(py))
}
