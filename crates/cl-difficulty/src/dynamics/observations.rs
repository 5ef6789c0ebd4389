use std::ops::Range;

/// What a model said about some examples: c numbers per example, example by example.
#[derive(Debug, Clone, Copy)]
pub enum Outputs<'a, T> {
    /// Logits: adding a constant to those of an example changes nothing.
    Logits(&'a [T]),
    /// Probabilities, each in [0, 1], those of an example summing to one within 0.001.
    Probabilities(&'a [T]),
}

impl<'a, T> Outputs<'a, T> {
    /// The numbers.
    pub fn values(&self) -> &'a [T] {
        match self {
            Self::Logits(values) | Self::Probabilities(values) => values,
        }
    }

    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        match self {
            Self::Logits(values) => Self::Logits(&values[range]),
            Self::Probabilities(values) => Self::Probabilities(&values[range]),
        }
    }
}

/// What a model said in one epoch about all examples or some of them.
#[derive(Debug, Clone, Copy)]
pub struct Observations<'a, T> {
    /// The epoch, as the log counts.
    pub epoch: u64,
    /// The examples, each at most once per epoch, in any order.
    pub indices: &'a [usize],
    /// Their given labels.
    pub labels: &'a [usize],
    /// What the model said about them.
    pub outputs: Outputs<'a, T>,
}

/// What a model said in several epochs about all examples: epochs x n x c numbers, epoch after epoch.
#[derive(Debug, Clone, Copy)]
pub struct Log<'a, T> {
    /// The epochs, each once.
    pub epochs: &'a [u64],
    /// The given label of each example.
    pub labels: &'a [usize],
    /// What the model said about them.
    pub outputs: Outputs<'a, T>,
}
