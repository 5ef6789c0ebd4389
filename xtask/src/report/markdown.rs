//! `report.md`: the whole report as text, in the order of the page.

use std::fmt::Write as _;

use anyhow::Result;
use cl_study::shown;

use super::{
    answer::{QUESTION, UNITS, answer},
    measurements::{of_experiment, rule},
    method::{CHOSEN_AFTER, decided_after, method},
    sentence::sentence,
    size::Size,
    story::{Told, chapters},
    summary::{all_claims, summaries},
};
use crate::{
    experiment::{Figure, Outcome},
    verdicts::Row,
};

/// The report in Markdown, `face` its first figure.
///
/// # Errors
/// Where a row does not fit the columns of its table.
pub(super) fn markdown(
    outcomes: &[Outcome],
    rows: &[Vec<Row<'_>>],
    size: Size,
    face: Option<&Figure>,
) -> Result<String> {
    let mut text = format!("# Curriculum Learning from Scratch, reproduced\n\n**{QUESTION}**\n\n");
    for (at, sentence) in answer(rows).iter().enumerate() {
        writeln!(text, "{}. {sentence}", at + 1)?;
    }
    writeln!(text, "\n{UNITS}")?;
    if let Some(figure) = face {
        text += &image(figure);
    }
    for chapter in chapters(outcomes, rows) {
        writeln!(text, "\n## {}", chapter.heading())?;
        for told in &chapter.experiments {
            experiment(&mut text, told)?;
        }
    }
    write!(text, "\n## All claims\n\n{}", all_claims(rows)?.to_markdown())?;
    text += "\nWhere a claim was measured under several conditions, its section has them all.\n\n## Method\n";
    for paragraph in method(rows, size) {
        write!(text, "\n{paragraph}\n")?;
    }
    write!(text, "\n## Chosen after results had been seen\n\n{CHOSEN_AFTER}\n\n")?;
    for (claim, what) in decided_after(rows) {
        writeln!(text, "- `{}`: {what}", claim.id)?;
    }
    Ok(shown::lines(&text).into_owned())
}

fn experiment(text: &mut String, Told { outcome, rows }: &Told<'_>) -> Result<()> {
    let experiment = outcome.experiment;
    write!(text, "\n### {}: {}\n", experiment.id, experiment.question)?;
    let findings = match &outcome.findings {
        Ok(findings) => findings,
        Err(error) => {
            write!(text, "\nFailed: {}\n", shown::message(&format!("{error:#}")))?;
            return Ok(());
        }
    };
    let mut last = "";
    for summary in summaries(rows) {
        if summary.claim.id != last {
            last = summary.claim.id;
            write!(text, "\n- `{last}`, {}: {}\n", summary.claim.place, summary.claim.article)?;
        }
        writeln!(text, "  - {} **{}**", sentence(&summary), summary.verdict())?;
    }
    text.extend(findings.figures.iter().map(image));
    for note in &findings.notes {
        write!(text, "\n{note}\n")?;
    }
    for (name, _) in &findings.files {
        write!(text, "\n[{name}]({name})\n")?;
    }
    write!(text, "\nEvery measurement:\n\n{}", of_experiment(rows)?.to_markdown())?;
    text.push_str("\nHow the claims are judged:\n\n");
    for claim in experiment.claims {
        writeln!(text, "- `{}` ({}): {}", claim.id, claim.place, rule(claim, rows))?;
    }
    for (title, table) in &findings.tables {
        write!(text, "\n{title}\n\n{}", table.to_markdown())?;
    }
    Ok(())
}

fn image(Figure { name, caption, .. }: &Figure) -> String {
    format!("\n![{caption}]({name}.svg)\n\n*{caption}*\n")
}
