//! The training that the example is of: a small network learns some of the bundled digits.

use cl_data::{Dataset, bundled, symmetric_noise};
use cl_difficulty::model_based::embed;
use cl_model::{
    Activation, Budget, CrossEntropy, Initialization, Mlp, Observer, Presentation, Sgd, Trainer, evaluate,
};
use cl_pacing::ShuffleSampler;

/// How many epochs there are.
pub(super) const N_EPOCHS: usize = 15;

const SEED: u64 = 42;
const N_EXAMPLES: usize = 500;
/// The share of labels that are made wrong, so that there is something to find.
const NOISE: f64 = 0.05;
const N_HIDDEN: usize = 32;
const BATCH_SIZE: usize = 25;
const LEARNING_RATE: f64 = 0.05;
const MOMENTUM: f64 = 0.9;
/// The largest value of a pixel.
const WHITE: f64 = 16.0;

/// What was learned from, what the network gave out on the way, and what it is in the end.
pub(super) struct Trained {
    /// Pixels from 0 to 16, under the labels that the network was given.
    pub(super) digits: Dataset<f64>,
    /// Of each example, whether its label is wrong.
    pub(super) is_wrong: Vec<bool>,
    /// (epochs, examples, classes): of each example as it was shown, before the update that this caused.
    pub(super) logits: Vec<f32>,
    /// (epochs, examples): of the same.
    pub(super) training_losses: Vec<f64>,
    /// Of each example in the end.
    pub(super) losses: Vec<f64>,
    /// (examples, hidden units) in the end.
    pub(super) features: Vec<f32>,
    /// In the end, by the labels given.
    pub(super) accuracy: f64,
}

impl Trained {
    /// The same in every run: whatever is drawn is drawn from one seed.
    pub(super) fn new() -> anyhow::Result<Self> {
        let first: Vec<usize> = (0..N_EXAMPLES).collect();
        let digits = bundled::digits().subset(&first)?;
        let noisy = symmetric_noise(digits.labels(), digits.n_classes(), NOISE, SEED)?;
        let digits = noisy.apply(digits)?;
        let (d, c) = (digits.n_features(), digits.n_classes());
        let pixels: Vec<f32> = digits.features().as_slice().iter().map(|&pixel| (pixel / WHITE) as f32).collect();
        let data = Dataset::new(d, pixels, digits.labels().to_vec(), c)?;

        let mut model = Mlp::<f32>::new(&[d, N_HIDDEN, c], Activation::Relu, Initialization::He, SEED)?;
        let mut optimizer = Sgd::<f32>::new(MOMENTUM, 0.0)?;
        let mut sampler = ShuffleSampler::new(N_EXAMPLES, BATCH_SIZE, SEED)?;
        let mut log = Log::new(c);
        let trainer = Trainer::new(Budget::Epochs(N_EPOCHS as u64), LEARNING_RATE)?;
        trainer.train(&mut model, &CrossEntropy, &mut optimizer, &data, &mut sampler, &mut [&mut log])?;

        let evaluation = evaluate(&model, &CrossEntropy, &data)?;
        Ok(Self {
            digits,
            is_wrong: noisy.changed,
            logits: log.logits,
            training_losses: log.losses,
            accuracy: evaluation.accuracy(),
            losses: evaluation.losses,
            features: embed(&model, &data)?.features().as_slice().to_vec(),
        })
    }
}

/// Takes down what the network gives out for each example in each epoch.
struct Log {
    n_classes: usize,
    logits: Vec<f32>,
    losses: Vec<f64>,
}

impl Log {
    fn new(n_classes: usize) -> Self {
        let n = N_EPOCHS * N_EXAMPLES;
        Self { n_classes, logits: vec![0.0; n * n_classes], losses: vec![0.0; n] }
    }
}

impl Observer<f32> for Log {
    fn presented(&mut self, presentation: &Presentation<'_, f32>) {
        let c = self.n_classes;
        let first = presentation.epoch.index as usize * N_EXAMPLES;
        let outputs = presentation.outputs.chunks_exact(c);
        for ((&index, outputs), &loss) in presentation.indices.iter().zip(outputs).zip(presentation.losses) {
            let at = first + index;
            self.logits[at * c..][..c].copy_from_slice(outputs);
            self.losses[at] = loss;
        }
    }
}
