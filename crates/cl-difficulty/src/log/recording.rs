use std::time::{Duration, Instant};

use super::progress::Progress;
use super::source::{Chunk, Contents, Values, Visitor};
use super::state::StateFile;
use crate::{
    dynamics::{DynamicsRecorder, Observations},
    error::DifficultyError,
};

/// The recorder as a visitor.
pub(super) struct Recording<'a> {
    pub(super) recorder: DynamicsRecorder,
    pub(super) state: Option<Saving>,
    pub(super) labels: Vec<usize>,
    pub(super) progress: &'a mut dyn Progress,
}

/// A state that is saved as often as costs little: the whole of it is written each time.
pub(super) struct Saving {
    file: StateFile,
    /// The epoch before which the visit ends.
    end: usize,
    saved: Instant,
    cost: Duration,
}

/// So much longer than a save takes is the time between two.
const BETWEEN: u32 = 20;

impl Saving {
    pub(super) fn new(file: StateFile, end: usize) -> Self {
        Self { file, end, saved: Instant::now(), cost: Duration::ZERO }
    }

    fn epoch_ended(
        &mut self,
        contents: &Contents,
        position: usize,
        recorder: &DynamicsRecorder,
    ) -> Result<(), DifficultyError> {
        let start = Instant::now();
        if position + 1 < self.end && start - self.saved < BETWEEN * self.cost {
            return Ok(());
        }
        self.file.save(contents, position, recorder)?;
        self.saved = Instant::now();
        self.cost = self.saved - start;
        Ok(())
    }
}

impl Visitor for Recording<'_> {
    fn observe(&mut self, contents: &Contents, chunk: &Chunk<'_>) -> Result<(), DifficultyError> {
        self.labels.clear();
        self.labels.extend(chunk.examples.iter().map(|&example| contents.label(example)));
        let (epoch, kind) = (contents.epochs[chunk.position], contents.outputs);
        let (indices, labels) = (chunk.examples, self.labels.as_slice());
        let recorded = match chunk.values {
            Values::F32(values) => {
                let outputs = kind.outputs(values);
                self.recorder.record(&Observations { epoch, indices, labels, outputs })
            }
            Values::F64(values) => {
                let outputs = kind.outputs(values);
                self.recorder.record(&Observations { epoch, indices, labels, outputs })
            }
        };
        self.progress.advanced(indices.len());
        recorded.map_err(|error| error.in_file(chunk.file))
    }

    fn epoch_ended(&mut self, contents: &Contents, position: usize) -> Result<(), DifficultyError> {
        self.progress.epoch_ended(contents.epochs[position]);
        match &mut self.state {
            Some(state) => state.epoch_ended(contents, position, &self.recorder),
            None => Ok(()),
        }
    }
}
