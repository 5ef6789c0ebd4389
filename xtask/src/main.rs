//! `cargo xtask reproduce`: every experiment of the article, judged claim by claim. `cargo xtask bench`: how fast all
//! of it is.

use std::process::ExitCode;

use cl_data::instructions;
use cl_study::shown;
use clap::{Parser, Subcommand};
use xtask::accuracy::{Accuracy, accuracy};
use xtask::bench::{Bench, bench};
use xtask::calibrate::{Calibrate, calibrate};
use xtask::data_sets::{Data, data};
use xtask::images::{Images, images};
use xtask::python::{Python, python};
use xtask::reproduce::{Reproduce, reproduce};
use xtask::results_page::{Results, results};
use xtask::web::{Web, web};

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
    /// Trains each model on real data and prints its test accuracy.
    Accuracy(Accuracy),
    /// Asks what the papers say of CIFAR-10 with a convolutional network on all of it; goes on where it was stopped.
    Images(Images),
    /// Gives every judge simulated results of known truth: how often intervals hold it, how often verdicts are false.
    Calibrate(Calibrate),
    /// Lists the real data sets, where each is published, and what a folder has of them.
    Data(Data),
    /// Writes RESULTS.md and the tables of the README from finished runs.
    Results(Results),
    /// Compiles the demos of the report to WebAssembly.
    Web(Web),
    /// Measures how fast all of it is, beside what the machine can do and beside the peers.
    Bench(Bench),
    /// Builds the Python package, installs it into an environment of its own and runs its tests.
    Python(Python),
}

fn main() -> ExitCode {
    let task = Arguments::parse().task;
    let done = instructions::check().map_err(anyhow::Error::from).and_then(|()| match task {
        Task::Reproduce(arguments) => reproduce(&arguments),
        Task::Accuracy(arguments) => accuracy(&arguments),
        Task::Images(arguments) => images(&arguments),
        Task::Calibrate(arguments) => calibrate(&arguments),
        Task::Data(arguments) => data(&arguments),
        Task::Results(arguments) => results(&arguments),
        Task::Web(arguments) => web(&arguments),
        Task::Bench(arguments) => bench(&arguments),
        Task::Python(arguments) => python(&arguments),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", shown::lines(&told(&error)));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes, but for those that an outer message has told already.
fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match &told[..] {
        "" => cause,
        _ if told.contains(&cause) => told,
        _ => format!("{told}: {cause}"),
    })
}
