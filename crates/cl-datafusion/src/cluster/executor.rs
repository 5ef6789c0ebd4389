use std::path::PathBuf;
use std::sync::Arc;

use ballista_core::registry::BallistaFunctionRegistry;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};

use crate::error::EngineError;
use crate::register::{aggregates, scalars};

/// How an executor runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutorOptions {
    /// The scheduler's host.
    pub scheduler_host: String,
    /// The scheduler's port.
    pub scheduler_port: u16,
    /// The address that it binds.
    pub bind_host: String,
    /// The name under which others reach it; the address that it binds unless told.
    pub external_host: Option<String>,
    /// The port from which others fetch what it computed.
    pub port: u16,
    /// The port at which the scheduler reaches it.
    pub grpc_port: u16,
    /// Tasks at a time.
    pub tasks: usize,
    /// Bytes that the states of its tasks may take before they are written to files.
    pub memory: Option<u64>,
    /// Where it keeps what it computed, for others to fetch: there already, and of no other executor.
    pub work_folder: PathBuf,
}

/// Runs an executor with the functions of this crate until it is stopped.
///
/// # Errors
/// Where its folder is not there, its ports are taken, or no scheduler answers within 20 seconds.
pub async fn run_executor(options: &ExecutorOptions) -> Result<(), EngineError> {
    let ExecutorOptions { scheduler_host, scheduler_port, work_folder, .. } = options;
    if !work_folder.is_dir() {
        let expected = "a folder that is there";
        return Err(EngineError::argument("work_folder", work_folder.display(), expected));
    }
    let mut registry = BallistaFunctionRegistry::default();
    for function in aggregates() {
        registry.aggregate_functions.insert(function.name().to_owned(), Arc::new(function));
    }
    for function in scalars() {
        registry.scalar_functions.insert(function.name().to_owned(), Arc::new(function));
    }
    let config = ExecutorProcessConfig {
        bind_host: options.bind_host.clone(),
        external_host: options.external_host.clone(),
        port: options.port,
        grpc_port: options.grpc_port,
        scheduler_host: scheduler_host.clone(),
        scheduler_port: *scheduler_port,
        scheduler_connect_timeout_seconds: 20,
        vcores: options.tasks,
        memory_pool_size: options.memory,
        work_dir: Some(work_folder.to_string_lossy().into_owned()),
        override_function_registry: Some(Arc::new(registry)),
        ..ExecutorProcessConfig::default()
    };
    start_executor_process(Arc::new(config)).await.map_err(|error| {
        let value = format!("{scheduler_host}:{scheduler_port}, with which no executor could be run: {error}");
        EngineError::argument("scheduler", value, "a scheduler that answers, and free ports")
    })
}
