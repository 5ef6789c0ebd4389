//! Figures as parts of the page: coloured by its theme, named for those who do not see them, within its size.

use crate::{experiment::Figure, html::escaped};

/// What the page says once for all figures, or what is so without being said.
const SAID_BY_THE_PAGE: [&str; 3] =
    [" font-family=\"Helvetica, Arial, sans-serif\"", " opacity=\"1\"", " xmlns=\"http://www.w3.org/2000/svg\""];

/// How many more bytes of figures the page takes. Those that it has no room for are files beside it.
pub(super) struct Room(pub(super) usize);

impl Room {
    /// A figure that is always in the page.
    pub(super) fn first(&mut self, figure: &Figure) -> String {
        let svg = inlined(figure);
        self.0 = self.0.saturating_sub(svg.len());
        with_caption(&format!("<div class=\"plot\">{svg}</div>"), figure)
    }

    /// A figure that is in the page while there is room.
    pub(super) fn further(&mut self, figure: &Figure) -> String {
        if figure.svg.len() <= self.0 {
            return self.first(figure);
        }
        let name = escaped(&figure.name);
        with_caption(&format!("<p><a href=\"{name}.svg\">{name}.svg</a></p>"), figure)
    }
}

fn with_caption(content: &str, figure: &Figure) -> String {
    format!("<figure>\n{content}\n<figcaption>{}</figcaption>\n</figure>\n", escaped(&figure.caption))
}

/// The SVG as an element of the page, its caption its name.
fn inlined(figure: &Figure) -> String {
    let mut svg = own_ids(&figure.svg, &figure.name);
    for said in SAID_BY_THE_PAGE {
        svg = svg.replace(said, "");
    }
    // What stands before the element is of files alone.
    let element = svg.find("<svg").map_or("", |at| &svg[at + "<svg".len()..]);
    let role =
        if element.split('>').next().is_some_and(|tag| tag.contains(" role=")) { "" } else { " role=\"img\"" };
    format!("<svg{role} aria-label=\"{}\"{}", escaped(&figure.caption), element.trim_end())
}

/// The SVG with the figure's name before each of its ids, which are unique in a file and must be in the page.
fn own_ids(svg: &str, name: &str) -> String {
    let mut svg = svg.to_owned();
    for reference in [" id=\"", "url(#", "href=\"#"] {
        svg = svg.replace(reference, &format!("{reference}{}-", escaped(name)));
    }
    svg
}

#[cfg(test)]
mod tests {
    use cl_study::{Figure as _, LineFigure};

    use super::*;

    fn figure(svg: &str) -> Figure {
        Figure { name: "f".into(), caption: "a < b".into(), svg: svg.into() }
    }

    #[test]
    fn figures_are_named_and_share_no_ids() {
        let svg =
            "<?xml version=\"1.0\"?>\n<svg width=\"9\"><clipPath id=\"c\"/><g clip-path=\"url(#c)\"/></svg>\n";
        assert_eq!(
            Room(100).first(&figure(svg)),
            "<figure>\n<div class=\"plot\"><svg role=\"img\" aria-label=\"a &lt; b\" width=\"9\"><clipPath id=\"f-c\"/>\
             <g clip-path=\"url(#f-c)\"/></svg></div>\n<figcaption>a &lt; b</figcaption>\n</figure>\n"
        );
    }

    /// The style sheet finds these colours; were they others, figures would be dark on dark.
    #[test]
    fn the_page_knows_the_colours_of_frames() {
        let drawn = LineFigure::new("t", "x", "y").line("a", &[0.0, 1.0], &[0.0, 1.0]).render(400, 300).unwrap();
        let inlined = inlined(&figure(&drawn));
        let style = include_str!("../../assets/report.css");
        for colour in
            ["text[fill=\"#222222\"]", "[stroke=\"#6E6E6E\"]", "[stroke=\"#E4E4E4\"]", "rect[fill=\"#FFFFFF\"]"]
        {
            assert!(style.contains(colour), "{colour}");
            let attribute = colour.split(['[', ']']).nth(1).unwrap();
            assert!(inlined.contains(attribute), "{attribute}");
        }
        assert!(!inlined.contains("font-family") && inlined.matches(" role=").count() == 1);
    }

    #[test]
    fn what_the_page_has_no_room_for_is_linked() {
        let small = figure("<svg></svg>");
        let mut room = Room(60);
        assert!(room.further(&small).contains("<svg"));
        assert!(room.0 < 60);
        let large = figure(&format!("<svg>{}</svg>", "x".repeat(60)));
        assert!(room.further(&large).contains("<a href=\"f.svg\">f.svg</a>"));
        assert!(room.first(&large).contains("<svg") && room.0 == 0);
    }
}
