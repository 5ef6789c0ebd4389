use std::ops::Range;

use cl_data::exponential::exp;
use pulp::Arch;

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
    pub(crate) fn are_valid(&self, ranges: impl Iterator<Item = Range<usize>>, c: usize) -> bool {
        // Without a branch for each number.
        Arch::new().dispatch(|| match self {
            Self::Logits(values) => ranges
                .fold(true, |valid, range| values[range].iter().fold(valid, |valid, z| valid & z.is_finite())),
            Self::Probabilities(values) => {
                ranges.fold(true, |valid, range| valid & are_probabilities(&values[range], c, T::to_f64))
            }
            Self::LogProbabilities(values) => {
                ranges.fold(true, |valid, range| valid & are_probabilities(&values[range], c, of_logarithm))
            }
        })
    }

    /// What is wrong with the row at `position`.
    pub(crate) fn problem(&self, position: usize, c: usize) -> String {
        let row: Vec<f64> = self.values()[position * c..][..c].iter().map(|value| value.to_f64()).collect();
        let (what, expected, first, sum) = match self {
            Self::Logits(_) => ("logit", "a finite number", row.iter().position(|z| !z.is_finite()), 1.0),
            Self::Probabilities(_) => {
                let first = row.iter().position(|p| !(0.0..=1.0).contains(p));
                ("probability", "a number in [0, 1]", first, row.iter().sum())
            }
            Self::LogProbabilities(_) => {
                let first = row.iter().position(|p| !(f64::NEG_INFINITY..=0.0).contains(p));
                ("log-probability", "a number of at most 0", first, row.iter().map(|&p| exp(p)).sum())
            }
        };
        match first {
            Some(class) => format!("the {what} of class {class} is {}, expected {expected}", row[class]),
            None => format!("the probabilities sum to {sum}, expected 1 within {SUM_TOLERANCE}"),
        }
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

/// NaN where it is the logarithm of no probability.
#[inline(always)]
fn of_logarithm<T: Float>(value: T) -> f64 {
    let value = value.to_f64();
    if value <= 0.0 { exp(value) } else { f64::NAN }
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
