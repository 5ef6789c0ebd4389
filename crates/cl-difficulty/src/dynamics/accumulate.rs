//! What all accumulators can do.

use std::fmt;

use super::block::Block;
use super::input::Input;
use crate::error::DifficultyError;

/// What is kept of some examples for a metric, O(1) numbers or so of each.
pub(crate) trait Accumulate: Sized {
    /// What two of a kind may differ in.
    type Settings: Copy + PartialEq + fmt::Debug;
    /// What [`update`](Self::update) reads of a block beside epoch, examples and labels.
    const INPUTS: &'static [Input] = &[];
    /// Whether the epochs of an example must come in increasing order.
    const ORDER_BOUND: bool = false;
    /// Whether a number per example **and class** is kept.
    const KEEPS_PROBABILITIES: bool = false;

    /// Of `n_examples` that were not presented yet.
    fn start(n_examples: usize, n_classes: usize, settings: Self::Settings) -> Self;
    /// The same where it depends on the settings.
    fn inputs(_: Self::Settings) -> &'static [Input] {
        Self::INPUTS
    }
    /// Takes in a block of examples of one epoch.
    fn update(&mut self, block: &Block);
    /// Whether this, read from a file, has the sizes and settings of a fresh one.
    fn fits(&self, fresh: &Self) -> bool;
    /// Takes in what `other` saw of its example `j` as example `i`: of other epochs, or where this one saw none.
    fn absorb(&mut self, i: usize, other: &Self, j: usize);
}

/// An example has fewer epochs than its metric needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooFew {
    pub(crate) example: usize,
    pub(crate) needed: u64,
    pub(crate) found: u64,
}

impl TooFew {
    /// Unless every example was presented `needed` times.
    pub(crate) fn check(counts: &[u32], needed: u32) -> Result<(), Self> {
        match counts.iter().position(|&count| count < needed) {
            Some(example) => Err(Self { example, needed: needed.into(), found: counts[example].into() }),
            None => Ok(()),
        }
    }

    /// The same of a metric of all examples, of which those counted here start with example `first`.
    pub(crate) fn error(self, first: usize, metric: &'static str) -> DifficultyError {
        let Self { example, needed, found } = self;
        let example = first + example;
        match (needed, found) {
            (1, 0) => DifficultyError::NeverPresented { example, metric },
            _ => DifficultyError::TooFewEpochs { metric: metric.into(), example, needed, found },
        }
    }
}

/// Whether all are `n`.
pub(crate) fn same_lengths<const K: usize>(lengths: [usize; K], n: usize) -> bool {
    lengths.iter().all(|&length| length == n)
}

/// That an accumulator has as many examples as another.
pub(crate) fn same_length(expected: usize, found: usize) -> Result<(), DifficultyError> {
    let what = "the accumulator to merge";
    if found == expected { Ok(()) } else { Err(DifficultyError::LengthMismatch { what, found, expected }) }
}
