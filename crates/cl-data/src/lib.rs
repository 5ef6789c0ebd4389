#![doc = include_str!("../README.md")]
//!
//! # Architecture invariant
//!
//! This crate knows what is learned *from*: examples, labels, where they came from and in what order they
//! may be handed out. It knows no model, no loss and no difficulty.

#![forbid(unsafe_code)]

#[cfg(not(target_family = "wasm"))]
mod bundled_sets;
pub mod catalogue;
mod corpus;
mod dataset;
mod error;
pub mod exponential;
mod fingerprint;
mod generators;
mod ids;
pub mod instructions;
#[cfg(not(target_family = "wasm"))]
pub mod io;
mod label_noise;
mod lambert_w;
pub mod memory;
pub mod numpy;
pub mod random;
mod sampler;
pub mod seal;
mod shapes;
mod split;
mod standardize;
mod version;

/// The small data sets that travel with the crate.
#[cfg(not(target_family = "wasm"))]
pub mod bundled {
    pub use crate::bundled_sets::{breast_cancer, digits, iris, wine};
}

pub use corpus::TopicGrammar;
pub use dataset::{Dataset, MAX_CLASSES, Scalar};
pub use error::DataError;
pub use fingerprint::{Fingerprint, FingerprintBuilder};
pub use generators::{Clusters, GaussianMixture, MixtureComponent};
pub use ids::Ids;
pub use label_noise::{NoisyLabels, TransitionMatrix, pair_noise, symmetric_noise, transition_noise};
pub use lambert_w::lambert_w0;
pub use sampler::{Batch, Epoch, Sampler, SamplerError, SamplerFingerprint, check_feedback};
pub use shapes::Shapes;
pub use split::stratified_split;
pub use standardize::Standardization;
pub use version::Version;
