//! The peers: the same computations by other programs, on the same inputs, in turns with ours.

pub mod agreement;
pub mod comparisons;
pub mod contestant;
pub mod python;
pub mod requirements;
pub mod rounds;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use cl_data::instructions::Instructions;
use cl_study::shown;
use serde::{Deserialize, Serialize};

use self::comparisons::{COMPARISONS, Comparison, Peer, TORCH, Threads};
use self::python::{Package, Python};
use self::rounds::{Measured, Outcome, alternate};
use super::cargo::Cargo;

/// One comparison, as far as it came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// Its name.
    pub name: String,
    /// What is computed.
    pub title: String,
    /// The threads of each side.
    pub threads: usize,
    /// The numbers by which the results are compared.
    pub compared_by: String,
    /// What ours took.
    pub ours: Option<Measured>,
    /// The peers by name.
    pub peers: Vec<(String, Outcome)>,
    /// Why there is nothing of ours.
    pub error: Option<String>,
}

/// All that is known of the peers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Peers {
    /// The version of Python.
    pub python: Option<String>,
    /// The packages.
    pub packages: Vec<Package>,
    /// Why there is no peer at all.
    pub error: Option<String>,
    /// The comparisons.
    pub compared: Vec<Compared>,
}

/// How to compare.
#[derive(Debug)]
pub struct Settings<'a> {
    /// The benches whose comparisons are made.
    pub benches: &'a [&'static str],
    /// Whether PyTorch takes part.
    pub torch: bool,
    /// The threads of what runs on all.
    pub threads: usize,
}

/// Makes all comparisons that `settings` asks for; after each, `tell` is given what is known so far.
///
/// Without a Python the comparisons are not made; what cannot be installed or fails is told in its row.
///
/// # Errors
/// Where ours cannot be built, and where `tell` fails.
pub fn compare(cargo: &Cargo, settings: &Settings<'_>, mut tell: impl FnMut(&Peers) -> Result<()>) -> Result<()> {
    let chosen: Vec<&Comparison> =
        COMPARISONS.iter().filter(|comparison| settings.benches.contains(&comparison.bench)).collect();
    let folder = cargo.root.join("benches").join("peers");
    let files: Vec<PathBuf> = ["requirements.txt", "requirements-torch.txt"]
        .into_iter()
        .take(if settings.torch { 2 } else { 1 })
        .map(|file| folder.join(file))
        .collect();
    let mut peers = Peers::default();
    if chosen.is_empty() {
        peers.error = Some("none of these benches has a comparison".into());
        return tell(&peers);
    }
    let python = match Python::prepare(&cargo.out.join("venv"), &files) {
        Ok(python) => python,
        Err(error) => {
            let error = format!("{error:#}");
            eprintln!("peers: {}", shown::lines(&error));
            peers.error = Some(error);
            return tell(&peers);
        }
    };
    peers.python = Some(python.version.clone());
    peers.packages.clone_from(&python.packages);
    let ours = match cargo.compare() {
        Ok(ours) => ours,
        Err(error) => {
            peers.error = Some(format!("{error:#}"));
            tell(&peers)?;
            return Err(error);
        }
    };
    for comparison in chosen {
        let stage = Stage { cargo, settings, ours: &ours, scripts: &folder, python: &python };
        peers.compared.push(stage.compare(comparison));
        tell(&peers)?;
    }
    Ok(())
}

/// The variables by which libraries are told how many threads to use.
const THREADS: [&str; 8] = [
    "RAYON_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
];

/// Variables that would keep a library from the kernels that it finds best for the processor.
const KERNELS: [&str; 6] = [
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
    "MKL_ENABLE_INSTRUCTIONS",
    "NPY_DISABLE_CPU_FEATURES",
    "NUMBA_CPU_NAME",
    "ATEN_CPU_CAPABILITY",
];

struct Stage<'a> {
    cargo: &'a Cargo,
    settings: &'a Settings<'a>,
    ours: &'a Path,
    scripts: &'a Path,
    python: &'a Python,
}

impl Stage<'_> {
    fn compare(&self, comparison: &Comparison) -> Compared {
        eprintln!("peers: {}", comparison.title);
        let wanted: Vec<&Peer> =
            comparison.peers.iter().filter(|peer| self.settings.torch || peer.name != TORCH).collect();
        let inputs = self.cargo.out.join("inputs").join(comparison.name);
        let result = self.run(comparison, &wanted, &inputs);
        // Hundreds of megabytes that the next run writes anew; that they stay is no reason to lose a measurement.
        let _ = std::fs::remove_dir_all(&inputs);
        let (ours, peers, error) = match result {
            Ok((ours, peers)) => (Some(ours), peers, None),
            Err(error) => (None, Vec::new(), Some(format!("{error:#}"))),
        };
        if let Some(error) = &error {
            eprintln!("peers: {}", shown::lines(error));
        }
        Compared {
            name: comparison.name.into(),
            title: comparison.title.into(),
            threads: self.threads(comparison),
            compared_by: comparison.compared_by.into(),
            ours,
            peers,
            error,
        }
    }

    fn run(
        &self,
        comparison: &Comparison,
        wanted: &[&Peer],
        inputs: &Path,
    ) -> Result<(Measured, Vec<(String, Outcome)>)> {
        std::fs::create_dir_all(inputs).context("the folder for the inputs")?;
        let written = Command::new(self.ours).arg("write").arg(comparison.name).arg(inputs).status();
        let written = written.context("the program compare cannot be started")?;
        if !written.success() {
            bail!("the inputs cannot be written: the program compare ended with {written}");
        }
        let mut ours = self.command(self.ours, comparison);
        ours.arg("run").arg(comparison.name).arg(inputs);
        self.cargo.choose_instructions(&mut ours);
        let (mut programs, mut outcomes) = (vec![ours], Vec::new());
        for peer in wanted {
            if let Some(error) = self.python.problem(peer.package) {
                outcomes.push(Some(Outcome::Failed { error }));
                continue;
            }
            let mut program = self.command(&self.python.program, comparison);
            program.arg(self.scripts.join(peer.script)).arg(comparison.name).arg(inputs);
            programs.push(program);
            outcomes.push(None);
        }
        let rounds = match (self.cargo.quick, comparison.slow) {
            (true, true) => 1,
            (true, false) => 2,
            (false, true) => 3,
            (false, false) => 5,
        };
        let (ours, measured) = alternate(programs, rounds, comparison.tolerance)?;
        let mut measured = measured.into_iter();
        let outcomes = outcomes.into_iter().filter_map(|failed| failed.or_else(|| measured.next()));
        let named = wanted.iter().zip(outcomes).map(|(peer, outcome)| (peer.name.to_owned(), outcome));
        Ok((ours, named.collect()))
    }

    fn threads(&self, comparison: &Comparison) -> usize {
        match comparison.threads {
            Threads::One => 1,
            Threads::All => self.settings.threads,
        }
    }

    fn command(&self, program: &Path, comparison: &Comparison) -> Command {
        let mut command = Command::new(program);
        let threads = self.threads(comparison).to_string();
        command.envs(THREADS.map(|name| (name, &threads)));
        for name in KERNELS {
            command.env_remove(name);
        }
        // Like with like: the kernels of OpenBLAS that are written for these instructions.
        if self.cargo.instructions.as_deref() == Some(Instructions::Avx2.name()) {
            command.env("OPENBLAS_CORETYPE", "Haswell");
        }
        command.env("PYTHONDONTWRITEBYTECODE", "1").env_remove("PYTHONPATH").env_remove("PYTHONHOME");
        command
    }
}
