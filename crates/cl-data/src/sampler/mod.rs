//! The fourth of the four seams (order, pacing, weighting, sampler): where a training loop gets its batches. The trait
//! lives with the data, so that a trainer can take batches and a sampler can give them without knowing each other; the
//! samplers themselves are in `cl-pacing` and `cl-prune`.

mod batch;
mod error;
mod feedback;
mod fingerprint;
mod forward;
mod seam;
mod state;

pub use batch::{Batch, Epoch};
pub use error::SamplerError;
pub use feedback::check_feedback;
pub use fingerprint::SamplerFingerprint;
pub use seam::Sampler;
