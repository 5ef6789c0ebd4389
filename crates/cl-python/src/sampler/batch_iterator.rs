//! An epoch, batch by batch.

use std::sync::{Arc, Mutex, MutexGuard};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyDict;

use super::core::Core;
use super::saved::item;
use crate::errors::StateError;

/// The rest of an epoch. Its state is a value of its own: where it stood when it was asked.
#[pyclass(frozen, module = "curriculum._core")]
pub(crate) struct BatchIterator {
    sampler: Arc<Core>,
    /// The first step of the epoch, and the next.
    place: Mutex<(u64, u64)>,
}

#[pymethods]
impl BatchIterator {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Vec<usize>>> {
        let mut place = self.locked(py)?;
        let (first, step) = *place;
        let sampler = &self.sampler;
        let next = sampler.next_batch(py, first, step, true)?;
        let mut state = sampler.locked(py)?;
        match next {
            Some((step, indices)) => {
                state.stand(first, step + 1, 0);
                *place = (first, step + 1);
                Ok(Some(indices))
            }
            None => {
                if let Some(end) = state.end(first) {
                    *place = (first, end);
                }
                Ok(None)
            }
        }
    }

    fn state_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (first, step) = *self.locked(py)?;
        let dict = PyDict::new(py);
        dict.set_item("first", first)?;
        dict.set_item("step", step)?;
        Ok(dict)
    }

    fn load_state_dict(&self, py: Python<'_>, state_dict: &Bound<'_, PyDict>) -> PyResult<()> {
        let (first, step): (u64, u64) = (item(state_dict, "first")?, item(state_dict, "step")?);
        let mut state = self.sampler.locked(py)?;
        if !state.is_place(first, step, 0) {
            return Err(StateError::new_err(format!(
                "the iterator's state stands at step {step} of an epoch that begins at step {first}, expected a step of it"
            )));
        }
        state.stand(first, step, 0);
        state.started = true;
        drop(state);
        *self.locked(py)? = (first, step);
        Ok(())
    }
}

impl BatchIterator {
    pub(super) fn new(sampler: Arc<Core>, first: u64, step: u64) -> Self {
        Self { sampler, place: Mutex::new((first, step)) }
    }

    fn locked<'a>(&'a self, py: Python<'_>) -> PyResult<MutexGuard<'a, (u64, u64)>> {
        self.place.lock_py_attached(py).map_err(|error| PyRuntimeError::new_err(error.to_string()))
    }
}
