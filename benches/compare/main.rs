//! Our side of the comparisons with other programs: `compare write NAME FOLDER` writes the inputs of one, `compare run
//! NAME FOLDER` computes it as often as it is asked to. `cargo xtask bench --peers` calls both; the programs of the
//! other side are in `benches/peers/`.

mod coresets;
mod difficulty;
mod dynamics;
mod folder;
mod memory;
mod models;
mod protocol;
mod scores;
mod task;

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use folder::Folder;
use task::Entry;

/// Every comparison.
fn entries() -> impl Iterator<Item = &'static Entry> {
    [coresets::ENTRIES, difficulty::ENTRIES, dynamics::ENTRIES, models::ENTRIES, scores::ENTRIES]
        .into_iter()
        .flatten()
}

fn run(arguments: &[String]) -> Result<()> {
    cl_data::instructions::check()?;
    let [action, name, folder] = arguments else {
        bail!("{} arguments, expected: write or run, a comparison, a folder", arguments.len());
    };
    let known = || entries().map(|entry| entry.name).collect::<Vec<_>>().join(", ");
    let entry = entries()
        .find(|entry| entry.name == name)
        .with_context(|| format!("comparison {name:?}, expected one of {}", known()))?;
    let folder = Folder::new(folder);
    match action.as_str() {
        "write" => (entry.write)(&folder),
        "run" => protocol::serve((entry.start)(&folder)?),
        other => bail!("action {other:?}, expected write or run"),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
