//! A network that says what is hard for another one.

use anyhow::Result;
use cl_data::Dataset;
use cl_model::{Budget, CrossEntropy, Mlp, Sgd, Trainer, evaluate};
use cl_pacing::ShuffleSampler;

/// How a teacher is trained.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Teacher {
    pub(crate) batch_size: usize,
    pub(crate) n_epochs: u64,
    pub(crate) learning_rate: f64,
}

impl Teacher {
    /// The losses of all examples under a network of other first weights than those of `seed`, after a few epochs.
    pub(crate) fn losses(
        &self,
        data: &Dataset<f32>,
        seed: u64,
        network: impl Fn(u64) -> Result<Mlp<f32>>,
    ) -> Result<Vec<f64>> {
        let seed = 3_000_000 + seed;
        let mut teacher = network(seed)?;
        let mut sampler = ShuffleSampler::new(data.n_examples(), self.batch_size, seed)?;
        let trainer = Trainer::new(Budget::Epochs(self.n_epochs), self.learning_rate)?;
        trainer.train(&mut teacher, &CrossEntropy, &mut Sgd::plain(), data, &mut sampler, &mut [])?;
        Ok(evaluate(&teacher, &CrossEntropy, data)?.losses)
    }
}
