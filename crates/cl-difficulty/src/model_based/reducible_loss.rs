use cl_data::{Dataset, Scalar};
use cl_model::{Loss, Model, ModelError, evaluate};

use super::recipe::Recipe;
use super::teacher::teacher_loss;
use crate::error::DifficultyError;

/// Irreducible loss: the loss of each example under models trained on held-out data, averaged over seeds,
/// higher = harder.
///
/// ```text
/// irreducible_i = mean over seeds of L[y_i | x_i; D_holdout]
/// ```
///
/// What stays high however long one trains: mislabelled, ambiguous or odd examples. Where no data can be held out,
/// [`cross_validated_loss`](super::cross_validated_loss) with two folds is the paper's variant "without holdout
/// data".
///
/// Source: Mindermann et al. (2022), Prioritized Training on Points that are Learnable, Worth Learning, and Not Yet
/// Learnt, equation 3.
///
/// # Errors
/// Where there is no seed, and as [`Recipe::train`].
pub fn irreducible_loss<T: Scalar, M: Model<T>>(
    make: impl Fn(u64) -> Result<M, ModelError> + Sync,
    recipe: &Recipe,
    loss: &impl Loss<T>,
    holdout: &Dataset<T>,
    data: &Dataset<T>,
    seeds: &[u64],
) -> Result<Vec<f64>, DifficultyError> {
    teacher_loss(&recipe.train_all(make, loss, holdout, seeds)?, loss, data)
}

/// Reducible holdout loss (RHO): what training can still take off the loss of each example, as the paper defines it:
/// the **highest** are to be trained on next.
///
/// ```text
/// reducible_i = L[y_i | x_i; learner] - irreducible_i
/// ```
///
/// Low where the example is learnt already and where it cannot be: it is a priority of selection for one state of
/// the learner and no difficulty, for which there is [`irreducible_loss`]. One forward pass per example.
///
/// Source: Mindermann et al. (2022), equation 3.
///
/// # Errors
/// Where the learner does not fit the data, or `irreducible` has not one finite number per example.
pub fn reducible_loss<T: Scalar, M: Model<T>>(
    learner: &M,
    loss: &impl Loss<T>,
    data: &Dataset<T>,
    irreducible: &[f64],
) -> Result<Vec<f64>, DifficultyError> {
    let (found, expected) = (irreducible.len(), data.n_examples());
    if found != expected {
        return Err(DifficultyError::LengthMismatch { what: "irreducible losses", found, expected });
    }
    crate::data_based::check_finite("irreducible loss", irreducible)?;
    let losses = evaluate(learner, loss, data)?.losses;
    Ok(losses.iter().zip(irreducible).map(|(loss, irreducible)| loss - irreducible).collect())
}
