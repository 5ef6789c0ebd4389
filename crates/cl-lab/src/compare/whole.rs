use std::path::Path;

use cl_study::Progress;

/// Many studies as one, to who watches: that each begins and ends is not told, only how far all of them are.
pub(super) struct Whole<'a>(&'a dyn Progress);

impl<'a> Whole<'a> {
    pub(super) fn new(progress: &'a dyn Progress) -> Self {
        Self(progress)
    }
}

impl Progress for Whole<'_> {
    fn started(&self, _total: usize) {}

    fn resumed(&self, done: usize) {
        (0..done).for_each(|_| self.0.advanced());
    }

    fn damaged(&self, journal: &Path, lines: &[usize]) {
        self.0.damaged(journal, lines);
    }

    fn advanced(&self) {
        self.0.advanced();
    }

    fn finished(&self) {}
}
