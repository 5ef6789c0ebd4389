//! Orders: from difficulty to a permutation.

use cl_pacing::{Given, order_by_name};
use numpy::PyArray1;
use pyo3::prelude::*;

use crate::arrays::{Range, index_array, integers, numbers};
use crate::catalogue::borrowed;
use crate::errors::{IntoException, OrRaise};
use crate::process::compute;

/// The order `name` of these examples, the first to come first.
#[pyfunction]
#[pyo3(signature = (name, parameters, difficulty, seed, classes = None, order = None))]
pub(crate) fn make_order<'py>(
    py: Python<'py>,
    name: &str,
    parameters: Vec<(String, String)>,
    difficulty: &Bound<'py, PyAny>,
    seed: u64,
    classes: Option<&Bound<'py, PyAny>>,
    order: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyArray1<i64>>> {
    let difficulty = numbers("difficulty", difficulty)?;
    let classes = classes.map(|classes| integers("classes", classes, Range::Any)).transpose()?;
    let order = order.map(|order| integers("order", order, Range::Indices(difficulty.len()))).transpose()?;
    let given = Given { classes: classes.as_deref(), order: order.as_deref(), ..Given::default() };
    let method = order_by_name(name, &borrowed(&parameters), &given).or_raise()?;
    let order = compute(py, || method.order(&difficulty, seed))?.map_err(IntoException::into_exception)?;
    Ok(index_array(py, order))
}

/// Whether there is such an order with such parameters, for errors to be told when it is made.
#[pyfunction]
#[pyo3(signature = (name, parameters, order = None))]
pub(crate) fn check_order(
    name: &str,
    parameters: Vec<(String, String)>,
    order: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let order = order.map(|order| integers("order", order, Range::Any)).transpose()?;
    let given = Given { classes: Some(&[]), order: order.as_deref(), ..Given::default() };
    order_by_name(name, &borrowed(&parameters), &given).or_raise().map(|_| ())
}
