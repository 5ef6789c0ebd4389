//! What all commands print in the same way.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::bail;
use cl_data::io::{io_error, is_standard, write_atomically};
use cl_study::{Figure, shown};
use comfy_table::{CellAlignment, presets};
use serde::Serialize;

/// Whether errors are all that is said.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Whether nothing but errors is to be said from now on.
pub(crate) fn set_quiet(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
}

/// Whether nothing but errors is said.
pub(crate) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Says something beside the report, on standard error.
pub(crate) fn note(text: &str) {
    if !is_quiet() {
        // Where standard error is closed nobody listens.
        let _ = writeln!(io::stderr(), "note: {}", in_flags(text));
    }
}

/// Prints a report: JSON for programs, which is what was asked for, and text for people, who may want none.
pub(crate) fn print<Report: Serialize + Display>(report: &Report, json: bool) -> anyhow::Result<()> {
    if is_quiet() && !json {
        return Ok(());
    }
    write_report(&mut io::stdout().lock(), report, json)
}

/// Prints what was asked for, such as a list, quiet or not.
pub(crate) fn answer<Answer: Serialize + Display>(answer: &Answer, json: bool) -> anyhow::Result<()> {
    write_report(&mut io::stdout().lock(), answer, json)
}

/// Prints a report beside results: on standard error, where one of them is on standard output.
pub(crate) fn print_beside<Report: Serialize + Display>(
    report: &Report,
    json: bool,
    results: &[Option<&Path>],
) -> anyhow::Result<()> {
    match results.iter().flatten().any(|path| is_standard(path)) {
        true if is_quiet() => Ok(()),
        true => write_report(&mut io::stderr().lock(), report, json),
        false => print(report, json),
    }
}

/// Refuses several results on standard output, which nobody could take apart, and folders that are not there, before one
/// of the results is.
pub(crate) fn check_results(results: &[Option<&Path>]) -> anyhow::Result<()> {
    for path in results.iter().flatten().filter(|path| !is_standard(path)) {
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        folder.map_or(Ok(()), |folder| folder.metadata().map(drop)).map_err(|error| io_error(path, error))?;
    }
    match results.iter().flatten().filter(|path| is_standard(path)).count() {
        0 | 1 => Ok(()),
        n => bail!("{n} results on standard output, expected `-` for one of them"),
    }
}

/// Where a result went, for people.
pub(crate) fn place(output: &str) -> Cow<'_, str> {
    if output == "-" { "standard output".into() } else { shown::line(output) }
}

/// What was not foreseen to be shown, a report writes out all the same; but a line break is its own to a report, which
/// therefore takes names and messages from [`shown`] one by one.
fn write_report<Report: Serialize + Display>(
    writer: &mut dyn Write,
    report: &Report,
    json: bool,
) -> anyhow::Result<()> {
    if json {
        let report = serde_json::to_string_pretty(report).map_err(io::Error::from)?;
        writeln!(writer, "{}", shown::json(&report))?;
    } else {
        writer.write_all(shown::lines(&report.to_string()).as_bytes())?;
    }
    Ok(writer.flush()?)
}

/// What the library says, for people, of its options in the words of the command line.
pub(crate) fn in_flags(message: &str) -> String {
    with_flags(&shown::message(message))
}

fn with_flags(message: &str) -> String {
    let flags = [
        ("no option `labels`", "no --labels"),
        ("option `labels`", "--labels FILE"),
        ("option `outputs`", "--outputs"),
        ("option `second_split`", "--second-split"),
        ("option `state`", "--state"),
        ("option `column`", "--column"),
        ("option `high_is`", "--high-is"),
        ("option `metric`", "--metric"),
        ("option `id_column`", "--id-column NAME"),
        ("option `decimal_comma`", "--decimal ,"),
    ];
    let message = flags.iter().fold(message.to_owned(), |message, (option, flag)| message.replace(option, flag));
    // The others bear the same name.
    let Some((before, rest)) = message.split_once("option `") else { return message };
    let Some((name, after)) = rest.split_once('`') else { return message };
    format!("{before}--{}{}", name.replace('_', "-"), with_flags(after))
}

/// A table without rules, a line per row.
pub(crate) struct Table(comfy_table::Table);

/// A table with this header and no rows yet.
pub(crate) fn new_table(header: &[&str]) -> Table {
    let mut table = comfy_table::Table::new();
    table.load_style(presets::NOTHING).set_header(header.iter().map(|name| shown::name(name)));
    Table(table)
}

impl Table {
    pub(crate) fn add_row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.0.add_row(cells.into_iter().map(|Cell(cell)| cell));
    }
}

impl Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What stands in a table.
pub(crate) struct Cell(comfy_table::Cell);

/// A cell of words.
pub(crate) fn left(text: impl AsRef<str>) -> Cell {
    Cell(comfy_table::Cell::new(shown::name(text.as_ref())))
}

/// A cell of a number.
pub(crate) fn right(text: impl AsRef<str>) -> Cell {
    let Cell(cell) = left(text);
    Cell(cell.set_alignment(CellAlignment::Right))
}

/// Names, as they are listed.
pub(crate) fn names(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| shown::name(name.as_ref())).collect::<Vec<_>>().join(", ")
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

/// Figures are SVG, on standard output, too.
pub(crate) fn check_svg(path: &Path) -> anyhow::Result<()> {
    if !is_standard(path) && path.extension().is_none_or(|ending| ending != "svg") {
        bail!("{}: unknown ending, expected .svg", path.display());
    }
    Ok(())
}

/// Writes a file whole or not at all, where not only writing may fail.
pub(crate) fn written(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut failed = None;
    let outcome = write_atomically(path, |writer| match write(writer) {
        Ok(()) => Ok(()),
        // An error of the output itself is told with its name.
        Err(error) => Err(error.downcast::<io::Error>().unwrap_or_else(|error| {
            failed = Some(error);
            io::Error::other("not written")
        })),
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(outcome?),
    }
}

/// Draws a figure into a file, readable as any other output is.
pub(crate) fn save_figure(figure: &impl Figure, path: &Path, width: u32, height: u32) -> anyhow::Result<()> {
    save_figure_after(figure, path, (width, height), || Ok(()))
}

/// The same once another result is written: both are there in the end, or none.
pub(crate) fn save_figure_after(
    figure: &impl Figure,
    path: &Path,
    (width, height): (u32, u32),
    other: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let svg = figure.render(width, height)?;
    written(path, |writer| {
        other()?;
        Ok(writer.write_all(svg.as_bytes())?)
    })
}
