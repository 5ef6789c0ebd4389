use super::{
    Figure, Labels,
    axis::{Axis, Scale},
    canvas::document,
    frame::{Key, Layout},
    palette::{self, INK, N_STYLES},
};
use crate::{
    error::{StudyError, check_length, check_sample},
    statistics::Summary,
};

#[derive(Debug, Clone, PartialEq)]
struct Line {
    name: String,
    x: Vec<f64>,
    y: Vec<f64>,
    band: Option<(Vec<f64>, Vec<f64>)>,
}

/// Curves over a common axis, each with an interval band where it has one, and reference lines.
///
/// ```
/// use cl_study::{Figure, LineFigure};
///
/// let updates = [100.0, 200.0, 300.0];
/// let svg = LineFigure::new("Learning curves", "updates", "accuracy")
///     .line_with_band("easy first", &updates, &[0.5, 0.7, 0.8], &[0.4, 0.6, 0.7], &[0.6, 0.8, 0.9])
///     .line("random", &updates, &[0.4, 0.7, 0.8])
///     .horizontal(0.75, "target")
///     .render(640, 400)?;
/// assert!(svg.starts_with("<svg"));
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LineFigure {
    labels: Labels,
    lines: Vec<Line>,
    vertical: Vec<(f64, String)>,
    horizontal: Vec<(f64, String)>,
    x_scale: Scale,
    y_scale: Scale,
}

impl LineFigure {
    /// A figure without lines yet.
    pub fn new(title: impl Into<String>, x: impl Into<String>, y: impl Into<String>) -> Self {
        Self {
            labels: Labels::new(title, x, y),
            lines: Vec::new(),
            vertical: Vec::new(),
            horizontal: Vec::new(),
            x_scale: Scale::Linear,
            y_scale: Scale::Linear,
        }
    }

    /// The same with one more line, 16 at most.
    pub fn line(mut self, name: impl Into<String>, x: &[f64], y: &[f64]) -> Self {
        self.lines.push(Line { name: name.into(), x: x.to_vec(), y: y.to_vec(), band: None });
        self
    }

    /// The same with one more line and a band from `low` to `high` behind it.
    pub fn line_with_band(
        mut self,
        name: impl Into<String>,
        x: &[f64],
        y: &[f64],
        low: &[f64],
        high: &[f64],
    ) -> Self {
        let band = Some((low.to_vec(), high.to_vec()));
        self.lines.push(Line { name: name.into(), x: x.to_vec(), y: y.to_vec(), band });
        self
    }

    /// The same with one more line through the means of some summaries, and their intervals for a band, of width 0 where
    /// there is none.
    pub fn line_of_means(self, name: impl Into<String>, x: &[f64], summaries: &[Summary]) -> Self {
        let of = |value: fn(&Summary) -> f64| summaries.iter().map(value).collect::<Vec<f64>>();
        let low = of(|summary| summary.interval.map_or(summary.mean, |interval| interval.low));
        let high = of(|summary| summary.interval.map_or(summary.mean, |interval| interval.high));
        self.line_with_band(name, x, &of(|summary| summary.mean), &low, &high)
    }

    /// The same with a vertical reference line.
    pub fn vertical(mut self, x: f64, label: impl Into<String>) -> Self {
        self.vertical.push((x, label.into()));
        self
    }

    /// The same with a horizontal reference line.
    pub fn horizontal(mut self, y: f64, label: impl Into<String>) -> Self {
        self.horizontal.push((y, label.into()));
        self
    }

    /// The same with a logarithmic horizontal axis.
    pub fn log_x(mut self) -> Self {
        self.x_scale = Scale::Log;
        self
    }

    /// The same with a logarithmic vertical axis.
    pub fn log_y(mut self) -> Self {
        self.y_scale = Scale::Log;
        self
    }

    fn check(&self) -> Result<(), StudyError> {
        if self.lines.len() > N_STYLES {
            let expected = format!("at most {N_STYLES}, as many as can be told apart");
            return Err(StudyError::argument("lines", self.lines.len(), expected));
        }
        for line in &self.lines {
            check_sample(&format!("x of line {:?}", line.name), &line.x, 1)?;
            for y in [&line.y].into_iter().chain(line.band.iter().flat_map(|(low, high)| [low, high])) {
                let what = format!("line {:?}", line.name);
                check_length(&what, y.len(), line.x.len(), "one value per x")?;
                check_sample(&what, y, 1)?;
            }
        }
        for (at, label) in self.vertical.iter().chain(&self.horizontal) {
            check_sample(&format!("reference line {label:?}"), &[*at], 1)?;
        }
        Ok(())
    }
}

impl Figure for LineFigure {
    fn render(&self, width: u32, height: u32) -> Result<String, StudyError> {
        self.check()?;
        let x = self.lines.iter().flat_map(|line| &line.x).chain(self.vertical.iter().map(|(x, _)| x));
        let bands = self.lines.iter().filter_map(|line| line.band.as_ref());
        let y = self
            .lines
            .iter()
            .flat_map(|line| &line.y)
            .chain(bands.flat_map(|(low, high)| low.iter().chain(high)))
            .chain(self.horizontal.iter().map(|(y, _)| y));
        let x = Axis::over("x of the lines", x.copied(), self.x_scale, (width / 90) as usize)?;
        let y = Axis::over("the lines", y.copied(), self.y_scale, (height / 60) as usize)?;
        let mut layout = Layout::new(&self.labels, x, y);
        (layout.x_notes, layout.y_notes) = (&self.vertical, &self.horizontal);
        layout.legend = self.lines.iter().enumerate().map(|(at, line)| (line.name.clone(), key(at))).collect();
        document(width, height, &self.labels.title, |canvas| {
            let frame = layout.draw(canvas)?;
            for (at, line) in self.lines.iter().enumerate() {
                if let Some((low, high)) = &line.band {
                    let upper = line.x.iter().copied().zip(high.iter().copied());
                    let lower = line.x.iter().copied().zip(low.iter().copied()).rev();
                    let corners: Vec<_> = upper.chain(lower).map(|corner| frame.at(&corner)).collect();
                    canvas.polygon(&corners, palette::of_series(at), 0.16);
                }
            }
            let (right, bottom) = (frame.left + frame.width, frame.top + frame.height);
            for (x, _) in &self.vertical {
                canvas.dashed(&[(frame.px(*x), frame.top), (frame.px(*x), bottom)], INK, 1.2);
            }
            for (y, _) in &self.horizontal {
                canvas.dashed(&[(frame.left, frame.py(*y)), (right, frame.py(*y))], INK, 1.2);
            }
            for (at, line) in self.lines.iter().enumerate() {
                let points: Vec<_> = line.x.iter().copied().zip(line.y.iter().copied()).collect();
                let places: Vec<_> = points.iter().map(|point| frame.at(point)).collect();
                let color = palette::of_series(at);
                match places[..] {
                    [place] => canvas.disc(place, 3.5, color, 1.0),
                    _ if palette::is_dashed(at) => canvas.dashed(&places, color, 2.2),
                    _ => canvas.path(&places, color, 2.2),
                }
            }
            Ok(())
        })
    }
}

fn key(at: usize) -> Key {
    Key::Line { color: palette::of_series(at), dashed: palette::is_dashed(at) }
}
