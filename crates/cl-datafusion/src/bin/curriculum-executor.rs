//! `curriculum-executor`: an executor of a cluster, with the functions of this crate.

use std::path::PathBuf;
use std::process::ExitCode;

use cl_datafusion::cluster::{ExecutorOptions, run_executor};
use clap::Parser;

/// An executor of a cluster that scores and prunes.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The scheduler
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050")]
    scheduler: String,
    /// The address to bind
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    bind_host: String,
    /// The name under which others reach it [default: the address to bind]
    #[arg(long, value_name = "HOST")]
    external_host: Option<String>,
    /// The port from which others fetch what it computed
    #[arg(long, value_name = "PORT", default_value_t = 50051)]
    port: u16,
    /// The port at which the scheduler reaches it
    #[arg(long, value_name = "PORT", default_value_t = 50052)]
    grpc_port: u16,
    /// Tasks at a time
    #[arg(long, value_name = "N", default_value_t = 1)]
    tasks: usize,
    /// Bytes that the states of its tasks may take before they are written to files
    #[arg(long, value_name = "BYTES")]
    memory: Option<u64>,
    /// A folder of its own that is there, where it keeps what it computed
    #[arg(long, value_name = "FOLDER")]
    work_folder: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let parts = arguments.scheduler.rsplit_once(':');
    let Some((host, Ok(port))) = parts.map(|(host, port)| (host, port.parse::<u16>())) else {
        eprintln!("error: --scheduler {}: expected HOST:PORT", arguments.scheduler);
        return ExitCode::FAILURE;
    };
    let options = ExecutorOptions {
        scheduler_host: host.into(),
        scheduler_port: port,
        bind_host: arguments.bind_host,
        external_host: arguments.external_host,
        port: arguments.port,
        grpc_port: arguments.grpc_port,
        tasks: arguments.tasks,
        memory: arguments.memory,
        work_folder: arguments.work_folder,
    };
    eprintln!("curriculum-executor {}: for {}", env!("CARGO_PKG_VERSION"), arguments.scheduler);
    match run_executor(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
