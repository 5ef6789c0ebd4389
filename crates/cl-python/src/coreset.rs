//! Coresets: examples chosen by their features.

use cl_data::memory;
use cl_prune::PruneError;
use cl_prune::coreset::{
    AnyFeatures, CoresetInputs, CoresetSettings, Costs, Features, NeighborSearch, Neighbors, ValidationTaylor,
};
use numpy::{IntoPyArray, PyArray1};
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;

use crate::arrays::{FloatValues, Floats, Range, converted, floats, index_array, integers, numbers, with_floats};
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

/// What a choice is made of beside the features.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Given<'py> {
    labels: Option<Bound<'py, PyAny>>,
    start: Option<usize>,
    validation: Option<Bound<'py, PyAny>>,
    query: Option<Bound<'py, PyAny>>,
    private: Option<Bound<'py, PyAny>>,
    probabilities: Option<Bound<'py, PyAny>>,
    chosen: Option<Bound<'py, PyAny>>,
    weights: Option<Bound<'py, PyAny>>,
    groups: Option<Bound<'py, PyAny>>,
    costs: Option<Bound<'py, PyAny>>,
    budget: Option<f64>,
    neighbors: Option<usize>,
}

/// Chooses examples by their features: `count`, or as many as a budget allows.
#[pyfunction]
pub(crate) fn choose(
    py: Python<'_>,
    features: &Bound<'_, PyAny>,
    method: &str,
    options: Vec<(String, String)>,
    count: Option<usize>,
    seed: u64,
    given: Given<'_>,
) -> PyResult<Coreset> {
    let settings = CoresetSettings::parse(method, &borrowed(&options)).or_raise()?;
    let features = table("features", features)?;
    let (n, n_features) = (features.shape[0], features.shape[1]);
    let of_all = |name: &str, length: usize| {
        let expected = format!("one for each of {n} examples");
        if length == n { Ok(()) } else { Err(value_error(name, format!("of shape ({length},)"), &expected)) }
    };
    let whole = |name: &'static str, given: &Option<Bound<'_, PyAny>>| {
        let Some(given) = given else { return Ok(None) };
        let numbers = integers(name, given, Range::Any)?;
        of_all(name, numbers.len()).map(|()| Some(numbers))
    };
    let real = |name: &'static str, given: &Option<Bound<'_, PyAny>>| {
        let Some(given) = given else { return Ok(None) };
        let numbers = numbers(name, given)?;
        of_all(name, numbers.len()).map(|()| Some(numbers))
    };
    let (labels, groups) = (whole("labels", &given.labels)?, whole("groups", &given.groups)?);
    let (weights, costs) = (real("weights", &given.weights)?, real("costs", &given.costs)?);
    let before = given.chosen.as_ref().map(|chosen| integers("chosen", chosen, Range::Indices(n))).transpose()?;
    let before = before.unwrap_or_default();
    let validation = given.validation.as_ref().map(|given| gradients(given, n_features)).transpose()?;
    let rows = |name: &'static str, given: &Option<Bound<'_, PyAny>>| {
        let Some(given) = given else { return Ok(None) };
        let rows = table(name, given)?;
        Ok::<_, PyErr>(Some((rows.to_f64s(name)?, rows.shape[1])))
    };
    let (query, private) = (rows("query", &given.query)?, rows("private", &given.private)?);
    let probabilities = rows("probabilities", &given.probabilities)?;
    let costs = match (&costs, given.budget) {
        (Some(costs), Some(budget)) => Some(Costs { costs, budget }),
        (None, None) => None,
        (Some(_), None) => return Err(value_error("budget", "None", "what may be spent on costs")),
        (None, Some(budget)) => return Err(value_error("budget", budget, "costs= beside it")),
    };
    let count = match (count, costs) {
        (Some(count), Some(_)) => return Err(value_error("count", count, "none beside costs= and budget=")),
        (Some(count), None) => count,
        (None, Some(_)) => n.saturating_sub(before.len()),
        (None, None) => {
            return Err(value_error("count", "None", "a number, or costs= and budget="));
        }
    };
    let inputs = CoresetInputs {
        labels: labels.as_deref(),
        start: given.start,
        validation: validation.as_ref(),
        query: any(&query)?,
        private: any(&private)?,
        probabilities: any(&probabilities)?,
        before: &before,
        weights: weights.as_deref(),
        groups: groups.as_deref(),
        costs,
        ..CoresetInputs::default()
    };
    let neighbors = given.neighbors.map(NeighborSearch::new).transpose().or_raise()?;
    let select = |features: AnyFeatures<'_>| match neighbors {
        Some(search) => {
            let search = Neighbors::Search(search.with_seed(seed));
            settings.select_by_neighbors(features, search, count, seed, &inputs).map(|(coreset, _)| coreset)
        }
        None => settings.select(features, count, seed, &inputs),
    };
    let chosen = match &features.values {
        FloatValues::F32(memory) => {
            let values = memory.as_slice();
            compute(py, || select(Features::new(values, n_features)?.into()))
        }
        FloatValues::F64(memory) => {
            let values = memory.as_slice();
            compute(py, || select(Features::new(values, n_features)?.into()))
        }
        halves => {
            // Single precision holds every half.
            let values = with_floats!(halves, slice => converted("features", slice, narrow))?;
            compute(py, || select(Features::new(&values, n_features)?.into()))
        }
    }?;
    Ok(Coreset(chosen.map_err(|error: PruneError| error.into_exception())?))
}

/// Values of so many numbers a row as features.
fn any(rows: &Option<(Vec<f64>, usize)>) -> PyResult<Option<AnyFeatures<'_>>> {
    rows.as_ref()
        .map(|(values, width)| Features::new(values, *width).map(AnyFeatures::from).or_raise())
        .transpose()
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
