//! How hard each example of the training part is, as the configuration says.

use cl_data::Dataset;
use cl_difficulty::model_based::{cross_validated_loss, self_taught};
use cl_model::{CrossEntropy, Loss, Squared};

use super::difficulty_settings::By;
use super::plan::Plan;
use crate::error::LabError;
use crate::problem::Task;

/// What a difficulty is called, and what it is.
pub(super) fn name_of(by: By) -> &'static str {
    match by {
        By::Scores => "scores",
        By::CrossValidatedLoss => "cross-validated-loss",
        By::Teacher => "teacher",
    }
}

/// The difficulty of each example of `train`, of which `own` are the user's, higher = harder.
///
/// # Errors
/// Where a model that is trained for it diverges, or a loss is not finite.
pub(super) fn difficulty(
    plan: &Plan,
    task: Task,
    train: &Dataset<f32>,
    own: Option<&[f64]>,
) -> Result<Vec<f64>, LabError> {
    match (plan.difficulty.by(own.is_some()), own) {
        (By::Scores, Some(own)) => Ok(own.to_vec()),
        (By::Scores, None) => {
            Err(LabError::argument("scores", "missing", "one per example, for difficulty by scores"))
        }
        (by, _) => finite(match task {
            Task::Classification => of_models(plan, by, plan.difficulty.folds, train, &CrossEntropy)?,
            Task::Regression => of_models(plan, by, plan.difficulty.folds, train, &Squared)?,
        }),
    }
}

/// The loss of each example under models of the other half of the training part: the paper's irreducible loss where no
/// data are held out (Mindermann et al., 2022).
///
/// # Errors
/// As [`difficulty`].
pub(super) fn irreducible(plan: &Plan, task: Task, train: &Dataset<f32>) -> Result<Vec<f64>, LabError> {
    finite(match task {
        Task::Classification => of_models(plan, By::CrossValidatedLoss, 2, train, &CrossEntropy)?,
        Task::Regression => of_models(plan, By::CrossValidatedLoss, 2, train, &Squared)?,
    })
}

fn of_models(
    plan: &Plan,
    by: By,
    n_folds: usize,
    train: &Dataset<f32>,
    loss: &impl Loss<f32>,
) -> Result<Vec<f64>, LabError> {
    let n_outputs = if train.n_targets() > 0 { train.n_targets() } else { train.n_classes() };
    let make = |seed| plan.model.make(train.n_features(), n_outputs, seed);
    let recipe = plan.difficulty.recipe(plan.training.batch_size);
    let seeds: Vec<u64> = (0..plan.difficulty.seeds).map(|seed| plan.training.seed.wrapping_add(seed)).collect();
    Ok(match by {
        By::Teacher => self_taught(make, &recipe, loss, train, &seeds)?,
        By::CrossValidatedLoss | By::Scores => cross_validated_loss(make, &recipe, loss, train, n_folds, &seeds)?,
    })
}

fn finite(losses: Vec<f64>) -> Result<Vec<f64>, LabError> {
    match losses.iter().position(|loss| !loss.is_finite()) {
        Some(example) => {
            let value = format!("{} for example {example} of the training part", losses[example]);
            Err(LabError::argument(
                "difficulty",
                value,
                "a finite loss; a lower difficulty.learning_rate may give one",
            ))
        }
        None => Ok(losses),
    }
}
