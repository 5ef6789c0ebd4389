//! What the terminal is told.

use std::{fmt::Write as _, path::Path};

use anyhow::Result;

use super::{
    answer::answer,
    summary::{Summary, all_claims, summaries},
};
use crate::{
    experiment::Outcome,
    verdicts::{self, Expected, Row},
};

/// The claims of an experiment that has just ended, a line each, for who waits for the others: verdicts as if nothing else
/// were tested.
///
/// # Errors
/// As [`verdicts::rows`].
pub fn news(outcome: &Outcome) -> Result<String> {
    let rows = verdicts::rows(std::slice::from_ref(outcome))?;
    let line =
        |summary: Summary<'_>| format!("{}: {} ({})\n", summary.claim.id, summary.verdict(), summary.measured());
    Ok(rows.iter().flat_map(|rows| summaries(rows)).map(line).collect())
}

/// The answer, a line a claim, and where the report lies; with `verbose` the table of all claims in place of the lines.
///
/// # Errors
/// Where the table cannot be laid out.
pub fn terminal(outcomes: &[Outcome], out: &Path, verbose: bool) -> Result<String> {
    let rows = verdicts::rows(outcomes)?;
    let width = width();
    let mut text = String::new();
    for sentence in answer(&rows) {
        writeln!(text, "{}", wrapped(&sentence, width.into()))?;
    }
    text.push('\n');
    if verbose {
        text += &all_claims(&rows)?.to_terminal(width);
    } else {
        lines(&mut text, &rows, width.into())?;
    }
    let count = rows.iter().map(Vec::len).sum::<usize>();
    let seconds: f64 = outcomes.iter().map(|outcome| outcome.took.as_secs_f64()).sum();
    let Expected { tested, decided, false_verdicts } = Expected::of(&rows);
    write!(
        text,
        "\n{tested} of them with an interval, {decided} of these decided, of which {false_verdicts:.1} are expected to be \
         false at most"
    )?;
    write!(text, "\n{count} measurements in {seconds:.1} s; report: {}\n", out.join("report.html").display())?;
    Ok(text)
}

/// Each claim in one line of at most so many characters: its verdicts, then what was measured.
fn lines(text: &mut String, rows: &[Vec<Row<'_>>], width: usize) -> Result<()> {
    let summaries: Vec<Summary<'_>> = rows.iter().flat_map(|rows| summaries(rows)).collect();
    let widest = summaries.iter().map(|summary| summary.claim.id.chars().count()).max().unwrap_or(0);
    for of_claim in summaries.chunk_by(|one, other| one.claim.id == other.claim.id) {
        let joined = |part: fn(&Summary<'_>) -> String| of_claim.iter().map(part).collect::<Vec<_>>().join("; ");
        let (verdict, measured) = (joined(|summary| summary.verdict()), joined(|summary| summary.measured()));
        let line = format!("{:<widest$}  {verdict} ({measured})", of_claim[0].claim.id);
        writeln!(text, "{}", shortened(&line, width))?;
    }
    Ok(())
}

fn width() -> u16 {
    terminal_size::terminal_size().map_or(140, |(terminal_size::Width(columns), _)| columns)
}

/// The text in lines of at most `width` characters where its words allow, broken at blanks.
fn wrapped(text: &str, width: usize) -> String {
    let (mut wrapped, mut column) = (String::new(), 0);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            wrapped.push('\n');
            column = 0;
        } else if column > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped += word;
        column += length;
    }
    wrapped
}

/// One line of at most `width` characters, the last of them an ellipsis where it is shortened.
fn shortened(line: &str, width: usize) -> String {
    match line.char_indices().nth(width) {
        None => line.to_owned(),
        Some(_) => line.chars().take(width.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_the_terminal() {
        assert_eq!(wrapped("one two  three four", 9), "one two\nthree\nfour");
        assert_eq!(wrapped("unbreakable word", 5), "unbreakable\nword");
        assert_eq!((shortened("größer", 6), shortened("größer", 5)), ("größer".to_owned(), "größ…".to_owned()));
    }
}
