use std::path::Path;

use cl_data::io::write_atomically;
use cl_data::{Standardization, Version};
use cl_model::Mlp;
use serde::Serialize;

use crate::error::LabError;
use crate::number_scale::NumberScale;
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
    number: Option<NumberScale>,
    model: &'a Mlp<f32>,
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
        number: is_number.then(|| NumberScale::of(&train)),
        model,
    };
    Ok(write_atomically(path, |writer| Ok(serde_json::to_writer(writer, &file)?))?)
}
