//! An epoch, example by example: for loaders that cut the batches themselves.

use std::sync::{Arc, Mutex, MutexGuard};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyDict;

use super::core::Core;
use super::saved::item;
use crate::errors::StateError;

/// The rest of an epoch, in single examples.
#[pyclass(frozen, module = "curriculum._core")]
pub(crate) struct ExampleIterator {
    sampler: Arc<Core>,
    place: Mutex<Place>,
}

#[derive(Debug)]
struct Place {
    first: u64,
    step: u64,
    /// How many of the step's examples were given.
    offset: usize,
    /// The step's examples, once they are drawn.
    batch: Option<Vec<usize>>,
}

#[pymethods]
impl ExampleIterator {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<usize>> {
        let mut place = self.locked(py)?;
        let sampler = &self.sampler;
        loop {
            if place.batch.is_none() {
                let Some((step, batch)) = sampler.next_batch(py, place.first, place.step, false)? else {
                    if let Some(end) = sampler.locked(py)?.end(place.first) {
                        place.step = end;
                    }
                    return Ok(None);
                };
                place.step = step;
                place.batch = Some(batch);
            }
            let (example, len) = match &place.batch {
                Some(batch) => (batch.get(place.offset).copied(), batch.len()),
                None => (None, 0),
            };
            if place.offset + 1 < len {
                place.offset += 1;
            } else {
                (place.step, place.offset, place.batch) = (place.step + 1, 0, None);
            }
            sampler.locked(py)?.stand(place.first, place.step, place.offset);
            // A rank may have no share of a batch.
            if example.is_some() {
                return Ok(example);
            }
        }
    }

    fn state_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let place = self.locked(py)?;
        let dict = PyDict::new(py);
        dict.set_item("first", place.first)?;
        dict.set_item("step", place.step)?;
        dict.set_item("offset", place.offset)?;
        Ok(dict)
    }

    fn load_state_dict(&self, py: Python<'_>, state_dict: &Bound<'_, PyDict>) -> PyResult<()> {
        let (first, step): (u64, u64) = (item(state_dict, "first")?, item(state_dict, "step")?);
        let offset: usize = item(state_dict, "offset")?;
        let mut state = self.sampler.locked(py)?;
        if !state.is_place(first, step, offset) {
            return Err(StateError::new_err(format!(
                "the iterator's state stands at step {step} of an epoch that begins at step {first}, expected a step of it"
            )));
        }
        state.stand(first, step, offset);
        state.started = true;
        drop(state);
        *self.locked(py)? = Place { first, step, offset, batch: None };
        Ok(())
    }
}

impl ExampleIterator {
    pub(super) fn new(sampler: Arc<Core>, first: u64, step: u64, offset: usize) -> Self {
        Self { sampler, place: Mutex::new(Place { first, step, offset, batch: None }) }
    }

    fn locked<'a>(&'a self, py: Python<'_>) -> PyResult<MutexGuard<'a, Place>> {
        self.place.lock_py_attached(py).map_err(|error| PyRuntimeError::new_err(error.to_string()))
    }
}
