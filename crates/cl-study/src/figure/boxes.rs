use super::{
    Figure, Labels,
    axis::{Axis, Scale},
    canvas::document,
    frame::Layout,
    palette::{self, INK},
};
use crate::{
    error::{StudyError, check_sample},
    statistics::{sorted, sorted_quantile},
};

/// One box per category, from the lower to the upper quartile, with the median; whiskers at the 5 % and 95 % quantiles, as
/// in Figure 3 of Bengio et al. (2009), and the values beyond them as points.
///
/// ```
/// use cl_study::{BoxFigure, Figure};
///
/// let svg = BoxFigure::new("Test error", "switch epoch", "error")
///     .values("0", &[0.20, 0.22, 0.25])
///     .values("128", &[0.12, 0.14, 0.19])
///     .render(640, 400)?;
/// assert!(svg.contains("128"));
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BoxFigure {
    labels: Labels,
    names: Vec<String>,
    samples: Vec<Vec<f64>>,
}

impl BoxFigure {
    /// A figure without boxes yet.
    pub fn new(title: impl Into<String>, x: impl Into<String>, y: impl Into<String>) -> Self {
        let labels = Labels::new(title, x, y);
        Self { labels, names: Vec::new(), samples: Vec::new() }
    }

    /// The same with one more box, of these values.
    pub fn values(mut self, name: impl Into<String>, values: &[f64]) -> Self {
        self.names.push(name.into());
        self.samples.push(values.to_vec());
        self
    }
}

/// 5 numbers of a sorted sample, whiskers outside.
fn five(sorted: &[f64]) -> [f64; 5] {
    [0.05, 0.25, 0.5, 0.75, 0.95].map(|p| sorted_quantile(sorted, p))
}

impl Figure for BoxFigure {
    fn render(&self, width: u32, height: u32) -> Result<String, StudyError> {
        for (name, sample) in self.names.iter().zip(&self.samples) {
            check_sample(&format!("box {name:?}"), sample, 1)?;
        }
        let values = self.samples.iter().flatten().copied();
        let y = Axis::over("the boxes", values, Scale::Linear, (height / 60) as usize)?;
        let mut layout = Layout::new(&self.labels, Axis::of_categories(self.names.len()), y);
        layout.x_names = &self.names;
        document(width, height, &self.labels.title, |canvas| {
            let frame = layout.draw(canvas)?;
            let half = (frame.width / self.names.len() as f64 * 0.3).min(34.0);
            let color = palette::of_series(0);
            for (at, sample) in self.samples.iter().enumerate() {
                let sample = sorted(sample);
                let numbers = five(&sample);
                let x = frame.px(at as f64);
                let [from, lower, median, upper, to] = numbers.map(|value| frame.py(value));
                for (start, end) in [(from, lower), (upper, to)] {
                    canvas.line((x, start), (x, end), color, 1.5);
                }
                for end in [from, to] {
                    canvas.line((x - half / 2.0, end), (x + half / 2.0, end), color, 1.5);
                }
                canvas.rect(x - half, upper, 2.0 * half, lower - upper, palette::mix(palette::WHITE, color, 0.22));
                canvas.outline(x - half, upper, 2.0 * half, lower - upper, color, 1.5);
                canvas.line((x - half, median), (x + half, median), INK, 2.4);
                for &value in sample.iter().filter(|&&value| value < numbers[0] || value > numbers[4]) {
                    canvas.disc((x, frame.py(value)), 2.4, color, 0.8);
                }
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whiskers_end_as_defined() {
        let sample: Vec<f64> = (0..=20).map(f64::from).chain([100.0]).collect();
        assert_eq!(five(&sample), [1.05, 5.25, 10.5, 15.75, 19.95]);
        assert_eq!(five(&[3.0]), [3.0; 5]);
    }
}
