//! Coresets: examples chosen by their features.

use cl_data::memory;
use cl_prune::PruneError;
use cl_prune::coreset::{CoresetInputs, CoresetSettings, Features, ValidationTaylor};
use numpy::{IntoPyArray, PyArray1};
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;

use crate::arrays::{FloatValues, Floats, Range, converted, floats, index_array, integers, with_floats};
use crate::catalogue::borrowed;
use crate::errors::{IntoException, OrRaise, value_error};
use crate::process::compute;

/// The examples chosen, in the order in which they were chosen.
#[pyclass(frozen, module = "curriculum._core")]
pub(crate) struct Coreset(cl_prune::coreset::Coreset);

#[pymethods]
impl Coreset {
    /// The examples, the first chosen first.
    #[getter]
    fn indices<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        index_array(py, self.0.order.clone())
    }

    /// What each added, as its method defines it.
    #[getter]
    fn gains<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.gains.clone().into_pyarray(py)
    }

    /// How much each counts for; none where all count the same.
    #[getter]
    fn weights<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyArray1<f64>>> {
        self.0.weights.clone().map(|weights| weights.into_pyarray(py))
    }

    /// The sum of all gains: of a submodular objective its value.
    #[getter]
    fn value(&self) -> f64 {
        self.0.value()
    }

    fn __repr__(&self) -> String {
        format!("<Coreset of {} examples>", self.0.order.len())
    }
}

/// Chooses `count` examples by their features.
#[pyfunction]
#[pyo3(signature = (features, method, options, count, seed, labels = None, start = None, validation = None))]
// One for each of Python's keywords.
#[allow(clippy::too_many_arguments)]
pub(crate) fn choose(
    py: Python<'_>,
    features: &Bound<'_, PyAny>,
    method: &str,
    options: Vec<(String, String)>,
    count: usize,
    seed: u64,
    labels: Option<&Bound<'_, PyAny>>,
    start: Option<usize>,
    validation: Option<&Bound<'_, PyAny>>,
) -> PyResult<Coreset> {
    let settings = CoresetSettings::parse(method, &borrowed(&options)).or_raise()?;
    let features = table("features", features)?;
    let n_features = features.shape[1];
    let labels = labels.map(|labels| integers("labels", labels, Range::Any)).transpose()?;
    if let Some(labels) = &labels
        && labels.len() != features.shape[0]
    {
        let expected = format!("one label for each of {} examples", features.shape[0]);
        return Err(value_error("labels", format!("of shape ({},)", labels.len()), &expected));
    }
    let validation = validation.map(|given| gradients(given, n_features)).transpose()?;
    let inputs = CoresetInputs {
        labels: labels.as_deref(),
        start,
        validation: validation.as_ref(),
        ..CoresetInputs::default()
    };
    let chosen = match &features.values {
        FloatValues::F32(memory) => {
            let values = memory.as_slice();
            compute(py, || settings.select(Features::new(values, n_features)?, count, seed, &inputs))
        }
        FloatValues::F64(memory) => {
            let values = memory.as_slice();
            compute(py, || settings.select(Features::new(values, n_features)?, count, seed, &inputs))
        }
        halves => {
            // Single precision holds every half.
            let values = with_floats!(halves, slice => converted("features", slice, narrow))?;
            compute(py, || settings.select(Features::new(&values, n_features)?, count, seed, &inputs))
        }
    }?;
    Ok(Coreset(chosen.map_err(|error: PruneError| error.into_exception())?))
}

fn narrow(value: impl Into<f64>) -> f32 {
    let value: f64 = value.into();
    value as f32
}

/// Features (n, d), one example a row.
fn table<'py>(name: &str, given: &Bound<'py, PyAny>) -> PyResult<Floats<'py>> {
    let features = floats(name, given)?;
    features.check_dimensions(name, 2, "one row of features for each example, (n, d)")?;
    let n_values = features.shape.iter().product::<usize>();
    memory::check::<f64>(n_values).map_err(|value| PyMemoryError::new_err(format!("{name}: {value}")))?;
    Ok(features)
}

fn gradients(given: &Bound<'_, PyAny>, n_features: usize) -> PyResult<ValidationTaylor> {
    let gradients = table("validation", given)?;
    if gradients.shape[1] != n_features {
        let expected = format!("{n_features} numbers for each example, as the features have");
        return Err(value_error("validation", format!("of {}", gradients.shape[1]), &expected));
    }
    let values = gradients.to_f64s("validation")?;
    ValidationTaylor::new(&Features::new(&values, n_features).or_raise()?).or_raise()
}
