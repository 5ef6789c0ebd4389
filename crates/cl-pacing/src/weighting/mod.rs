//! The third seam: how much each example counts, from losses to weights.

mod alternation;
mod annealing;
mod at_quantile;
mod blocks;
mod capped;
mod catalogue;
mod diversity;
mod entry;
mod focal;
mod hard_mining;
mod hard_self_paced;
mod l2_bounded;
mod linear_self_paced;
mod logarithmic_self_paced;
mod logistic_self_paced;
mod mentornet;
mod mixture;
mod mixture2;
mod polynomial_self_paced;
mod self_paced;
mod self_paced_curriculum;
mod self_paced_lambda;
mod super_loss;

use std::fmt;

pub use alternation::SelfPacedAlternation;
pub use annealing::{Age, Annealing};
pub use at_quantile::AtQuantile;
pub use capped::Capped;
pub use catalogue::{self_paced_by_name, weighting_by_name, weightings};
pub use diversity::SelfPacedDiversity;
pub use focal::{DetachedFocal, FocalGradient};
pub use hard_mining::HardMining;
pub use hard_self_paced::HardSelfPaced;
pub use l2_bounded::L2Bounded;
pub use linear_self_paced::LinearSelfPaced;
pub use logarithmic_self_paced::LogarithmicSelfPaced;
pub use logistic_self_paced::LogisticSelfPaced;
pub use mentornet::{MentorNet, PercentileAverage};
pub use mixture::Mixture;
pub use mixture2::Mixture2;
pub use polynomial_self_paced::PolynomialSelfPaced;
pub use self_paced::{SelfPaced, Separable};
pub use self_paced_curriculum::SelfPacedCurriculum;
pub use self_paced_lambda::SelfPacedLambda;
pub use super_loss::SuperLossWeight;

use crate::error::PacingError;

/// Losses to weights: the third of the four seams (order, pacing, weighting, sampler).
///
/// Displayed, a weighting is its name with its parameters.
pub trait Weighting: fmt::Debug + fmt::Display + Send + Sync {
    /// Writes the weight of each example into `weights`, given the loss of each. O(n), unless the weighting says
    /// otherwise. After an error the weights mean nothing.
    ///
    /// # Errors
    /// Unless there is one weight per loss, and no loss is NaN.
    fn weights(&self, losses: &[f64], weights: &mut [f64]) -> Result<(), PacingError>;
}

impl<W: Weighting + ?Sized> Weighting for std::sync::Arc<W> {
    fn weights(&self, losses: &[f64], weights: &mut [f64]) -> Result<(), PacingError> {
        (**self).weights(losses, weights)
    }
}

fn check_length(losses: &[f64], weights: &[f64]) -> Result<(), PacingError> {
    PacingError::check_length("weights", weights.len(), losses.len())
}

fn check_numbers(losses: &[f64]) -> Result<(), PacingError> {
    match losses.iter().position(|loss| loss.is_nan()) {
        Some(example) => Err(PacingError::NotANumber { what: "loss", example }),
        None => Ok(()),
    }
}

fn check_positive(argument: &'static str, value: f64) -> Result<(), PacingError> {
    PacingError::check(argument, value, value.is_finite() && value > 0.0, "a finite number above 0")
}
