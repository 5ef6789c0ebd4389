//! What all accumulators can do.

use std::fmt;

use serde::{Deserializer, Serialize, Serializer, de::DeserializeOwned};

use super::block::Block;
use super::input::Input;
use crate::error::DifficultyError;

/// What is kept of some examples for a metric, O(1) numbers or so of each.
pub(crate) trait Accumulate: Sized + Serialize + DeserializeOwned {
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
    /// Whether this, read from a file, is what a fresh one has become by what its examples were presented.
    fn fits(&self, fresh: &Self, presented: &Presented) -> bool;
    /// Takes in what `other` saw of its example `j` as example `i`: of other epochs, or where this one saw none.
    fn absorb(&mut self, i: usize, other: &Self, j: usize);

    /// Writes it as a part of a recorder, which has a checksum of all.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    /// Reads what [`write`](Self::write) wrote.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

/// What the examples of an accumulator were presented in the epochs that enter it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Presented {
    /// How often each was.
    pub(crate) counts: Vec<u32>,
    /// The last epoch of each, 0 without one.
    pub(crate) last: Vec<u64>,
}

impl Presented {
    /// Whether there is a value of each example, a number, which is 0 where it was not presented.
    pub(crate) fn has(&self, values: &[f64]) -> bool {
        let fits = |(value, &count): (&f64, &u32)| if count == 0 { *value == 0.0 } else { !value.is_nan() };
        values.len() == self.counts.len() && values.iter().zip(&self.counts).all(fits)
    }

    /// How often each was, at most so often.
    pub(crate) fn at_most(&self, limit: Option<u32>) -> Vec<u32> {
        self.counts.iter().map(|&count| limit.map_or(count, |limit| count.min(limit))).collect()
    }
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

/// That an accumulator has as many examples as another.
pub(crate) fn same_length(expected: usize, found: usize) -> Result<(), DifficultyError> {
    let what = "the accumulator to merge";
    if found == expected { Ok(()) } else { Err(DifficultyError::LengthMismatch { what, found, expected }) }
}
