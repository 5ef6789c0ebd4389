//! Weightings: from losses to how much each example counts.

use std::sync::Arc;

use cl_pacing::{Given, weighting_by_name};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;

use crate::arrays::{Range, integers, numbers};
use crate::catalogue::borrowed;
use crate::errors::{IntoException, OrRaise};
use crate::process::compute;

/// A weighting of the catalogue.
#[pyclass(frozen, module = "curriculum._core")]
pub(crate) struct Weighting(Arc<dyn cl_pacing::Weighting>);

#[pymethods]
impl Weighting {
    #[new]
    #[pyo3(signature = (name, parameters, classes = None, a = None))]
    fn new(
        name: &str,
        parameters: Vec<(String, String)>,
        classes: Option<&Bound<'_, PyAny>>,
        a: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let classes = classes.map(|classes| integers("classes", classes, Range::Any)).transpose()?;
        let a = a.map(|a| numbers("a", a)).transpose()?;
        let given = Given { classes: classes.as_deref(), a: a.as_deref(), ..Given::default() };
        Ok(Self(weighting_by_name(name, &borrowed(&parameters), &given).or_raise()?))
    }

    fn __call__<'py>(&self, py: Python<'py>, losses: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let losses = numbers("losses", losses)?;
        let mut weights = vec![0.0; losses.len()];
        compute(py, || self.0.weights(&losses, &mut weights))?.map_err(IntoException::into_exception)?;
        Ok(weights.into_pyarray(py))
    }

    fn __repr__(&self) -> String {
        self.0.to_string()
    }
}
