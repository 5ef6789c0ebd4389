use cl_data::Dataset;
use serde::Serialize;

use crate::error::LabError;

/// Mean and standard deviation of the number to predict, over what is trained on: by them numbers are standardised, and outputs
/// come back in the unit of the data.
///
/// ```text
/// y' = (y - mean) / std;      population standard deviation, 1 where all numbers are the same
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct NumberScale {
    pub(crate) mean: f64,
    pub(crate) std: f64,
}

impl NumberScale {
    /// Of data with one target each.
    pub(crate) fn of(train: &Dataset<f32>) -> Self {
        let n = train.n_examples() as f64;
        let number = |example: usize| f64::from(train.targets(example)[0]);
        let mean = (0..train.n_examples()).map(number).sum::<f64>() / n;
        let variance = (0..train.n_examples()).map(|example| (number(example) - mean).powi(2)).sum::<f64>() / n;
        Self { mean, std: if variance > 0.0 { variance.sqrt() } else { 1.0 } }
    }

    /// The data with standardised numbers.
    pub(crate) fn apply(&self, data: Dataset<f32>) -> Result<Dataset<f32>, LabError> {
        let scaled = |example| ((f64::from(data.targets(example)[0]) - self.mean) / self.std) as f32;
        let numbers = (0..data.n_examples()).map(scaled).collect();
        Ok(data.with_targets(1, numbers)?)
    }

    /// An output in the unit of the data.
    pub(crate) fn back(&self, output: f64) -> f64 {
        self.mean + self.std * output
    }
}
