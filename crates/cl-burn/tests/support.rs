//! Digits, a network that draws and averages, and one training step.

use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::InMemDataset;
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::prelude::*;
use burn::tensor::activation::relu;
use cl_burn::{Checkpoint, Loader, Recorder, Sampled, device, per_example_losses};
use cl_data::Sampler;
use cl_difficulty::MetricSettings;

pub(crate) type Batch = (Tensor<2>, Tensor<1, Int>);
pub(crate) type Digits = Loader<(Vec<f32>, i64), Batch>;

/// How many of the digits are used: few, so that every step of a run can be one to stop at.
pub(crate) const N: usize = 200;

pub(crate) struct Stack;

impl Batcher<(Vec<f32>, i64), Batch> for Stack {
    fn batch(&self, items: Vec<(Vec<f32>, i64)>, device: &Device) -> Batch {
        let n = items.len();
        let pixels: Vec<f32> = items.iter().flat_map(|(pixels, _)| pixels.iter().copied()).collect();
        let labels: Vec<i64> = items.iter().map(|(_, label)| *label).collect();
        let pixels = Tensor::from_data(TensorData::new(pixels, [n, 64]), device);
        (pixels, Tensor::from_data(TensorData::new(labels, [n]), device))
    }
}

pub(crate) fn labels() -> Vec<usize> {
    cl_data::bundled::digits().labels()[..N].to_vec()
}

pub(crate) fn data() -> InMemDataset<(Vec<f32>, i64)> {
    let digits = cl_data::bundled::digits();
    let pixels = digits
        .features()
        .as_slice()
        .chunks(64)
        .map(|pixels| pixels.iter().map(|pixel| *pixel as f32 / 16.0).collect());
    InMemDataset::new(pixels.zip(labels().into_iter().map(|label| label as i64)).collect())
}

pub(crate) fn loader(sampler: impl Sampler + 'static) -> Digits {
    Loader::new(data(), Stack, sampler, &device("cpu").unwrap().autodiff()).unwrap()
}

#[derive(Module, Debug)]
pub(crate) struct Net {
    hidden: Linear,
    norm: BatchNorm,
    dropout: Dropout,
    output: Linear,
}

/// Burn has one generator for the process: who draws from it holds it.
pub(crate) fn generator() -> MutexGuard<'static, ()> {
    static GENERATOR: Mutex<()> = Mutex::new(());
    GENERATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Net {
    pub(crate) fn new(width: usize, seed: u64) -> Self {
        let device = device("cpu").unwrap().autodiff();
        device.seed(seed);
        let net = Self {
            hidden: LinearConfig::new(64, width).init(&device),
            norm: BatchNormConfig::new(width).init(&device),
            dropout: DropoutConfig::new(0.2).init(),
            output: LinearConfig::new(width, 10).init(&device),
        };
        // Weights are drawn when they are first read.
        let _ = net.clone().into_record();
        net
    }

    pub(crate) fn forward(&self, pixels: Tensor<2>) -> Tensor<2> {
        let hidden = relu(self.norm.forward(self.hidden.forward(pixels)));
        self.output.forward(self.dropout.forward(hidden))
    }

    /// Every number that it has, by burn's own record.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let numbers = |tensor: TensorData| tensor.as_bytes().to_vec();
        let linear = |linear: &Linear| {
            let bias = linear.bias.as_ref().map(|bias| numbers(bias.val().to_data())).unwrap_or_default();
            [numbers(linear.weight.val().to_data()), bias].concat()
        };
        let norm = [
            numbers(self.norm.gamma.val().to_data()),
            numbers(self.norm.beta.val().to_data()),
            numbers(self.norm.running_mean.value_sync().to_data()),
            numbers(self.norm.running_var.value_sync().to_data()),
        ];
        [linear(&self.hidden), norm.concat(), linear(&self.output)].concat()
    }
}

pub(crate) fn metrics() -> Vec<MetricSettings> {
    ["el2n", "forgetting", "aum", "variability"].map(|name| MetricSettings::parse(name, &[]).unwrap()).into()
}

/// All that a training consists of.
pub(crate) struct Run {
    pub(crate) loader: Digits,
    pub(crate) net: Net,
    pub(crate) optimizer: ModuleOptimizer,
    pub(crate) recorder: Recorder,
}

impl Run {
    pub(crate) fn new(sampler: impl Sampler + 'static, seed: u64) -> Self {
        let recorder = Recorder::new(labels(), 10, &metrics()).unwrap();
        Self { loader: loader(sampler), net: Net::new(16, seed), optimizer: AdamConfig::new().init(), recorder }
    }

    fn step(&mut self, sampled: &Sampled<Batch>) {
        let (pixels, labels) = sampled.batch.clone();
        sampled.seed_device(5);
        let logits = self.net.forward(pixels);
        self.recorder.record(sampled, &logits).unwrap();
        let losses = per_example_losses(logits, labels).unwrap();
        sampled.tell(&losses).unwrap();
        let gradients = sampled.weighted_mean(losses).unwrap().backward();
        let gradients = GradientsParams::from_grads(gradients, &self.net);
        self.net = self.optimizer.step(0.01, self.net.clone(), gradients);
    }

    /// Trains until `n_steps` steps are consumed.
    pub(crate) fn train(&mut self, n_steps: u64) {
        let mut consumed = self.loader.position().unwrap();
        while consumed < n_steps {
            for sampled in self.loader.clone().batches() {
                let sampled = sampled.unwrap();
                if sampled.step >= n_steps {
                    return; // with a batch that was drawn and is not used
                }
                self.step(&sampled);
                consumed = sampled.step + 1;
            }
        }
    }

    pub(crate) fn checkpoint(&mut self, n_steps: u64) -> Vec<u8> {
        let checkpoint = Checkpoint::new(n_steps, &self.loader, &self.net, &self.optimizer).unwrap();
        checkpoint.with_recorder(&mut self.recorder).unwrap().to_bytes().unwrap()
    }

    pub(crate) fn restore(self, checkpoint: &[u8]) -> Self {
        let Self { loader, net, optimizer, mut recorder } = self;
        let checkpoint = Checkpoint::from_bytes(checkpoint).unwrap();
        checkpoint.restore_recorder(&mut recorder).unwrap();
        let (net, optimizer) = checkpoint.restore(&loader, net, optimizer).unwrap();
        Self { loader, net, optimizer, recorder }
    }

    /// Weights and scores.
    pub(crate) fn result(&mut self) -> (Vec<u8>, Vec<cl_difficulty::Column>) {
        (self.net.bytes(), self.recorder.columns().unwrap())
    }
}
