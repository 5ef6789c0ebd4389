use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;

use burn::lr_scheduler::LrSchedulerRecord;
use burn::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use burn::module::Module;
use burn::optim::{ModuleOptimizer, OptimizerRecord};
use burn::store::ModuleRecord;
use burn::tensor::Bytes;
use burn_pack::Reader;
use cl_data::DataError;
use cl_data::io::write_atomically;
use cl_data::seal::{open_bytes, seal_bytes};
use serde::{Deserialize, Serialize};

use crate::blob::Blob;
use crate::{error::BurnError, loader::Loader, recorder::Recorder};

/// The version of what is saved.
const VERSION: u32 = 1;
const CHECKSUM: usize = 32;

/// A training as it stands after a step: burn's records of network and optimiser (and of the schedule of learning
/// rates), the sampler's state and what is recorded, in one file.
///
/// A run that is stopped at any step and goes on from here gives bit for bit what the uninterrupted one gives, on a
/// backend that computes the same twice (`cpu` does, for any number of threads). What is *made* alike is the caller's: data,
/// sampler, network and optimiser with their settings; a network that draws, for dropout say, is
/// [seeded by step](crate::Sampled::seed_device).
///
/// Burn's own checkpointers save at ends of epochs, in another thread; this one saves where it is called.
///
/// ```no_run
/// # use burn::{optim::{AdamConfig, ModuleOptimizer}, prelude::*};
/// # use cl_burn::{BurnError, Checkpoint, Loader};
/// # fn goes_on<I: 'static>(loader: Loader<I, Tensor<2>>, model: nn::Linear) -> Result<(), BurnError> {
/// let (mut model, mut optimizer) = (model, AdamConfig::new().init());
/// if std::path::Path::new("run.checkpoint").exists() {
///     (model, optimizer) = Checkpoint::load("run.checkpoint")?.restore(&loader, model, optimizer)?;
/// }
/// for sampled in loader.batches() {
///     let sampled = sampled?;
///     // ... the update
///     Checkpoint::new(sampled.step + 1, &loader, &model, &optimizer)?.save("run.checkpoint")?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    parts: Parts,
}

/// What is written, between version and checksum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Parts {
    n_steps: u64,
    sampler: String,
    model: Blob,
    optimizer: Blob,
    scheduler: Option<Blob>,
    recorder: Option<Blob>,
}

impl Checkpoint {
    /// After `n_steps` steps: that of the last batch trained on, plus one. Batches drawn since do not count.
    ///
    /// # Errors
    /// Where the sampler has no state of that step, or network or optimiser cannot be read from the device.
    pub fn new<I: 'static, O: 'static, M: Module>(
        n_steps: u64,
        loader: &Loader<I, O>,
        model: &M,
        optimizer: &ModuleOptimizer,
    ) -> Result<Self, BurnError> {
        let sampler = loader.state(n_steps)?;
        let unread = |what| move |problem| BurnError::device(what, problem);
        settle_running_state(model);
        let model = model.clone().into_record().into_bytes().map_err(unread("the network"))?;
        let optimizer = optimizer.to_record().into_bytes().map_err(unread("the optimiser"))?;
        let (model, optimizer) = (Blob(model.to_vec()), Blob(optimizer.to_vec()));
        Ok(Self { parts: Parts { n_steps, sampler, model, optimizer, scheduler: None, recorder: None } })
    }

    /// The same with what is recorded.
    ///
    /// # Errors
    /// Where what is held on the device cannot be recorded.
    pub fn with_recorder(mut self, recorder: &mut Recorder) -> Result<Self, BurnError> {
        self.parts.recorder = Some(Blob(recorder.read_to_bytes()?));
        Ok(self)
    }

    /// The same with a schedule of learning rates, where it stands.
    ///
    /// # Errors
    /// Where burn makes no record of it.
    pub fn with_scheduler(mut self, scheduler: &ModuleLrScheduler) -> Result<Self, BurnError> {
        let record = scheduler.to_record().into_bytes();
        let record = record.map_err(|problem| BurnError::device("the schedule", problem))?;
        self.parts.scheduler = Some(Blob(record.to_vec()));
        Ok(self)
    }

    /// The steps that were consumed.
    pub fn n_steps(&self) -> u64 {
        self.parts.n_steps
    }

    /// Goes on from here: the loader draws the next step, the network has its weights, the optimiser what it remembers.
    /// All three are made as those were that were saved.
    ///
    /// # Errors
    /// Where the network has other parameters, the optimiser remembers other things, or the sampler has other settings;
    /// the loader stays where it was then.
    pub fn restore<I: 'static, O: 'static, M: Module>(
        &self,
        loader: &Loader<I, O>,
        model: M,
        optimizer: ModuleOptimizer,
    ) -> Result<(M, ModuleOptimizer), BurnError> {
        let other_network =
            |problem: burn::store::RecordError| BurnError::OtherNetwork { problem: problem.to_string() };
        let record = ModuleRecord::from_bytes(self.parts.model.bytes()).map_err(other_network)?;
        settle_running_state(&model);
        let model = model.try_load_record(record).map_err(other_network)?;
        let record = OptimizerRecord::from_bytes(self.parts.optimizer.bytes()).map_err(damaged)?;
        let optimizer = optimizer.load_record(record);
        // What an optimiser does not know is left out without a word, and it would begin anew.
        let restored = optimizer.to_record().into_bytes().map_err(damaged)?;
        same_names("optimiser", &names(self.parts.optimizer.bytes())?, &names(restored)?)?;
        loader.restore(&self.parts.sampler)?;
        Ok((model, optimizer))
    }

    /// Takes back what was recorded, into a recorder made alike.
    ///
    /// # Errors
    /// Where the checkpoint has none, or one of other examples, classes, labels, metrics or outputs.
    pub fn restore_recorder(&self, recorder: &mut Recorder) -> Result<(), BurnError> {
        let saved = self.parts.recorder.as_ref().ok_or(BurnError::Missing { what: "recorder" })?;
        recorder.take_bytes(&saved.0)
    }

    /// Takes back where the schedule of learning rates stood.
    ///
    /// # Errors
    /// Where the checkpoint has none, or one that remembers other things.
    pub fn restore_scheduler(&self, scheduler: ModuleLrScheduler) -> Result<ModuleLrScheduler, BurnError> {
        let saved = self.parts.scheduler.as_ref().ok_or(BurnError::Missing { what: "schedule" })?;
        let own = scheduler.to_record().into_bytes().map_err(damaged)?;
        same_names("schedule", &names(saved.bytes())?, &names(own)?)?;
        Ok(scheduler.load_record(LrSchedulerRecord::from_bytes(saved.bytes()).map_err(damaged)?))
    }

    /// As bytes, with version and checksum.
    ///
    /// # Errors
    /// Where they do not fit into memory.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BurnError> {
        let bytes = postcard::to_stdvec(&(VERSION, &self.parts)).map_err(damaged)?;
        Ok(seal_bytes::<CHECKSUM>(bytes))
    }

    /// From bytes.
    ///
    /// # Errors
    /// Where they are of another version, damaged, or none of a checkpoint.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BurnError> {
        let bytes = open_bytes::<CHECKSUM>(bytes).map_err(damaged)?;
        let (version, bytes) = postcard::take_from_bytes::<u32>(bytes).map_err(damaged)?;
        if version != VERSION {
            return Err(BurnError::Unusable(format!("it is of version {version}, expected {VERSION}")));
        }
        Ok(Self { parts: postcard::from_bytes(bytes).map_err(damaged)? })
    }

    /// Into a file, which is written whole or not at all.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), BurnError> {
        let bytes = self.to_bytes()?;
        Ok(write_atomically(path, |writer| writer.write_all(&bytes))?)
    }

    /// From a file.
    ///
    /// # Errors
    /// Where it cannot be read, and as [`from_bytes`](Self::from_bytes); the file is named.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, BurnError> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|source| DataError::Io { path: path.into(), source })?;
        Self::from_bytes(&bytes).map_err(|source| BurnError::File { path: path.into(), source: source.into() })
    }
}

/// Running averages, those of a batch norm say, keep their latest value apart until they are next used, where neither a
/// record sees it nor one that is loaded replaces it. To be valid it is put in its place.
fn settle_running_state<M: Module>(model: &M) {
    drop(model.valid());
}

/// The names of all that a record of burn's holds: tensors and numbers.
fn names(record: Bytes) -> Result<BTreeSet<String>, BurnError> {
    let reader = Reader::from_bytes(record).map_err(damaged)?;
    let tensors = reader.tensor_names().into_iter().map(str::to_owned);
    Ok(tensors.chain(reader.scalars().keys().cloned()).collect())
}

fn same_names(what: &'static str, saved: &BTreeSet<String>, own: &BTreeSet<String>) -> Result<(), BurnError> {
    let problem = match (saved.difference(own).next(), own.difference(saved).next()) {
        (Some(name), _) => format!("it remembers {name}, which this {what} does not know"),
        (None, Some(name)) => format!("it does not remember {name}, which this {what} needs"),
        (None, None) => return Ok(()),
    };
    Err(BurnError::OtherState { what, problem })
}

fn damaged(error: impl std::fmt::Display) -> BurnError {
    BurnError::Unusable(error.to_string())
}
