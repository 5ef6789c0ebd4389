use cl_data::{Dataset, Sampler, Scalar};
use cl_model::{CrossEntropy, Loss, Model, ModelError, evaluate};

use super::recipe::Recipe;
use super::{mean_over, of_models};
use crate::error::DifficultyError;

/// Transfer teacher: the loss of each example under models trained elsewhere, averaged over them, higher = harder.
///
/// ```text
/// difficulty_i = mean over teachers of L(f(x_i), y_i)
/// ```
///
/// The teachers may have another architecture or other training data than the learner; under the learner's own
/// architecture, trained on the same data, the score is [`self_taught`]. Where the teachers see other features of
/// the same examples, `data` holds those. One forward pass per teacher and example.
///
/// Source: Hacohen and Weinshall (2019), On the Power of Curriculum Learning, section 2.2, whose teacher gives the
/// classifier's confidence ([`teacher_uncertainty`]); Weinshall, Cohen, Amir (2018), who rank by its loss.
///
/// # Errors
/// Where there is no model or one does not fit the data.
pub fn teacher_loss<T: Scalar, M: Model<T>>(
    teachers: &[M],
    loss: &impl Loss<T>,
    data: &Dataset<T>,
) -> Result<Vec<f64>, DifficultyError> {
    of_models(teachers, |teacher| Ok(evaluate(teacher, loss, data)?.losses))
}

/// Transfer teacher by confidence: 1 - p_y, averaged over the teachers, in [0, 1], higher = harder.
///
/// ```text
/// difficulty_i = mean over teachers of 1 - p(y_i | x_i),   p = softmax(f(x_i)), or sigmoid of a single logit
/// ```
///
/// For one teacher it orders the examples as the cross-entropy does. Kept to full precision where p_y is nearly 1.
///
/// Source: Hacohen and Weinshall (2019), section 2.2.
///
/// # Errors
/// As [`teacher_loss`].
pub fn teacher_uncertainty<T: Scalar, M: Model<T>>(
    teachers: &[M],
    data: &Dataset<T>,
) -> Result<Vec<f64>, DifficultyError> {
    of_models(teachers, |teacher| {
        let losses = evaluate(teacher, &CrossEntropy, data)?.losses;
        Ok(losses.into_iter().map(|loss| -(-loss).exp_m1()).collect())
    })
}

/// Self-taught difficulty: the loss of each example under the learner's own architecture, trained on the same data
/// in random order and averaged over seeds, higher = harder.
///
/// The training loss of a model that fits its data perfectly ranks little but rounding: [`cross_validated_loss`]
/// asks models that have not seen the example.
///
/// [`cross_validated_loss`]: super::cross_validated_loss
///
/// Source: Hacohen and Weinshall (2019), section 2.2, "self-taught".
///
/// # Errors
/// Where there is no seed, and as [`Recipe::train`].
pub fn self_taught<T: Scalar, M: Model<T>>(
    make: impl Fn(u64) -> Result<M, ModelError> + Sync,
    recipe: &Recipe,
    loss: &impl Loss<T>,
    data: &Dataset<T>,
    seeds: &[u64],
) -> Result<Vec<f64>, DifficultyError> {
    teacher_loss(&recipe.train_all(make, loss, data, seeds)?, loss, data)
}

/// A sampler for a curriculum, made from difficulties and a seed; a failure may be of any kind.
pub type MadeSampler = Result<Box<dyn Sampler>, Box<dyn std::error::Error + Send + Sync>>;

/// Bootstrapped difficulty: the self-taught score, then that of models trained with a curriculum by the score
/// before it, round after round. Entry 0 is [`self_taught`], entry r the score after r rounds; higher = harder.
///
/// ```text
/// s_0 = loss under models trained in random order
/// s_r = loss under models trained with curriculum(s_(r-1), seed)
/// ```
///
/// `curriculum` turns difficulties into a sampler, batches and pacing being its own business. (rounds + 1) * seeds
/// trainings, those of a round in parallel.
///
/// Source: Hacohen and Weinshall (2019), section 2.2: self-taught scoring "can be used repeatedly".
///
/// # Errors
/// As [`self_taught`], and where a sampler cannot be made.
#[allow(clippy::too_many_arguments, reason = "each is one of the parts that training brings together")]
pub fn bootstrapped<T: Scalar, M: Model<T>>(
    make: impl Fn(u64) -> Result<M, ModelError> + Sync,
    recipe: &Recipe,
    loss: &impl Loss<T>,
    data: &Dataset<T>,
    seeds: &[u64],
    n_rounds: usize,
    curriculum: impl Fn(&[f64], u64) -> MadeSampler + Sync,
) -> Result<Vec<Vec<f64>>, DifficultyError> {
    let mut rounds = vec![self_taught(&make, recipe, loss, data, seeds)?];
    for _ in 0..n_rounds {
        let difficulty = &rounds[rounds.len() - 1];
        let next = mean_over(seeds, "seeds", |&seed| {
            let mut sampler = curriculum(difficulty, seed).map_err(DifficultyError::Sampler)?;
            let student = recipe.train_with(make(seed)?, loss, data, sampler.as_mut())?;
            Ok(evaluate(&student, loss, data)?.losses)
        })?;
        rounds.push(next);
    }
    Ok(rounds)
}
