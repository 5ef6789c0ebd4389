//! What the feed, the optimiser, the recorder and checkpoints promise.

mod adam_w;
mod feed;
mod misuse;
mod recorder;
mod resume;
mod support;
