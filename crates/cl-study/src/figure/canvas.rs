use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color as _, FontFamily, FontStyle, FontTransform, IntoFont, RGBColor, ShapeStyle, TextStyle,
};

use super::palette::{Color, INK, WHITE};
use crate::error::StudyError;
use crate::shown;

/// The backend has whole pixels; drawing this many times larger gives curves without steps.
const SUBPIXELS: f64 = 10.0;

pub(crate) const TITLE: f64 = 16.0;
pub(crate) const LABEL: f64 = 14.0;
pub(crate) const TICK: f64 = 12.0;

/// What figures draw on: positions and lengths in pixels, y downwards.
pub(crate) struct Canvas<'a> {
    backend: SVGBackend<'a>,
    problem: Option<String>,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// How a text stands at its position.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    pub(crate) size: f64,
    pub(crate) color: Color,
    pub(crate) across: HPos,
    pub(crate) down: VPos,
    pub(crate) bold: bool,
    /// Turned a quarter to the left, to be read upwards.
    pub(crate) upwards: bool,
}

impl Text {
    pub(crate) fn new(size: f64, across: HPos, down: VPos) -> Self {
        Self { size, color: INK, across, down, bold: false, upwards: false }
    }
}

/// A colour with an opacity, and the width of lines in pixels.
fn style((red, green, blue): Color, width: f64, opacity: f64) -> ShapeStyle {
    let stroke_width = (width * SUBPIXELS).round() as u32;
    ShapeStyle { color: RGBColor(red, green, blue).mix(opacity), filled: false, stroke_width }
}

/// An SVG document of this size, drawn by `draw` on white.
pub(crate) fn document(
    width: u32,
    height: u32,
    title: &str,
    draw: impl FnOnce(&mut Canvas<'_>) -> Result<(), StudyError>,
) -> Result<String, StudyError> {
    if !(240..=10_000).contains(&width) || !(180..=10_000).contains(&height) {
        let size = format!("{width} x {height}");
        return Err(StudyError::argument("size", size, "240 x 180 to 10000 x 10000 pixels"));
    }
    let mut svg = String::new();
    let scaled = (width * SUBPIXELS as u32, height * SUBPIXELS as u32);
    let mut canvas = Canvas {
        backend: SVGBackend::with_string(&mut svg, scaled),
        problem: None,
        width: f64::from(width),
        height: f64::from(height),
    };
    canvas.rect(0.0, 0.0, canvas.width, canvas.height, WHITE);
    draw(&mut canvas)?;
    let ended = canvas.backend.present();
    canvas.note(ended);
    if let Some(problem) = canvas.problem.take() {
        return Err(StudyError::Failed { what: "drawing", problem });
    }
    drop(canvas);
    // The backend's opening tag gives the scaled size; the picture has the real one, and a name for readers who
    // do not see it.
    let body = svg.split_once(">\n").map_or("", |(_, body)| body);
    let title = shown::name(title).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    Ok(format!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" role=\"img\" \
         xmlns=\"http://www.w3.org/2000/svg\">\n<title>{title}</title>\n{body}",
        scaled.0, scaled.1
    ))
}

impl Canvas<'_> {
    fn note<E: std::fmt::Display>(&mut self, result: Result<(), E>) {
        if let Err(error) = result {
            self.problem.get_or_insert_with(|| error.to_string());
        }
    }

    pub(crate) fn path(&mut self, points: &[(f64, f64)], color: Color, width: f64) {
        let result = self.backend.draw_path(points.iter().map(scaled), &style(color, width, 1.0));
        self.note(result);
    }

    /// A path in dashes of 6 pixels with gaps of 4.
    pub(crate) fn dashed(&mut self, points: &[(f64, f64)], color: Color, width: f64) {
        const DASHES: [f64; 2] = [6.0, 4.0];
        let (mut at, mut left) = (0, DASHES[0]);
        let mut dash: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
        for ends in points.windows(2) {
            let (mut from, to) = (ends[0], ends[1]);
            loop {
                let length = (to.0 - from.0).hypot(to.1 - from.1);
                if length <= left {
                    left -= length;
                    dash.push(to);
                    break;
                }
                from = (from.0 + (to.0 - from.0) * left / length, from.1 + (to.1 - from.1) * left / length);
                dash.push(from);
                if at == 0 {
                    self.path(&dash, color, width);
                }
                dash = vec![from];
                at = 1 - at;
                left = DASHES[at];
            }
        }
        if at == 0 && dash.len() > 1 {
            self.path(&dash, color, width);
        }
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), color: Color, width: f64) {
        self.path(&[from, to], color, width);
    }

    pub(crate) fn polygon(&mut self, points: &[(f64, f64)], color: Color, opacity: f64) {
        let result = self.backend.fill_polygon(points.iter().map(scaled), &style(color, 0.0, opacity));
        self.note(result);
    }

    pub(crate) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, color: Color) {
        let result = self.backend.draw_rect(
            scaled(&(x, y)),
            scaled(&(x + width, y + height)),
            &style(color, 0.0, 1.0),
            true,
        );
        self.note(result);
    }

    /// A closed outline, its corners mitred by overlap.
    pub(crate) fn outline(&mut self, x: f64, y: f64, width: f64, height: f64, color: Color, stroke: f64) {
        let corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y), (x + stroke, y)];
        self.path(&corners, color, stroke);
    }

    pub(crate) fn disc(&mut self, (x, y): (f64, f64), radius: f64, color: Color, opacity: f64) {
        let radius = (radius * SUBPIXELS).round() as u32;
        let result = self.backend.draw_circle(scaled(&(x, y)), radius, &style(color, 0.0, opacity), true);
        self.note(result);
    }

    /// A marker of about the area of a disc of this radius, its shape by `kind`, with a thin light rim that
    /// keeps neighbours apart.
    pub(crate) fn marker(&mut self, kind: usize, at: (f64, f64), radius: f64, color: Color) {
        const SHAPES: [&[(f64, f64)]; 3] = [
            &[(0.0, -1.35), (1.17, 0.68), (-1.17, 0.68)],
            &[(-0.89, -0.89), (0.89, -0.89), (0.89, 0.89), (-0.89, 0.89)],
            &[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
        ];
        let rim = 0.8;
        let Some(shape) = (kind % 4).checked_sub(1) else {
            self.disc(at, radius + rim, WHITE, 0.9);
            return self.disc(at, radius, color, 1.0);
        };
        let corners = |radius: f64| -> Vec<(f64, f64)> {
            SHAPES[shape].iter().map(|corner| (at.0 + corner.0 * radius, at.1 + corner.1 * radius)).collect()
        };
        self.polygon(&corners(radius + rim), WHITE, 0.9);
        self.polygon(&corners(radius), color, 1.0);
    }

    /// Writes, with nothing hidden: XML takes no control characters, not even escaped.
    pub(crate) fn text(&mut self, content: &str, at: (f64, f64), text: Text) {
        let (red, green, blue) = text.color;
        let color = RGBColor(red, green, blue).to_rgba();
        // The backend divides sizes by 1.24.
        let font = (FontFamily::Name("Helvetica, Arial, sans-serif"), text.size * 1.24 * SUBPIXELS).into_font();
        let font = font
            .style(if text.bold { FontStyle::Bold } else { FontStyle::Normal })
            .transform(if text.upwards { FontTransform::Rotate270 } else { FontTransform::None });
        let style = TextStyle::from(font).color(&color).pos(Pos::new(text.across, text.down));
        let result = self.backend.draw_text(&shown::line(content), &style, scaled(&at));
        self.note(result);
    }
}

fn scaled(&(x, y): &(f64, f64)) -> (i32, i32) {
    ((x * SUBPIXELS).round() as i32, (y * SUBPIXELS).round() as i32)
}

/// An estimate, rather too wide, of a text's width in a sans-serif font; none is at hand to be measured.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    let ems: f64 = text
        .chars()
        .map(|character| match character {
            'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' => 0.32,
            'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '/' | '-' | '"' => 0.41,
            'm' | 'w' | 'M' | 'W' | '%' | '@' | '=' | '+' | '<' | '>' | '±' | '–' => 0.88,
            'A'..='Z' => 0.72,
            _ => 0.61,
        })
        .sum();
    ems * size
}

/// `text`, shortened with an ellipsis where it would be wider than `width`.
pub(crate) fn fitted(text: &str, size: f64, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let mut shortened: String = text.to_owned();
    while !shortened.is_empty() && text_width(&shortened, size) + size > width {
        shortened.pop();
    }
    shortened.trim_end().to_owned() + "…"
}

/// `text` in lines no wider than `width`, broken at blanks.
pub(crate) fn wrapped(text: &str, size: f64, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), size) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
