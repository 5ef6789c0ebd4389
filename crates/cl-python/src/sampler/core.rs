//! A sampler with its position, shared between who holds it and who iterates over it.

use std::collections::HashMap;
use std::ops::Range as Places;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};

use cl_data::SamplerError;
use cl_pacing::share_of_rank;
use pyo3::exceptions::{PyIndexError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;

use super::state::State;
use crate::arrays::{Range, index_array, integers, numbers};
use crate::errors::{IntoException, OrRaise, argument, value_error};

/// A sampler of the catalogues with a position, as one rank of several sees it.
pub(super) struct Core {
    pub(super) name: String,
    pub(super) state: Mutex<State>,
    /// What the sampler's indices stand for, where it draws from some of the examples.
    pub(super) examples: Option<Vec<usize>>,
    pub(super) examples_hash: Option<String>,
    /// The inverse of `examples`.
    pub(super) places: OnceLock<HashMap<usize, usize>>,
    pub(super) batch_size: usize,
    pub(super) rank: usize,
    pub(super) n_ranks: usize,
    pub(super) allows_empty: bool,
    /// Whether it waits to be told losses.
    pub(super) learns: bool,
    /// What is asked for the losses that it waits for.
    pub(super) losses: Option<Py<PyAny>>,
    /// Batches given out by this object, wherever it stood.
    pub(super) n_drawn: AtomicU64,
}

impl Core {
    pub(super) fn locked<'a>(&'a self, py: Python<'_>) -> PyResult<MutexGuard<'a, State>> {
        let failed = |_| PyRuntimeError::new_err("the sampler failed before and can be trusted no more");
        self.state.lock_py_attached(py).map_err(failed)
    }

    pub(super) fn begin(&self, py: Python<'_>) -> PyResult<(u64, u64, usize)> {
        self.locked(py)?.begin().ok_or_else(|| {
            PyRuntimeError::new_err(format!(
                "{} does not know where its epoch ends: expected the losses that it waits for, by update()",
                self.name
            ))
        })
    }

    /// This rank's part of a batch.
    pub(super) fn share(&self, len: usize) -> Places<usize> {
        share_of_rank(len, self.rank, self.n_ranks).unwrap_or(0..len)
    }

    /// What this rank is given of a batch of which it has no share: an example without weight, so that it takes part.
    pub(super) fn padding(&self, batch: &[usize]) -> Option<usize> {
        let has_none = !self.allows_empty && self.share(batch.len()).is_empty();
        batch.get(self.rank % batch.len().max(1)).copied().filter(|_| has_none)
    }

    /// The first batch from `step` on that shows anything, with its step, as this rank sees it; none where the epoch that
    /// begins at `first` ends before. A rank without a share of a batch takes part in it with an example of another's, if
    /// `padded`.
    pub(super) fn next_batch(
        &self,
        py: Python<'_>,
        first: u64,
        mut step: u64,
        padded: bool,
    ) -> PyResult<Option<(u64, Vec<usize>)>> {
        let is_over = |state: &State, step| state.end_of(first).is_some_and(|end| step >= end);
        loop {
            let mut state = self.locked(py)?;
            if is_over(&state, step) {
                return Ok(None);
            }
            if self.learns && self.losses.is_some() {
                // Not while the sampler is locked: who is asked may ask it in turn.
                drop(state);
                self.ask(py, step)?;
                state = self.locked(py)?;
                if is_over(&state, step) {
                    return Ok(None);
                }
            }
            let batch = match state.draw(step) {
                Ok(batch) => batch,
                Err(error) => return Err(self.waits(&state, step, error)),
            };
            drop(state);
            let n = batch.indices.len();
            if n == 0 {
                step += 1;
                continue;
            }
            let mut indices = batch.indices;
            match self.padding(&indices).filter(|_| padded) {
                Some(index) => indices = vec![index],
                None => {
                    let share = self.share(n);
                    indices.truncate(share.end);
                    indices.drain(..share.start);
                }
            }
            if let Some(examples) = &self.examples {
                indices.iter_mut().for_each(|index| *index = examples[*index]);
            }
            self.n_drawn.fetch_add(1, Ordering::Relaxed);
            return Ok(Some((step, indices)));
        }
    }

    /// Asks for the losses that the batch of `step` waits for, where there is somebody to ask.
    fn ask(&self, py: Python<'_>, step: u64) -> PyResult<()> {
        let Some(losses) = &self.losses else { return Ok(()) };
        let mut wanted = Vec::new();
        self.locked(py)?.sampler.wanted(step, &mut wanted);
        if wanted.is_empty() {
            return Ok(());
        }
        let told = losses.bind(py).call1((index_array(py, self.named(&wanted)),))?;
        let told = numbers("losses", &told)?;
        if told.len() != wanted.len() {
            let expected = format!("one loss for each of the {} examples asked for", wanted.len());
            return Err(value_error("losses", format!("a function that gave {}", told.len()), &expected));
        }
        let mut state = self.locked(py)?;
        state.sampler.feedback(step, &wanted, &told).or_raise()?;
        state.told(step, &wanted);
        Ok(())
    }

    /// Why a batch cannot be had now, and what helps.
    fn waits(&self, state: &State, step: u64, error: SamplerError) -> PyErr {
        if !self.learns || !matches!(error, SamplerError::OutOfTurn { .. }) {
            return error.into_exception();
        }
        let mut wanted = Vec::new();
        state.sampler.wanted(step, &mut wanted);
        let what = match wanted.len() {
            0 => "of the batches given before".into(),
            n => format!("of {n} examples under the model as it is now, which wanted() names"),
        };
        PyRuntimeError::new_err(format!(
            "the batch of step {step} waits for the losses {what}: expected them by update(indices, losses), or from a \
             function given as losses=; a loader with workers draws ahead of them, one with num_workers=0 does not"
        ))
    }

    /// The examples that the sampler's own indices stand for.
    fn named(&self, indices: &[usize]) -> Vec<usize> {
        match &self.examples {
            Some(examples) => indices.iter().map(|&index| examples[index]).collect(),
            None => indices.to_vec(),
        }
    }

    pub(super) fn wanted_now(&self, py: Python<'_>) -> PyResult<Vec<usize>> {
        let state = self.locked(py)?;
        let mut wanted = Vec::new();
        state.sampler.wanted(state.cursor, &mut wanted);
        Ok(self.named(&wanted))
    }

    /// Indices as the sampler has them.
    pub(super) fn own_indices(&self, name: &str, given: &Bound<'_, PyAny>) -> PyResult<Vec<usize>> {
        let Some(examples) = &self.examples else {
            let n_examples = self.locked(given.py())?.sampler.n_examples();
            return integers(name, given, Range::Indices(n_examples));
        };
        let places = self
            .places
            .get_or_init(|| examples.iter().enumerate().map(|(place, &example)| (example, place)).collect());
        let given = integers(name, given, Range::Any)?;
        let place = |(at, example): (usize, usize)| {
            places.get(&example).copied().ok_or_else(|| {
                let name = format!("{name}[{at}]");
                PyIndexError::new_err(argument(&name, example, "one of the examples that the sampler draws from"))
            })
        };
        given.into_iter().enumerate().map(place).collect()
    }
}
