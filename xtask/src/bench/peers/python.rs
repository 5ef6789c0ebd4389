//! Python and the peers' packages, in a virtual environment of their own.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use super::requirements::{Requirement, parse};

/// The oldest version that the pinned packages are made for.
const OLDEST: (u32, u32) = (3, 11);

/// Programs that may be a Python, the first that is new enough is taken.
const PROGRAMS: [&str; 6] = ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11"];

/// A package as it is installed or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// The version that is wanted.
    pub wanted: String,
    /// Why it is not there.
    pub problem: Option<String>,
}

/// A virtual environment.
#[derive(Debug, Clone)]
pub struct Python {
    /// Its Python.
    pub program: PathBuf,
    /// The version of that.
    pub version: String,
    /// The packages, those that could not be installed among them.
    pub packages: Vec<Package>,
}

impl Python {
    /// Makes the environment in `folder` where it is not there yet, and installs what is missing of the files of
    /// requirements: all at once, and where that fails one by one, so that one package stops no other.
    ///
    /// # Errors
    /// Where there is no Python that is new enough, the environment cannot be made, or a file cannot be read.
    pub fn prepare(folder: &Path, requirements: &[PathBuf]) -> Result<Self> {
        let mut wanted = Vec::new();
        for file in requirements {
            let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
            wanted.extend(parse(&text).with_context(|| file.display().to_string())?);
        }
        let program = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
        let version = match version(program.as_os_str()) {
            // One that was made half has no pip.
            Some(version) if is_new_enough(&version) && has_pip(&program) => version,
            _ => {
                let (system, version) = find()?;
                eprintln!("peers: a virtual environment of Python {version}");
                let mut make = Command::new(system);
                make.args(["-m", "venv", "--clear"]).arg(folder).stdout(io::stderr());
                if !make.status().with_context(|| format!("{system} cannot be started"))?.success() {
                    bail!(
                        "{system} -m venv failed: expected a Python {version} with its modules venv and ensurepip"
                    );
                }
                version
            }
        };
        let mut python = Self { program, version, packages: Vec::new() };
        if !python.missing(&wanted)?.is_empty() {
            eprintln!("peers: installing {}", list(&wanted));
            let mut all = python.pip();
            for file in requirements {
                all.arg("-r").arg(file);
            }
            // Where it fails, the packages say so one by one.
            let _ = all.stdout(io::stderr()).status();
        }
        let mut problems = BTreeMap::new();
        for requirement in python.missing(&wanted)? {
            eprintln!("peers: installing {requirement} by itself");
            let output = python
                .pip()
                .args(["--retries", "1"])
                .arg(requirement.to_string())
                .output()
                .context("pip cannot be started")?;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            problems.insert(requirement.name, reason(&said));
        }
        let missing = python.missing(&wanted)?;
        let package = |requirement: Requirement| {
            let problem = missing.contains(&requirement).then(|| {
                let reason = problems.get(&requirement.name).map_or("pip failed", String::as_str);
                format!("{requirement} cannot be installed: {reason}")
            });
            Package { name: requirement.name, wanted: requirement.version, problem }
        };
        python.packages = wanted.into_iter().map(package).collect();
        Ok(python)
    }

    /// Why a package is not there.
    pub fn problem(&self, package: &str) -> Option<String> {
        match self.packages.iter().find(|known| known.name == package) {
            Some(known) => known.problem.clone(),
            None => Some(format!("{package} is in no file of requirements")),
        }
    }

    fn pip(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input"]).stdin(Stdio::null());
        // Not what lies elsewhere: the peers will not see it.
        command.env_remove("PYTHONPATH").env_remove("PYTHONHOME");
        command
    }

    /// Those that are not installed in the version wanted.
    fn missing(&self, wanted: &[Requirement]) -> Result<Vec<Requirement>> {
        let code =
            "import importlib.metadata as m\nfor d in m.distributions(): print(d.metadata['Name'], d.version)";
        let output = Command::new(&self.program).args(["-c", code]).stderr(Stdio::inherit()).output();
        let text = String::from_utf8_lossy(&output.context("the environment's Python cannot be started")?.stdout)
            .to_lowercase();
        let is_there = |wanted: &Requirement| {
            let line = format!("{} {}", wanted.name.to_lowercase(), wanted.version);
            // A build says behind a + for which processor or accelerator it was made.
            text.lines().any(|found| found.split('+').next() == Some(&line))
        };
        Ok(wanted.iter().filter(|wanted| !is_there(wanted)).cloned().collect())
    }
}

fn list(requirements: &[Requirement]) -> String {
    requirements.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A Python of the system that is new enough, and its version.
fn find() -> Result<(&'static str, String)> {
    let found: Vec<_> = PROGRAMS.iter().filter_map(|&name| Some((name, version(name.as_ref())?))).collect();
    if let Some((name, version)) = found.iter().find(|(_, version)| is_new_enough(version)) {
        return Ok((name, version.clone()));
    }
    let (major, minor) = OLDEST;
    match found.first() {
        Some((name, version)) => bail!("{name} is Python {version}, expected {major}.{minor} or later"),
        None => bail!("there is no Python: expected {major}.{minor} or later, as python3"),
    }
}

fn has_pip(program: &Path) -> bool {
    let mut pip = Command::new(program);
    pip.args(["-m", "pip", "--version"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    pip.status().is_ok_and(|status| status.success())
}

/// The last error that pip told, without the addresses that it asked.
fn reason(said: &str) -> String {
    let error = said.lines().rfind(|line| line.starts_with("ERROR")).unwrap_or("pip failed");
    let error = error.trim_start_matches("ERROR:").trim();
    match error.contains("://") || error.contains("host=") {
        true => "the package index did not answer".into(),
        false => error.into(),
    }
}

/// What `program` says its version is, where it is a Python 3.
fn version(program: &OsStr) -> Option<String> {
    let code = "import sys; print('%d.%d.%d' % sys.version_info[:3])";
    let output = Command::new(program).args(["-c", code]).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}

fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= OLDEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert!(is_new_enough("3.11.0") && is_new_enough("3.14.2") && is_new_enough("4.0"));
        assert!(!is_new_enough("3.9.18") && !is_new_enough("2.7") && !is_new_enough("rubbish"));
        assert_eq!(version("/nonexistent/python".as_ref()), None);
    }
}
