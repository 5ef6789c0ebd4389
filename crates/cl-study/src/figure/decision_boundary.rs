use super::axis::{Axis, Scale};
use super::canvas::{Canvas, document};
use super::frame::{Frame, Layout};
use super::palette::{self, Color, INK, N_STYLES, WHITE};
use super::scatter::{check_points, marker};
use super::{Figure, Labels};
use crate::StudyError;
use crate::error::{check_length, check_sample};

/// A rectangle of the plane sampled at the centres of `n_x` times `n_y` cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// The horizontal ends.
    pub x: (f64, f64),
    /// The vertical ends.
    pub y: (f64, f64),
    /// The number of cells across.
    pub n_x: usize,
    /// The number of cells up.
    pub n_y: usize,
}

impl Grid {
    /// The centres of the cells, row by row from the bottom, each row from the left: where a model is asked for
    /// what it says, in the order in which the answers are given.
    pub fn centres(&self) -> Vec<(f64, f64)> {
        (0..self.n_y).flat_map(|row| (0..self.n_x).map(move |column| self.centre(column, row))).collect()
    }

    fn centre(&self, column: usize, row: usize) -> (f64, f64) {
        let at =
            |(low, high): (f64, f64), index: usize, n: usize| low + (high - low) * (index as f64 + 0.5) / n as f64;
        (at(self.x, column, self.n_x), at(self.y, row, self.n_y))
    }

    fn check(&self) -> Result<(), StudyError> {
        for (argument, (low, high)) in [("grid x", self.x), ("grid y", self.y)] {
            if !(low.is_finite() && high.is_finite() && low < high) {
                return Err(StudyError::argument(
                    argument,
                    format!("{low}..{high}"),
                    "finite ends, the lower one first",
                ));
            }
        }
        if !(2..=1000).contains(&self.n_x) || !(2..=1000).contains(&self.n_y) {
            return Err(StudyError::argument(
                "grid",
                format!("{} x {}", self.n_x, self.n_y),
                "2 to 1000 cells a side",
            ));
        }
        Ok(())
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Background {
    Probability(Vec<f64>),
    Classes(Vec<usize>),
}

/// What a model says all over the plane, with the boundary between its classes and the examples on top.
///
/// ```
/// use cl_study::{DecisionBoundary, Figure, Grid};
///
/// let grid = Grid { x: (-3.0, 3.0), y: (-2.0, 2.0), n_x: 60, n_y: 40 };
/// let probability: Vec<f64> = grid.centres().iter().map(|(x, y)| 1.0 / (1.0 + (-x - y).exp())).collect();
/// let svg = DecisionBoundary::probability("After 10 epochs", "x0", "x1", grid, probability)
///     .points("class 0", &[(-2.0, 0.0)])
///     .points("class 1", &[(2.0, 0.0)])
///     .render(480, 400)?;
/// assert!(svg.contains("class 1"));
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionBoundary {
    labels: Labels,
    grid: Grid,
    background: Background,
    classes: Vec<(String, Vec<(f64, f64)>)>,
}

impl DecisionBoundary {
    /// The plane by the probability of class 1, in the order of [`Grid::centres`], with the line where it is 1/2.
    pub fn probability(
        title: impl Into<String>,
        x: impl Into<String>,
        y: impl Into<String>,
        grid: Grid,
        probability: Vec<f64>,
    ) -> Self {
        let background = Background::Probability(probability);
        Self { labels: Labels::new(title, x, y), grid, background, classes: Vec::new() }
    }

    /// The plane by class, in the order of [`Grid::centres`].
    pub fn classes(
        title: impl Into<String>,
        x: impl Into<String>,
        y: impl Into<String>,
        grid: Grid,
        classes: Vec<usize>,
    ) -> Self {
        let background = Background::Classes(classes);
        Self { labels: Labels::new(title, x, y), grid, background, classes: Vec::new() }
    }

    /// The same with the examples of the next class: the first call is class 0.
    pub fn points(mut self, name: impl Into<String>, points: &[(f64, f64)]) -> Self {
        self.classes.push((name.into(), points.to_vec()));
        self
    }

    fn check(&self) -> Result<(), StudyError> {
        self.grid.check()?;
        let n_cells = self.grid.n_x * self.grid.n_y;
        match &self.background {
            Background::Probability(probability) => {
                check_length("probability", probability.len(), n_cells, "one per cell of the grid")?;
                check_sample("probability", probability, 1)?;
                if let Some(p) = probability.iter().find(|p| !(0.0..=1.0).contains(*p)) {
                    return Err(StudyError::argument("probability", p, "probabilities in [0, 1]"));
                }
            }
            Background::Classes(classes) => {
                check_length("classes", classes.len(), n_cells, "one per cell of the grid")?;
                if let Some(class) = classes.iter().find(|&&class| class >= N_STYLES / 2) {
                    return Err(StudyError::argument("classes", class, "0..8, as many as there are colours"));
                }
            }
        }
        if self.classes.len() > N_STYLES / 2 {
            return Err(StudyError::argument("points", self.classes.len(), "at most 8 classes"));
        }
        self.classes.iter().try_for_each(|(name, points)| check_points(&format!("points {name:?}"), points))
    }

    fn cell(&self, column: usize, row: usize) -> Color {
        let at = row * self.grid.n_x + column;
        let light = |class: usize, share: f64| palette::mix(WHITE, palette::of_series(class), share);
        match &self.background {
            // In steps of 1/20, so that cells of one colour can be drawn as one.
            Background::Probability(probability) => {
                let certainty = ((probability[at] - 0.5) * 20.0).round() / 10.0;
                light(usize::from(certainty > 0.0), 0.06 + 0.4 * certainty.abs())
            }
            Background::Classes(classes) => light(classes[at], 0.3),
        }
    }
}

impl Figure for DecisionBoundary {
    fn render(&self, width: u32, height: u32) -> Result<String, StudyError> {
        self.check()?;
        let Grid { x, y, n_x, n_y } = self.grid;
        let x = Axis::exactly(x.0, x.1, Scale::Linear, (width / 90) as usize);
        let y = Axis::exactly(y.0, y.1, Scale::Linear, (height / 60) as usize);
        let mut layout = Layout::new(&self.labels, x, y);
        let keys = self.classes.iter().enumerate();
        layout.legend = keys.map(|(at, (name, _))| (name.clone(), marker(at))).collect();
        document(width, height, &self.labels.title, |canvas| {
            let frame = layout.draw(canvas)?;
            let (w, h) = (frame.width / n_x as f64, frame.height / n_y as f64);
            for row in 0..n_y {
                let top = frame.top + frame.height - (row + 1) as f64 * h;
                let colors: Vec<Color> = (0..n_x).map(|column| self.cell(column, row)).collect();
                let mut first = 0;
                for run in colors.chunk_by(|a, b| a == b) {
                    // A little overlap upwards and to the right hides the seams.
                    let upwards = if row + 1 < n_y { 1.2 } else { 0.0 };
                    let rightwards = if first + run.len() < n_x { 1.2 } else { 0.0 };
                    let (left, width) = (frame.left + first as f64 * w, run.len() as f64 * w);
                    canvas.rect(left, top - upwards, width + rightwards, h + upwards, run[0]);
                    first += run.len();
                }
            }
            if let Background::Probability(probability) = &self.background {
                contour(canvas, &frame, &self.grid, probability);
            }
            for (at, (_, points)) in self.classes.iter().enumerate() {
                let inside = |&&(px, py): &&(f64, f64)| {
                    (self.grid.x.0..=self.grid.x.1).contains(&px) && (self.grid.y.0..=self.grid.y.1).contains(&py)
                };
                for point in points.iter().filter(inside) {
                    canvas.marker(at, frame.at(point), 4.0, palette::of_series(at));
                }
            }
            Ok(())
        })
    }
}

/// The line where the probability is 1/2: in each triangle between neighbouring centres it is straight.
fn contour(canvas: &mut Canvas<'_>, frame: &Frame, grid: &Grid, probability: &[f64]) {
    let value = |column: usize, row: usize| probability[row * grid.n_x + column] - 0.5;
    for row in 0..grid.n_y - 1 {
        for column in 0..grid.n_x - 1 {
            let corner = |right: usize, up: usize| {
                (frame.at(&grid.centre(column + right, row + up)), value(column + right, row + up))
            };
            let (a, b, c, d) = (corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1));
            for triangle in [[a, b, c], [a, c, d]] {
                let crossings: Vec<(f64, f64)> = [(0, 1), (1, 2), (2, 0)]
                    .into_iter()
                    .map(|(from, to)| (triangle[from], triangle[to]))
                    .filter(|(from, to)| (from.1 < 0.0) != (to.1 < 0.0))
                    .map(|(from, to)| {
                        let share = from.1 / (from.1 - to.1);
                        (from.0.0 + share * (to.0.0 - from.0.0), from.0.1 + share * (to.0.1 - from.0.1))
                    })
                    .collect();
                if let [from, to] = crossings[..] {
                    canvas.line(from, to, INK, 1.8);
                }
            }
        }
    }
}
