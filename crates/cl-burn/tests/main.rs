//! What the loader, the recorder and checkpoints promise.

mod batches;
#[cfg(feature = "train")]
mod learner;
mod misuse;
mod recorder;
mod resume;
mod support;
