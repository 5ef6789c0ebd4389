//! What pages of comparisons have in common: no network, one look, text that stays text.

use cl_study::{Bar, BarFigure, Figure, StudyError};
use pulldown_cmark_escape::escape_html;

use crate::judging::Decision;

/// A page that needs no network.
pub(crate) fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        escaped(title)
    )
}

/// The answer, a paragraph a sentence.
pub(crate) fn answer(sentences: &[String]) -> String {
    let mut text = "<div class=\"answer\">\n".to_owned();
    for sentence in sentences {
        text += &format!("<p>{}</p>\n", escaped(sentence));
    }
    text + "</div>\n"
}

/// Gains with their intervals, an arm a bar: the short name of each, and its bar.
pub(crate) fn gains_figure<'a>(
    axis: &str,
    title: &str,
    gains: impl IntoIterator<Item = (&'a str, Bar)>,
) -> Result<String, StudyError> {
    let (names, bars): (Vec<&str>, Vec<Bar>) = gains.into_iter().filter(|(_, bar)| bar.value.is_finite()).unzip();
    if bars.is_empty() {
        return Ok("<figcaption>No gain could be measured.</figcaption>".into());
    }
    let svg = BarFigure::new(title, "", axis, names).series("gain", bars).render(900, 380)?;
    let at = svg.find("<svg").unwrap_or(0);
    Ok(svg[at..].to_owned())
}

/// A verdict.
pub(crate) fn badge(decision: Decision) -> String {
    let class = match decision {
        Decision::Better => "good",
        Decision::Worse => "bad",
        Decision::NoDifference => "none",
        Decision::Undecided | Decision::NotTested => "open",
    };
    format!("<span class=\"badge {class}\">{}</span>", decision.words())
}

/// Text as a page holds it.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    // Writing to a string does not fail.
    let _ = escape_html(&mut escaped, text);
    escaped
}

const STYLE: &str = "
:root { --bg: #fff; --fg: #1b1f24; --muted: #57606a; --card: #f6f8fa; --border: #d0d7de; --good: #1a7f37; --bad: #b42318; --warn: #8a5a00; }
@media (prefers-color-scheme: dark) {
  :root { --bg: #14171c; --fg: #e6e8eb; --muted: #9aa4af; --card: #1d2229; --border: #39414b; --good: #4cc46a; --bad: #ff8078; --warn: #e3b341; }
  svg { filter: invert(0.9) hue-rotate(180deg); }
}
body { margin: 0; background: var(--bg); color: var(--fg); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; } h2 { margin-top: 2.5rem; font-size: 1.25rem; }
.answer { background: var(--card); border: 1px solid var(--border); border-radius: 8px; padding: 0.25rem 1.25rem; font-size: 1.05rem; }
.warning { border-left: 4px solid var(--warn); padding-left: 0.75rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.92rem; width: 100%; }
th, td { text-align: left; padding: 0.35rem 0.6rem; border-bottom: 1px solid var(--border); vertical-align: top; }
th { color: var(--muted); font-weight: 600; }
figure { margin: 1rem 0; overflow-x: auto; } svg { max-width: 100%; height: auto; }
.badge { border: 1px solid currentColor; border-radius: 999px; padding: 0.05rem 0.55rem; font-size: 0.85rem; white-space: nowrap; }
.good { color: var(--good); } .bad { color: var(--bad); } .none, .open { color: var(--muted); }
";
