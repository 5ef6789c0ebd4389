//! How the network is trained: one recipe for every arm.

use anyhow::Result;
use cl_data::{Dataset, Sampler};
use cl_model::{
    Activation, Augmented, Budget, ConvNet, Cosine, CrossEntropy, ImageShape, Initialization, Mlp, Observer, Sgd,
    Trainer, WarmUp, evaluate,
};
use cl_pacing::ShuffleSampler;
use serde::Serialize;

/// Channels of the blocks.
const WIDTHS: [usize; 3] = [16, 32, 64];

/// The perceptron of the forgetting experiment, which is beside.
const N_HIDDEN: usize = 128;
const PERCEPTRONS_RATE: f64 = 0.02;
const PERCEPTRONS_BATCH: usize = 64;

/// Everything that is chosen: with it, a run is its data, sampler and seed.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Recipe {
    pub(super) n_epochs: u64,
    pub(super) n_updates: u64,
    pub(super) batch_size: usize,
    pub(super) widths: [usize; 3],
    pub(super) learning_rate: f64,
    pub(super) weight_decay: f64,
    pub(super) padding: usize,
}

impl Recipe {
    /// For so many epochs of `n` images.
    pub(super) fn new(n: usize, n_epochs: u64) -> Self {
        let batch_size = 128;
        let n_updates = n_epochs * n.div_ceil(batch_size) as u64;
        Self {
            n_epochs,
            n_updates,
            batch_size,
            widths: WIDTHS,
            learning_rate: 0.1,
            weight_decay: 5e-4,
            padding: 2,
        }
    }

    /// The same with a tenth of the updates.
    pub(super) fn tenth(self) -> Self {
        Self { n_updates: (self.n_updates / 10).max(2), ..self }
    }

    /// Batches of everything, each example once an epoch.
    pub(super) fn shuffled(&self, data: &Dataset<f32>, seed: u64) -> Result<ShuffleSampler> {
        // Of what little is kept of few images the whole.
        Ok(ShuffleSampler::new(data.n_examples(), self.batch_size.min(data.n_examples()), seed)?)
    }

    /// Trains from first weights of `seed` and tests. The learning rate climbs over a tenth of the updates and comes down
    /// along a cosine.
    pub(super) fn test_accuracy(
        &self,
        data: &Dataset<f32>,
        test: &Dataset<f32>,
        sampler: &mut dyn Sampler,
        seed: u64,
        observers: &mut [&mut dyn Observer<f32>],
    ) -> Result<f64> {
        let shape = ImageShape::new(3, 32, 32)?;
        let network =
            ConvNet::new(shape, &self.widths, data.n_classes(), Activation::Relu, Initialization::He, seed)?;
        let mut network = Augmented::new(network, shape, self.padding, seed)?;
        let n_climbing = (self.n_updates / 10).max(1);
        let down = Cosine::new(self.learning_rate, 0.0, self.n_updates - n_climbing)?;
        let trainer = Trainer::new(Budget::Updates(self.n_updates), WarmUp::new(n_climbing, 0.1, down)?)?;
        let mut sgd = Sgd::new(0.9, self.weight_decay)?.with_nesterov();
        trainer.train(&mut network, &CrossEntropy, &mut sgd, data, sampler, observers)?;
        Ok(evaluate(&network, &CrossEntropy, test)?.accuracy())
    }

    /// The perceptron for as many epochs, as the forgetting experiment trains it.
    pub(super) fn perceptrons_accuracy(
        &self,
        data: &Dataset<f32>,
        test: &Dataset<f32>,
        seed: u64,
        observers: &mut [&mut dyn Observer<f32>],
    ) -> Result<f64> {
        let widths = [data.n_features(), N_HIDDEN, data.n_classes()];
        let mut network = Mlp::new(&widths, Activation::Relu, Initialization::He, seed)?;
        let mut sampler = ShuffleSampler::new(data.n_examples(), PERCEPTRONS_BATCH.min(data.n_examples()), seed)?;
        let trainer = Trainer::new(Budget::Epochs(self.n_epochs), PERCEPTRONS_RATE)?;
        trainer.train(&mut network, &CrossEntropy, &mut Sgd::plain(), data, &mut sampler, observers)?;
        Ok(evaluate(&network, &CrossEntropy, test)?.accuracy())
    }
}
