//! `cargo xtask results`: `RESULTS.md` and the tables of the README, from runs that are finished.

mod page;
mod readme;
mod stored;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use cl_data::io::write_atomically;
use clap::Args;

use self::stored::StoredRun;

pub use readme::ROWS;

/// Arguments of `cargo xtask results`.
#[derive(Args, Debug, Clone)]
pub struct Results {
    /// Folder of a finished run, as `reproduce --out` names it; may be given more than once. The tables of the README are
    /// of the first.
    #[arg(long = "run", value_name = "DIR", required = true)]
    pub runs: Vec<PathBuf>,

    /// Folder of a finished run of `cargo xtask images`, whose tables stand at the end of RESULTS.md.
    #[arg(long, value_name = "DIR")]
    pub images: Option<PathBuf>,

    /// Say whether RESULTS.md and README.md are what the runs give, and write nothing.
    #[arg(long)]
    pub check: bool,
}

/// Writes `RESULTS.md` and the tables of `README.md`, or compares them, in the workspace.
///
/// # Errors
/// As [`results_in`], and where this is no workspace.
pub fn results(arguments: &Results) -> Result<()> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = package.as_deref().and_then(Path::parent).unwrap_or(Path::new("."));
    results_in(arguments, root)
}

/// The text of `RESULTS.md` for the runs in these folders.
///
/// # Errors
/// Where a run is not finished, or of other claims or rules than those of now.
pub fn page(folders: &[PathBuf]) -> Result<String> {
    page::page(&read(folders)?)
}

fn read(folders: &[PathBuf]) -> Result<Vec<StoredRun>> {
    folders.iter().map(|folder| StoredRun::read(folder)).collect()
}

/// As [`results`], in the folder `root`.
///
/// # Errors
/// As [`page()`]; where the README has no place for its tables, or the first run lacks a claim of them;
/// with [`check`](Results::check), where a file is not what the runs give.
pub fn results_in(arguments: &Results, root: &Path) -> Result<()> {
    let runs = read(&arguments.runs)?;
    let Some(first) = runs.first() else { bail!("--run: none, expected the folder of a finished run") };
    let path = |name: &str| root.join(name);
    let text_of = |path: &Path| std::fs::read_to_string(path).with_context(|| path.display().to_string());
    let readme = readme::with_tables(&text_of(&path("README.md"))?, &readme::parts(first)?)?;
    let images = arguments.images.as_deref().map(page::images).transpose()?.unwrap_or_default();
    let files = [(path("RESULTS.md"), page::page(&runs)? + &images), (path("README.md"), readme)];
    for (path, text) in &files {
        if arguments.check {
            if text_of(path)? != *text {
                bail!(
                    "{}: not what these runs give; `cargo xtask results` without --check writes it",
                    path.display()
                );
            }
        } else {
            write_atomically(path, |file| file.write_all(text.as_bytes()))
                .with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}
