use std::ops::Range;

use cl_data::exponential::exp;
use cl_data::instructions::vectorized;

use super::numbers::{Float, Numbers, for_numbers};

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
}

/// What the numbers of outputs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Logits,
    Probabilities,
    LogProbabilities,
}

/// Outputs of any type: what works on them is compiled once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnyOutputs<'a> {
    pub(crate) kind: Kind,
    pub(crate) numbers: Numbers<'a>,
}

impl<'a, T: Float> From<Outputs<'a, T>> for AnyOutputs<'a> {
    fn from(outputs: Outputs<'a, T>) -> Self {
        let kind = match outputs {
            Outputs::Logits(_) => Kind::Logits,
            Outputs::Probabilities(_) => Kind::Probabilities,
            Outputs::LogProbabilities(_) => Kind::LogProbabilities,
        };
        Self { kind, numbers: T::as_numbers(outputs.values()) }
    }
}

impl AnyOutputs<'_> {
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        Self { numbers: self.numbers.part(range), ..*self }
    }

    /// Whether all numbers in these `ranges`, of whole rows of c, are what they are said to be.
    pub(crate) fn are_valid(&self, mut ranges: impl Iterator<Item = Range<usize>>, c: usize) -> bool {
        // Without a branch for each number.
        for_numbers!(self.numbers, values => vectorized(
            #[inline(always)]
            || match self.kind {
                Kind::Logits => {
                    ranges.all(|range| values[range].iter().fold(true, |valid, z| valid & z.is_finite()))
                }
                Kind::Probabilities => ranges.all(|range| are_probabilities(&values[range], c, f64::from)),
                Kind::LogProbabilities => {
                    ranges.all(|range| are_probabilities(&values[range], c, probability_of_logarithm))
                }
            },
        ))
    }

    /// What is wrong with the row at `position`.
    pub(crate) fn problem(&self, position: usize, c: usize) -> String {
        let mut row = vec![0.0; c];
        self.numbers.to_f64s(position * c..(position + 1) * c, &mut row);
        let (what, expected, allowed) = match self.kind {
            Kind::Logits => ("logit", "a finite number", f64::MIN..=f64::MAX),
            Kind::Probabilities => ("probability", "a number in [0, 1]", 0.0..=1.0),
            Kind::LogProbabilities => ("log-probability", "a number of at most 0", f64::NEG_INFINITY..=0.0),
        };
        if let Some((class, value)) = row.iter().enumerate().find(|(_, value)| !allowed.contains(value)) {
            return format!("the {what} of class {class} is {value}, expected {expected}");
        }
        let logarithms = self.kind == Kind::LogProbabilities;
        let sum: f64 = row.into_iter().map(|p| if logarithms { exp(p) } else { p }).sum();
        format!("the probabilities sum to {sum}, expected 1 within {SUM_TOLERANCE}")
    }
}

/// NaN where it is the logarithm of no probability.
#[inline(always)]
fn probability_of_logarithm(logarithm: impl Into<f64>) -> f64 {
    let logarithm: f64 = logarithm.into();
    if logarithm <= 0.0 { exp(logarithm) } else { f64::NAN }
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

/// Observations of any type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnyObservations<'a> {
    pub(crate) epoch: u64,
    pub(crate) indices: &'a [usize],
    pub(crate) labels: &'a [usize],
    pub(crate) outputs: AnyOutputs<'a>,
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
