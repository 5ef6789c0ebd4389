use super::axis::{Axis, Scale};
use super::canvas::document;
use super::frame::Layout;
use super::palette::{self, INK};
use super::{Figure, Labels};
use crate::StudyError;
use crate::error::check_sample;
use crate::statistics::{sorted, sorted_quantile};

/// Where the whiskers of a box plot end; the box is from the lower to the upper quartile, with the median.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Whiskers {
    /// At the 5 % and 95 % quantiles, as in Figure 3 of Bengio et al. (2009).
    #[default]
    Percentiles,
    /// At the last value within 1.5 times the height of the box (Tukey, 1977).
    Tukey,
}

/// One box per category, with the values beyond the whiskers as points.
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
    whiskers: Whiskers,
}

impl BoxFigure {
    /// A figure without boxes yet.
    pub fn new(title: impl Into<String>, x: impl Into<String>, y: impl Into<String>) -> Self {
        let labels = Labels::new(title, x, y);
        Self { labels, names: Vec::new(), samples: Vec::new(), whiskers: Whiskers::default() }
    }

    /// The same with one more box, of these values.
    pub fn values(mut self, name: impl Into<String>, values: &[f64]) -> Self {
        self.names.push(name.into());
        self.samples.push(values.to_vec());
        self
    }

    /// The same with other whiskers.
    pub fn whiskers(mut self, whiskers: Whiskers) -> Self {
        self.whiskers = whiskers;
        self
    }
}

/// 5 numbers of a sorted sample, whiskers outside.
fn five(sorted: &[f64], whiskers: Whiskers) -> [f64; 5] {
    let at = |p| sorted_quantile(sorted, p);
    let (lower, upper) = (at(0.25), at(0.75));
    let (from, to) = match whiskers {
        Whiskers::Percentiles => (at(0.05), at(0.95)),
        Whiskers::Tukey => {
            let fence = 1.5 * (upper - lower);
            let low = sorted.iter().copied().find(|&value| value >= lower - fence);
            let high = sorted.iter().rev().copied().find(|&value| value <= upper + fence);
            // With few values a quartile can lie between a value and its fence.
            (low.unwrap_or(lower).min(lower), high.unwrap_or(upper).max(upper))
        }
    };
    [from, lower, at(0.5), upper, to]
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
                let numbers = five(&sample, self.whiskers);
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
        assert_eq!(five(&sample, Whiskers::Percentiles), [1.05, 5.25, 10.5, 15.75, 19.95]);
        assert_eq!(five(&sample, Whiskers::Tukey), [0.0, 5.25, 10.5, 15.75, 20.0]);
        assert_eq!(five(&[3.0], Whiskers::Tukey), [3.0; 5]);
    }
}
