//! `cargo xtask data`: the real data sets, where each is published, and what of them a folder has.

mod check;
mod table;
mod told;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use cl_study::shown;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use self::told::Entry;
use crate::data_dir::DataDir;

pub use check::{Presence, State, WrongSum, check};
pub use table::{DataSet, Part, Version, all};

/// Arguments of `cargo xtask data`.
#[derive(Args, Debug, Clone)]
pub struct Data {
    /// Folder of real data sets, as the other tasks take it: which of them it has, and whether their sums are right
    /// (default: the sets are listed alone).
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// As JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

/// Lists the data sets, and checks the sum of every file of theirs that the folder has. What is missing is said, and no
/// error.
///
/// # Errors
/// Where there is no such folder, a file in it cannot be read, or the sum of one is wrong: after all were checked.
pub fn data(arguments: &Data) -> Result<()> {
    let sets = all()?;
    let folder = arguments.data_dir.as_deref();
    let found = folder.map(|folder| look(&sets, folder)).transpose()?;
    let mut entries: Vec<Entry> = sets.into_iter().map(|set| Entry { set, found: None }).collect();
    for (entry, found) in entries.iter_mut().zip(found.into_iter().flatten()) {
        entry.found = Some(found);
    }
    let text = if arguments.json {
        shown::json(&serde_json::to_string_pretty(&entries)?).into_owned() + "\n"
    } else {
        shown::lines(&told::all(&entries)).into_owned()
    };
    std::io::stdout().lock().write_all(text.as_bytes()).context("standard output")?;
    let wrong: Vec<String> =
        entries.iter().flat_map(|entry| &entry.found).flat_map(|found| &found.wrong).map(told::wrong).collect();
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

/// What the folder has of each set, with a bar for large files.
fn look(sets: &[DataSet], folder: &Path) -> Result<Vec<Presence>> {
    DataDir::open(folder)?;
    let bar = ProgressBar::new(sets.iter().map(|set| check::bytes(set, folder)).sum());
    // The template is a constant; were it wrong, the default style would do.
    if let Ok(style) = ProgressStyle::with_template("{prefix:<12} {wide_bar} {bytes}/{total_bytes}, {eta} left") {
        bar.set_style(style);
    }
    bar.set_prefix("data");
    let found = sets.iter().map(|set| check(set, folder, |bytes| bar.inc(bytes))).collect();
    bar.finish_and_clear();
    found
}
