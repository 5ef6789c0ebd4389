//! A virtual environment, with what the package needs to be built and tested.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use cl_study::shown;

use super::interpreter::{EXPECTED, Interpreter, Version};
use super::wheel::Wheel;

/// A virtual environment.
#[derive(Debug)]
pub(super) struct Environment {
    program: PathBuf,
}

impl Environment {
    /// That of `folder`, which is made anew unless it is of the interpreter's version and whole.
    pub(super) fn prepare(folder: &Path, interpreter: &Interpreter) -> Result<Self> {
        let program = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
        let environment = Self { program };
        // One that was made half has no pip.
        let version = Version::of(environment.program.as_os_str());
        if version.as_ref() == Some(&interpreter.version) && environment.has_pip() {
            return Ok(environment);
        }
        eprintln!("python: making a virtual environment of {interpreter} in {}", folder.display());
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        }
        let mut command = Command::new(&interpreter.program);
        command.args(["-m", "venv", "--clear"]).arg(folder);
        quietly(&mut command)
            .with_context(|| format!("{interpreter} makes no virtual environment, expected {EXPECTED}"))?;
        ensure!(environment.has_pip(), "{interpreter} makes an environment without pip, expected {EXPECTED}");
        Ok(environment)
    }

    /// Its Python.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// Its Python as a command, which sees nothing that lies elsewhere, and leaves nothing among the sources.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env_remove("PYTHONPATH").env_remove("PYTHONHOME").env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    fn has_pip(&self) -> bool {
        quiet(self.command().args(["-m", "pip", "--version"])).is_ok_and(|output| output.status.success())
    }

    /// Whether there is a module of this name.
    pub(super) fn has(&self, module: &str) -> Result<bool> {
        let code = format!("import importlib.util, sys; sys.exit(importlib.util.find_spec('{module}') is None)");
        Ok(quiet(self.command().args(["-I", "-c", &code]))?.status.success())
    }

    /// Installs what a list of requirements names.
    pub(super) fn install(&self, list: &Path) -> Result<()> {
        let text = fs::read_to_string(list).with_context(|| list.display().to_string())?;
        eprintln!("python: installing {}", names(&text).join(", "));
        let mut command = self.pip();
        command.arg("-r").arg(list);
        quietly(&mut command).with_context(|| format!("what {} names cannot be installed", list.display()))
    }

    /// Installs the wheel, and nothing that it depends on.
    pub(super) fn install_wheel(&self, wheel: &Wheel) -> Result<()> {
        eprintln!("python: installing the wheel");
        let mut command = self.pip();
        command.args(["--force-reinstall", "--no-deps"]).arg(wheel.path());
        quietly(&mut command).with_context(|| format!("{} cannot be installed", wheel.path().display()))
    }

    fn pip(&self) -> Command {
        let mut command = self.command();
        command.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input"]);
        // What is installed is compiled once.
        command.env_remove("PYTHONDONTWRITEBYTECODE");
        command
    }
}

/// What a list of requirements names.
fn names(text: &str) -> Vec<&str> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter(|line| !line.is_empty()).collect()
}

/// Runs a command and keeps what it says.
fn quiet(command: &mut Command) -> Result<Output> {
    let output = command.stdin(Stdio::null()).output();
    output.with_context(|| format!("{} cannot be started", command.get_program().display()))
}

/// Runs a command whose output is shown only where it fails.
fn quietly(command: &mut Command) -> Result<()> {
    let output = quiet(command)?;
    if output.status.success() {
        return Ok(());
    }
    for said in [&output.stdout, &output.stderr] {
        eprint!("{}", shown::lines(&String::from_utf8_lossy(said)));
    }
    bail!("{} ended with {}", command.get_program().display(), output.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_are_no_names() {
        assert_eq!(names("# for the tests\nnumpy\n\nmaturin==1.16.*  # builds\n"), ["numpy", "maturin==1.16.*"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_python_without_venv_or_pip_is_told() {
        let version = Version::parse("Python 3.11.2").unwrap();
        for (program, lack) in [("false", "no virtual environment"), ("true", "an environment without pip")] {
            let folder = tempfile::tempdir().unwrap();
            let interpreter = Interpreter { program: program.into(), version: version.clone(), has_venv: true };
            let error = Environment::prepare(&folder.path().join("venv"), &interpreter).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{program} (Python 3.11.2) makes {lack}, expected")), "{error}");
            assert!(error.contains("apt-get install python3 python3-venv"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_fails_is_named() {
        assert!(quietly(&mut Command::new("true")).is_ok());
        let error = quietly(&mut Command::new("false")).unwrap_err().to_string();
        assert!(error.starts_with("false ended with exit status: 1"), "{error}");
        let error = quietly(&mut Command::new("no/such/program")).unwrap_err().to_string();
        assert_eq!(error, "no/such/program cannot be started");
    }
}
