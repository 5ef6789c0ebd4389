//! Progress on stderr, where that is a terminal.

use std::time::Duration;

use cl_difficulty::log::{Contents, Progress, Source};
use cl_study::shown;
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

/// What is going on, where nobody can tell how much of it is left.
pub(crate) struct Spinner(ProgressBar);

impl Spinner {
    pub(crate) fn new(text: &str) -> Self {
        let spinner = Self(if is_quiet() { ProgressBar::hidden() } else { ProgressBar::new_spinner() });
        spinner.0.enable_steady_tick(Duration::from_millis(200));
        spinner.say(text);
        spinner
    }

    pub(crate) fn say(&self, text: &str) {
        self.0.set_message(shown::message(text).into_owned());
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A bar over steps of one kind.
pub(crate) struct Steps(ProgressBar);

impl Steps {
    pub(crate) fn new(n: u64, what: &str) -> Self {
        let bar = if is_quiet() { ProgressBar::hidden() } else { ProgressBar::new(n) };
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos} of {len}, {eta} left") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        bar.set_message(shown::message(what).into_owned());
        Self(bar)
    }

    pub(crate) fn advance(&self) {
        self.0.inc(1);
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A bar over the runs of studies.
pub(crate) struct RunBar(ProgressBar);

impl RunBar {
    pub(crate) fn new() -> Self {
        let bar = if is_quiet() { ProgressBar::hidden() } else { ProgressBar::new(0) };
        if let Ok(style) = ProgressStyle::with_template("training {wide_bar} {pos} of {len} runs, {eta} left") {
            bar.set_style(style);
        }
        Self(bar)
    }
}

impl cl_study::Progress for RunBar {
    fn started(&self, total: usize) {
        self.0.inc_length(total as u64);
    }

    fn resumed(&self, done: usize) {
        self.0.inc(done as u64);
    }

    fn damaged(&self, journal: &std::path::Path, lines: &[usize]) {
        let told = format!("{}: {} damaged lines, whose runs are done again", journal.display(), lines.len());
        crate::output::note(&told);
    }

    fn advanced(&self) {
        self.0.inc(1);
    }

    fn finished(&self) {
        self.0.finish_and_clear();
    }
}
