//! `--engine`: the command over tables that are larger than memory, or on a cluster, by a program of its own.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use super::paths::WrongUsage;

/// The program: hundreds of crates, which nobody has to build who does not want them.
const PROGRAM: &str = "curriculum-engine";

/// What works through the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Engine {
    /// On this machine, in bounded memory
    Datafusion,
    /// On the cluster of --scheduler HOST:PORT
    Ballista,
}

/// The engine that these arguments ask for by `--engine`, and those that go to it. None where none is asked for, and
/// where what is asked for is none, which is for the parser to say.
pub(super) fn asked(given: &[OsString]) -> Option<(Engine, Vec<OsString>)> {
    let arguments = given.get(1..).unwrap_or_default();
    let at = arguments.iter().take_while(|argument| *argument != "--").position(|argument| {
        argument.to_str().is_some_and(|text| text == "--engine" || text.starts_with("--engine="))
    })?;
    let (name, n) = match arguments[at].to_str()?.split_once('=') {
        Some((_, name)) => (name.to_owned(), 1),
        None => (arguments.get(at + 1)?.to_str()?.to_owned(), 2),
    };
    let engine = Engine::from_str(&name, false).ok()?;
    Some((engine, [&arguments[..at], &arguments[at + n..]].concat()))
}

/// Runs the engine's program with these arguments, and gives its exit status.
pub(super) fn run(engine: Engine, arguments: &[OsString]) -> Result<u8> {
    let has_scheduler = arguments.iter().any(|argument| {
        argument.to_str().is_some_and(|text| text == "--scheduler" || text.starts_with("--scheduler="))
    });
    match (engine, has_scheduler) {
        (Engine::Ballista, false) => {
            let message = "--engine ballista without --scheduler, expected --scheduler HOST:PORT of the cluster";
            return Err(WrongUsage::new(message).into());
        }
        (Engine::Datafusion, true) => {
            let message = "--scheduler beside --engine datafusion, which has none, expected --engine ballista";
            return Err(WrongUsage::new(message).into());
        }
        _ => {}
    }
    let status = Command::new(program()).args(arguments).status().with_context(|| {
        format!(
            "--engine needs the program {PROGRAM}, beside this one or on the PATH; it is built apart: \
             cargo install --path crates/cl-datafusion --features ballista"
        )
    })?;
    // Ended by a signal, it has no status.
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// The program beside this one, else that of the PATH.
fn program() -> PathBuf {
    let name = format!("{PROGRAM}{}", env::consts::EXE_SUFFIX);
    let beside = env::current_exe().ok().and_then(|own| Some(own.parent()?.join(&name)));
    beside.filter(|path| path.is_file()).unwrap_or_else(|| name.into())
}
