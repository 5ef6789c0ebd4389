use plotters::style::text_anchor::{HPos, VPos};

use super::{
    Figure, Labels,
    axis::{Axis, range},
    canvas::{TICK, Text, document, text_width},
    frame::{ColorBar, Key, Layout},
    palette::{AXIS, Ramp, UNDEFINED, WHITE, ink_on},
};
use crate::error::{StudyError, check_length, check_sample};

/// A matrix as coloured cells with their values printed; cells without a value are grey and hatched.
///
/// ```
/// use cl_study::{Figure, HeatMap};
///
/// let names = ["loss", "margin"];
/// let svg = HeatMap::new("Spearman correlation", names, names, [[Some(1.0), Some(0.87)], [Some(0.87), None]])
///     .diverging(-1.0, 1.0)
///     .render(640, 400)?;
/// assert!(svg.contains("undefined"));
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    labels: Labels,
    rows: Vec<String>,
    columns: Vec<String>,
    cells: Vec<Vec<Option<f64>>>,
    range: Option<(Ramp, f64, f64)>,
    digits: usize,
    value_name: String,
}

impl HeatMap {
    /// A heat map of `cells[row][column]`, the first row on top, with two decimals printed, dark to bright from
    /// the least to the greatest.
    pub fn new<R: Into<String>, C: Into<String>, V: Into<Vec<Option<f64>>>>(
        title: impl Into<String>,
        rows: impl IntoIterator<Item = R>,
        columns: impl IntoIterator<Item = C>,
        cells: impl IntoIterator<Item = V>,
    ) -> Self {
        Self {
            labels: Labels::new(title, "", ""),
            rows: rows.into_iter().map(Into::into).collect(),
            columns: columns.into_iter().map(Into::into).collect(),
            cells: cells.into_iter().map(Into::into).collect(),
            range: None,
            digits: 2,
            value_name: String::new(),
        }
    }

    /// The same with names of the axes.
    pub fn axes(mut self, x: impl Into<String>, y: impl Into<String>) -> Self {
        (self.labels.x, self.labels.y) = (x.into(), y.into());
        self
    }

    /// The same in blue over white to red from `low` to `high`, as correlations from -1 to 1.
    pub fn diverging(mut self, low: f64, high: f64) -> Self {
        self.range = Some((Ramp::Diverging, low, high));
        self
    }

    /// The same with this many decimals printed.
    pub fn digits(mut self, digits: usize) -> Self {
        self.digits = digits;
        self
    }

    /// The same with a name for the colour bar.
    pub fn value_name(mut self, name: impl Into<String>) -> Self {
        self.value_name = name.into();
        self
    }

    fn bar(&self) -> Result<Option<ColorBar>, StudyError> {
        check_length("rows of the heat map", self.cells.len(), self.rows.len(), "one per row name")?;
        for (name, row) in self.rows.iter().zip(&self.cells) {
            let what = format!("row {name:?} of the heat map");
            check_length(&what, row.len(), self.columns.len(), "one cell per column name")?;
            check_sample(&what, &row.iter().flatten().copied().collect::<Vec<_>>(), 0)?;
        }
        if self.rows.is_empty() || self.columns.is_empty() {
            return Err(StudyError::TooFew { what: "the heat map".into(), found: 0, expected: 1 });
        }
        let name = self.value_name.clone();
        if let Some((ramp, low, high)) = self.range {
            if !(low.is_finite() && high.is_finite() && low < high) {
                return Err(StudyError::argument(
                    "range",
                    format!("{low}..{high}"),
                    "finite ends, the lower one first",
                ));
            }
            return Ok(Some(ColorBar { ramp, low, high, name }));
        }
        let values = self.cells.iter().flatten().flatten().copied();
        Ok(range(values).map(|(low, high)| ColorBar { ramp: Ramp::Sequential, low, high, name }))
    }
}

impl Figure for HeatMap {
    fn render(&self, width: u32, height: u32) -> Result<String, StudyError> {
        let bar = self.bar()?;
        let names: Vec<String> = self.rows.iter().rev().cloned().collect();
        let axes = (Axis::of_categories(self.columns.len()), Axis::of_categories(self.rows.len()));
        let mut layout = Layout::new(&self.labels, axes.0, axes.1);
        (layout.x_names, layout.y_names, layout.bar) = (&self.columns, &names, bar.clone());
        if self.cells.iter().flatten().any(Option::is_none) {
            layout.legend = vec![("undefined".to_owned(), Key::Patch(UNDEFINED))];
        }
        document(width, height, &self.labels.title, |canvas| {
            let frame = layout.draw(canvas)?;
            let (w, h) = (frame.width / self.columns.len() as f64, frame.height / self.rows.len() as f64);
            for (row, cells) in self.cells.iter().enumerate() {
                for (column, cell) in cells.iter().enumerate() {
                    let (x, y) = (frame.left + column as f64 * w, frame.top + row as f64 * h);
                    let (Some(value), Some(bar)) = (cell, &bar) else {
                        canvas.rect(x, y, w, h, UNDEFINED);
                        hatch(&mut |from, to| canvas.line(from, to, AXIS, 0.8), x, y, w, h);
                        canvas.outline(x, y, w, h, WHITE, 1.0);
                        continue;
                    };
                    let color = bar.color(*value);
                    canvas.rect(x, y, w, h, color);
                    canvas.outline(x, y, w, h, WHITE, 1.0);
                    // Adding 0.0 and rounding first lets no -0.00 be printed.
                    let scale = 10f64.powi(self.digits as i32);
                    let printed = format!("{:.*}", self.digits, (value * scale).round() / scale + 0.0);
                    if text_width(&printed, TICK) <= w - 2.0 && TICK <= h {
                        let style = Text { color: ink_on(color), ..Text::new(TICK, HPos::Center, VPos::Center) };
                        canvas.text(&printed, (x + w / 2.0, y + h / 2.0), style);
                    }
                }
            }
            Ok(())
        })
    }
}

/// Slanted lines over a cell, 8 pixels apart.
fn hatch(line: &mut dyn FnMut((f64, f64), (f64, f64)), x: f64, y: f64, w: f64, h: f64) {
    let mut offset = 8.0;
    while offset < w + h {
        // From the left or bottom edge to the top or right edge.
        let from = if offset <= h { (x, y + offset) } else { (x + offset - h, y + h) };
        let to = if offset <= w { (x + offset, y) } else { (x + w, y + offset - w) };
        line(from, to);
        offset += 8.0;
    }
}
