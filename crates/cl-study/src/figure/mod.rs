//! Figures as SVG, the same bytes for the same data: axes with units, legends beside the data, intervals, and
//! colours that people with any colour vision tell apart.

mod axis;
mod bars;
mod boxes;
mod canvas;
mod clip;
mod frame;
mod heat_map;
mod lines;
mod palette;
mod scatter;

pub use bars::{Bar, BarFigure};
pub use boxes::BoxFigure;
pub use heat_map::HeatMap;
pub use lines::LineFigure;
pub use scatter::ScatterFigure;

use std::io::Write;
use std::path::Path;

use cl_data::io::write_atomically;

use crate::error::StudyError;

/// A picture of numbers.
pub trait Figure {
    /// The figure as an SVG document of this size in pixels.
    ///
    /// # Errors
    /// Where a number is not finite (the error names the series), lengths disagree, there is nothing to draw, or
    /// the size is below 240 x 180.
    fn render(&self, width: u32, height: u32) -> Result<String, StudyError>;

    /// Writes the figure to a file, whole or not at all.
    ///
    /// # Errors
    /// As [`render`](Self::render), and where the file cannot be written.
    fn save(&self, path: &Path, width: u32, height: u32) -> Result<(), StudyError> {
        let svg = self.render(width, height)?;
        write_atomically(path, |file| file.write_all(svg.as_bytes()))
            .map_err(|problem| StudyError::Failed { what: "writing a figure", problem: problem.to_string() })
    }
}

/// Title and axis names of a figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Labels {
    pub(crate) title: String,
    pub(crate) x: String,
    pub(crate) y: String,
}

impl Labels {
    fn new(title: impl Into<String>, x: impl Into<String>, y: impl Into<String>) -> Self {
        Self { title: title.into(), x: x.into(), y: y.into() }
    }
}
