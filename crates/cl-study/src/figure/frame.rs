use plotters::style::text_anchor::{HPos, VPos};

use super::{
    Labels,
    axis::Axis,
    canvas::{Canvas, LABEL, TICK, TITLE, Text, fitted, text_width, wrapped},
    clip,
    palette::{AXIS, Color, GRID, INK, Ramp, WHITE},
};
use crate::error::StudyError;
use crate::shown;

/// What a legend shows beside a name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Key {
    Line { color: Color, dashed: bool },
    Marker { kind: usize, color: Color },
    Patch(Color),
}

/// The colour bar at the right of a figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ColorBar {
    pub(crate) ramp: Ramp,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) name: String,
}

impl ColorBar {
    pub(crate) fn color(&self, value: f64) -> Color {
        let width = self.high - self.low;
        self.ramp.at(if width > 0.0 { (value - self.low) / width } else { 0.5 })
    }
}

/// Title, legend, axes and colour bar, and the area they leave for the data.
pub(crate) struct Frame {
    x: Axis,
    y: Axis,
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// What a frame is made of.
pub(crate) struct Layout<'a> {
    pub(crate) labels: &'a Labels,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    /// Names of categories along x and y, in place of ticks.
    pub(crate) x_names: &'a [String],
    pub(crate) y_names: &'a [String],
    pub(crate) legend: Vec<(String, Key)>,
    pub(crate) bar: Option<ColorBar>,
    /// Names of reference lines, above and to the right of the area, where they hide no data.
    pub(crate) x_notes: &'a [(f64, String)],
    pub(crate) y_notes: &'a [(f64, String)],
}

impl<'a> Layout<'a> {
    pub(crate) fn new(labels: &'a Labels, x: Axis, y: Axis) -> Self {
        Self {
            labels,
            x,
            y,
            x_names: &[],
            y_names: &[],
            legend: Vec::new(),
            bar: None,
            x_notes: &[],
            y_notes: &[],
        }
    }

    /// Draws all but the data.
    pub(crate) fn draw(self, canvas: &mut Canvas<'_>) -> Result<Frame, StudyError> {
        let Self { labels, x, y, x_names, y_names, legend, bar, x_notes, y_notes } = self;
        // What is measured is what is written.
        let shown = |name: &String| shown::name(name).into_owned();
        let shown_notes = |notes: &[(f64, String)]| notes.iter().map(|(at, note)| (*at, shown(note))).collect();
        let labels = Labels::new(shown(&labels.title), shown(&labels.x), shown(&labels.y));
        let [x_names, y_names] = [x_names, y_names].map(|names| names.iter().map(shown).collect::<Vec<_>>());
        let [x_notes, y_notes]: [Vec<(f64, String)>; 2] = [x_notes, y_notes].map(shown_notes);
        let legend: Vec<_> = legend.iter().map(|(name, key)| (shown(name), *key)).collect();
        let bar = bar.map(|bar| ColorBar { name: shown(&bar.name), ..bar });
        let [x_names, y_names] = [&x_names[..], &y_names];
        let [x_notes, y_notes] = [&x_notes[..], &y_notes];
        let margin = 14.0;
        let line = LABEL * 1.3;

        let names = |names: &[String], ticks: &[(f64, String)]| -> f64 {
            let ticks = ticks.iter().map(|(_, label)| text_width(label, TICK));
            names.iter().map(|name| text_width(name, TICK)).chain(ticks).fold(0.0, f64::max)
        };
        let y_names_width = names(y_names, &y.ticks).min(canvas.width * 0.35);
        let y_label_width = if labels.y.is_empty() { 0.0 } else { line };
        let left = margin + y_label_width + y_names_width + 10.0;
        let bar_width = bar.as_ref().map_or(0.0, |bar| {
            let labels = Axis::exactly(bar.low, bar.high, Default::default(), 5).ticks;
            14.0 + 14.0 + 6.0 + names(&[], &labels) + if bar.name.is_empty() { 0.0 } else { line + 4.0 }
        });
        // Half of the last tick's label reaches beyond the axis.
        let overhang = x.ticks.last().map_or(0.0, |(_, label)| text_width(label, TICK) / 2.0);
        let notes_width = names(&[], y_notes).min(canvas.width * 0.3);
        let beside = if y_notes.is_empty() { 0.0 } else { notes_width + 6.0 };
        let right = canvas.width - margin - bar_width.max(overhang * 0.8).max(beside);
        let width = right - left;

        let mut top = margin;
        for text in wrapped(&labels.title, TITLE, canvas.width - 2.0 * margin) {
            canvas.text(&text, (margin, top), Text { bold: true, ..Text::new(TITLE, HPos::Left, VPos::Top) });
            top += TITLE * 1.3;
        }
        top = draw_legend(canvas, &legend, (left, right), top + 4.0) + 8.0;
        let note_rows = note_rows(x_notes, &x, (left, width));
        top += note_rows.iter().map(|(row, _)| row + 1).max().unwrap_or(0) as f64 * TICK * 1.3;

        let slot = width / x_names.len().max(1) as f64;
        let fits =
            |name: &String| wrapped(name, TICK, slot - 6.0).iter().all(|l| text_width(l, TICK) <= slot - 6.0);
        let upright = x_names.iter().all(fits);
        let x_names_height = if x_names.is_empty() {
            TICK * 1.2
        } else if upright {
            let lines = |name: &String| wrapped(name, TICK, slot - 6.0).len();
            x_names.iter().map(lines).max().unwrap_or(1) as f64 * TICK * 1.2
        } else {
            names(x_names, &[]).min(canvas.height * 0.35)
        };
        let x_label_height = if labels.x.is_empty() { 0.0 } else { line + 2.0 };
        let height = canvas.height - margin - x_label_height - x_names_height - 8.0 - top;
        if width < 60.0 || height < 40.0 {
            let size = format!("{} x {}", canvas.width, canvas.height);
            return Err(StudyError::argument(
                "size",
                size,
                "a picture large enough for its title, legend and labels",
            ));
        }
        let frame = Frame { x, y, left, top, width, height };
        let bottom = top + height;

        let tick = |across, down| Text { color: INK, ..Text::new(TICK, across, down) };
        let mut last_end = f64::NEG_INFINITY;
        for (value, label) in &frame.x.ticks {
            let at = frame.px(*value);
            canvas.line((at, top), (at, bottom), GRID, 1.0);
            let half = text_width(label, TICK) / 2.0;
            if at - half > last_end + 4.0 {
                canvas.text(label, (at, bottom + 6.0), tick(HPos::Center, VPos::Top));
                last_end = at + half;
            }
        }
        for (value, label) in &frame.y.ticks {
            let at = frame.py(*value);
            canvas.line((left, at), (right, at), GRID, 1.0);
            canvas.text(label, (left - 6.0, at), tick(HPos::Right, VPos::Center));
        }
        for (at, name) in x_names.iter().enumerate() {
            let at = frame.px(at as f64);
            if upright {
                for (row, text) in wrapped(name, TICK, slot - 6.0).iter().enumerate() {
                    let down = bottom + 6.0 + row as f64 * TICK * 1.2;
                    canvas.text(text, (at, down), tick(HPos::Center, VPos::Top));
                }
            } else {
                let style = Text { upwards: true, ..tick(HPos::Right, VPos::Center) };
                canvas.text(&fitted(name, TICK, x_names_height), (at, bottom + 6.0), style);
            }
        }
        for (at, name) in y_names.iter().enumerate() {
            let at = frame.py(at as f64);
            canvas.text(&fitted(name, TICK, y_names_width), (left - 6.0, at), tick(HPos::Right, VPos::Center));
        }
        canvas.path(&[(left, top), (left, bottom), (right, bottom)], AXIS, 1.0);
        let label = |down| Text::new(LABEL, HPos::Center, down);
        canvas.text(&labels.x, (left + width / 2.0, canvas.height - margin), label(VPos::Bottom));
        let middle = (margin, top + height / 2.0);
        canvas.text(&labels.y, middle, Text { upwards: true, ..label(VPos::Top) });
        for ((value, _), (row, _)) in x_notes.iter().zip(&note_rows) {
            canvas.line((frame.px(*value), top - *row as f64 * TICK * 1.3), (frame.px(*value), top), INK, 1.0);
        }
        for ((_, note), (row, at)) in x_notes.iter().zip(note_rows) {
            let (above, width) = (top - (row as f64 + 1.0) * TICK * 1.3, text_width(note, TICK));
            // On white, where the line to a name further up passes behind.
            canvas.rect(at - width / 2.0, above, width, TICK * 1.3, WHITE);
            canvas.text(note, (at, above), tick(HPos::Center, VPos::Top));
        }
        let mut by_height: Vec<(f64, &String)> =
            y_notes.iter().map(|(value, note)| (frame.py(*value), note)).collect();
        by_height.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut free = f64::NEG_INFINITY;
        for (at, note) in by_height {
            // Lines close together have their names one below the other.
            let at = at.max(free);
            free = at + TICK * 1.2;
            canvas.text(&fitted(note, TICK, notes_width), (right + 6.0, at), tick(HPos::Left, VPos::Center));
        }
        if let Some(bar) = bar {
            frame.draw_bar(canvas, &bar, right + 14.0);
        }
        Ok(frame)
    }
}

/// For each name above the area its row, counted from the area upwards, and its middle, kept within the area.
fn note_rows(notes: &[(f64, String)], x: &Axis, (left, width): (f64, f64)) -> Vec<(usize, f64)> {
    let mut placed: Vec<(usize, f64, f64)> = Vec::new();
    for (value, note) in notes {
        let half = text_width(note, TICK) / 2.0;
        let at = (left + x.share(*value) * width).min(left + width - half).max(left + half);
        let collides = |row: usize| placed.iter().any(|&(r, m, h)| r == row && (at - m).abs() < half + h + 8.0);
        let row = (0..=placed.len()).find(|&row| !collides(row)).unwrap_or(placed.len());
        placed.push((row, at, half));
    }
    placed.into_iter().map(|(row, at, _)| (row, at)).collect()
}

/// Rows of keys and names across the picture; returns where they end.
fn draw_legend(canvas: &mut Canvas<'_>, legend: &[(String, Key)], (left, right): (f64, f64), top: f64) -> f64 {
    const KEY: f64 = 24.0;
    let row = LABEL * 1.45;
    let (mut x, mut y) = (left, top);
    for (name, key) in legend {
        let name = fitted(name, TICK + 1.0, right - left - KEY);
        let width = KEY + 6.0 + text_width(&name, TICK + 1.0) + 14.0;
        if x > left && x + width - 14.0 > right {
            (x, y) = (left, y + row);
        }
        let middle = y + row / 2.0;
        match *key {
            Key::Line { color, dashed: false } => canvas.line((x, middle), (x + KEY, middle), color, 2.5),
            Key::Line { color, dashed: true } => canvas.dashed(&[(x, middle), (x + KEY, middle)], color, 2.5),
            Key::Marker { kind, color } => canvas.marker(kind, (x + KEY / 2.0, middle), 4.5, color),
            Key::Patch(color) => canvas.rect(x + 6.0, middle - 6.0, KEY - 12.0, 12.0, color),
        }
        canvas.text(&name, (x + KEY + 6.0, middle), Text::new(TICK + 1.0, HPos::Left, VPos::Center));
        x += width;
    }
    if legend.is_empty() { y } else { y + row }
}

impl Frame {
    pub(crate) fn px(&self, x: f64) -> f64 {
        self.left + self.x.share(x) * self.width
    }

    pub(crate) fn py(&self, y: f64) -> f64 {
        self.top + (1.0 - self.y.share(y)) * self.height
    }

    pub(crate) fn at(&self, &(x, y): &(f64, f64)) -> (f64, f64) {
        (self.px(x), self.py(y))
    }

    /// Where bars stand.
    pub(crate) fn ground(&self) -> f64 {
        self.top + (1.0 - self.y.ground()) * self.height
    }

    /// A line of places in pixels, what leaves the area cut off.
    pub(crate) fn clipped(
        &self,
        canvas: &mut Canvas<'_>,
        points: &[(f64, f64)],
        color: Color,
        width: f64,
        dashed: bool,
    ) {
        let (x, y) = ((self.left, self.left + self.width), (self.top, self.top + self.height));
        let mut run: Vec<(f64, f64)> = Vec::new();
        let mut draw = |run: &[(f64, f64)]| match run.len() {
            0 | 1 => (),
            _ if dashed => canvas.dashed(run, color, width),
            _ => canvas.path(run, color, width),
        };
        for ends in points.windows(2) {
            match clip::segment((ends[0], ends[1]), x, y) {
                Some((from, to)) => {
                    if run.last() != Some(&from) {
                        draw(&run);
                        run = vec![from];
                    }
                    run.push(to);
                }
                None => draw(&std::mem::take(&mut run)),
            }
        }
        draw(&run);
    }

    fn draw_bar(&self, canvas: &mut Canvas<'_>, bar: &ColorBar, left: f64) {
        let n = 64;
        let step = self.height / f64::from(n);
        for band in 0..n {
            let share = (f64::from(band) + 0.5) / f64::from(n);
            let top = self.top + self.height - f64::from(band + 1) * step;
            // A little overlap hides the seams.
            let upwards = if band + 1 < n { 1.2 } else { 0.0 };
            canvas.rect(left, top - upwards, 14.0, step + upwards, bar.ramp.at(share));
        }
        let mut widest: f64 = 0.0;
        for (value, label) in Axis::exactly(bar.low, bar.high, Default::default(), 5).ticks {
            let share = if bar.high > bar.low { (value - bar.low) / (bar.high - bar.low) } else { 0.5 };
            let at = self.top + (1.0 - share) * self.height;
            canvas.line((left + 10.0, at), (left + 14.0, at), INK, 1.0);
            canvas.text(&label, (left + 20.0, at), Text::new(TICK, HPos::Left, VPos::Center));
            widest = widest.max(text_width(&label, TICK));
        }
        let style = Text { upwards: true, ..Text::new(LABEL, HPos::Center, VPos::Top) };
        canvas.text(&bar.name, (left + 24.0 + widest, self.top + self.height / 2.0), style);
    }
}
