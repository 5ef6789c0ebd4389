#![doc = include_str!("../README.md")]
//!
//! # Architecture invariant
//!
//! This crate knows models, losses, optimisers and how they are driven. It knows no difficulty, no curriculum
//! and no pruning: a [`Trainer`] takes its batches from any [`cl_data::Sampler`] and tells any [`Observer`]
//! what was shown.

mod activation;
mod error;
mod evaluate;
mod initialization;
mod logistic;
mod loss;
mod mlp;
mod model;
mod observer;
mod optimizer;
mod product;
mod softmax;
mod trainer;

pub use activation::Activation;
pub use error::ModelError;
pub use evaluate::{Evaluation, evaluate};
pub use initialization::Initialization;
pub use logistic::{LogisticRegression, sigmoid};
pub use loss::{CrossEntropy, Focal, Loss, Target, epsilon_cross_entropy, log_softmax, softmax};
pub use mlp::{Mlp, MlpWorkspace};
pub use model::{Examples, Mode, Model};
pub use observer::{EpochEnd, Observer, Presentation};
pub use optimizer::{Optimizer, Sgd};
pub use softmax::SoftmaxRegression;
pub use trainer::{Budget, LearningRate, Trainer, Training};
