//! What a loader's copies and its batches share: the sampler, where it stands, and losses on their way to it.

use std::sync::{Arc, Mutex, MutexGuard};

use burn::tensor::Tensor;
use cl_data::{Batch, Epoch, Sampler};
use cl_pacing::Cursor;

use crate::error::BurnError;

/// Losses that were told and are still on the device.
struct Told {
    step: u64,
    indices: Vec<usize>,
    losses: Tensor<1>,
}

pub(crate) struct Shared {
    pub(crate) cursor: Cursor<Box<dyn Sampler>>,
    /// The epoch in which a loop that asks for batches one by one stands.
    pub(crate) begun: Option<u64>,
    told: Vec<Told>,
}

/// The same for all who hold it.
#[derive(Clone)]
pub(crate) struct Handle(Arc<Mutex<Shared>>);

impl Handle {
    pub(crate) fn new(sampler: Box<dyn Sampler>) -> Self {
        Self(Arc::new(Mutex::new(Shared { cursor: Cursor::new(sampler), begun: None, told: Vec::new() })))
    }

    pub(crate) fn lock(&self) -> Result<MutexGuard<'_, Shared>, BurnError> {
        self.0.lock().map_err(|_| BurnError::Poisoned)
    }
}

impl Shared {
    /// Keeps losses where they are until the sampler cannot go on without them; one that nothing told can change
    /// needs none.
    pub(crate) fn tell(&mut self, step: u64, indices: Vec<usize>, losses: Tensor<1>) {
        if self.cursor.ready_until() < u64::MAX {
            self.told.push(Told { step, indices, losses });
        }
    }

    /// Reads what was told of the steps before `until`, all at once, and tells the sampler.
    pub(crate) fn settle(&mut self, until: u64) -> Result<(), BurnError> {
        let (due, later) = std::mem::take(&mut self.told).into_iter().partition(|told| told.step < until);
        self.told = later;
        let due: Vec<Told> = due;
        let losses = read("the losses told", due.iter().map(|told| told.losses.clone()).collect())?;
        let mut rest = &losses[..];
        for Told { step, indices, .. } in due {
            let (own, others) = rest.split_at(indices.len());
            self.cursor.feedback(step, &indices, own)?;
            rest = others;
        }
        Ok(())
    }

    /// Where the step drawn next stands, which may depend on what was told.
    pub(crate) fn epoch(&mut self) -> Result<Epoch, BurnError> {
        if self.cursor.position() >= self.cursor.ready_until() {
            self.settle(u64::MAX)?;
        }
        Ok(self.cursor.epoch())
    }

    /// The examples whose losses the sampler must be told before it can go on, with the step that waits for them.
    pub(crate) fn wanted(&mut self) -> Result<(u64, Vec<usize>), BurnError> {
        self.epoch()?;
        let mut wanted = Vec::new();
        self.cursor.wanted(&mut wanted);
        Ok((self.cursor.position(), wanted))
    }

    pub(crate) fn draw(&mut self) -> Result<(u64, Batch), BurnError> {
        let (step, wanted) = self.wanted()?;
        if !wanted.is_empty() {
            return Err(BurnError::Wanted { step, n_wanted: wanted.len() });
        }
        Ok(self.cursor.next_batch()?)
    }

    /// Forgets what was told of steps from `step` on, which are shown again.
    pub(crate) fn forget_from(&mut self, step: u64) {
        self.told.retain(|told| told.step < step);
    }
}

/// The numbers of some vectors of one device, in one transfer.
pub(crate) fn read(what: &'static str, tensors: Vec<Tensor<1>>) -> Result<Vec<f64>, BurnError> {
    if tensors.is_empty() {
        return Ok(Vec::new());
    }
    Tensor::cat(tensors, 0).try_into_vec_as().map_err(|problem| BurnError::device(what, problem))
}
