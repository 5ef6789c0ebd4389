//! `cargo xtask bench`: how fast all of it is, beside what the machine can do and beside the peers.

pub mod cargo;
pub mod files;
pub mod limits;
pub mod machine;
pub mod markdown;
pub mod peers;
pub mod report;
pub mod rows;
pub mod targets;
pub mod units;
pub mod work;

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use cl_data::instructions::Instructions;
use clap::{Args, builder::PossibleValue, builder::PossibleValuesParser};

use self::cargo::Cargo;
use self::files::write;
use self::limits::Limits;
use self::peers::{Settings, compare};
use self::report::{Options, Report};
use self::targets::{LIMITS, TARGETS};

/// Arguments of `cargo xtask bench`.
#[derive(Args, Debug, Clone)]
#[command(
    after_help = "Examples:\n  cargo xtask bench --only model --quick      a first look at one bench\n  cargo xtask bench --peers                   \
                        all of it, beside the peers\n\nWithout --only every bench runs, which takes about half an hour; the bench `limits` runs first, \
                        always, because the shares are of what it measures. The report is written anew after every bench and every comparison, \
                        so that an interrupted run leaves what it measured."
)]
pub struct Bench {
    /// Run only these benches, separated by commas or one at a time (default: all).
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = names())]
    pub only: Vec<String>,

    /// Measure each row but shortly, for a first look.
    #[arg(long)]
    pub quick: bool,

    /// Time NumPy, Numba, SciPy, scikit-learn, cleanlab and apricot-select on the same inputs, in turns with ours,
    /// too: those of the benches that run. Needs Python 3.11 or later, and the package index once: their pinned
    /// versions go to a virtual environment in the output folder.
    #[arg(long)]
    pub peers: bool,

    /// PyTorch among the peers, too, which is a large download.
    #[arg(long, requires = "peers")]
    pub torch: bool,

    /// Hold our kernels to this instruction set (default: the widest that the processor has); with `avx2` those of
    /// OpenBLAS among the peers, too.
    #[arg(long, value_name = "NAME", value_parser = available())]
    pub instructions: Option<String>,

    /// Folder for BENCHMARKS.md and BENCHMARKS.json, and all that they are made of.
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    pub out: PathBuf,
}

fn available() -> PossibleValuesParser {
    PossibleValuesParser::new(Instructions::available().into_iter().map(Instructions::name))
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(TARGETS.iter().map(|target| PossibleValue::new(target.name).help(target.summary)))
}

/// Runs what the arguments ask for; progress goes to standard error, where the report is to standard output.
///
/// # Errors
/// Where a bench fails, or ours in a comparison, after all others ran and the report was written; where the output
/// folder cannot be written.
pub fn bench(arguments: &Bench) -> Result<()> {
    let root = cargo::root()?;
    std::fs::create_dir_all(&arguments.out)
        .and_then(|()| tempfile::tempfile_in(&arguments.out))
        .with_context(|| format!("{}: the output folder cannot be written", arguments.out.display()))?;
    // The benches run in a folder of their own.
    let out = arguments.out.canonicalize().with_context(|| arguments.out.display().to_string())?;
    let Bench { quick, peers, torch, ref instructions, .. } = *arguments;
    let cargo = Cargo { root, out, quick, instructions: instructions.clone() };
    let is_chosen = |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == name);
    let chosen: Vec<&'static str> =
        TARGETS.iter().map(|target| target.name).filter(|name| is_chosen(name)).collect();
    let mut report = Report::new(Options {
        benches: chosen.iter().map(|&name| name.to_owned()).collect(),
        quick,
        peers,
        torch,
        instructions: instructions.clone(),
    });

    let mut limits = Limits::default();
    for target in TARGETS.iter().filter(|target| target.name == LIMITS || chosen.contains(&target.name)) {
        eprintln!("bench {}: {}", target.name, target.summary);
        let ran = cargo.bench(target.name);
        if target.name == LIMITS {
            limits = Limits::of(&ran.rows);
        }
        report.add(target.name, target.summary, ran.rows, ran.error, &limits);
        write(&report, &cargo.out, &cargo.root)?;
    }
    let mut stopped = None;
    if peers {
        let settings = Settings { benches: &chosen, torch, threads: report.machine.threads };
        let told = compare(&cargo, &settings, |peers| {
            report.peers = Some(peers.clone());
            write(&report, &cargo.out, &cargo.root)
        });
        stopped = told.err().map(|error| format!("peers: {error:#}"));
    }
    let failed: Vec<String> = report.failures().into_iter().chain(stopped).collect();
    println!("{}", arguments.out.join("BENCHMARKS.md").display());
    if !failed.is_empty() {
        bail!("{}", failed.join("\n"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        bench: Bench,
    }

    fn parsed(arguments: &[&str]) -> Result<Bench, String> {
        let line = Line::try_parse_from([&["bench"], arguments].concat());
        line.map(|line| line.bench).map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_repeated_or_separated_by_commas() {
        let bench = parsed(&["--only", "model,dynamics", "--only", "data"]).unwrap();
        assert_eq!(bench.only, ["model", "dynamics", "data"]);
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = parsed(&["--only", "modell"]).unwrap_err();
        assert!(TARGETS.iter().all(|target| error.contains(target.name)), "{error}");
        assert!(error.contains("modell") && error.contains("--only"), "{error}");
    }

    #[test]
    fn other_wrong_values_are_named() {
        let error = parsed(&["--instructions", "sse"]).unwrap_err();
        assert!(error.contains("sse") && error.contains("scalar"), "{error}");
        assert!(parsed(&["--torch"]).unwrap_err().contains("--peers"));
    }
}
