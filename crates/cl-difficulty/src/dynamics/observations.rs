use std::ops::Range;

use cl_data::exponential::exp;
use cl_data::instructions::vectorized;

use super::input::Wanted;
use super::numbers::{Float, Numbers, for_numbers};
use super::output_kind::OutputKind;

/// How far the probabilities of an example may be from summing to one.
const SUM_TOLERANCE: f64 = 1e-3;

/// What a model said about some examples: c numbers per example, or one, example by example, in `f16`, `bf16`, `f32`
/// or `f64`.
#[derive(Debug, Clone, Copy)]
pub enum Outputs<'a, T> {
    /// Logits: adding a constant to those of an example changes nothing.
    Logits(&'a [T]),
    /// Probabilities, each in [0, 1], those of an example summing to one within 0.001.
    Probabilities(&'a [T]),
    /// Natural logarithms of such probabilities, each at most 0; -inf is that of 0.
    LogProbabilities(&'a [T]),
    /// The loss of each example in nats, finite: -ln p_y, and so at least 0, for metrics of p_y.
    Losses(&'a [T]),
    /// Whether each example was right: 1 or 0.
    Correct(&'a [T]),
}

impl OutputKind {
    /// Numbers of this kind.
    ///
    /// ```
    /// use cl_difficulty::{OutputKind, Outputs};
    ///
    /// assert!(matches!(OutputKind::Losses.outputs(&[0.5]), Outputs::Losses(&[0.5])));
    /// ```
    pub const fn outputs<T>(self, values: &[T]) -> Outputs<'_, T> {
        match self {
            Self::Logits => Outputs::Logits(values),
            Self::Probabilities => Outputs::Probabilities(values),
            Self::LogProbabilities => Outputs::LogProbabilities(values),
            Self::Losses => Outputs::Losses(values),
            Self::Correct => Outputs::Correct(values),
        }
    }
}

impl<'a, T> Outputs<'a, T> {
    /// The numbers.
    pub const fn values(&self) -> &'a [T] {
        match self {
            Self::Logits(values)
            | Self::Probabilities(values)
            | Self::LogProbabilities(values)
            | Self::Losses(values)
            | Self::Correct(values) => values,
        }
    }

    /// What they are.
    pub const fn kind(&self) -> OutputKind {
        match self {
            Self::Logits(_) => OutputKind::Logits,
            Self::Probabilities(_) => OutputKind::Probabilities,
            Self::LogProbabilities(_) => OutputKind::LogProbabilities,
            Self::Losses(_) => OutputKind::Losses,
            Self::Correct(_) => OutputKind::Correct,
        }
    }
}

/// Outputs of any type: what works on them is compiled once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnyOutputs<'a> {
    pub(crate) kind: OutputKind,
    pub(crate) numbers: Numbers<'a>,
    /// The least loss that may be.
    least_loss: f64,
}

impl<'a> AnyOutputs<'a> {
    /// Of which that is `wanted`.
    pub(crate) fn new<T: Float>(outputs: Outputs<'a, T>, wanted: Wanted) -> Self {
        let least_loss = if wanted.probability_of_loss() { 0.0 } else { f64::MIN };
        Self { kind: outputs.kind(), numbers: T::as_numbers(outputs.values()), least_loss }
    }

    /// Numbers per example.
    pub(crate) fn width(&self, n_classes: usize) -> usize {
        self.kind.width(n_classes)
    }

    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        Self { numbers: self.numbers.part(range), ..*self }
    }

    /// Whether all numbers in these `ranges`, of whole rows of `width`, are what they are said to be.
    pub(crate) fn are_valid(&self, mut ranges: impl Iterator<Item = Range<usize>>, width: usize) -> bool {
        let least_loss = self.least_loss;
        // Without a branch for each number.
        for_numbers!(self.numbers, values => vectorized(
            #[inline(always)]
            || match self.kind {
                OutputKind::Logits => {
                    ranges.all(|range| values[range].iter().fold(true, |valid, z| valid & z.is_finite()))
                }
                OutputKind::Probabilities => ranges.all(|range| are_probabilities(&values[range], width, f64::from)),
                OutputKind::LogProbabilities => {
                    ranges.all(|range| are_probabilities(&values[range], width, probability_of_logarithm))
                }
                OutputKind::Losses => ranges.all(|range| are_losses(&values[range], least_loss)),
                OutputKind::Correct => ranges.all(|range| are_flags(&values[range])),
            },
        ))
    }

    /// What is wrong with the row at `position`.
    pub(crate) fn problem(&self, position: usize, width: usize) -> String {
        let mut row = vec![0.0; width];
        self.numbers.to_f64s(position * width..(position + 1) * width, &mut row);
        let (what, expected, allowed) = match self.kind {
            OutputKind::Losses => return self.problem_of_loss(row[0]),
            OutputKind::Correct => return format!("`correct` is {}, expected 1 or 0", row[0]),
            OutputKind::Logits => ("logit", "a finite number", f64::MIN..=f64::MAX),
            OutputKind::Probabilities => ("probability", "a number in [0, 1]", 0.0..=1.0),
            OutputKind::LogProbabilities => ("log-probability", "a number of at most 0", f64::NEG_INFINITY..=0.0),
        };
        if let Some((class, value)) = row.iter().enumerate().find(|(_, value)| !allowed.contains(value)) {
            return format!("the {what} of class {class} is {value}, expected {expected}");
        }
        let logarithms = self.kind == OutputKind::LogProbabilities;
        let sum: f64 = row.into_iter().map(|p| if logarithms { exp(p) } else { p }).sum();
        format!("the probabilities sum to {sum}, expected 1 within {SUM_TOLERANCE}")
    }

    fn problem_of_loss(&self, loss: f64) -> String {
        let expected = if loss.is_finite() && loss < self.least_loss {
            "at least 0, because a metric asked for reads the probability e^-loss"
        } else {
            "a finite number"
        };
        format!("the loss is {loss}, expected {expected}")
    }
}

/// NaN where it is the logarithm of no probability.
#[inline(always)]
fn probability_of_logarithm(logarithm: impl Into<f64>) -> f64 {
    let logarithm: f64 = logarithm.into();
    if logarithm <= 0.0 { exp(logarithm) } else { f64::NAN }
}

#[inline(always)]
fn are_losses<T: Float>(values: &[T], least: f64) -> bool {
    values.iter().fold(true, |valid, &value| {
        let loss: f64 = value.into();
        valid & (least..=f64::MAX).contains(&loss)
    })
}

#[inline(always)]
fn are_flags<T: Float>(values: &[T]) -> bool {
    values.iter().fold(true, |valid, &value| {
        let flag: f64 = value.into();
        valid & ((flag == 0.0) | (flag == 1.0))
    })
}

#[inline(always)]
pub(super) fn are_probabilities<T: Copy>(values: &[T], c: usize, probability: impl Fn(T) -> f64) -> bool {
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

/// What a model said in several epochs about all examples: epochs x n x c numbers (or epochs x n), epoch after epoch.
#[derive(Debug, Clone, Copy)]
pub struct Log<'a, T, L = usize> {
    /// The epochs, each once.
    pub epochs: &'a [u64],
    /// The given label of each example.
    pub labels: &'a [L],
    /// What the model said about them.
    pub outputs: Outputs<'a, T>,
}
