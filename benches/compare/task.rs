//! What is compared: a computation that can be repeated, and numbers that sum its result up.

use std::hint::black_box;

use anyhow::Result;

use crate::folder::Folder;

/// A comparison by name.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// Writes the inputs.
    pub(crate) write: fn(&Folder) -> Result<()>,
    /// Reads them.
    pub(crate) start: fn(&Folder) -> Result<Task>,
}

/// A computation whose inputs were read.
pub(crate) struct Task(Box<dyn FnMut(bool) -> Result<Vec<f64>>>);

impl Task {
    /// `run` computes the result, `summarise` is no part of what is timed.
    pub(crate) fn new<R>(
        mut run: impl FnMut() -> Result<R> + 'static,
        summarise: impl Fn(&R) -> Vec<f64> + 'static,
    ) -> Self {
        Self(Box::new(move |wanted| {
            let result = black_box(run()?);
            Ok(if wanted { summarise(&result) } else { Vec::new() })
        }))
    }

    /// Computes the result, and nothing else.
    pub(crate) fn run(&mut self) -> Result<()> {
        (self.0)(false).map(drop)
    }

    /// Computes the result and sums it up.
    pub(crate) fn summary(&mut self) -> Result<Vec<f64>> {
        (self.0)(true)
    }
}

/// The sum and the sum of squares.
pub(crate) fn moments(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let (sum, squares) = values.into_iter().fold((0.0, 0.0), |(sum, squares), x| (sum + x, squares + x * x));
    vec![sum, squares]
}
