//! The progress of an experiment's runs on the terminal.

use std::path::Path;

use cl_study::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar with the time left; hidden where the output is no terminal.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar for the experiment `id`.
    pub fn new(id: &str) -> Self {
        let bar = ProgressBar::no_length();
        // The template is a constant; were it wrong, the default style would do.
        if let Ok(style) = ProgressStyle::with_template("{prefix:<12} {wide_bar} {pos}/{len} runs, {eta} left") {
            bar.set_style(style);
        }
        bar.set_prefix(id.to_owned());
        Self(bar)
    }

    /// Takes the bar off the terminal.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn started(&self, total: usize) {
        self.0.reset();
        self.0.set_length(total as u64);
    }

    fn resumed(&self, done: usize) {
        self.0.set_position(done as u64);
        self.0.reset_eta();
    }

    fn damaged(&self, journal: &Path, lines: &[usize]) {
        let lines: Vec<String> = lines.iter().map(usize::to_string).collect();
        let (lines, path) = (lines.join(", "), journal.display());
        self.0.suspend(|| eprintln!("{path}: line {lines}: damaged, what it held is run again"));
    }

    fn advanced(&self) {
        self.0.inc(1);
    }

    fn finished(&self) {}
}
