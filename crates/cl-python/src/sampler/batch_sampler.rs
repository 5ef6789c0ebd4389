//! The sampler as Python holds it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use cl_data::{Batch, SamplerError};
use cl_pacing::{Cursor, share_of_rank};
use numpy::{IntoPyArray, PyArray1};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::batch_iterator::BatchIterator;
use super::core::Core;
use super::example_iterator::ExampleIterator;
use super::make::{Inputs, Made, make};
use super::saved::item;
use super::state::{Drawn, State};
use crate::arrays::{index_array, numbers};
use crate::errors::{IntoException, OrRaise, StateError, argument, value_error};

/// The version of what `state_dict` gives.
const VERSION: u32 = 1;

/// The samplers of whose epoch any batch may be shorter than others.
const UNEVEN: [&str; 3] = ["token-budget", "apart", "groups"];

/// A sampler of the catalogues, as Python holds it.
#[pyclass(frozen, module = "curriculum._core")]
pub(crate) struct Sampler(Arc<Core>);

#[pymethods]
impl Sampler {
    #[new]
    #[pyo3(signature = (name, parameters, inputs, losses = None))]
    fn new(
        py: Python<'_>,
        name: String,
        parameters: Vec<(String, String)>,
        inputs: Inputs<'_>,
        losses: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let Inputs { num_replicas, rank, allow_empty, .. } = inputs;
        if num_replicas == 0 {
            return Err(value_error("num_replicas", num_replicas, "at least 1"));
        }
        if rank >= num_replicas {
            return Err(value_error("rank", rank, &format!("a rank in 0..{num_replicas}")));
        }
        if inputs.batch_size < num_replicas && inputs.batch_size > 0 && !allow_empty {
            let expected = format!(
                "at least num_replicas, {num_replicas}: it is that of all ranks together (allow_empty=True gives ranks \
                 without an example an empty batch)"
            );
            return Err(value_error("batch_size", inputs.batch_size, &expected));
        }
        let batch_size = inputs.batch_size;
        let Made { sampler, examples, examples_hash } = make(py, &name, &parameters, &inputs)?;
        let learns = sampler.ready_until() != u64::MAX;
        Ok(Self(Arc::new(Core {
            name,
            state: Mutex::new(State::new(sampler)),
            examples,
            examples_hash,
            places: OnceLock::new(),
            batch_size,
            rank,
            n_ranks: num_replicas,
            allows_empty: allow_empty,
            learns,
            losses,
            n_drawn: AtomicU64::new(0),
        })))
    }

    #[getter]
    fn n_examples(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.0.locked(py)?.sampler.n_examples())
    }

    /// The steps drawn.
    #[getter]
    fn step(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.0.locked(py)?.cursor)
    }

    /// The epoch of the batch drawn last, or to be drawn first.
    #[getter]
    fn epoch(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.0.locked(py)?.epoch().index)
    }

    #[getter]
    fn learns(&self) -> bool {
        self.0.learns
    }

    /// Batches given out by this object, wherever it stood.
    #[getter]
    fn n_drawn(&self) -> u64 {
        self.0.n_drawn.load(Ordering::Relaxed)
    }

    #[getter]
    fn rank(&self) -> usize {
        self.0.rank
    }

    #[getter]
    fn num_replicas(&self) -> usize {
        self.0.n_ranks
    }

    /// The batches of the epoch: of the one under way, else of the next.
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        let state = self.0.locked(py)?;
        let first = state.counted_first();
        let n_steps = first.map_or(0, |first| state.sampler.epoch(first).n_steps);
        if n_steps == 0 {
            return Err(PyTypeError::new_err(format!(
                "the length of the epoch is not known before {} is told the losses that it waits for",
                self.0.name
            )));
        }
        Ok(usize::try_from(n_steps).unwrap_or(usize::MAX))
    }

    /// The examples of the epoch that this rank is given.
    fn n_examples_of_epoch(&self, py: Python<'_>) -> PyResult<usize> {
        let n_steps = self.__len__(py)? as u64;
        if self.0.learns {
            return Err(PyTypeError::new_err(format!(
                "{} does not know how many examples an epoch has",
                self.0.name
            )));
        }
        let mut state = self.0.locked(py)?;
        let first = state.counted_first().unwrap_or(0);
        let mut last = Batch::default();
        if UNEVEN.contains(&self.0.name.replace('_', "-").as_str()) {
            let mut n = 0;
            for step in first..first.saturating_add(n_steps) {
                state.sampler.batch(step, &mut last).or_raise()?;
                n += self.0.share(last.indices.len()).len();
            }
            return Ok(n);
        }
        // None but the last batch of an epoch is short.
        state.sampler.batch(first.saturating_add(n_steps - 1), &mut last).or_raise()?;
        let full = share_of_rank(self.0.batch_size, self.0.rank, self.0.n_ranks).or_raise()?.len() as u64;
        let n_full = (n_steps - 1).saturating_mul(full);
        Ok((n_full as usize).saturating_add(self.0.share(last.indices.len()).len()))
    }

    fn __iter__(&self, py: Python<'_>) -> PyResult<BatchIterator> {
        let (first, step, offset) = self.0.begin(py)?;
        if offset > 0 {
            return Err(StateError::new_err(argument(
                "state",
                format!("of {offset} examples of a batch"),
                "to be resumed by by_example(), which it was taken of",
            )));
        }
        Ok(BatchIterator::new(Arc::clone(&self.0), first, step))
    }

    /// An iteration over single examples.
    fn iterate_examples(&self, py: Python<'_>) -> PyResult<ExampleIterator> {
        let (first, step, offset) = self.0.begin(py)?;
        Ok(ExampleIterator::new(Arc::clone(&self.0), first, step, offset))
    }

    fn set_epoch(&self, py: Python<'_>, epoch: u64) -> PyResult<()> {
        let mut state = self.0.locked(py)?;
        if state.resume.is_some() && state.epoch().index == epoch {
            return Ok(());
        }
        let here = state.sampler.epoch(state.cursor);
        // Where the epoch before has just ended, its end is known to samplers that learn, too.
        let is_here = (here.index, here.step) == (epoch, 0) && (!state.started || state.is_over());
        let first = if is_here {
            state.cursor
        } else {
            match Cursor::new(&mut *state.sampler).first_step(epoch) {
                // Of one that waits for nothing, only the count of steps ends.
                Err(SamplerError::OutOfTurn { .. }) if !self.0.learns => {
                    return Err(value_error("epoch", epoch, "one that begins at a step below 2^64"));
                }
                found => found.or_raise()?,
            }
        };
        state.stand(first, first, 0);
        if !self.0.learns {
            state.ahead.clear();
        }
        Ok(())
    }

    /// Makes the next iteration go on within the epoch under way.
    fn go_on(&self, py: Python<'_>) -> PyResult<()> {
        self.0.locked(py)?.go_on();
        Ok(())
    }

    fn seek(&self, py: Python<'_>, step: u64) -> PyResult<()> {
        self.0.locked(py)?.seek(step);
        Ok(())
    }

    /// The state after `consumed` steps; as many as were drawn, where none is given.
    #[pyo3(signature = (consumed = None))]
    fn state_dict<'py>(&self, py: Python<'py>, consumed: Option<u64>) -> PyResult<Bound<'py, PyDict>> {
        let state = self.0.locked(py)?;
        let (first, step, offset) = match consumed {
            None => (state.first, state.cursor, state.offset),
            Some(step) if step <= state.cursor => (step.saturating_sub(state.sampler.epoch(step).step), step, 0),
            Some(step) => {
                let expected = format!("at most the {} steps that were drawn", state.cursor);
                return Err(value_error("consumed", step, &expected));
            }
        };
        let saved = state.sampler.save(step).or_raise()?;
        drop(state);
        let dict = PyDict::new(py);
        dict.set_item("version", VERSION)?;
        dict.set_item("first", first)?;
        dict.set_item("step", step)?;
        dict.set_item("offset", offset)?;
        // Part of a batch is part of a share of it.
        dict.set_item("num_replicas", (offset > 0).then_some(self.0.n_ranks))?;
        dict.set_item("examples", self.0.examples_hash.as_deref())?;
        dict.set_item("sampler", saved)?;
        Ok(dict)
    }

    fn load_state_dict(&self, py: Python<'_>, state_dict: &Bound<'_, PyDict>) -> PyResult<()> {
        let version: u32 = item(state_dict, "version")?;
        if version != VERSION {
            return Err(StateError::new_err(format!("the state is of version {version}, expected {VERSION}")));
        }
        let (first, step): (u64, u64) = (item(state_dict, "first")?, item(state_dict, "step")?);
        let offset: usize = item(state_dict, "offset")?;
        if offset > 0 {
            let num_replicas: usize = item(state_dict, "num_replicas")?;
            let full = share_of_rank(self.0.batch_size, self.0.rank, self.0.n_ranks).or_raise()?.len();
            if num_replicas != self.0.n_ranks || offset >= full {
                return Err(StateError::new_err(format!(
                    "the state was taken after {offset} examples of a rank's share of a batch, one of {num_replicas} ranks: \
                     expected {} ranks, as here, and fewer than the {full} examples of a share",
                    self.0.n_ranks
                )));
            }
        }
        let examples: Option<String> = item(state_dict, "examples")?;
        if examples != self.0.examples_hash {
            let of = |hash: &Option<String>| hash.clone().unwrap_or_else(|| "all of them".into());
            return Err(StateError::new_err(format!(
                "the saved state was made with examples {}, not with {}",
                of(&examples),
                of(&self.0.examples_hash)
            )));
        }
        let saved: String = item(state_dict, "sampler")?;
        let mut state = self.0.locked(py)?;
        // What there was, in case the rest does not fit.
        let before = state.sampler.save(state.cursor).ok();
        let restored = state.sampler.restore(&saved).or_raise()?;
        if restored != step || !state.is_place(first, step, offset) {
            if let Some(before) = before {
                let _ = state.sampler.restore(&before);
            }
            return Err(StateError::new_err(format!(
                "the state stands at step {step} of an epoch that begins at step {first}, expected step {restored} and \
                 the beginning of its epoch"
            )));
        }
        state.resume_at(first, step, offset);
        Ok(())
    }

    /// The examples whose losses must be told before the next batch.
    fn wanted<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let wanted = self.0.wanted_now(py)?;
        Ok(index_array(py, wanted))
    }

    /// Tells losses: of what is wanted, or of a batch that was drawn.
    #[pyo3(signature = (indices, losses, step = None))]
    fn update(
        &self,
        py: Python<'_>,
        indices: &Bound<'_, PyAny>,
        losses: &Bound<'_, PyAny>,
        step: Option<u64>,
    ) -> PyResult<()> {
        let indices = self.0.own_indices("indices", indices)?;
        let losses = numbers("losses", losses)?;
        if losses.len() != indices.len() {
            let expected = format!("one for each of {} indices", indices.len());
            return Err(value_error("losses", format!("of shape ({},)", losses.len()), &expected));
        }
        if !self.0.learns {
            // Checked all the same, so that a mistake shows with every sampler.
            let n_examples = self.0.locked(py)?.sampler.n_examples();
            return cl_data::check_feedback(&indices, &losses, n_examples).or_raise();
        }
        let mut state = self.0.locked(py)?;
        if let Some(step) = step {
            state.sampler.feedback(step, &indices, &losses).or_raise()?;
            state.told(step, &indices);
            return Ok(());
        }
        let next = state.cursor;
        let mut wanted = Vec::new();
        state.sampler.wanted(next, &mut wanted);
        if !wanted.is_empty() && are_among(&indices, &wanted) {
            state.sampler.feedback(next, &indices, &losses).or_raise()?;
            state.told(next, &indices);
            return Ok(());
        }
        let share = |batch: &Batch| self.0.share(batch.indices.len());
        let Some(step) = state.find(&indices, share).map(|drawn| drawn.step) else {
            return Err(PyValueError::new_err(argument(
                "indices",
                "of no batch that was drawn and not told of",
                "those of a batch, as the sampler gave them, or of wanted()",
            )));
        };
        state.sampler.feedback(step, &indices, &losses).or_raise()?;
        state.told(step, &indices);
        Ok(())
    }

    /// How much each example of a batch counts.
    #[pyo3(signature = (indices, step = None))]
    fn weights<'py>(
        &self,
        py: Python<'py>,
        indices: &Bound<'_, PyAny>,
        step: Option<u64>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let indices = self.0.own_indices("indices", indices)?;
        let mut state = self.0.locked(py)?;
        let found = match step {
            Some(step) => {
                let mut batch = Batch::default();
                state.sampler.batch(step, &mut batch).map_err(IntoException::into_exception)?;
                Some(Drawn::new(step, batch))
            }
            None => state.find(&indices, |batch| self.0.share(batch.indices.len())).cloned(),
        };
        if let (None, false, Some(drawn)) = (step, self.0.learns, &found) {
            state.asked_until(drawn.step);
        }
        let weights = found.and_then(|drawn| {
            let weights = drawn.weights_of(&indices)?;
            let padding = self.0.padding(&drawn.batch.indices);
            Some(if padding.is_some_and(|index| indices == [index]) { vec![0.0] } else { weights })
        });
        let weights = weights.ok_or_else(|| {
            PyValueError::new_err(argument(
                "indices",
                "of no batch that was drawn and not told of",
                "those of a batch, as the sampler gave them",
            ))
        })?;
        Ok(weights.into_pyarray(py))
    }

    /// Tells a score on held-out data, higher being better, to samplers that go by it.
    fn validated(&self, py: Python<'_>, score: f64) -> PyResult<()> {
        self.0.locked(py)?.sampler.validated(score).or_raise()
    }
}

fn are_among(indices: &[usize], wanted: &[usize]) -> bool {
    let mut sorted = wanted.to_vec();
    sorted.sort_unstable();
    indices.iter().all(|index| sorted.binary_search(index).is_ok())
}
