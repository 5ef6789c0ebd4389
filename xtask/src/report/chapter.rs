//! A section of the article as a part of the page.

use std::fmt::Write as _;

use anyhow::Result;
use cl_study::shown;

use super::{
    figure::Room,
    measurements::{of_claim, rule},
    sentence::sentence,
    story::{Chapter, Told},
    summary::{Summary, summaries},
};
use crate::{
    claim::Claim,
    demos,
    experiment::Findings,
    html::{badge, escaped, from_markdown, table},
    verdicts::Row,
};

/// What stands before claims that the article does not make.
const BESIDE: &str = "(not in the article) ";

/// The section with its experiments, its figures while there is room.
///
/// # Errors
/// Where a row does not fit the columns of its table.
pub(super) fn chapter(chapter: &Chapter<'_>, room: &mut Room) -> Result<String> {
    let (number, heading) = (escaped(chapter.number), escaped(&chapter.heading()));
    let mut html = format!(
        "<section class=\"chapter\" id=\"section-{number}\" aria-labelledby=\"section-{number}-title\">\n\
         <h2 id=\"section-{number}-title\">{heading}</h2>\n"
    );
    for told in &chapter.experiments {
        html += &experiment(told, room)?;
    }
    Ok(html + "</section>\n")
}

/// The demo that belongs to an experiment.
pub(super) fn demo(id: &str) -> Option<String> {
    match id {
        "race" => Some(demos::race()),
        "self-paced-demo" => Some(demos::self_paced()),
        _ => None,
    }
}

fn experiment(Told { outcome, rows }: &Told<'_>, room: &mut Room) -> Result<String> {
    let id = escaped(outcome.experiment.id);
    let mut html = format!(
        "<section class=\"experiment\" id=\"experiment-{id}\" aria-labelledby=\"experiment-{id}-title\">\n\
         <h3 id=\"experiment-{id}-title\">{} <span class=\"id\">{id}</span></h3>\n",
        escaped(outcome.experiment.question)
    );
    html += &demo(outcome.experiment.id).unwrap_or_default();
    let findings = match &outcome.findings {
        Ok(findings) => findings,
        Err(error) => {
            let message = format!("{error:#}");
            let message = escaped(&shown::message(&message));
            return Ok(format!("{html}<p class=\"failed\"><strong>Failed:</strong> {message}</p>\n</section>\n"));
        }
    };
    if let Some(first) = findings.figures.first() {
        html += &room.first(first);
    }
    for rows in rows.chunk_by(|row, other| row.claim.id == other.claim.id) {
        html += &claim(rows)?;
    }
    html += &further_figures(findings, room);
    html += &what_was_run(findings);
    Ok(html + "</section>\n")
}

/// A claim in its words, a sentence and a badge for the article's code and for all else, and how it was judged.
fn claim(rows: &[Row<'_>]) -> Result<String> {
    let claim = rows[0].claim;
    let id = escaped(claim.id);
    let mut html =
        format!("<article class=\"claim\" id=\"{id}\">\n<h4>{}</h4>\n<ul class=\"outcomes\">\n", words(claim));
    for summary in summaries(rows) {
        writeln!(html, "<li><p>{}</p>\n<p class=\"badges\">{}</p></li>", told(&summary), badges(&summary))?;
    }
    html += "</ul>\n";
    if claim.decided_after().is_some() {
        html +=
            "<p class=\"after\"><a href=\"#chosen-after\">In part chosen after results had been seen</a></p>\n";
    }
    let conditions = match rows.len() {
        1 => "1 condition".to_owned(),
        n => format!("{n} conditions"),
    };
    write!(
        html,
        "<details><summary>{conditions}, and the rule</summary>\n{}{}<p class=\"id\">{id}, {}</p>\n</details>\n\
         </article>\n",
        table(&of_claim(rows)?, &format!("Conditions of {}", claim.id)),
        from_markdown(&format!("Judged by: {}.", rule(claim, rows))),
        escaped(claim.place),
    )?;
    Ok(html)
}

fn words(claim: &Claim) -> String {
    match claim.article.strip_prefix(BESIDE) {
        Some(asked) => {
            format!("<span class=\"beside\">Not in the article:</span> {}", escaped(asked))
        }
        None => escaped(claim.article),
    }
}

fn told(summary: &Summary<'_>) -> String {
    let whose = if summary.is_of_the_article() { "The article's code." } else { "Measured." };
    format!("<strong>{whose}</strong> {}", escaped(&sentence(summary)))
}

fn badges(summary: &Summary<'_>) -> String {
    let verdicts = summary.verdicts();
    let several = verdicts.len() > 1;
    let badges = verdicts.iter().map(|(verdict, words, count)| {
        if several { badge(*verdict, &format!("{count} {words}")) } else { badge(*verdict, words) }
    });
    badges.collect::<Vec<String>>().join(" ")
}

fn further_figures(findings: &Findings, room: &mut Room) -> String {
    let figures: String = findings.figures.iter().skip(1).map(|figure| room.further(figure)).collect();
    match findings.figures.len() {
        0 | 1 => String::new(),
        2 => format!("<details class=\"more\"><summary>Another figure</summary>\n{figures}</details>\n"),
        n => format!("<details class=\"more\"><summary>{} more figures</summary>\n{figures}</details>\n", n - 1),
    }
}

/// Notes, tables and files.
fn what_was_run(findings: &Findings) -> String {
    let mut html: String = findings.notes.iter().map(|note| from_markdown(note)).collect();
    for (title, content) in &findings.tables {
        html += &format!("<p class=\"title\">{}</p>\n{}", escaped(title), table(content, title));
    }
    for (name, _) in &findings.files {
        let name = escaped(name);
        html += &format!("<p><a href=\"{name}\">{name}</a></p>\n");
    }
    if html.is_empty() {
        return html;
    }
    format!("<details class=\"more\"><summary>What was run</summary>\n{html}</details>\n")
}
