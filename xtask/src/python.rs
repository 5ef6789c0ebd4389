//! `cargo xtask python`: the Python package, built as a wheel, installed into an environment of its own, tested.

mod environment;
mod import_time;
mod interpreter;
mod wheel;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use self::environment::Environment;
use self::import_time::ImportTime;
use self::wheel::Wheel;

/// The folder of the package, from the workspace's folder on.
const PACKAGE: &str = "crates/cl-python";

/// The profile by which wheels are built that are given to others.
const PROFILE: &str = "wheel";

const HELP: &str = "\
Examples:
  cargo xtask python                        build, install, test
  cargo xtask python -- -k recorder         of the tests, those of this name
  cargo xtask python --no-build -- --lf     what failed last, of the wheel that is there
  cargo xtask python --profile dev          a wheel that is sooner built, and slower

Needs Python 3.10 or later (on Debian: apt-get install python3 python3-venv), and the package index once: maturin and \
what the tests use (crates/cl-python/requirements-test.txt) go to a virtual environment, target/python/venv. The wheel \
goes to target/python/wheels.";

/// Arguments of `cargo xtask python`.
#[derive(Args, Debug, Clone)]
#[command(after_help = HELP)]
pub struct Python {
    /// The Python to use (default: $PYTHON, or the first of python3, python3.14 to python3.10 that will do).
    #[arg(long, value_name = "PATH")]
    pub python: Option<PathBuf>,

    /// Cargo's profile for the wheel; one of `wheel` may have 6.5 MB at most.
    #[arg(long, value_name = "NAME", default_value = PROFILE)]
    pub profile: String,

    /// Build nothing: install the wheel that is there.
    #[arg(long)]
    pub no_build: bool,

    /// Run the tests with PyTorch and the frameworks over it, too, which are a large download.
    #[arg(long)]
    pub torch: bool,

    /// Run the package's benches, beside its peers, instead of the tests; PyTorch is among these.
    #[arg(long, conflicts_with = "torch")]
    pub bench: bool,

    /// Arguments for pytest, or for the benches; paths in them are from crates/cl-python on.
    #[arg(last = true, value_name = "ARGUMENT")]
    pub arguments: Vec<OsString>,
}

/// Builds the wheel, installs it and runs its tests, or its benches.
///
/// # Errors
/// Where this is no workspace with the package, no Python will do, what is needed cannot be installed, the wheel
/// cannot be built or is too large, or a test fails.
pub fn python(arguments: &Python) -> Result<()> {
    let root = root()?;
    let package = root.join(PACKAGE);
    let benches = package.join("benches").join("run.py");
    ensure!(!arguments.bench || benches.exists(), "{}: there is no such file", benches.display());
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
    let (folder, wheels) = (target.join("python").join("venv"), target.join("python").join("wheels"));

    let environment = Environment::prepare(&folder, &interpreter::find(arguments.python.as_deref())?)?;
    for list in lists(arguments) {
        let list = package.join(list);
        let text = fs::read_to_string(&list).with_context(|| list.display().to_string())?;
        if text.lines().any(|line| line == "torch") && !environment.has("torch")? {
            eprintln!(
                "python: PyTorch is about to be installed; for Linux, PyPI has it with CUDA: about 3 GB to \
                 download and 7 GB on disk"
            );
        }
        environment.install(&list)?;
    }

    if !arguments.no_build {
        build(&environment, &root, &arguments.profile, &wheels)?;
    }
    let wheel = Wheel::only_one(&wheels)?;
    println!("{wheel}");
    environment.install_wheel(&wheel)?;
    println!("{}", ImportTime::measure(|| environment.command())?);

    let mut command = environment.command();
    if arguments.bench {
        command.arg(&benches);
    } else {
        command.args(["-m", "pytest", "-o"]).arg(cache_dir(&target));
        command.args((!arguments.torch).then_some(["-m", "not torch"]).into_iter().flatten());
    }
    let program = if arguments.bench { "benches/run.py" } else { "pytest" };
    let status = command.args(&arguments.arguments).current_dir(&package).status();
    let status = status.with_context(|| format!("{program} cannot be started"))?;
    ensure!(status.success(), "{program} ended with {status}");
    // Told at last, because it is no reason to test nothing.
    if arguments.profile == PROFILE { wheel.check_size() } else { Ok(()) }
}

/// The lists of what must be installed.
fn lists(arguments: &Python) -> Vec<&'static str> {
    let more = match (arguments.torch, arguments.bench) {
        (true, _) => Some("requirements-torch.txt"),
        (_, true) => Some("requirements-bench.txt"),
        _ => None,
    };
    ["requirements-test.txt"].into_iter().chain(more).collect()
}

/// Where pytest keeps which tests failed last: not among the sources.
fn cache_dir(target: &Path) -> OsString {
    let mut option = OsString::from("cache_dir=");
    option.push(target.join("python").join("pytest"));
    option
}

/// Builds the wheel as the only one of the folder `wheels`.
fn build(environment: &Environment, root: &Path, profile: &str, wheels: &Path) -> Result<()> {
    wheel::clear(wheels)?;
    eprintln!("python: building the wheel by the profile {profile}");
    let status = environment
        .command()
        .args([
            "-m",
            "maturin",
            "build",
            "--locked",
            "--compression-level",
            "9",
            "--profile",
            profile,
            "--manifest-path",
        ])
        .arg(root.join(PACKAGE).join("Cargo.toml"))
        .arg("--interpreter")
        .arg(environment.program())
        .arg("--out")
        .arg(wheels)
        .current_dir(root)
        .status()
        .context("maturin cannot be started")?;
    ensure!(status.success(), "the wheel is not built: maturin ended with {status}");
    Ok(())
}

/// The folder of the workspace: that of the package cargo runs, or the working directory.
fn root() -> Result<PathBuf> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = package.as_deref().and_then(Path::parent).unwrap_or(Path::new("."));
    ensure!(
        root.join(PACKAGE).join("Cargo.toml").exists(),
        "{PACKAGE} is not here: run this as `cargo xtask python` in the workspace"
    );
    root.canonicalize().context("the folder of the workspace")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        python: Python,
    }

    fn parsed(arguments: &[&str]) -> Result<Python, String> {
        let line = Line::try_parse_from([&["python"], arguments].concat());
        line.map(|line| line.python).map_err(|error| error.to_string())
    }

    #[test]
    fn what_stands_behind_two_dashes_goes_to_pytest() {
        let python = parsed(&["--torch", "--", "-k", "recorder", "--lf"]).unwrap();
        assert_eq!((python.torch, &python.profile[..]), (true, "wheel"));
        assert_eq!(python.arguments, ["-k", "recorder", "--lf"]);
        assert!(parsed(&["-k", "recorder"]).is_err());
    }

    #[test]
    fn every_list_is_there() {
        let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PACKAGE);
        let lists = |arguments: &[&str]| lists(&parsed(arguments).unwrap());
        assert_eq!(lists(&[]), ["requirements-test.txt"]);
        for list in [lists(&[]), lists(&["--torch"]), lists(&["--bench"])].concat() {
            assert!(package.join(list).exists(), "{list}");
        }
        assert!(parsed(&["--bench", "--torch"]).unwrap_err().contains("--torch"));
    }
}
