//! Scores from trained models: what a teacher, the learner itself, or models that have not seen an example make of
//! it, and where it lies among its neighbours.
//!
//! Scores take models that are trained already, averaged over them; [`Recipe::train_all`] trains one per seed.
//! Scores of distances take a data set: raw features, or those before a model's last layer by [`embed`].

mod class_median;
mod distance;
mod features;
mod gradient_norm;
mod held_out;
mod k_means;
mod knn_shapley;
mod neighbors;
mod recipe;
mod reducible_loss;
mod teacher;

pub use class_median::class_median_distance;
pub use distance::Distance;
pub use features::embed;
pub use gradient_norm::{grand, last_layer_grand};
pub use held_out::{Influence, SubsetRuns, Subsets, c_score, cross_validated_loss};
pub use k_means::{Clustering, KMeans, prototype_distance};
pub use knn_shapley::{ShapleyStart, knn_shapley};
pub use neighbors::{Neighbors, kth_neighbor_distance, neighbor_disagreement, neighbor_distance};
pub use recipe::Recipe;
pub use reducible_loss::{irreducible_loss, reducible_loss};
pub use teacher::{MadeSampler, bootstrapped, self_taught, teacher_loss, teacher_uncertainty};

use rayon::prelude::*;

use crate::error::DifficultyError;

/// The mean score over models, in their order.
fn of_models<M: Sync>(
    models: &[M],
    score: impl Fn(&M) -> Result<Vec<f64>, DifficultyError> + Sync,
) -> Result<Vec<f64>, DifficultyError> {
    mean_over(models, "models", score)
}

/// The mean over `parts` of scores that are computed in parallel and added in order.
fn mean_over<P: Sync>(
    parts: &[P],
    argument: &'static str,
    score: impl Fn(&P) -> Result<Vec<f64>, DifficultyError> + Sync,
) -> Result<Vec<f64>, DifficultyError> {
    let scores = recipe::first_error(parts.par_iter().map(&score).collect())?;
    let mut scores = scores.into_iter();
    let Some(mut mean) = scores.next() else {
        return Err(DifficultyError::argument(argument, "empty", "at least one"));
    };
    for score in scores {
        if score.len() != mean.len() {
            let (found, expected) = (score.len(), mean.len());
            return Err(DifficultyError::LengthMismatch { what: argument, found, expected });
        }
        mean.iter_mut().zip(score).for_each(|(mean, score)| *mean += score);
    }
    mean.iter_mut().for_each(|mean| *mean /= parts.len() as f64);
    Ok(mean)
}
