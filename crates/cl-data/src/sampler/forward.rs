use super::{
    batch::{Batch, Epoch},
    error::SamplerError,
    seam::Sampler,
};

/// A sampler behind a pointer is one.
macro_rules! forward {
    ($pointer:ty) => {
        impl<S: Sampler + ?Sized> Sampler for $pointer {
            fn n_examples(&self) -> usize {
                (**self).n_examples()
            }

            fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
                (**self).batch(step, batch)
            }

            fn epoch(&self, step: u64) -> Epoch {
                (**self).epoch(step)
            }

            fn ready_until(&self) -> u64 {
                (**self).ready_until()
            }

            fn wanted(&self, step: u64, wanted: &mut Vec<usize>) {
                (**self).wanted(step, wanted);
            }

            fn feedback(&mut self, step: u64, indices: &[usize], losses: &[f64]) -> Result<(), SamplerError> {
                (**self).feedback(step, indices, losses)
            }

            fn validated(&mut self, score: f64) -> Result<(), SamplerError> {
                (**self).validated(score)
            }

            fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
                (**self).save(n_steps)
            }

            fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
                (**self).restore(state)
            }
        }
    };
}

forward!(Box<S>);
forward!(&mut S);
