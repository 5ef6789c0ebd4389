use std::net::SocketAddr;
use std::sync::Arc;

use ballista_core::utils::default_session_builder;
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::start_server;
use datafusion::execution::FunctionRegistry;
use datafusion::prelude::SessionConfig;

use crate::error::EngineError;
use crate::register::{aggregates, scalars};

/// Runs a scheduler at this address until it is stopped; executors and clients connect to it.
///
/// # Errors
/// Where the address cannot be bound.
pub async fn run_scheduler(address: SocketAddr) -> Result<(), EngineError> {
    let build = |config: SessionConfig| {
        let mut state = default_session_builder(config)?;
        for function in aggregates() {
            state.register_udaf(Arc::new(function))?;
        }
        for function in scalars() {
            state.register_udf(Arc::new(function))?;
        }
        Ok(state)
    };
    let config = SchedulerConfig {
        bind_host: address.ip().to_string(),
        bind_port: address.port(),
        override_session_builder: Some(Arc::new(build)),
        ..SchedulerConfig::default()
    };
    let failed = |error: &dyn std::fmt::Display| {
        EngineError::argument("bind", format!("{address}, which failed: {error}"), "an address that is free")
    };
    let cluster = BallistaCluster::new_from_config(&config).await.map_err(|error| failed(&error))?;
    start_server(cluster, address, Arc::new(config)).await.map_err(|error| failed(&error))
}
