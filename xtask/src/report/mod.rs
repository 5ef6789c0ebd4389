//! What is written: `report.html`, `report.md`, `results.json`, a figure an experiment, and what the terminal is told.
//!
//! The report is a story: the question and its answer, the article's sections with claims, figures and verdicts, and at
//! its end the method and all claims in a table.

mod answer;
mod chapter;
mod face;
mod figure;
mod lacks;
mod markdown;
mod measurements;
mod method;
mod page;
mod results;
mod sentence;
mod size;
mod story;
mod summary;
mod tally;
mod terminal;

use std::{borrow::Cow, io::Write as _, path::Path};

use anyhow::{Context as _, Result, bail};
use cl_data::io::write_atomically;
use cl_study::shown;

use crate::{experiment::Outcome, verdicts};

pub(crate) use answer::answer;
pub use size::Size;
pub(crate) use summary::all_claims;
pub use terminal::{news, terminal};

/// Writes everything, each file whole or not at all, and nothing where one of them has no place. Nothing in the files
/// depends on time.
///
/// # Errors
/// Where a file cannot be written.
pub fn write(outcomes: &[Outcome], size: Size, out: &Path) -> Result<()> {
    let mut files: Vec<(String, String)> = Vec::new();
    for findings in outcomes.iter().filter_map(|outcome| outcome.findings.as_ref().ok()) {
        files.extend(findings.figures.iter().map(|figure| (format!("{}.svg", figure.name), figure.svg.clone())));
        files.extend(findings.files.iter().cloned());
    }
    let rows = verdicts::rows(outcomes)?;
    let face = face::face(outcomes, &rows)?;
    if let Some(Cow::Owned(figure)) = &face {
        files.push((format!("{}.svg", figure.name), figure.svg.clone()));
    }
    let results = results::results(outcomes, &rows, size)?;
    files.push(("results.json".into(), serde_json::to_string_pretty(&results)?));
    files.push(("table.md".into(), shown::lines(&summary::all_claims(&rows)?.to_markdown()).into_owned()));
    files.push(("report.html".into(), page::page(outcomes, &rows, size, face.as_deref())?));
    files.push(("report.md".into(), markdown::markdown(outcomes, &rows, size, face.as_deref())?));
    let files: Vec<_> = files.into_iter().map(|(name, content)| (out.join(name), content)).collect();
    if let Some((path, _)) = files.iter().find(|(path, _)| path.is_dir()) {
        bail!("{}: a folder stands where this file belongs; nothing was written", path.display());
    }
    files.iter().try_for_each(|(path, content)| {
        write_atomically(path, |file| file.write_all(content.as_bytes()))
            .with_context(|| path.display().to_string())
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use anyhow::anyhow;

    use super::*;
    use crate::experiments::ALL;

    #[test]
    fn what_an_error_quotes_steers_neither_terminal_nor_page() {
        let quoted = "\u{1b}]0;title\u{7}\r\n# forged \u{202e}<b>\u{9b}2J\0";
        let findings = Err(anyhow!("index.csv: line 2: {quoted}"));
        let outcomes = [Outcome { experiment: ALL[0], findings, took: Duration::ZERO }];
        let size = Size { n_seeds: 3, quick: true, full: false };
        let rows = verdicts::rows(&outcomes).unwrap();
        let markdown = markdown::markdown(&outcomes, &rows, size, None).unwrap();
        assert!(markdown.contains("\\u{1b}]0;title") && !markdown.contains("\n# forged"), "{markdown}");
        let page = page::page(&outcomes, &rows, size, None).unwrap();
        assert!(page.contains("\\u{1b}]0;title") && !page.contains("<b>"), "{page}");
        for text in [page, markdown] {
            assert!(!text.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')), "{text}");
            assert!(text.contains("index.csv: line 2"));
        }
    }
}
