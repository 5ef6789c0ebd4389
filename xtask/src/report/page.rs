//! `report.html`: the report as one file that needs no network, for any screen, light or dark.

use std::fmt::Write as _;

use anyhow::Result;

use super::{
    answer::{QUESTION, UNITS, answer},
    chapter::{chapter, demo},
    figure::Room,
    method::{CHOSEN_AFTER, decided_after, method},
    size::Size,
    story::{Chapter, chapters},
    summary::all_claims,
};
use crate::{
    demos,
    experiment::{Figure, Outcome},
    html::{escaped, from_markdown, table},
    verdicts::Row,
};

const STYLE: &str = include_str!("../../assets/report.css");
const SCRIPT: &str = include_str!("../../assets/report.js");

/// Bytes of figures in the page, of the 8 MB that it may have at most.
const ROOM: usize = 6_000_000;

/// The sections behind those of the article: their ids and headings.
const BEHIND: [(&str, &str); 3] =
    [("method", "Method"), ("chosen-after", "Chosen after results had been seen"), ("all-claims", "All claims")];

/// The page, `face` its first figure.
///
/// # Errors
/// Where a row does not fit the columns of its table.
pub(super) fn page(
    outcomes: &[Outcome],
    rows: &[Vec<Row<'_>>],
    size: Size,
    face: Option<&Figure>,
) -> Result<String> {
    let chapters = chapters(outcomes, rows);
    let mut room = Room(ROOM);
    let opening = opening(rows, size, face.map(|figure| room.first(figure)));
    let mut story = String::new();
    for part in &chapters {
        story += &chapter(part, &mut room)?;
    }
    let has_demo = outcomes.iter().any(|outcome| demo(outcome.experiment.id).is_some());
    let (style, script) = if has_demo { (demos::style(), demos::script()) } else { ("", String::new()) };
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Curriculum Learning from Scratch, reproduced</title>\n\
         <style>\n{STYLE}{style}</style>\n<script>\n{SCRIPT}</script>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#story\">Skip to the sections</a>\n{opening}\
         <div class=\"layout\">\n{}<main id=\"story\" tabindex=\"-1\">\n{story}{}</main>\n</div>\n\
         <script>\n{script}</script>\n</body>\n</html>\n",
        contents(&chapters),
        behind(rows, size)?,
    ))
}

/// The question, the answer and one figure: the first screen.
fn opening(rows: &[Vec<Row<'_>>], size: Size, face: Option<String>) -> String {
    let sentences: String = answer(rows).iter().map(|sentence| format!("<li>{}</li>\n", led(sentence))).collect();
    let run = size.in_words().map_or(String::new(), |run| format!(" {run}"));
    let links = BEHIND.map(|(id, heading)| format!("<a href=\"#{id}\">{heading}</a>")).join("\n");
    format!(
        "<header class=\"opening\">\n<div class=\"bar\">\n<p>Curriculum Learning from Scratch, reproduced</p>\n\
         <button type=\"button\" id=\"theme\" hidden>Theme</button>\n</div>\n<div class=\"first\">\n\
         <h1>{QUESTION}</h1>\n<ol class=\"answer\">\n{sentences}</ol>\n<div>\n{}<p class=\"units\">{UNITS}{run}</p>\n\
         <p class=\"links\">{links}</p>\n</div>\n</div>\n</header>\n",
        face.unwrap_or_default()
    )
}

/// A sentence, what it says before its colon in bold.
fn led(sentence: &str) -> String {
    match sentence.split_once(": ") {
        Some((lead, rest)) => format!("<strong>{}:</strong> {}", escaped(lead), escaped(rest)),
        None => escaped(sentence),
    }
}

fn contents(chapters: &[Chapter<'_>]) -> String {
    let mut list = String::new();
    for chapter in chapters {
        let experiments: String = chapter
            .experiments
            .iter()
            .map(|told| escaped(told.outcome.experiment.id))
            .map(|id| format!("<li><a href=\"#experiment-{id}\">{id}</a></li>\n"))
            .collect();
        list += &format!(
            "<li><a href=\"#section-{}\">{}</a>\n<ul>\n{experiments}</ul></li>\n",
            escaped(chapter.number),
            escaped(&chapter.heading())
        );
    }
    for (id, heading) in BEHIND {
        list += &format!("<li><a href=\"#{id}\">{heading}</a></li>\n");
    }
    format!(
        "<nav id=\"contents\" aria-label=\"Contents\">\n\
         <button type=\"button\" id=\"contents-button\" aria-controls=\"contents-list\" hidden>Contents</button>\n\
         <ul id=\"contents-list\">\n{list}</ul>\n</nav>\n"
    )
}

/// Method, what was chosen after results had been seen, and the table of all claims.
fn behind(rows: &[Vec<Row<'_>>], size: Size) -> Result<String> {
    let method: String = method(rows, size).iter().map(|paragraph| from_markdown(paragraph)).collect();
    let mut chosen = from_markdown(CHOSEN_AFTER) + "<ul>\n";
    for (claim, what) in decided_after(rows) {
        let id = escaped(claim.id);
        writeln!(chosen, "<li><a href=\"#{id}\">{id}</a>: {}</li>", escaped(what))?;
    }
    chosen += "</ul>\n";
    let claims = format!(
        "<details><summary>A row for the article's code, a row for all else</summary>\n{}</details>\n",
        table(&all_claims(rows)?, "All claims")
    );
    let parts = BEHIND.into_iter().zip([method, chosen, claims]).map(|((id, heading), content)| {
        format!(
            "<section class=\"chapter\" id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{heading}</h2>\n\
             {content}</section>\n"
        )
    });
    Ok(parts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_lead_with_what_they_say() {
        assert_eq!(led("So it is: a < b: c."), "<strong>So it is:</strong> a &lt; b: c.");
        assert_eq!(led("Nothing was run."), "Nothing was run.");
    }
}
