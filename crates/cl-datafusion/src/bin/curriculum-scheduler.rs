//! `curriculum-scheduler`: the scheduler of a cluster.

use std::net::SocketAddr;
use std::process::ExitCode;

use cl_datafusion::cluster::run_scheduler;
use clap::Parser;

/// The scheduler of a cluster that scores and prunes; executors and clients connect to it.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The address to bind
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050")]
    bind: SocketAddr,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { bind } = Arguments::parse();
    eprintln!("curriculum-scheduler {}: at {bind}", env!("CARGO_PKG_VERSION"));
    match run_scheduler(bind).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
