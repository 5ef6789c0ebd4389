//! Training in pieces, with a look at the model between them.

use cl_data::{Batch, Epoch, Sampler, SamplerError};

/// A sampler from some step on: what a trainer that counts from 0 takes to go on where another stopped.
///
/// With plain SGD, which remembers nothing, training in pieces is training in one go, bit for bit.
pub struct From<'a> {
    /// The whole run's sampler.
    pub sampler: &'a mut dyn Sampler,
    /// The step that is this piece's first.
    pub first_step: u64,
}

impl Sampler for From<'_> {
    fn n_examples(&self) -> usize {
        self.sampler.n_examples()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        self.sampler.batch(self.first_step + step, batch)
    }

    fn epoch(&self, step: u64) -> Epoch {
        self.sampler.epoch(self.first_step + step)
    }

    fn wanted(&self, step: u64, wanted: &mut Vec<usize>) {
        self.sampler.wanted(self.first_step + step, wanted);
    }

    fn feedback(&mut self, step: u64, indices: &[usize], losses: &[f64]) -> Result<(), SamplerError> {
        self.sampler.feedback(self.first_step + step, indices, losses)
    }
}

#[cfg(test)]
mod tests {
    use cl_data::Clusters;
    use cl_model::{Activation, Budget, CrossEntropy, Initialization, Mlp, Sgd, Trainer};
    use cl_pacing::ShuffleSampler;

    use super::*;

    #[test]
    fn pieces_make_the_whole() {
        let data = Clusters::default().generate(50, 1).unwrap();
        let train = |pieces: &[u64]| {
            let mut model = Mlp::new(&[2, 4, 2], Activation::Tanh, Initialization::Xavier, 1).unwrap();
            let mut sampler = ShuffleSampler::new(50, 8, 1).unwrap();
            let mut first_step = 0;
            for &updates in pieces {
                let mut rest = From { sampler: &mut sampler, first_step };
                let trainer = Trainer::new(Budget::Updates(updates), 0.1).unwrap();
                trainer.train(&mut model, &CrossEntropy, &mut Sgd::plain(), &data, &mut rest, &mut []).unwrap();
                first_step += updates;
            }
            model
        };
        assert_eq!(train(&[30]), train(&[11, 1, 18]));
    }
}
