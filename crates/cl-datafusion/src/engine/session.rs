use std::path::PathBuf;
use std::sync::Arc;

use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::error::EngineError;
use crate::register;

/// Consumers of memory that an error names.
const SHOWN: std::num::NonZeroUsize = std::num::NonZeroUsize::new(3).unwrap();

/// How an engine in this process runs.
///
/// ```
/// use cl_datafusion::EngineOptions;
///
/// let context = EngineOptions { memory: Some(1 << 30), ..EngineOptions::default() }.session()?;
/// assert!(context.state().aggregate_functions().contains_key("el2n"));
/// # Ok::<(), cl_datafusion::EngineError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EngineOptions {
    /// How many bytes the states of a query may take; more is written to files and read again. Without, as many as there
    /// are. What a partition reads and emits at a time comes on top: some batches of rows.
    pub memory: Option<usize>,
    /// How many partitions are worked on at a time; as many as there are cores unless told.
    pub partitions: Option<usize>,
    /// Where states are written that memory does not hold; the system's folder unless told.
    pub spill_folder: Option<PathBuf>,
}

impl EngineOptions {
    /// A session that knows the functions of this crate.
    ///
    /// # Errors
    /// On no memory or no partition, and where the folder cannot be used.
    pub fn session(&self) -> Result<SessionContext, EngineError> {
        let mut config = SessionConfig::new();
        if let Some(partitions) = self.partitions {
            if partitions == 0 {
                return Err(EngineError::argument("partitions", partitions, "at least 1"));
            }
            config = config.with_target_partitions(partitions);
        }
        let mut runtime = RuntimeEnvBuilder::new();
        if let Some(memory) = self.memory {
            if memory < 1 << 20 {
                return Err(EngineError::argument("memory", memory, "at least 1 MiB"));
            }
            runtime =
                runtime.with_memory_pool(Arc::new(TrackConsumersPool::new(FairSpillPool::new(memory), SHOWN)));
            // What a sort keeps for merging, a small share of what there is.
            config = config.with_sort_spill_reservation_bytes((memory / 64).min(10 << 20));
        }
        if let Some(folder) = &self.spill_folder {
            runtime = runtime.with_temp_file_path(folder);
        }
        let context = SessionContext::new_with_config_rt(config, runtime.build_arc()?);
        register(&context)?;
        Ok(context)
    }
}
