use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The steps whose batches were given and of which losses are still to be told, in one or several parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Untold {
    /// All before were given and told.
    until: u64,
    /// The examples of each step since that are still to be told.
    steps: BTreeMap<u64, BTreeSet<usize>>,
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

    /// A batch was given, for the first time or again.
    pub(crate) fn give(&mut self, step: u64, examples: &[usize]) {
        if step >= self.until && !examples.is_empty() {
            self.steps.entry(step).or_insert_with(|| examples.iter().copied().collect());
        }
    }

    /// Some examples of a step were told.
    pub(crate) fn tell(&mut self, step: u64, examples: &[usize]) {
        if let Some(left) = self.steps.get_mut(&step) {
            for example in examples {
                left.remove(example);
            }
        }
        self.settle();
    }

    /// Some examples were told, each of the first step that waits for it.
    pub(crate) fn tell_first(&mut self, examples: &[usize]) {
        for example in examples {
            self.steps.values_mut().find_map(|left| left.remove(example).then_some(()));
        }
        self.settle();
    }

    /// Whether this, read from a state, waits after its first step only for examples of which `waits` says, by step
    /// and example, that they may.
    pub(crate) fn is_sound(&self, waits: impl Fn(u64, usize) -> bool) -> bool {
        self.steps
            .iter()
            .all(|(&step, left)| step >= self.until && left.iter().all(|&example| waits(step, example)))
    }

    fn settle(&mut self) {
        // A step told stays until all before it are, so that it can be given again.
        while let Some(first) = self.steps.first_entry()
            && first.get().is_empty()
        {
            self.until = first.key().saturating_add(1);
            first.remove();
        }
    }

    /// The same of a run that has consumed `n_steps` steps: what was given beyond was not used.
    pub(crate) fn before(&self, n_steps: u64) -> Self {
        Self {
            until: self.until,
            steps: self.steps.range(..n_steps).map(|(&step, left)| (step, left.clone())).collect(),
        }
    }
}
