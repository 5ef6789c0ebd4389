//! The recorder: scores of the training dynamics, told batch by batch.

use std::cmp::Ordering;
use std::io::Write;
use std::sync::{Mutex, MutexGuard};

use cl_data::FingerprintBuilder;
use cl_data::io::write_atomically;
use cl_data::seal::Sealed;
use cl_difficulty::{Column, DifficultyError, DynamicsRecorder, Float, MetricSettings, Observations, OutputKind};
use numpy::{IntoPyArray, PyArray1};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyBytes, PyDict};

use crate::arrays::{Floats, Range, floats, floats_or_flags, index_array, integers, shown_shape, with_floats};
use crate::catalogue::borrowed;
use crate::errors::{IntoException, OrRaise, StateError, argument, value_error};
use crate::process::{check_same, compute, path};

/// Which examples the epoch that is counted has shown, where nobody says which epoch it is.
#[derive(Debug, Clone, Default, PartialEq)]
struct EpochCounter {
    epoch: u64,
    seen: Vec<bool>,
}

impl EpochCounter {
    /// The epoch of a batch: the next one where the present one has shown one of its examples.
    fn epoch_of(&self, indices: &[usize]) -> u64 {
        let again = indices.iter().any(|&index| self.seen.get(index).is_some_and(|&seen| seen));
        self.epoch.saturating_add(u64::from(again))
    }

    /// Counts on where another one of the same examples has got further, or shown others.
    fn merge(&mut self, other: &Self) {
        match self.epoch.cmp(&other.epoch) {
            Ordering::Less => *self = other.clone(),
            Ordering::Equal if self.seen.is_empty() => self.seen.clone_from(&other.seen),
            Ordering::Equal => self.seen.iter_mut().zip(&other.seen).for_each(|(seen, other)| *seen |= other),
            Ordering::Greater => {}
        }
    }

    /// That of some of the examples.
    fn select(&self, examples: &[usize]) -> Self {
        let seen = if self.seen.is_empty() {
            Vec::new()
        } else {
            examples.iter().map(|&example| self.seen[example]).collect()
        };
        Self { epoch: self.epoch, seen }
    }

    fn took(&mut self, epoch: u64, indices: &[usize], n_examples: usize) {
        if self.seen.is_empty() || epoch != self.epoch {
            self.seen.clear();
            self.seen.resize(n_examples, false);
            self.epoch = epoch;
        }
        indices.iter().for_each(|&index| self.seen[index] = true);
    }
}

struct Inner {
    recorder: DynamicsRecorder,
    counter: EpochCounter,
    n_examples: usize,
    n_classes: usize,
    labels: Option<Vec<usize>>,
    /// Whether labels were told; losses need none.
    is_labelled: bool,
}

/// Records what a model said of its examples while it was trained.
#[pyclass(frozen, module = "curriculum._core")]
pub(crate) struct Recorder {
    inner: Mutex<Inner>,
    metrics: Vec<MetricSettings>,
    outputs: OutputKind,
    made_in: u32,
}

/// What is saved.
type Saved = (String, u64, Vec<bool>, u64, u64, Option<Vec<u64>>, bool, DynamicsRecorder);

/// The version of what is saved.
const VERSION: u32 = 1;

#[pymethods]
impl Recorder {
    #[new]
    fn new(
        py: Python<'_>,
        n_examples: usize,
        n_classes: usize,
        metrics: Vec<(String, Vec<(String, String)>)>,
        outputs: &str,
        labels: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let outputs: OutputKind = outputs.parse::<OutputKind>().or_raise()?;
        let metrics = metrics.iter().map(|(name, options)| MetricSettings::parse(name, &borrowed(options)));
        let metrics = metrics.collect::<Result<Vec<_>, _>>().or_raise()?;
        if n_classes >= u32::MAX as usize {
            return Err(value_error("n_classes", n_classes, "at least 2, and below 2^32 - 1"));
        }
        let labels = labels.map(|labels| integers("labels", labels, Range::Classes(n_classes))).transpose()?;
        check_labels(labels.as_deref(), n_examples)?;
        let recorder = compute(py, || DynamicsRecorder::new(n_examples, n_classes, &metrics))?.or_raise()?;
        let recorder = recorder.with_partial_epochs();
        let is_labelled = labels.is_some();
        let inner =
            Inner { recorder, counter: EpochCounter::default(), n_examples, n_classes, labels, is_labelled };
        Ok(Self { inner: Mutex::new(inner), metrics, outputs, made_in: std::process::id() })
    }

    #[getter]
    fn n_examples(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.locked(py)?.n_examples)
    }

    #[getter]
    fn n_classes(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.locked(py)?.n_classes)
    }

    #[getter]
    fn outputs(&self) -> String {
        self.outputs.to_string()
    }

    /// The names of the metrics asked for.
    #[getter]
    fn metrics(&self) -> Vec<String> {
        self.metrics.iter().map(|settings| settings.metric().name.clone()).collect()
    }

    /// What recorders that take each other's state have in common, and what each is here.
    fn settings(&self, py: Python<'_>) -> PyResult<Vec<(&'static str, String)>> {
        let inner = self.locked(py)?;
        let labels = inner.labels.as_ref().map(|labels| {
            let mut hash = FingerprintBuilder::default();
            hash.add(labels.iter().map(|&label| label as u64));
            hash.fingerprint().to_string()
        });
        let metric = |settings: &MetricSettings| {
            let cl_difficulty::Metric { name, options } = settings.metric();
            let options = options.iter().map(|(name, value)| format!(" {name}={value}"));
            name.clone() + &options.collect::<String>()
        };
        Ok(vec![
            ("n_examples", inner.n_examples.to_string()),
            ("n_classes", inner.n_classes.to_string()),
            ("metrics", self.metrics.iter().map(metric).collect::<Vec<_>>().join(", ")),
            ("outputs", self.outputs.to_string()),
            ("labels", labels.unwrap_or_else(|| "told with each batch".into())),
        ])
    }

    /// How many examples were never predicted rightly, where forgetting is recorded.
    fn n_never_learned(&self, py: Python<'_>) -> PyResult<Option<usize>> {
        Ok(self.locked(py)?.recorder.n_never_learned())
    }

    /// The epochs recorded.
    #[getter]
    fn epochs(&self, py: Python<'_>) -> PyResult<Vec<u64>> {
        Ok(self.locked(py)?.recorder.epochs())
    }

    /// Takes in what the model said of the examples of a batch.
    #[pyo3(signature = (indices, values, labels = None, epoch = None, outputs = None))]
    fn update(
        &self,
        py: Python<'_>,
        indices: &Bound<'_, PyAny>,
        values: &Bound<'_, PyAny>,
        labels: Option<&Bound<'_, PyAny>>,
        epoch: Option<u64>,
        outputs: Option<&str>,
    ) -> PyResult<()> {
        check_same("recorder", self.made_in)?;
        let kind = match outputs {
            Some(name) => name.parse::<OutputKind>().or_raise()?,
            None => self.outputs,
        };
        let (n_examples, n_classes) = {
            let inner = self.locked(py)?;
            (inner.n_examples, inner.n_classes)
        };
        let name = match kind {
            OutputKind::Losses => "losses",
            OutputKind::Correct => "correct",
            _ => "outputs",
        };
        let indices = integers("indices", indices, Range::Indices(n_examples))?;
        let values = if kind.is_scalar() { floats_or_flags(name, values)? } else { floats(name, values)? };
        check_outputs(name, kind, &values, indices.len(), n_classes)?;
        let labels = labels.map(|labels| integers("labels", labels, Range::Classes(n_classes))).transpose()?;
        if let Some(labels) = &labels
            && labels.len() != indices.len()
        {
            let found = format!("of shape {}", shown_shape(&[labels.len()]));
            let expected = format!("one label for each of {} indices", indices.len());
            return Err(value_error("labels", found, &expected));
        }
        let batch = Told { epoch, indices, labels, kind };
        with_floats!(&values.values, slice => self.record(py, batch, slice))
    }

    /// Which examples were observed at least once.
    fn observed<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<bool>>> {
        let observed = self.locked(py)?.recorder.observed();
        Ok(observed.into_pyarray(py))
    }

    /// The labels told; none where none were, or an example was never observed.
    fn labels<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyArray1<i64>>>> {
        let inner = self.locked(py)?;
        let labels = inner.recorder.labels().ok().filter(|_| inner.is_labelled);
        Ok(labels.map(|labels| index_array(py, labels)))
    }

    /// Each metric: name, values, whether high is hard, metric and options.
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let columns = self.computed(py, |inner| inner.recorder.columns().or_raise_later())?;
        columns.into_iter().map(|column| as_dict(py, column)).collect()
    }

    /// Takes over what another recorder of the same examples, classes and metrics recorded: another rank's.
    fn merge(&self, py: Python<'_>, other: &Bound<'_, Self>) -> PyResult<()> {
        check_same("recorder", self.made_in)?;
        if std::ptr::eq(other.get(), self) {
            return Err(value_error("other", "the recorder itself", "another one"));
        }
        // One lock at a time, so that two that take each other over do not wait for each other.
        let (other, counter, is_labelled) = {
            let other = other.get().locked(py)?;
            (other.recorder.clone(), other.counter.clone(), other.is_labelled)
        };
        self.computed(py, |inner| {
            inner.recorder.merge(&other).or_raise_later()?;
            inner.counter.merge(&counter);
            inner.is_labelled |= is_labelled;
            Ok(())
        })
    }

    /// A recorder of some of the examples, in this order.
    fn select(&self, py: Python<'_>, examples: &Bound<'_, PyAny>) -> PyResult<Self> {
        let n = self.locked(py)?.n_examples;
        let examples = integers("examples", examples, Range::Indices(n))?;
        let inner = self.computed(py, |inner| {
            let recorder = inner.recorder.select(&examples).or_raise_later()?;
            let labels = inner.labels.as_ref().map(|all| examples.iter().map(|&example| all[example]).collect());
            let (counter, n_examples) = (inner.counter.select(&examples), examples.len());
            let Inner { n_classes, is_labelled, .. } = *inner;
            Ok(Inner { recorder, counter, n_examples, n_classes, labels, is_labelled })
        })?;
        let (metrics, outputs) = (self.metrics.clone(), self.outputs);
        Ok(Self { inner: Mutex::new(inner), metrics, outputs, made_in: std::process::id() })
    }

    /// All that is recorded, with a checksum.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.bytes(py)?))
    }

    fn save(&self, py: Python<'_>, path: &Bound<'_, PyAny>) -> PyResult<()> {
        let path = crate::process::path("path", path)?;
        let bytes = self.bytes(py)?;
        py.detach(|| write_atomically(&path, |writer| writer.write_all(&bytes))).or_raise()
    }

    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        read(py, bytes).map_err(|problem| StateError::new_err(format!("the recorder read is unusable: {problem}")))
    }

    #[staticmethod]
    fn load(py: Python<'_>, path: &Bound<'_, PyAny>) -> PyResult<Self> {
        let path = self::path("path", path)?;
        let bytes = std::fs::read(&path)
            .map_err(|source| cl_data::DataError::Io { path: path.clone(), source }.into_exception())?;
        read(py, &bytes).map_err(|problem| {
            StateError::new_err(format!("{}: the recorder is unusable: {problem}", path.display()))
        })
    }
}

/// Why nothing was recorded.
enum Failure {
    Refused(DifficultyError),
    NoLabels,
    Poisoned,
}

impl IntoException for Failure {
    fn into_exception(self) -> PyErr {
        match self {
            Self::Refused(error) => error.into_exception(),
            Self::NoLabels => PyValueError::new_err(argument(
                "labels",
                "missing",
                "one class for each index, here or of all examples when the recorder is made",
            )),
            Self::Poisoned => poisoned(),
        }
    }
}

fn poisoned() -> PyErr {
    PyRuntimeError::new_err("the recorder failed before and holds nothing that can be trusted")
}

/// A result whose error is raised once Python's lock is held again.
trait OrRaiseLater<T> {
    fn or_raise_later(self) -> Result<T, Failure>;
}

impl<T> OrRaiseLater<T> for Result<T, DifficultyError> {
    fn or_raise_later(self) -> Result<T, Failure> {
        self.map_err(Failure::Refused)
    }
}

/// What a batch comes with beside its outputs.
struct Told {
    epoch: Option<u64>,
    indices: Vec<usize>,
    labels: Option<Vec<usize>>,
    kind: OutputKind,
}

impl Recorder {
    fn locked<'a>(&'a self, py: Python<'_>) -> PyResult<MutexGuard<'a, Inner>> {
        self.inner.lock_py_attached(py).map_err(|_| poisoned())
    }

    /// Records a batch, away from Python's lock.
    fn record<T: Float>(&self, py: Python<'_>, batch: Told, values: &[T]) -> PyResult<()> {
        self.computed(py, |inner| {
            let Told { epoch, indices, labels, kind } = batch;
            let is_labelled = inner.is_labelled || labels.is_some();
            let labels = match (labels, &inner.labels) {
                (Some(labels), _) => labels,
                (None, Some(labels)) => indices.iter().map(|&index| labels[index]).collect(),
                // A loss or a flag is the same whatever the class is.
                (None, None) if kind.is_scalar() => vec![0; indices.len()],
                (None, None) => return Err(Failure::NoLabels),
            };
            let epoch = epoch.unwrap_or_else(|| inner.counter.epoch_of(&indices));
            let outputs = kind.outputs(values);
            let observations = Observations { epoch, indices: &indices[..], labels: &labels[..], outputs };
            inner.recorder.record(&observations).or_raise_later()?;
            inner.counter.took(epoch, &indices, inner.n_examples);
            inner.is_labelled = is_labelled;
            Ok(())
        })
    }

    /// What takes time, away from Python's lock.
    fn computed<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Inner) -> Result<T, Failure> + Send,
    ) -> PyResult<T> {
        let result = compute(py, || {
            let mut inner = self.inner.lock().map_err(|_| Failure::Poisoned)?;
            work(&mut inner)
        })?;
        result.map_err(IntoException::into_exception)
    }

    fn bytes(&self, py: Python<'_>) -> PyResult<Vec<u8>> {
        let outputs = self.outputs.to_string();
        let bytes = compute(py, || {
            let inner = self.inner.lock().map_err(|_| Failure::Poisoned)?;
            let Inner { recorder, counter, n_examples, n_classes, labels, is_labelled } = &*inner;
            let labels = labels.as_ref().map(|labels| labels.iter().map(|&label| label as u64).collect());
            let (n_examples, n_classes) = (*n_examples as u64, *n_classes as u64);
            let EpochCounter { epoch, seen } = counter.clone();
            let saved: Saved =
                (outputs, epoch, seen, n_examples, n_classes, labels, *is_labelled, recorder.clone());
            Ok(postcard::to_stdvec(&Sealed::<VERSION, Saved>::new(saved)))
        })?;
        let bytes = bytes.map_err(|failure: Failure| failure.into_exception())?;
        bytes.map_err(|error| PyOSError::new_err(error.to_string()))
    }
}

fn read(py: Python<'_>, bytes: &[u8]) -> Result<Recorder, String> {
    // It comes first; what postcard says of a wrong one is nothing.
    if let Ok((version, _)) = postcard::take_from_bytes::<u32>(bytes)
        && version != VERSION
    {
        return Err(format!("it is of version {version}, expected {VERSION}"));
    }
    let read = compute(py, || {
        let read = postcard::take_from_bytes::<Sealed<VERSION, Saved>>(bytes);
        let (sealed, rest) = read.map_err(|_| "it is damaged, or not one".to_owned())?;
        if rest.is_empty() { Ok(sealed) } else { Err(format!("{} bytes stand behind its end", rest.len())) }
    });
    let sealed = read.map_err(|error| error.to_string())??;
    let (outputs, epoch, seen, n_examples, n_classes, labels, is_labelled, recorder) = sealed.into_inner();
    let outputs = outputs.parse::<OutputKind>().map_err(|error| error.to_string())?;
    let (n_examples, n_classes) = (n_examples as usize, n_classes as usize);
    let labels: Option<Vec<usize>> = labels.map(|labels| labels.into_iter().map(|label| label as usize).collect());
    let fits = recorder.n_examples() == n_examples
        && recorder.n_classes() == n_classes
        && (seen.is_empty() || seen.len() == n_examples)
        && labels
            .as_ref()
            .is_none_or(|labels| labels.len() == n_examples && labels.iter().all(|&label| label < n_classes));
    if !fits {
        return Err("its parts are of different numbers of examples or classes".into());
    }
    let metrics = recorder.metrics().to_vec();
    let counter = EpochCounter { epoch, seen };
    let inner = Inner { recorder, counter, n_examples, n_classes, labels, is_labelled };
    Ok(Recorder { inner: Mutex::new(inner), metrics, outputs, made_in: std::process::id() })
}

fn check_labels(labels: Option<&[usize]>, n_examples: usize) -> PyResult<()> {
    match labels {
        Some(labels) if labels.len() != n_examples => {
            let found = format!("of shape {}", shown_shape(&[labels.len()]));
            Err(value_error("labels", found, &format!("one label for each of {n_examples} examples")))
        }
        _ => Ok(()),
    }
}

fn check_outputs(name: &str, kind: OutputKind, values: &Floats<'_>, n: usize, n_classes: usize) -> PyResult<()> {
    let expected: Vec<usize> = if kind.is_scalar() { vec![n] } else { vec![n, n_classes] };
    if values.shape == expected {
        return Ok(());
    }
    let found = format!("of shape {}", shown_shape(&values.shape));
    let of =
        if kind.is_scalar() { "one for each index" } else { "one row for each index, one column for each class" };
    Err(value_error(name, found, &format!("{}, {of}", shown_shape(&expected))))
}

fn as_dict(py: Python<'_>, column: Column) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("name", &column.name)?;
    dict.set_item("higher_is_harder", column.higher_is_harder)?;
    dict.set_item("metric", &column.metric.name)?;
    let options = PyDict::new(py);
    for (name, value) in &column.metric.options {
        options.set_item(name, value)?;
    }
    dict.set_item("options", options)?;
    let values = match column.values {
        cl_difficulty::ColumnValues::Float(values) => values,
        other => other.to_floats(),
    };
    dict.set_item("values", values.into_pyarray(py))?;
    Ok(dict)
}
