#![doc = include_str!("../README.md")]
//!
//! # Architecture invariant
//!
//! This crate knows models, losses, optimisers and how they are driven. It knows no difficulty, no curriculum
//! and no pruning: a [`Trainer`] takes its batches from any [`cl_data::Sampler`] and tells any [`Observer`]
//! what was shown.

#![forbid(unsafe_code)]

mod activation;
mod augmented;
mod batch_memory;
mod batch_norm;
mod conv_net;
mod error;
mod evaluate;
mod gemm;
mod image_shape;
mod initialization;
mod linear;
mod logistic;
mod loss;
mod mlp;
mod model;
mod observer;
mod optimizer;
mod plan;
mod pooling;
mod run;
mod schedule;
mod softmax;
mod sums;
mod tanh;
mod trainer;
mod validated;
mod window;

pub use activation::Activation;
pub use augmented::{Augmented, AugmentedWorkspace};
pub use cl_data::{exponential, lambert_w0};
pub use conv_net::{ConvNet, ConvNetWorkspace};
pub use error::ModelError;
pub use evaluate::{Evaluation, evaluate, gradient_norms};
pub use gemm::Packing;
pub use image_shape::ImageShape;
pub use initialization::Initialization;
pub use linear::{LinearRegression, LinearSvm};
pub use logistic::{LogisticRegression, sigmoid};
pub use loss::{
    Bootstrapping, CrammerSinger, CrossEntropy, Focal, Hinge, Loss, MultiMargin, RankingHinge,
    SmoothedCrossEntropy, Squared, SuperLoss, Target, Threshold, epsilon_cross_entropy, log_softmax, softmax,
};
pub use mlp::{Mlp, MlpWorkspace};
pub use model::{Examples, Mode, Model};
pub use observer::{EpochEnd, Observer, Presentation, Validated};
pub use optimizer::{Adam, Optimizer, Sgd};
pub use plan::{Budget, Criterion, LearningRate, Training, Validation};
pub use run::{Checkpoint, Run};
pub use schedule::{Cosine, Exponential, Plateau, Step, WarmUp};
pub use softmax::SoftmaxRegression;
pub use trainer::Trainer;
pub use window::{LastWordScorer, WindowLanguageModel, WindowWorkspace};
