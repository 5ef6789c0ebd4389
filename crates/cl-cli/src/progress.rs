//! Progress on stderr, where that is a terminal.

use cl_difficulty::log::{Contents, Progress, Source};
use indicatif::{ProgressBar, ProgressStyle};

use crate::output::is_quiet;

/// A bar over the observations of an input.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// Of which `n_done` epochs are behind.
    pub(crate) fn new(contents: &Contents, n_done: usize) -> Self {
        let n = contents.n_examples() as u64;
        Self::over(n * contents.epochs.len() as u64, n * n_done as u64)
    }

    /// Of several.
    pub(crate) fn of_runs(runs: &[Box<dyn Source>]) -> Self {
        let n = |contents: &Contents| (contents.n_examples() * contents.epochs.len()) as u64;
        Self::over(runs.iter().map(|run| n(run.contents())).sum(), 0)
    }

    fn over(n: u64, n_done: u64) -> Self {
        let bar = if is_quiet() { ProgressBar::hidden() } else { ProgressBar::new(n) }.with_position(n_done);
        let template = "{msg} {wide_bar} {percent}% {per_sec} left {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }
}

impl Progress for Bar {
    fn advanced(&mut self, n_observations: usize) {
        self.0.inc(n_observations as u64);
    }

    fn epoch_ended(&mut self, epoch: u64) {
        self.0.set_message(format!("epoch {epoch}"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
