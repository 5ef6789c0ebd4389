//! `cargo xtask reproduce`: every experiment of the article, judged claim by claim.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::reproduce::{Reproduce, reproduce};

/// Tasks of the workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs the experiments of the article and judges its claims.
    Reproduce(Reproduce),
}

fn main() -> ExitCode {
    let Arguments { task: Task::Reproduce(arguments) } = Arguments::parse();
    match reproduce(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
