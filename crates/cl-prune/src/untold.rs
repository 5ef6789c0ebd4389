use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The steps whose batches were given and of which losses are still to be told, in one or several parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Untold {
    /// All before were given and told.
    until: u64,
    /// How many losses are still to be told of each step since.
    steps: BTreeMap<u64, usize>,
}

impl Untold {
    /// Nothing untold, whatever there was before `step`.
    pub(crate) fn from(step: u64) -> Self {
        Self { until: step, steps: BTreeMap::new() }
    }

    /// The first step that may not have been told.
    pub(crate) fn until(&self) -> u64 {
        self.until
    }

    pub(crate) fn is_none(&self) -> bool {
        self.steps.is_empty()
    }

    /// A batch of `n` examples was given, for the first time or again.
    pub(crate) fn give(&mut self, step: u64, n: usize) {
        if step >= self.until && n > 0 {
            self.steps.entry(step).or_insert(n);
        }
    }

    /// `n` losses of a step were told.
    pub(crate) fn tell(&mut self, step: u64, n: usize) {
        if let Some(left) = self.steps.get_mut(&step) {
            *left = left.saturating_sub(n);
        }
        // A step told stays until all before it are, so that it can be given again.
        while let Some(first) = self.steps.first_entry()
            && *first.get() == 0
        {
            self.until = first.key().saturating_add(1);
            first.remove();
        }
    }

    /// The same of a run that has consumed `n_steps` steps: what was given beyond was not used.
    pub(crate) fn before(&self, n_steps: u64) -> Self {
        Self { until: self.until, steps: self.steps.range(..n_steps).map(|(&step, &n)| (step, n)).collect() }
    }
}
