use std::ops::Range;

use cl_data::exponential::exp;
use cl_data::instructions::vectorized;

use super::numbers::Float;

/// How far the probabilities of an example may be from summing to one.
const SUM_TOLERANCE: f64 = 1e-3;

/// What a model said about some examples: c numbers per example, example by example, in `f16`, `bf16`, `f32` or
/// `f64`.
#[derive(Debug, Clone, Copy)]
pub enum Outputs<'a, T> {
    /// Logits: adding a constant to those of an example changes nothing.
    Logits(&'a [T]),
    /// Probabilities, each in [0, 1], those of an example summing to one within 0.001.
    Probabilities(&'a [T]),
    /// Natural logarithms of such probabilities, each at most 0; -inf is that of 0.
    LogProbabilities(&'a [T]),
}

impl<'a, T> Outputs<'a, T> {
    /// The numbers.
    pub fn values(&self) -> &'a [T] {
        match self {
            Self::Logits(values) | Self::Probabilities(values) | Self::LogProbabilities(values) => values,
        }
    }

    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        match self {
            Self::Logits(values) => Self::Logits(&values[range]),
            Self::Probabilities(values) => Self::Probabilities(&values[range]),
            Self::LogProbabilities(values) => Self::LogProbabilities(&values[range]),
        }
    }
}

impl<T: Float> Outputs<'_, T> {
    /// Whether all numbers in these `ranges`, of whole rows of c, are what they are said to be.
    pub(crate) fn are_valid(&self, mut ranges: impl Iterator<Item = Range<usize>>, c: usize) -> bool {
        // Without a branch for each number.
        vectorized(
            #[inline(always)]
            || match self {
                Self::Logits(values) => {
                    ranges.all(|range| values[range].iter().fold(true, |valid, z| valid & z.is_finite()))
                }
                Self::Probabilities(values) => {
                    ranges.all(|range| are_probabilities(&values[range], c, Into::into))
                }
                // NaN where it is the logarithm of no probability.
                Self::LogProbabilities(values) => ranges.all(|range| {
                    are_probabilities(&values[range], c, |value| {
                        let value: f64 = value.into();
                        if value <= 0.0 { exp(value) } else { f64::NAN }
                    })
                }),
            },
        )
    }

    /// What is wrong with the row at `position`.
    pub(crate) fn problem(&self, position: usize, c: usize) -> String {
        let row = self.values()[position * c..][..c].iter().map(|&value| value.into());
        let (what, expected, allowed) = match self {
            Self::Logits(_) => ("logit", "a finite number", f64::MIN..=f64::MAX),
            Self::Probabilities(_) => ("probability", "a number in [0, 1]", 0.0..=1.0),
            Self::LogProbabilities(_) => ("log-probability", "a number of at most 0", f64::NEG_INFINITY..=0.0),
        };
        if let Some((class, value)) = row.clone().enumerate().find(|(_, value)| !allowed.contains(value)) {
            return format!("the {what} of class {class} is {value}, expected {expected}");
        }
        let logarithms = matches!(self, Self::LogProbabilities(_));
        let sum: f64 = row.map(|p: f64| if logarithms { exp(p) } else { p }).sum();
        format!("the probabilities sum to {sum}, expected 1 within {SUM_TOLERANCE}")
    }
}

#[inline(always)]
fn are_probabilities<T: Copy>(values: &[T], c: usize, probability: impl Fn(T) -> f64) -> bool {
    values.chunks_exact(c).fold(true, |valid, row| {
        let (sum, valid) = row.iter().fold((0.0, valid), |(sum, valid), &value| {
            let p = probability(value);
            (sum + p, valid & (0.0..=1.0).contains(&p))
        });
        valid & ((sum - 1.0).abs() <= SUM_TOLERANCE)
    })
}

/// What a model said in one epoch about all examples or some of them; `I` and `L` are `i32`, `i64`, `u32`, `u64` or
/// `usize`.
#[derive(Debug, Clone, Copy)]
pub struct Observations<'a, T, I = usize, L = usize> {
    /// The epoch, as the log counts.
    pub epoch: u64,
    /// The examples, each at most once per epoch, in any order.
    pub indices: &'a [I],
    /// Their given labels.
    pub labels: &'a [L],
    /// What the model said about them.
    pub outputs: Outputs<'a, T>,
}

/// What a model said in several epochs about all examples: epochs x n x c numbers, epoch after epoch.
#[derive(Debug, Clone, Copy)]
pub struct Log<'a, T, L = usize> {
    /// The epochs, each once.
    pub epochs: &'a [u64],
    /// The given label of each example.
    pub labels: &'a [L],
    /// What the model said about them.
    pub outputs: Outputs<'a, T>,
}
