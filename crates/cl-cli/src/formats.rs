//! `curriculum formats`: what files are read, and by which rules.

use std::io::{self, Write};

use clap::Args;

/// Say what logs, labels and tables are read, what their columns are called, and by which rules.
#[derive(Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: &Arguments) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(TEXT.as_bytes())?;
    Ok(stdout.flush()?)
}

const TEXT: &str = include_str!("formats.txt");
