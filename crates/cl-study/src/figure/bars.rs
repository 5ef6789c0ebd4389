use super::{
    Figure, Labels,
    axis::Axis,
    canvas::document,
    frame::{Key, Layout},
    palette::{self, AXIS, INK, N_STYLES},
};
use crate::{
    error::{StudyError, check_length, check_sample},
    statistics::{Interval, Summary},
};

/// One bar: a value from zero, with an interval where it has one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// Where the bar ends.
    pub value: f64,
    /// The interval drawn over its end.
    pub interval: Option<Interval>,
}

impl From<f64> for Bar {
    fn from(value: f64) -> Self {
        Self { value, interval: None }
    }
}

impl From<&Summary> for Bar {
    fn from(summary: &Summary) -> Self {
        Self { value: summary.mean, interval: summary.interval }
    }
}

/// Groups of bars from zero, with intervals.
///
/// ```
/// use cl_study::{Bar, BarFigure, Figure};
///
/// let svg = BarFigure::new("Updates to target", "noise", "updates", ["0 %", "20 %"])
///     .series("easy first", [120.0, 200.0])
///     .series("random", [150.0, 210.0])
///     .render(640, 400)?;
/// assert!(svg.contains("easy first"));
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BarFigure {
    labels: Labels,
    categories: Vec<String>,
    series: Vec<(String, Vec<Bar>)>,
}

impl BarFigure {
    /// A figure of these categories without bars yet.
    pub fn new<S: Into<String>>(
        title: impl Into<String>,
        x: impl Into<String>,
        y: impl Into<String>,
        categories: impl IntoIterator<Item = S>,
    ) -> Self {
        let categories = categories.into_iter().map(Into::into).collect();
        Self { labels: Labels::new(title, x, y), categories, series: Vec::new() }
    }

    /// The same with one more bar in each category.
    pub fn series<B: Into<Bar>>(mut self, name: impl Into<String>, bars: impl IntoIterator<Item = B>) -> Self {
        self.series.push((name.into(), bars.into_iter().map(Into::into).collect()));
        self
    }
}

impl Figure for BarFigure {
    fn render(&self, width: u32, height: u32) -> Result<String, StudyError> {
        if self.series.len() > N_STYLES / 2 {
            let expected = format!("at most {}, as many as there are colours", N_STYLES / 2);
            return Err(StudyError::argument("series", self.series.len(), expected));
        }
        let mut values = Vec::new();
        for (name, bars) in &self.series {
            let what = format!("series {name:?}");
            check_length(&what, bars.len(), self.categories.len(), "one bar per category")?;
            let first = values.len();
            values.extend(bars.iter().map(|bar| bar.value));
            values.extend(bars.iter().filter_map(|bar| bar.interval).flat_map(|i| [i.low, i.high]));
            check_sample(&what, &values[first..], 1)?;
        }
        if values.is_empty() {
            return Err(StudyError::TooFew { what: "the bars".into(), found: 0, expected: 1 });
        }
        let y = Axis::from_zero("the bars", &values, (height / 60) as usize)?;
        let mut layout = Layout::new(&self.labels, Axis::of_categories(self.categories.len()), y);
        layout.x_names = &self.categories;
        if self.series.len() > 1 {
            let keys = self.series.iter().enumerate();
            layout.legend =
                keys.map(|(at, (name, _))| (name.clone(), Key::Patch(palette::of_series(at)))).collect();
        }
        document(width, height, &self.labels.title, |canvas| {
            let frame = layout.draw(canvas)?;
            let ground = frame.ground();
            let slot = frame.width / self.categories.len() as f64;
            let bar_width = (slot * 0.76 / self.series.len() as f64).min(54.0);
            for (at, (_, bars)) in self.series.iter().enumerate() {
                for (category, bar) in bars.iter().enumerate() {
                    let offset = at as f64 - self.series.len() as f64 / 2.0;
                    let left = frame.px(category as f64) + offset * bar_width;
                    let end = frame.py(bar.value);
                    let (top, bottom) = (end.min(ground), end.max(ground));
                    canvas.rect(left + 1.0, top, bar_width - 2.0, bottom - top, palette::of_series(at));
                    if let Some(interval) = bar.interval {
                        let (x, cap) = (left + bar_width / 2.0, (bar_width / 4.0).min(6.0));
                        let (low, high) = (frame.py(interval.low), frame.py(interval.high));
                        canvas.line((x, low), (x, high), INK, 1.5);
                        for end in [low, high] {
                            canvas.line((x - cap, end), (x + cap, end), INK, 1.5);
                        }
                    }
                }
            }
            canvas.line((frame.left, ground), (frame.left + frame.width, ground), AXIS, 1.0);
            Ok(())
        })
    }
}
