use cl_data::seal::Sealed;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::accumulate::{Accumulate, Presented};
use super::block::Block;
use super::column::ColumnValues;
use super::input::Input;
use super::metric::{HARD, Metric, RANGE, Reading, reading};
use super::running_mean::RunningMean;
use crate::error::DifficultyError;

/// EL2N, the error L2 norm: how far the predicted probabilities are from the label, averaged over
/// observations (epochs, seeds).
///
/// ```text
/// el2n_i = mean || p_i - onehot(y_i) ||_2 = mean sqrt( sum_k p_k^2 - 2 p_y + 1 )       in [0, sqrt 2]
/// ```
///
/// The paper takes one early checkpoint, evaluated, and averages ten or more runs; other code sums over the
/// first ten epochs of one run in training mode. What is averaged here is what is recorded. O(C) per
/// observation, O(n) memory.
///
/// Source: Paul, Ganguli, Dziugaite (2021), Deep Learning on a Data Diet, definition 2.2.
///
/// ```
/// let mut el2n = cl_difficulty::El2n::new(1);
/// el2n.record(0, &[0.2, 0.8], 0)?;
/// assert!((el2n.values()?[0] - 1.28f64.sqrt()).abs() < 1e-15);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "Sealed<2, RunningMean>")]
pub struct El2n(RunningMean);

impl Serialize for El2n {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Sealed::<2, _>::new(&self.0).serialize(serializer)
    }
}

impl From<Sealed<2, RunningMean>> for El2n {
    fn from(sealed: Sealed<2, RunningMean>) -> Self {
        Self(sealed.into_inner())
    }
}

impl El2n {
    /// For `n_examples` examples, none observed yet.
    pub fn new(n_examples: usize) -> Self {
        Self(RunningMean::new(n_examples))
    }

    /// Example `example` with label `label` was given these probabilities.
    ///
    /// # Errors
    /// Where the label has no probability, a probability is outside [0, 1] (or NaN), or the example is out of
    /// range.
    pub fn record(&mut self, example: usize, probabilities: &[f64], label: usize) -> Result<(), DifficultyError> {
        if label >= probabilities.len() {
            return Err(DifficultyError::InvalidArgument {
                argument: "label",
                value: label.to_string(),
                expected: "a class that has a probability",
            });
        }
        if let Some(&value) = probabilities.iter().find(|p| !(0.0..=1.0).contains(*p)) {
            let (metric, expected) = ("probability".to_owned(), "a number in [0, 1]");
            return Err(DifficultyError::InvalidScore { metric, example, value, expected });
        }
        // Residual by residual, because the closed form cancels where p_y is nearly 1.
        let residual = |(class, p): (usize, &f64)| p - f64::from(u8::from(class == label));
        let norm = probabilities.iter().enumerate().map(residual).map(|r| r * r).sum::<f64>().sqrt();
        self.0.record(example, norm)
    }

    /// Adds what another accumulator saw, of other examples, epochs or seeds.
    ///
    /// # Errors
    /// Where it was made for another number of examples.
    pub fn merge(&mut self, other: &Self) -> Result<(), DifficultyError> {
        self.0.merge(&other.0)
    }

    /// The EL2N of each example.
    ///
    /// # Errors
    /// Where an example was never observed.
    pub fn values(&self) -> Result<Vec<f64>, DifficultyError> {
        self.0.values("el2n")
    }

    pub(crate) fn n_examples(&self) -> usize {
        self.0.n_examples()
    }
}

pub(crate) fn metrics<R: From<Reading<El2n>>>() -> Vec<Metric<R>> {
    vec![Metric::new("el2n", "mean L2 norm of p - onehot(y)", RANGE, HARD, |_| {
        reading((), |el2n: &El2n, _| el2n.0.mean().map(ColumnValues::Float))
    })]
}

impl Accumulate for El2n {
    type Settings = ();
    const INPUTS: &'static [Input] = &[Input::ErrorNorm];

    fn start(n_examples: usize, _: usize, (): ()) -> Self {
        Self::new(n_examples)
    }

    #[inline(always)]
    fn update(&mut self, block: &Block) {
        self.0.update(block, &block.error_norm);
    }

    fn fits(&self, _: &Self, presented: &Presented) -> bool {
        self.0.fits(presented)
    }

    fn absorb(&mut self, i: usize, other: &Self, j: usize) {
        self.0.absorb(i, &other.0, j);
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RunningMean::deserialize(deserializer).map(Self)
    }
}
