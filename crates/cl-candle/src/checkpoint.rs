use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Write;
use std::path::Path;

use candle_core::safetensors::load_buffer;
use candle_core::{Device, Tensor};
use candle_nn::VarMap;
use cl_data::DataError;
use cl_data::io::write_atomically;
use cl_data::seal::{open_bytes, seal_bytes};
use serde::{Deserialize, Serialize};

use crate::blob::Blob;
use crate::variables::named;
use crate::{adam_w::AdamW, error::CandleError, feed::Feed, recorder::Recorder};

/// The version of what is saved.
const VERSION: u32 = 1;
const CHECKSUM: usize = 32;

/// A training as it stands after a step: the network's variables and the optimiser's moments (as safetensors), the
/// sampler's state and what is recorded, in one file.
///
/// A run that is stopped at any step and goes on from here gives bit for bit what the uninterrupted one gives on the
/// CPU, but for a network that draws: candle's dropout there cannot be seeded. What is *made* alike is the caller's:
/// data, sampler, network and optimiser with their settings.
///
/// ```no_run
/// # use candle_nn::VarMap;
/// # use cl_candle::{AdamW, CandleError, Checkpoint, Feed};
/// # fn goes_on(feed: &mut Feed, network: VarMap, optimizer: &mut AdamW) -> Result<(), CandleError> {
/// if std::path::Path::new("run.checkpoint").exists() {
///     Checkpoint::load("run.checkpoint")?.restore(feed, &network, optimizer)?;
/// }
/// while let Some(drawn) = feed.next_of_epoch()? {
///     // ... the update
///     Checkpoint::new(drawn.step + 1, feed, &network, optimizer)?.save("run.checkpoint")?;
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
    network: Blob,
    n_updates: u64,
    moments: Blob,
    recorder: Option<Blob>,
}

impl Checkpoint {
    /// After `n_steps` steps: that of the last batch trained on, plus one. A batch drawn since does not count.
    ///
    /// # Errors
    /// Where the sampler has no state of that step, or tensors cannot be read from the device.
    pub fn new(n_steps: u64, feed: &mut Feed, network: &VarMap, optimizer: &AdamW) -> Result<Self, CandleError> {
        let sampler = feed.state(n_steps)?;
        let network = named(network).into_iter().map(|(name, variable)| (name, variable.as_tensor().clone()));
        let (network, moments) = (packed(network.collect())?, packed(optimizer.moments())?);
        let n_updates = optimizer.n_updates();
        Ok(Self { parts: Parts { n_steps, sampler, network, n_updates, moments, recorder: None } })
    }

    /// The same with what is recorded.
    ///
    /// # Errors
    /// Where what is held on the device cannot be recorded.
    pub fn with_recorder(mut self, recorder: &mut Recorder) -> Result<Self, CandleError> {
        self.parts.recorder = Some(Blob(recorder.read_to_bytes()?));
        Ok(self)
    }

    /// The steps that were consumed.
    pub fn n_steps(&self) -> u64 {
        self.parts.n_steps
    }

    /// Goes on from here: the feed draws the next step, the network has its weights, the optimiser its moments. All three
    /// are made as those were that were saved.
    ///
    /// # Errors
    /// Where the network has other variables, the optimiser other moments, or the sampler other settings; all stays as
    /// it was then.
    pub fn restore(&self, feed: &mut Feed, network: &VarMap, optimizer: &mut AdamW) -> Result<(), CandleError> {
        let own = named(network);
        let tensors = own.iter().map(|(name, variable)| (name.clone(), variable.as_tensor().clone())).collect();
        let weights = unpacked(&self.parts.network, &tensors)?;
        let weights = weights.map_err(|problem| CandleError::OtherNetwork { problem })?;
        let moments = unpacked(&self.parts.moments, &optimizer.moments())?;
        let moments = moments.map_err(|problem| CandleError::OtherState { what: "optimiser", problem })?;
        feed.restore(&self.parts.sampler)?;
        for (name, variable) in own {
            variable.set(&weights[&name])?;
        }
        optimizer.set_moments(self.parts.n_updates, moments);
        Ok(())
    }

    /// Takes back what was recorded, into a recorder made alike.
    ///
    /// # Errors
    /// Where the checkpoint has none, or one of other examples, classes, labels, metrics or outputs.
    pub fn restore_recorder(&self, recorder: &mut Recorder) -> Result<(), CandleError> {
        let saved = self.parts.recorder.as_ref().ok_or(CandleError::Missing { what: "recorder" })?;
        recorder.take_bytes(&saved.0)
    }

    /// As bytes, with version and checksum.
    ///
    /// # Errors
    /// Where they do not fit into memory.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CandleError> {
        let bytes = postcard::to_stdvec(&(VERSION, &self.parts)).map_err(damaged)?;
        Ok(seal_bytes::<CHECKSUM>(bytes))
    }

    /// From bytes.
    ///
    /// # Errors
    /// Where they are of another version, damaged, or none of a checkpoint.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CandleError> {
        let bytes = open_bytes::<CHECKSUM>(bytes).map_err(damaged)?;
        let (version, bytes) = postcard::take_from_bytes::<u32>(bytes).map_err(damaged)?;
        if version != VERSION {
            return Err(CandleError::Unusable(format!("it is of version {version}, expected {VERSION}")));
        }
        Ok(Self { parts: postcard::from_bytes(bytes).map_err(damaged)? })
    }

    /// Into a file, which is written whole or not at all.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), CandleError> {
        let bytes = self.to_bytes()?;
        Ok(write_atomically(path, |writer| writer.write_all(&bytes))?)
    }

    /// From a file.
    ///
    /// # Errors
    /// Where it cannot be read, and as [`from_bytes`](Self::from_bytes); the file is named.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, CandleError> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|source| DataError::Io { path: path.into(), source })?;
        Self::from_bytes(&bytes).map_err(|source| CandleError::File { path: path.into(), source: source.into() })
    }
}

fn packed(tensors: HashMap<String, Tensor>) -> Result<Blob, CandleError> {
    // In one order, so that the same training has the same bytes.
    let tensors: BTreeMap<String, Tensor> = tensors.into_iter().collect();
    Ok(Blob(safetensors::serialize(tensors, None).map_err(damaged)?))
}

/// The tensors, each where its own is; or which of them differs from its own.
fn unpacked(
    packed: &Blob,
    own: &HashMap<String, Tensor>,
) -> Result<Result<HashMap<String, Tensor>, String>, CandleError> {
    let mut saved = load_buffer(&packed.0, &Device::Cpu).map_err(damaged)?;
    let mut unpacked = HashMap::new();
    let mut names: Vec<&String> = own.keys().collect();
    names.sort();
    for name in names {
        let own = &own[name];
        let Some(tensor) = saved.remove(name) else {
            return Ok(Err(format!("it has no {name}")));
        };
        let kind = |tensor: &Tensor| format!("{:?} of shape {:?}", tensor.dtype(), tensor.dims());
        if kind(&tensor) != kind(own) {
            return Ok(Err(format!("its {name} is {}, not {}", kind(&tensor), kind(own))));
        }
        unpacked.insert(name.clone(), tensor.to_device(own.device())?);
    }
    Ok(match saved.into_keys().min() {
        Some(name) => Err(format!("it has a {name} as well")),
        None => Ok(unpacked),
    })
}

fn damaged(error: impl std::fmt::Display) -> CandleError {
    CandleError::Unusable(error.to_string())
}
