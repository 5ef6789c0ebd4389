//! What all commands print in the same way.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;

use anyhow::bail;
use cl_data::io::write_atomically;
pub(crate) use cl_data::io::{csv_field, exact};
use cl_study::Figure;
use comfy_table::{Cell, CellAlignment, Table, presets};
use serde::Serialize;

/// Prints a report: JSON for programs, text for people.
pub(crate) fn print<Report: Serialize + Display>(report: &Report, json: bool) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut stdout, report).map_err(io::Error::from)?;
        writeln!(stdout)?;
    } else {
        write!(stdout, "{report}")?;
    }
    Ok(stdout.flush()?)
}

/// What the library says of its options, in the words of the command line.
pub(crate) fn in_flags(message: &str) -> String {
    let flags = [
        ("no option `labels`", "no --labels"),
        ("option `labels`", "--labels FILE"),
        ("option `outputs`", "--outputs"),
        ("option `second_split`", "--second-split"),
        ("option `state`", "--state"),
        ("option `column`", "--column"),
        ("option `high_is`", "--high-is"),
    ];
    let message = flags.iter().fold(message.to_owned(), |message, (option, flag)| message.replace(option, flag));
    // The others bear the same name.
    let Some((before, rest)) = message.split_once("option `") else { return message };
    let Some((name, after)) = rest.split_once('`') else { return message };
    format!("{before}--{}{}", name.replace('_', "-"), in_flags(after))
}

/// A table without lines.
pub(crate) fn new_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    table
}

/// A cell of a number.
pub(crate) fn right(text: impl Into<String>) -> Cell {
    Cell::new(text.into()).set_alignment(CellAlignment::Right)
}

/// Six significant digits.
pub(crate) fn short(value: f64) -> String {
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    match rounded.abs() {
        0.0 => "0".into(),
        size if (1e-4..1e9).contains(&size) => format!("{rounded}"),
        _ => format!("{rounded:e}"),
    }
}

/// Figures are SVG.
pub(crate) fn check_svg(path: &Path) -> anyhow::Result<()> {
    if path.extension().is_none_or(|ending| ending != "svg") {
        bail!("{}: unknown ending, expected .svg", path.display());
    }
    Ok(())
}

/// Draws a figure into a file, readable as any other output is.
pub(crate) fn save_figure(figure: &impl Figure, path: &Path, width: u32, height: u32) -> anyhow::Result<()> {
    let svg = figure.render(width, height)?;
    Ok(write_atomically(path, |writer| writer.write_all(svg.as_bytes()))?)
}
