use super::{
    Figure, Labels,
    axis::{Axis, Scale, range},
    canvas::document,
    frame::{ColorBar, Key, Layout},
    palette::{self, INK, N_STYLES, Ramp},
};
use crate::error::{StudyError, check_length, check_sample};

/// Of every point, in pixels.
const RADIUS: f64 = 4.0;

#[derive(Debug, Clone, PartialEq)]
struct Points {
    name: String,
    points: Vec<(f64, f64)>,
    values: Option<Vec<f64>>,
}

/// Points in the plane, coloured by class or by value, with lines such as a decision boundary over them.
///
/// ```
/// use cl_study::{Figure, ScatterFigure};
///
/// let svg = ScatterFigure::new("Difficulty", "x0", "x1")
///     .valued("examples", &[(-2.0, 0.1), (1.9, -0.3)], &[0.1, 0.9], "difficulty")
///     .line("boundary", &[(0.0, -1.0), (0.0, 1.0)])
///     .render(640, 400)?;
/// assert!(svg.contains("difficulty"));
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterFigure {
    labels: Labels,
    groups: Vec<Points>,
    lines: Vec<(String, Vec<(f64, f64)>)>,
    value_name: String,
}

impl ScatterFigure {
    /// A figure without points yet.
    pub fn new(title: impl Into<String>, x: impl Into<String>, y: impl Into<String>) -> Self {
        let labels = Labels::new(title, x, y);
        Self { labels, groups: Vec::new(), lines: Vec::new(), value_name: String::new() }
    }

    /// The same with the points of one class, told from others by colour and shape.
    pub fn points(mut self, name: impl Into<String>, points: &[(f64, f64)]) -> Self {
        self.groups.push(Points { name: name.into(), points: points.to_vec(), values: None });
        self
    }

    /// The same with points coloured by a value, told by a colour bar of this name.
    pub fn valued(
        mut self,
        name: impl Into<String>,
        points: &[(f64, f64)],
        values: &[f64],
        value_name: impl Into<String>,
    ) -> Self {
        let (points, values) = (points.to_vec(), Some(values.to_vec()));
        self.groups.push(Points { name: name.into(), points, values });
        self.value_name = value_name.into();
        self
    }

    /// The same with a line, cut off where it leaves the area of the points.
    pub fn line(mut self, name: impl Into<String>, points: &[(f64, f64)]) -> Self {
        self.lines.push((name.into(), points.to_vec()));
        self
    }

    fn check(&self) -> Result<(), StudyError> {
        if self.groups.len() > N_STYLES {
            let expected = format!("at most {N_STYLES}, as many as can be told apart");
            return Err(StudyError::argument("points", self.groups.len(), expected));
        }
        for Points { name, points, values } in &self.groups {
            let what = format!("points {name:?}");
            check_points(&what, points)?;
            if let Some(values) = values {
                check_length(&format!("values of {what}"), values.len(), points.len(), "one per point")?;
                check_sample(&format!("values of {what}"), values, 0)?;
            }
        }
        self.lines.iter().try_for_each(|(name, points)| check_points(&format!("line {name:?}"), points))
    }
}

pub(crate) fn check_points(what: &str, points: &[(f64, f64)]) -> Result<(), StudyError> {
    let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
    check_sample(&format!("x of {what}"), &x, 0)?;
    check_sample(&format!("y of {what}"), &y, 0)
}

impl Figure for ScatterFigure {
    fn render(&self, width: u32, height: u32) -> Result<String, StudyError> {
        self.check()?;
        let points = || self.groups.iter().flat_map(|group| &group.points);
        let x =
            Axis::over("x of the points", points().map(|point| point.0), Scale::Linear, (width / 90) as usize)?;
        let y =
            Axis::over("y of the points", points().map(|point| point.1), Scale::Linear, (height / 60) as usize)?;
        let values = self.groups.iter().filter_map(|group| group.values.as_ref()).flatten().copied();
        let name = self.value_name.clone();
        let bar = range(values).map(|(low, high)| ColorBar { ramp: Ramp::Sequential, low, high, name });
        let mut layout = Layout::new(&self.labels, x, y);
        layout.bar = bar.clone();
        let classes = self.groups.iter().enumerate().filter(|(_, group)| group.values.is_none());
        let markers = classes.map(|(at, group)| (group.name.clone(), marker(at)));
        let lines = self.lines.iter().enumerate();
        let lines = lines.map(|(at, (name, _))| (name.clone(), Key::Line { color: INK, dashed: at > 0 }));
        layout.legend = markers.chain(lines).collect();
        document(width, height, &self.labels.title, |canvas| {
            let frame = layout.draw(canvas)?;
            for (at, group) in self.groups.iter().enumerate() {
                for (i, point) in group.points.iter().enumerate() {
                    match (&group.values, &bar) {
                        (Some(values), Some(bar)) => {
                            canvas.marker(0, frame.at(point), RADIUS, bar.color(values[i]));
                        }
                        _ => canvas.marker(at, frame.at(point), RADIUS, palette::of_series(at)),
                    }
                }
            }
            for (at, (_, line)) in self.lines.iter().enumerate() {
                let places: Vec<_> = line.iter().map(|point| frame.at(point)).collect();
                frame.clipped(canvas, &places, INK, 1.8, at > 0);
            }
            Ok(())
        })
    }
}

pub(crate) fn marker(at: usize) -> Key {
    Key::Marker { kind: at, color: palette::of_series(at) }
}
