//! Progress on stderr, where that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

use crate::dynamics::Contents;

/// A bar over the observations of an input, of which `n_done` epochs are behind.
pub(crate) fn progress(contents: &Contents, n_done: usize) -> ProgressBar {
    let n = contents.n_examples() as u64;
    let bar = ProgressBar::new(n * contents.epochs.len() as u64).with_position(n * n_done as u64);
    let template = "{msg} {wide_bar} {percent}% {per_sec} left {eta}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
