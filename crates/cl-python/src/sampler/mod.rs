//! Samplers as data loaders take them: iterables of batches, one epoch at a time, that can be stopped at any batch.

mod batch_iterator;
mod batch_sampler;
mod core;
mod example_iterator;
mod make;
mod saved;
mod state;

pub(crate) use batch_iterator::BatchIterator;
pub(crate) use batch_sampler::Sampler;
pub(crate) use example_iterator::ExampleIterator;
