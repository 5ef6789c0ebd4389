//! Builds and runs the benches, with cargo.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use cl_data::instructions;
use serde::Deserialize;

use super::rows::{self, Row};
use super::work::RECORDS;

/// How the benches are run.
#[derive(Debug, Clone)]
pub struct Cargo {
    /// The folder of the workspace.
    pub root: PathBuf,
    /// The folder for all that is measured, an absolute one.
    pub out: PathBuf,
    /// Whether each row is measured but shortly.
    pub quick: bool,
    /// The instruction set, where it is not to be the widest there is.
    pub instructions: Option<String>,
}

/// What a bench gave, as far as it came.
#[derive(Debug)]
pub struct Ran {
    /// The rows that were measured.
    pub rows: Vec<Row>,
    /// Why there are not more.
    pub error: Option<String>,
}

impl Cargo {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(arguments).current_dir(&self.root).stdin(Stdio::null());
        self.choose_instructions(&mut command);
        command
    }

    /// Sets the variable that chooses the instruction set of every kernel.
    pub fn choose_instructions(&self, command: &mut Command) {
        if let Some(name) = &self.instructions {
            command.env(instructions::VARIABLE, name);
        }
    }

    /// Runs the bench `name`; what criterion prints goes to standard error.
    pub fn bench(&self, name: &str) -> Ran {
        let (criterion, records) = (self.out.join("criterion").join(name), self.out.join(format!("{name}.rows")));
        let run = || -> Result<Option<String>> {
            emptied(&criterion)?;
            match fs::remove_file(&records) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error)?,
                _ => {}
            }
            let mut command = self.command(&["bench", "--package", "cl-benches", "--bench", name, "--"]);
            command.args(self.quick.then_some("--quick"));
            command.env("CRITERION_HOME", &criterion).env(RECORDS, &records).env_remove("CARGO_CRITERION_PORT");
            let status = command.stdout(io::stderr()).status().context("cargo cannot be started")?;
            Ok((!status.success()).then(|| format!("cargo bench ended with {status}")))
        };
        let error = run().unwrap_or_else(|error| Some(format!("{error:#}")));
        match rows::read(&records, &criterion) {
            Ok((rows, missing)) => {
                let missing = missing.first().map(|id| format!("no figure of {id}"));
                let empty = rows.is_empty().then(|| "no row was measured".to_owned());
                let reasons: Vec<String> = [error, missing.or(empty)].into_iter().flatten().collect();
                Ran { rows, error: (!reasons.is_empty()).then(|| reasons.join("; ")) }
            }
            Err(unread) => {
                let reasons: Vec<String> = error.into_iter().chain([format!("{unread:#}")]).collect();
                Ran { rows: Vec::new(), error: Some(reasons.join("; ")) }
            }
        }
    }

    /// Builds the program that is compared with the peers; where it is.
    ///
    /// # Errors
    /// Where it cannot be built.
    pub fn compare(&self) -> Result<PathBuf> {
        let format = "--message-format=json-render-diagnostics";
        let mut command =
            self.command(&["build", "--release", "--package", "cl-benches", "--bin", "compare", format]);
        let output = command.stderr(Stdio::inherit()).output().context("cargo cannot be started")?;
        if !output.status.success() {
            bail!("cargo build of the program compare ended with {}", output.status);
        }
        executable(&String::from_utf8_lossy(&output.stdout)).context("cargo does not say where it built compare")
    }
}

fn program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Of a message of cargo's, as far as it matters.
#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
}

fn executable(messages: &str) -> Option<PathBuf> {
    messages.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok()?.executable).next_back()
}

/// An empty folder.
fn emptied(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::create_dir_all(folder),
    }
    .with_context(|| format!("{}: the folder cannot be emptied", folder.display()))
}

/// The folder of the workspace: that of the package cargo runs, or the working directory.
///
/// # Errors
/// Where the benches are not there.
pub fn root() -> Result<PathBuf> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = package.as_deref().and_then(Path::parent).unwrap_or(Path::new("."));
    if !root.join("benches").join("Cargo.toml").exists() {
        bail!("the benches are not here: run this as `cargo xtask bench` in the workspace");
    }
    root.canonicalize().context("the folder of the workspace")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_among_the_messages() {
        let messages = r#"{"reason":"compiler-artifact","executable":null}
not a message
{"reason":"compiler-artifact","executable":"target/release/compare"}
{"reason":"build-finished","success":true}
"#;
        assert_eq!(executable(messages), Some("target/release/compare".into()));
        assert_eq!(executable(""), None);
    }
}
