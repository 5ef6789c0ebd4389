//! Continuation: minimising a hard function by way of an easy one.
//!
//! ```text
//! F_lambda = (1 - lambda) F_easy + lambda F_hard,   lambda from 0 to 1
//! ```
//!
//! For functions ([`Homotopy`]), whose easy side may be their smoothed selves ([`GaussianSmoothing`],
//! [`ConvexEnvelope`]); for losses of two sets of examples ([`HomotopyWeights`]); and for mixtures of data
//! ([`MixtureSampler`](crate::MixtureSampler)).

mod convex_envelope;
mod gaussian_smoothing;
mod homotopy;
mod homotopy_weights;
mod objective;

pub use convex_envelope::ConvexEnvelope;
pub use gaussian_smoothing::GaussianSmoothing;
pub use homotopy::{Homotopy, Path, Stage};
pub(crate) use homotopy_weights::check_set;
pub use homotopy_weights::{HomotopyWeights, homotopy_losses};
pub use objective::{Function, Objective, basin, descend};
