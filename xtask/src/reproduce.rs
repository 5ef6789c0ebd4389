//! Runs experiments, judges their claims and writes the report.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, Result, bail};
use cl_study::shown;
use clap::{Args, builder::PossibleValuesParser};
use sha2::{Digest, Sha256};

use crate::{
    data_dir::DataDir,
    experiment::{Context, Experiment, FIRST_SEED, Findings, Outcome},
    experiments::ALL,
    progress::Bar,
    report::{self, Size},
    run_record::{Clock, run_record},
};

/// Arguments of `cargo xtask reproduce`.
#[derive(Args, Debug, Clone)]
pub struct Reproduce {
    /// Run only these experiments, separated by commas (default: all).
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = ids())]
    pub only: Vec<String>,

    /// List the experiments and their questions, and run nothing.
    #[arg(long)]
    pub list: bool,

    /// Fewer seeds and epochs, for a first look.
    #[arg(long)]
    pub quick: bool,

    /// The sizes of the papers where the usual run takes smaller ones: hours on two cores, never timed.
    #[arg(long, conflicts_with = "quick")]
    pub full: bool,

    /// Repetitions of every study (default: 20, with --quick 6, with --full 40); fewer than six give no verdict where
    /// chance has a part in it, and the article's own blocks, which take microseconds, are repeated over more.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..=1000))]
    pub seeds: Option<u64>,

    /// Runs at a time (default: one per core).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,

    /// Folder of real data sets, on which experiments that have a use for them run, too: mnist/, fashion-mnist/,
    /// cifar-10-batches-bin/, cifar-10n/, cscores/, multi30k/, wikitext-2-valid-test/, tinyshakespeare/; what is
    /// missing is left out and named.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Print the table of all claims with their conditions at the end, and not a line a claim.
    #[arg(long)]
    pub verbose: bool,

    /// Folder for report.html, report.md, its table of all claims (table.md), results.json and the figures.
    #[arg(long, value_name = "DIR", default_value = "target/reproduce")]
    pub out: PathBuf,
}

/// Hexadecimal digits of the name of a folder of journals, and how journals end.
const BUILD_DIGITS: usize = 16;
const JOURNAL: &str = "jsonl";

fn ids() -> PossibleValuesParser {
    PossibleValuesParser::new(ALL.iter().map(|experiment| experiment.id))
}

/// Runs what the arguments ask for.
///
/// # Errors
/// Where the output folder cannot be written or an experiment fails; the others are run and reported.
pub fn reproduce(arguments: &Reproduce) -> Result<()> {
    let chosen: Vec<&'static Experiment> = ALL
        .iter()
        .copied()
        .filter(|experiment| arguments.only.is_empty() || arguments.only.iter().any(|id| id == experiment.id))
        .collect();
    if arguments.list {
        let lines = chosen.iter().map(|e| format!("{:<12} section {:<4} {}\n", e.id, e.section, e.question));
        return print(&lines.collect::<String>());
    }
    let data_dir = arguments.data_dir.as_deref().map(DataDir::open).transpose()?;
    // A folder that cannot be written is found before hours of work, not after them.
    // Runs of another build are not this build's: what they would give may have changed.
    let journals = arguments.out.join("journal").join(build()?);
    std::fs::create_dir_all(&journals)
        .and_then(|()| tempfile::tempfile_in(&arguments.out))
        .with_context(|| format!("{}: the output folder cannot be written", arguments.out.display()))?;
    let clock = Clock::start(&journals)?;
    let n_seeds = arguments.seeds.unwrap_or(match (arguments.quick, arguments.full) {
        (true, _) => 6,
        (_, true) => 40,
        _ => 20,
    });
    let outcomes: Vec<Outcome> = chosen
        .into_iter()
        .map(|experiment| {
            let (bar, start) = (Bar::new(experiment.id), Instant::now());
            let context = Context {
                seeds: (FIRST_SEED..FIRST_SEED + n_seeds).collect(),
                jobs: arguments.jobs.map(usize::from),
                quick: arguments.quick,
                full: arguments.full,
                data_dir: data_dir.clone(),
                journals: journals.clone(),
                progress: &bar,
            };
            let findings = (experiment.run)(&context).and_then(|findings| complete(experiment, findings));
            bar.clear();
            let outcome = Outcome { experiment, findings, took: start.elapsed() };
            // Where it is seen at once; what is told of all comes to standard output at the end.
            if let Ok(news) = report::news(&outcome) {
                let _ = io::stderr().write_all(shown::lines(&news).as_bytes());
            }
            outcome
        })
        .collect();
    let size = Size { n_seeds, quick: arguments.quick, full: arguments.full };
    report::write(&outcomes, size, &arguments.out)?;
    run_record(&arguments.out, clock.stop()?)?;
    print(&report::terminal(&outcomes, &arguments.out, arguments.verbose)?)?;
    let failed: Vec<String> = outcomes
        .iter()
        .filter_map(|outcome| {
            let error = outcome.findings.as_ref().err()?;
            Some(format!("experiment {}: {}", outcome.experiment.id, shown::message(&format!("{error:#}"))))
        })
        .collect();
    if !failed.is_empty() {
        bail!("{}", failed.join("\n"));
    }
    // All is in the report; the next run starts afresh.
    remove_journals(&arguments.out.join("journal")).with_context(|| arguments.out.display().to_string())
}

/// Removes the journals of this build and of others, and the folder where nothing else is in it: what a person keeps there
/// stays.
fn remove_journals(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let of_a_build = name
            .to_str()
            .is_some_and(|name| name.len() == BUILD_DIGITS && name.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if of_a_build && entry.file_type()?.is_dir() {
            for journal in std::fs::read_dir(entry.path())? {
                let journal = journal?.path();
                if journal.extension().is_some_and(|ending| ending == JOURNAL) {
                    std::fs::remove_file(journal)?;
                }
            }
            remove_if_empty(&entry.path())?;
        }
    }
    remove_if_empty(folder)
}

fn remove_if_empty(folder: &Path) -> io::Result<()> {
    match std::fs::read_dir(folder)?.next() {
        None => std::fs::remove_dir(folder),
        Some(_) => Ok(()),
    }
}

/// What tells this build from any other: the beginning of the hash of the program.
fn build() -> Result<String> {
    let program = std::env::current_exe().and_then(std::fs::read).context("the program itself cannot be read")?;
    Ok(Sha256::digest(program).iter().take(BUILD_DIGITS / 2).map(|byte| format!("{byte:02x}")).collect())
}

/// An experiment must measure every claim it declares, and no other.
fn complete(experiment: &Experiment, findings: Findings) -> Result<Findings> {
    for claim in experiment.claims {
        if !findings.measured.iter().any(|measured| measured.claim == claim.id) {
            bail!("claim {} was not measured", claim.id);
        }
    }
    match findings.measured.iter().find(|m| !experiment.claims.iter().any(|claim| claim.id == m.claim)) {
        Some(stray) => bail!("{} was measured and is no claim of this experiment", stray.claim),
        None => Ok(findings),
    }
}

/// Prints, and takes a reader that went away for an end rather than an error.
fn print(text: &str) -> Result<()> {
    match io::stdout().lock().write_all(shown::lines(text).as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("standard output"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_journals_only_those_of_builds_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        let (of_build, others) = (journal.join("0123456789abcdef"), journal.join("my notes"));
        for folder in [&of_build, &others] {
            std::fs::create_dir_all(folder).unwrap();
        }
        for file in
            [of_build.join("study.jsonl"), of_build.join("kept.txt"), others.join("a.jsonl"), journal.join("b")]
        {
            std::fs::write(file, "").unwrap();
        }
        remove_journals(&journal).unwrap();
        assert!(!of_build.join("study.jsonl").exists());
        assert!(
            of_build.join("kept.txt").exists() && others.join("a.jsonl").exists() && journal.join("b").exists()
        );
        std::fs::remove_file(of_build.join("kept.txt")).unwrap();
        remove_journals(&journal).unwrap();
        assert!(!of_build.exists() && journal.exists());
        std::fs::remove_dir_all(&others).unwrap();
        std::fs::remove_file(journal.join("b")).unwrap();
        remove_journals(&journal).unwrap();
        assert!(!journal.exists());
    }
}
