/// How large the run was that is reported.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Seeds of every study.
    pub n_seeds: u64,
    /// Fewer seeds and epochs, for a first look.
    pub quick: bool,
    /// The sizes of the papers.
    pub full: bool,
}

impl Size {
    /// A sentence on a run that was not of the usual size.
    pub(super) fn in_words(self) -> Option<&'static str> {
        match (self.quick, self.full) {
            (true, _) => Some("This was a quick run: fewer repetitions and epochs."),
            (_, true) => Some("This was a full run: the papers' sizes."),
            _ => None,
        }
    }
}
