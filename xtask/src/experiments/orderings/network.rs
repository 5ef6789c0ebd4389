//! The network of every run.

use cl_data::Dataset;
use cl_model::{Activation, Initialization, Mlp, ModelError};

pub(super) const BATCH_SIZE: usize = 32;
pub(super) const N_HIDDEN: usize = 32;
pub(super) const MOMENTUM: f64 = 0.9;
pub(super) const WEIGHT_DECAY: f64 = 5e-4;

/// The perceptron from the features of `data` to its classes.
pub(super) fn network(data: &Dataset<f32>, seed: u64) -> Result<Mlp<f32>, ModelError> {
    Mlp::new(&[data.n_features(), N_HIDDEN, data.n_classes()], Activation::Relu, Initialization::He, seed)
}
