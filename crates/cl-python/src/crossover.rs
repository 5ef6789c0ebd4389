//! Where a method of pruning falls below a control.

use cl_study::{
    Crossing, CrossoverPoint, CrossoverSettings, EndedPruneRun, EqualBudget, PruneCurves, PruneOutcome,
    PruneStudy, StudyError,
};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::numbers;
use crate::errors::{IntoException, OrRaise, value_error};
use crate::process::compute;

/// What the method is called here; its control stands for both controls of a prune study.
const METHOD: &str = "method";

/// The crossover of a method with a control, of accuracies fraction by fraction and, of each, seed by seed.
#[pyfunction]
// One for each of Python's keywords.
#[allow(clippy::too_many_arguments)]
pub(crate) fn crossover<'py>(
    py: Python<'py>,
    kept: Vec<f64>,
    method: &Bound<'py, PyAny>,
    control: &Bound<'py, PyAny>,
    crossing: &str,
    margin: f64,
    n_resamples: usize,
    level: f64,
    seed: u64,
) -> PyResult<Bound<'py, PyDict>> {
    let crossing = match crossing {
        "first" => Crossing::First,
        "stays" => Crossing::Stays,
        other => return Err(value_error("crossing", format!("{other:?}"), "first or stays")),
    };
    let (method, control) = (numbers("accuracy", method)?, numbers("control", control)?);
    let n_seeds = method.len().checked_div(kept.len()).unwrap_or(0);
    if n_seeds * kept.len() != method.len() || control.len() != method.len() {
        return Err(value_error("control", format!("of {} runs", control.len()), "as many as the method has"));
    }
    let seeds: Vec<u64> = (0..n_seeds as u64).collect();
    let study = PruneStudy::new("crossover", seeds, kept.clone()).or_raise()?.method(METHOD);
    let study = study.budgets([EqualBudget::Updates]);
    let of = |name: &str, accuracies: &[f64]| -> Vec<EndedPruneRun> {
        let run = |(at, &accuracy): (usize, &f64)| EndedPruneRun {
            method: name.into(),
            kept: kept[at / n_seeds],
            budget: EqualBudget::Updates,
            seed: (at % n_seeds) as u64,
            outcome: Some(PruneOutcome { accuracy, ..PruneOutcome::default() }),
            failed: None,
        };
        accuracies.iter().enumerate().map(run).collect()
    };
    let runs =
        [of(PruneStudy::RANDOM, &control), of(PruneStudy::STRATIFIED_RANDOM, &control), of(METHOD, &method)];
    let settings = CrossoverSettings { crossing, n_resamples, level, seed, margin };
    let found = compute(py, || {
        let curves = PruneCurves::new(study, runs.concat())?;
        curves.crossover(METHOD, PruneStudy::RANDOM, EqualBudget::Updates, &settings)
    })?;
    let found = found.map_err(|error: StudyError| error.into_exception())?;
    let dict = PyDict::new(py);
    dict.set_item("at", found.at.fraction())?;
    dict.set_item("text", found.at.to_string())?;
    let interval = found.interval.map(|ends| ends.map(end));
    dict.set_item("interval", interval)?;
    dict.set_item("never_below", found.never_below)?;
    dict.set_item("always_below", found.always_below)?;
    Ok(dict)
}

/// An end of the interval, which may lie beyond the fractions measured.
fn end(point: CrossoverPoint) -> Option<f64> {
    point.fraction()
}
