//! Text as HTML: what experiments and files say becomes no markup, but for Markdown's own.

use cl_study::{Table, Verdict, shown};
use pulldown_cmark::{Event, Options, Parser, Tag, html};

/// Text for elements and attributes, every character of it visible.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    // A string takes any text.
    let _ = pulldown_cmark_escape::escape_html(&mut escaped, &shown::lines(text));
    escaped
}

/// Paragraphs and lists; markup in them is a quotation.
pub fn from_markdown(markdown: &str) -> String {
    let markdown = shown::lines(markdown);
    let mut body = String::new();
    html::push_html(&mut body, Parser::new_ext(&markdown, Options::ENABLE_TABLES).map(quoted));
    body
}

/// A table in a box of its own, which scrolls where the table is wider than the page, with a name for readers who do not see
/// it. A cell that is a verdict is a badge.
pub fn table(table: &Table, name: &str) -> String {
    let markdown = table.to_markdown();
    let markdown = shown::lines(&markdown);
    let mut begins_cell = false;
    let events = Parser::new_ext(&markdown, Options::ENABLE_TABLES).map(|event| {
        let of_cell = std::mem::replace(&mut begins_cell, matches!(event, Event::Start(Tag::TableCell)));
        match event {
            Event::Text(text) if of_cell => match verdict_of(&text) {
                Some(verdict) => Event::InlineHtml(badge(verdict, &text).into()),
                None => Event::Text(text),
            },
            event => quoted(event),
        }
    });
    let mut body = String::new();
    html::push_html(&mut body, events);
    format!(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{}\">\n{body}</div>\n",
        escaped(name)
    )
}

/// A verdict in words, with a colour that repeats them.
pub fn badge(verdict: Verdict, words: &str) -> String {
    format!("<span class=\"badge {}\">{}</span>", verdict.to_string().replace(' ', "-"), escaped(words))
}

fn quoted(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        event => event,
    }
}

/// The verdict that words of a cell are.
fn verdict_of(words: &str) -> Option<Verdict> {
    Verdict::ALL.into_iter().find(|verdict| {
        let name = verdict.to_string();
        ["", ", as changed", ", elsewhere"].iter().any(|about| words.strip_prefix(name.as_str()) == Some(*about))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotations_are_no_markup() {
        assert_eq!(escaped("a < \"b\" & c\u{1b}"), "a &lt; &quot;b&quot; &amp; c\\u{1b}");
        let html = from_markdown("a <script>x</script> and `code`\n\n<div>\n\n- *one*\n");
        assert!(!html.contains("<script") && !html.contains("<div"), "{html}");
        assert!(html.contains("&lt;script&gt;") && html.contains("<code>code</code>") && html.contains("<em>one"));
    }

    #[test]
    fn cells_that_are_verdicts_are_badges() {
        let mut rows = Table::new(["x < 3", "verdict"]);
        for verdict in ["opposite", "not reproduced, as changed", "opposite of it", "2 opposite"] {
            rows.row(["<b>opposite</b>", verdict]).unwrap();
        }
        let html = table(&rows, "a \"name\"");
        assert!(html.contains("<span class=\"badge opposite\">opposite</span></td>"), "{html}");
        assert!(html.contains("<span class=\"badge not-reproduced\">not reproduced, as changed</span></td>"));
        assert_eq!(html.matches("class=\"badge").count(), 2, "{html}");
        assert!(html.contains("x &lt; 3") && html.contains("&lt;b&gt;") && html.contains("a &quot;name&quot;"));
    }
}
