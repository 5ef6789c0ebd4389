//! Selections by a score.

use cl_prune::{Budget, NeighborLists, RuleInputs, RuleSettings, Selection as Selected};
use numpy::{IntoPyArray, PyArray1};
use pyo3::exceptions::{PyIndexError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{Range, index_array, integers, kind_of, numbers};
use crate::catalogue::borrowed;
use crate::errors::{IntoException, OrRaise, argument, value_error};
use crate::process::compute;

/// What was kept and what was dropped, and why.
#[pyclass(frozen, module = "curriculum._core")]
pub(crate) struct Selection(Selected);

#[pymethods]
impl Selection {
    /// The examples kept, the most important first.
    #[getter]
    fn kept<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        index_array(py, self.0.kept.clone())
    }

    /// The examples dropped, the one that missed most narrowly first.
    #[getter]
    fn dropped<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        index_array(py, self.0.dropped.clone())
    }

    #[getter]
    fn rule(&self) -> &str {
        &self.0.rule
    }

    /// Whether each example was kept.
    fn mask<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<bool>> {
        self.0.mask().into_pyarray(py)
    }

    /// Why an example was kept or dropped, in words.
    fn reason(&self, example: &Bound<'_, PyAny>) -> PyResult<String> {
        let expected = format!("an index in 0..{}", self.0.decisions.len());
        let found = match example.extract::<usize>() {
            Ok(example) => self.0.reason(example),
            // A whole number all the same.
            Err(error) if error.is_instance_of::<PyOverflowError>(example.py()) => None,
            Err(_) => return Err(PyTypeError::new_err(argument("example", kind_of(example), &expected))),
        };
        found.ok_or_else(|| PyIndexError::new_err(argument("example", example, &expected)))
    }

    /// Of each group of examples that were decided on together: its name, its size and how many of it were kept.
    #[getter]
    fn groups<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let of = |group: &cl_prune::Group| {
            let dict = PyDict::new(py);
            dict.set_item("name", &group.name)?;
            dict.set_item("size", group.size)?;
            dict.set_item("n_kept", group.n_kept)?;
            Ok(dict)
        };
        self.0.groups.iter().map(of).collect()
    }

    fn __repr__(&self) -> String {
        format!("<Selection: {} of {} kept by {}>", self.0.n_kept(), self.0.decisions.len(), self.0.rule)
    }
}

/// Keeps a part of the examples by a difficulty.
#[pyfunction]
#[pyo3(signature = (difficulty, rule, options, seed, keep = None, drop = None, count = None, labels = None,
    confidence = None, neighbors = None))]
// One for each of Python's keywords.
#[allow(clippy::too_many_arguments)]
pub(crate) fn select(
    py: Python<'_>,
    difficulty: &Bound<'_, PyAny>,
    rule: &str,
    options: Vec<(String, String)>,
    seed: u64,
    keep: Option<f64>,
    drop: Option<f64>,
    count: Option<usize>,
    labels: Option<&Bound<'_, PyAny>>,
    confidence: Option<&Bound<'_, PyAny>>,
    neighbors: Option<(Bound<'_, PyAny>, Bound<'_, PyAny>)>,
) -> PyResult<Selection> {
    let budget = match (keep, drop, count) {
        (Some(fraction), None, None) => Budget::Keep(fraction),
        (None, Some(fraction), None) => Budget::Drop(fraction),
        (None, None, Some(count)) => Budget::Count(count),
        _ => return Err(PyValueError::new_err("expected one of keep=, drop= and count=, the part that is kept")),
    };
    let settings = RuleSettings::parse(rule, &borrowed(&options)).or_raise()?;
    let difficulty = numbers("scores", difficulty)?;
    let n = difficulty.len();
    let labels = labels.map(|labels| integers("labels", labels, Range::Any)).transpose()?;
    let confidence = confidence.map(|confidence| numbers("confidence", confidence)).transpose()?;
    let lengths = [("labels", labels.as_ref().map(Vec::len)), ("confidence", confidence.as_ref().map(Vec::len))];
    for (name, length) in lengths {
        if let Some(length) = length.filter(|&length| length != n) {
            return Err(value_error(
                name,
                format!("of shape ({length},)"),
                &format!("one for each of {n} scores"),
            ));
        }
    }
    let neighbors = neighbors.map(|(indices, distances)| neighbor_lists(&indices, &distances, n)).transpose()?;
    let inputs =
        RuleInputs { labels: labels.as_deref(), confidence: confidence.as_deref(), neighbors: neighbors.as_ref() };
    let selection = compute(py, || settings.rule(&inputs)?.select(&difficulty, budget, seed))?;
    Ok(Selection(selection.map_err(IntoException::into_exception)?))
}

/// Lists of neighbours (n, k) with their distances (n, k).
fn neighbor_lists<'py>(
    indices: &Bound<'py, PyAny>,
    distances: &Bound<'py, PyAny>,
    n: usize,
) -> PyResult<NeighborLists> {
    let shape = |array: &Bound<'_, PyAny>, name: &str| -> PyResult<(usize, usize)> {
        let shape: Vec<usize> = array.getattr("shape").and_then(|shape| shape.extract()).unwrap_or_default();
        match shape[..] {
            [rows, k] if rows == n => Ok((rows, k)),
            _ => {
                let found = format!("of shape {}", crate::arrays::shown_shape(&shape));
                Err(value_error(name, found, &format!("({n}, k), the k nearest of each example")))
            }
        }
    };
    let (_, k) = shape(indices, "neighbors[0]")?;
    if shape(distances, "neighbors[1]")?.1 != k {
        return Err(value_error("neighbors[1]", "of another shape", "that of neighbors[0]"));
    }
    let flat = |array: &Bound<'py, PyAny>, name: &str| {
        let flat = array.call_method1("reshape", (-1,));
        flat.map_err(|_| PyTypeError::new_err(argument(name, kind_of(array), "an array of numbers")))
    };
    let indices = integers("neighbors[0]", &flat(indices, "neighbors[0]")?, Range::Indices(n))?;
    let distances = numbers("neighbors[1]", &flat(distances, "neighbors[1]")?)?;
    NeighborLists::new(k, indices, distances).or_raise()
}
