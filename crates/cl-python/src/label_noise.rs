//! Wrong labels, by confident learning.

use cl_difficulty::{ConfidentLearning, DifficultyError, IssueFilter, LabelQuality};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;

use crate::arrays::{FloatValues, Floats, Range, floats, integers};
use crate::errors::{IntoException, OrRaise, value_error};
use crate::process::compute;

/// Labels (n,) beside probabilities (n, c).
struct Given<'py> {
    labels: Vec<usize>,
    probabilities: Floats<'py>,
    n_classes: usize,
}

fn given<'py>(labels: &Bound<'py, PyAny>, pred_probs: &Bound<'py, PyAny>) -> PyResult<Given<'py>> {
    let probabilities = floats("pred_probs", pred_probs)?;
    probabilities.check_dimensions("pred_probs", 2, "one row of probabilities for each label, (n, c)")?;
    let (n, n_classes) = (probabilities.shape[0], probabilities.shape[1]);
    let labels = integers("labels", labels, Range::Classes(n_classes))?;
    if labels.len() != n {
        let expected = format!("one label for each of {n} rows of pred_probs");
        return Err(value_error("labels", format!("of shape ({},)", labels.len()), &expected));
    }
    Ok(Given { labels, probabilities, n_classes })
}

/// Computes something of probabilities in single or double precision.
macro_rules! with_probabilities {
    ($py:expr, $given:expr, $slice:ident => $body:expr) => {
        match &$given.probabilities.values {
            FloatValues::F32(memory) => {
                let $slice = memory.as_slice();
                compute($py, || $body)
            }
            FloatValues::F64(memory) => {
                let $slice = memory.as_slice();
                compute($py, || $body)
            }
            _ => {
                let values = $given.probabilities.to_f64s("pred_probs")?;
                let $slice = &values[..];
                compute($py, || $body)
            }
        }
    };
}

fn quality(argument: &str, name: &str) -> PyResult<LabelQuality> {
    match name {
        "self_confidence" => Ok(LabelQuality::SelfConfidence),
        "normalized_margin" => Ok(LabelQuality::NormalizedMargin),
        "confidence_weighted_entropy" => Ok(LabelQuality::ConfidenceWeightedEntropy),
        other => Err(value_error(
            argument,
            format!("{other:?}"),
            "one of self_confidence, normalized_margin, confidence_weighted_entropy",
        )),
    }
}

/// Whether each label is an issue.
#[pyfunction]
pub(crate) fn label_issues<'py>(
    py: Python<'py>,
    labels: &Bound<'py, PyAny>,
    pred_probs: &Bound<'py, PyAny>,
    filter_by: &str,
) -> PyResult<Bound<'py, PyArray1<bool>>> {
    let filter: IssueFilter = filter_by.parse().map_err(|error: DifficultyError| error.into_exception())?;
    let given = given(labels, pred_probs)?;
    let Given { labels, n_classes, .. } = &given;
    let issues = with_probabilities!(py, given, probabilities => {
        ConfidentLearning::fit(probabilities, labels, *n_classes)?.issues(probabilities, labels, filter)
    })?;
    Ok(issues.map_err(IntoException::into_exception)?.into_pyarray(py))
}

/// The quality of each label, low where it is probably wrong. `argument` is what the measure is called.
#[pyfunction]
#[pyo3(signature = (labels, pred_probs, measure, argument = "measure"))]
pub(crate) fn label_quality<'py>(
    py: Python<'py>,
    labels: &Bound<'py, PyAny>,
    pred_probs: &Bound<'py, PyAny>,
    measure: &str,
    argument: &str,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let quality = quality(argument, measure)?;
    let given = given(labels, pred_probs)?;
    let Given { labels, n_classes, .. } = &given;
    let scores =
        with_probabilities!(py, given, probabilities => quality.scores(probabilities, labels, *n_classes))?;
    Ok(scores.map_err(IntoException::into_exception)?.into_pyarray(py))
}

/// The share of wrong labels, the ends of its interval, thresholds, and the joints of given and true labels.
#[pyclass(frozen, module = "curriculum._core", get_all)]
pub(crate) struct NoiseRate {
    /// The estimate.
    estimate: f64,
    /// The lower end of the interval.
    low: f64,
    /// The upper end.
    high: f64,
    /// The level of the interval.
    level: f64,
    /// The threshold of each class, (c,).
    thresholds: Py<PyArray1<f64>>,
    /// Confident counts, given label by true class, (c, c).
    confident_joint: Py<PyArray2<i64>>,
    /// The same, whose rows sum to the number of examples with that label, (c, c).
    calibrated_joint: Py<PyArray2<i64>>,
    /// The joint distribution, given label by true class, (c, c), which sums to 1.
    joint: Py<PyArray2<f64>>,
    /// The probability of each given label, by true class, (c, c).
    noise_matrix: Py<PyArray2<f64>>,
    /// The probability of each true class, by given label, (c, c).
    inverse_noise_matrix: Py<PyArray2<f64>>,
    /// The probability of each true class, (c,).
    true_class_distribution: Py<PyArray1<f64>>,
}

#[pymethods]
impl NoiseRate {
    fn __repr__(&self) -> String {
        let Self { estimate, low, high, level, .. } = self;
        format!("NoiseRate(estimate={estimate}, low={low}, high={high}, level={level})")
    }

    fn __float__(&self) -> f64 {
        self.estimate
    }
}

#[pyfunction]
pub(crate) fn noise_rate(
    py: Python<'_>,
    labels: &Bound<'_, PyAny>,
    pred_probs: &Bound<'_, PyAny>,
    level: f64,
    n_resamples: usize,
    seed: u64,
) -> PyResult<NoiseRate> {
    let given = given(labels, pred_probs)?;
    let Given { labels, n_classes, .. } = &given;
    let found = with_probabilities!(py, given, probabilities => {
        let learned = ConfidentLearning::fit(probabilities, labels, *n_classes)?;
        let rate = learned.noise_rate(n_resamples, level, seed)?;
        Ok((learned, rate))
    })?;
    let (learned, rate) = found.map_err(|error: DifficultyError| error.into_exception())?;
    let c = *n_classes;
    let counts = |counts: Vec<u64>| -> PyResult<Py<PyArray2<i64>>> {
        let counts: Vec<i64> = counts.into_iter().map(|count| count as i64).collect();
        Ok(counts.into_pyarray(py).reshape([c, c])?.unbind())
    };
    let square = |numbers: Vec<f64>| -> PyResult<Py<PyArray2<f64>>> {
        Ok(numbers.into_pyarray(py).reshape([c, c])?.unbind())
    };
    Ok(NoiseRate {
        estimate: rate.estimate,
        low: rate.low,
        high: rate.high,
        level,
        thresholds: learned.thresholds().to_vec().into_pyarray(py).unbind(),
        confident_joint: counts(learned.confident_joint())?,
        calibrated_joint: counts(learned.calibrated_joint())?,
        joint: square(learned.joint())?,
        noise_matrix: square(learned.noise_matrix())?,
        inverse_noise_matrix: square(learned.inverse_noise_matrix())?,
        true_class_distribution: learned.true_class_distribution().into_pyarray(py).unbind(),
    })
}

/// The names of the filters are checked before there are data.
#[pyfunction]
pub(crate) fn check_filter(name: &str) -> PyResult<()> {
    name.parse::<IssueFilter>().or_raise().map(|_| ())
}
