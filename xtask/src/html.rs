//! `report.html`: the same report as one file that needs no network, for any screen, light or dark.

use std::collections::HashMap;

use cl_study::Verdict;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

use crate::experiment::Figure;

const STYLE: &str = "\
:root { color-scheme: light dark; --ink: #1c1e21; --paper: #fdfdfc; --line: #d8d8d4; --soft: #5f6368; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e3; --paper: #17181a; --line: #3a3c40; --soft: #a2a5a9; } }
body { margin: 0 auto; padding: 1rem; max-width: 72rem; font: 16px/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--paper); overflow-wrap: break-word; }
h1 { line-height: 1.2; } h2 { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; }
a { color: inherit; } code { font-size: 0.9em; } em { color: var(--soft); }
nav { display: flex; flex-wrap: wrap; gap: 0.3rem 1rem; }
.table { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.9rem; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem; border-bottom: 1px solid var(--line); }
th { border-bottom-width: 2px; }
@media (max-width: 40rem) { .claims thead { display: none; } .claims tr { display: block; padding: 0.5rem 0;
  border-bottom: 1px solid var(--line); } .claims td { display: block; border: 0; padding: 0.05rem 0; }
  .claims td:nth-child(2) { color: var(--soft); } .claims td:nth-child(4)::before { content: \"measured: \"; }
  .claims td:nth-child(3)::before { content: \"the article: \"; } }
figure { margin: 1.5rem 0; overflow-x: auto; } figure svg { max-width: 100%; height: auto; border-radius: 4px; }
.reproduced { color: #1a7f37; } .opposite { color: #cf222e; } .undecided, .not-tested { color: var(--soft); }
.reproduced, .opposite, .undecided, .not-reproduced, .no-effect, .not-tested { font-weight: 600; white-space: nowrap; }
@media (prefers-color-scheme: dark) { .reproduced { color: #57c26c; } .opposite { color: #ff7b72; } }
";

/// The report as a page: its figures in place of their files, verdicts in colour, a contents list.
pub fn page(markdown: &str, figures: &[&Figure]) -> String {
    let figures: HashMap<String, &Figure> =
        figures.iter().map(|figure| (format!("{}.svg", figure.name), *figure)).collect();
    let mut contents = String::new();
    let mut events = Vec::new();
    let mut heading: Option<String> = None;
    let mut parser = Parser::new_ext(markdown, Options::ENABLE_TABLES);
    while let Some(event) = parser.next() {
        match event {
            Event::Start(Tag::Image { dest_url, .. }) if figures.contains_key(&*dest_url) => {
                // What stands in the brackets is for those who cannot see the figure; its title says it here.
                parser.by_ref().find(|event| matches!(event, Event::End(TagEnd::Image)));
                let svg = &figures[&*dest_url].svg;
                events.push(Event::InlineHtml(format!("<figure>{svg}</figure>").into()));
            }
            Event::Start(Tag::Heading { level: pulldown_cmark::HeadingLevel::H2, .. }) => {
                heading = Some(String::new());
            }
            Event::Text(text) if heading.is_some() => heading = heading.map(|heading| heading + &text),
            Event::End(TagEnd::Heading(_)) if heading.is_some() => {
                let name = escaped(&heading.take().unwrap_or_default());
                contents += &format!("<a href=\"#{name}\">{name}</a>\n");
                events.push(Event::Html(format!("<h2 id=\"{name}\">{name}</h2>\n").into()));
            }
            // The report is text; what looks like markup in it is a quotation.
            Event::Html(text) | Event::InlineHtml(text) => events.push(Event::Text(text)),
            Event::Start(Tag::Table(alignment)) => {
                let class = if contents.is_empty() { "table claims" } else { "table" };
                events.push(Event::Html(format!("<div class=\"{class}\">").into()));
                events.push(Event::Start(Tag::Table(alignment)));
            }
            Event::End(TagEnd::Table) => {
                events.push(Event::End(TagEnd::Table));
                events.push(Event::Html(CowStr::Borrowed("</div>")));
            }
            event => events.push(event),
        }
    }
    let mut body = String::new();
    html::push_html(&mut body, events.into_iter());
    for verdict in Verdict::ALL.map(|verdict| verdict.to_string()) {
        let class = verdict.replace(' ', "-");
        for about in ["", ", as changed", ", elsewhere"] {
            let cell = format!("<td style=\"text-align: left\">{verdict}{about}</td>");
            body = body.replace(&cell, &format!("<td class=\"{class}\">{verdict}{about}</td>"));
        }
    }
    // The contents follow the title.
    let (title, rest) = body.split_once("</h1>").unwrap_or(("", &body));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Curriculum Learning from Scratch, reproduced</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         {title}</h1>\n<nav>\n{contents}</nav>\n{rest}</body>\n</html>\n"
    )
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    // A string takes any text.
    let _ = pulldown_cmark_escape::escape_html(&mut escaped, text);
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_in_the_page_and_quotations_are_no_markup() {
        let figure = Figure { name: "f".into(), caption: "c".into(), svg: "<svg><title>t</title></svg>".into() };
        let markdown =
            "# T\n\n| a | verdict |\n|:--|:--|\n| x < 3 | opposite |\n\n## race\n\n![c](f.svg)\n\n<script>\n";
        let page = page(markdown, &[&figure]);
        for part in [
            "<figure><svg>",
            "<td class=\"opposite\">opposite</td>",
            "x &lt; 3",
            "<a href=\"#race\">race</a>",
            "&lt;script&gt;",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        assert!(!page.contains("f.svg") && !page.contains("<script"));
    }
}
