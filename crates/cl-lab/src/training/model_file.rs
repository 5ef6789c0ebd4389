use std::path::Path;

use cl_data::io::write_atomically;
use cl_data::{Dataset, Standardization, Version};
use cl_model::Mlp;
use serde::Serialize;

use crate::error::LabError;
use crate::problem::{Problem, Task};

/// A model with what its inputs, and a number that it predicts, are standardised by.
///
/// ```text
/// outputs = model((x - mean) / std)      0 for a feature that is the same everywhere
/// number  = mean_y + std_y output        of a regression
/// ```
#[derive(Serialize)]
struct ModelFile<'a> {
    version: Version<1>,
    task: Task,
    target: &'a str,
    features: &'a [String],
    /// The classes, in the order of the outputs; none of a regression.
    classes: &'a [String],
    mean: &'a [f64],
    std: &'a [f64],
    number: Option<Scale>,
    model: &'a Mlp<f32>,
}

/// Mean and standard deviation of a number to predict.
#[derive(Serialize)]
struct Scale {
    mean: f64,
    std: f64,
}

impl Scale {
    fn of(data: &Dataset<f32>) -> Self {
        let n = data.n_examples() as f64;
        let number = |example: usize| f64::from(data.targets(example)[0]);
        let mean = (0..data.n_examples()).map(number).sum::<f64>() / n;
        let variance = (0..data.n_examples()).map(|example| (number(example) - mean).powi(2)).sum::<f64>() / n;
        Self { mean, std: if variance > 0.0 { variance.sqrt() } else { 1.0 } }
    }
}

/// Writes a model that was trained on these examples of a problem.
///
/// # Errors
/// Where the file cannot be written.
pub(super) fn write_model(
    path: &Path,
    problem: &Problem,
    examples: &[usize],
    model: &Mlp<f32>,
) -> Result<(), LabError> {
    let train = problem.data().subset(examples)?;
    let standardization = Standardization::fit(&train)?;
    let is_number = problem.task() == Task::Regression;
    let file = ModelFile {
        version: Version,
        task: problem.task(),
        target: problem.target(),
        features: train.feature_names(),
        classes: if is_number { &[] } else { train.class_names() },
        mean: standardization.mean(),
        std: standardization.std(),
        number: is_number.then(|| Scale::of(&train)),
        model,
    };
    Ok(write_atomically(path, |writer| Ok(serde_json::to_writer(writer, &file)?))?)
}
