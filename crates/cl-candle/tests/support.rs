//! Digits, a network, and one training step.

use candle_core::{DType, Device, Tensor};
use candle_nn::{Linear, Module, Optimizer, ParamsAdamW, VarBuilder, VarMap, linear};
use cl_candle::{AdamW, CandleError, Checkpoint, Drawn, Feed, Recorder, draw_weights, per_example_losses};
use cl_data::Sampler;
use cl_difficulty::{Column, MetricSettings};

/// How many of the digits are used: few, so that every step of a run can be one to stop at.
pub(crate) const N: usize = 200;

pub(crate) fn labels() -> Vec<usize> {
    cl_data::bundled::digits().labels()[..N].to_vec()
}

pub(crate) fn metrics() -> Vec<MetricSettings> {
    ["el2n", "forgetting", "aum", "variability"].map(|name| MetricSettings::parse(name, &[]).unwrap()).into()
}

pub(crate) fn says(error: CandleError, parts: &[&str]) {
    let text = error.to_string();
    assert!(parts.iter().all(|part| text.contains(part)), "{text}");
}

/// All that a training consists of.
pub(crate) struct Run {
    pub(crate) feed: Feed,
    pub(crate) network: VarMap,
    pub(crate) optimizer: AdamW,
    pub(crate) recorder: Recorder,
    layers: [Linear; 2],
    pixels: Tensor,
    labels: Tensor,
}

impl Run {
    pub(crate) fn new(sampler: impl Sampler + 'static, width: usize, seed: u64) -> Self {
        let pixels = cl_data::bundled::digits().features().as_slice()[..64 * N].to_vec();
        let pixels = Tensor::from_vec(pixels, (N, 64), &Device::Cpu).unwrap();
        let pixels = (pixels.to_dtype(DType::F32).unwrap() / 16.0).unwrap();
        let classes: Vec<u32> = labels().into_iter().map(|label| label as u32).collect();
        let network = VarMap::new();
        let layers = VarBuilder::from_varmap(&network, DType::F32, &Device::Cpu);
        let layers = [linear(64, width, layers.pp("hidden")), linear(width, 10, layers.pp("output"))];
        draw_weights(&network, seed).unwrap();
        Self {
            feed: Feed::new(sampler, &Device::Cpu),
            optimizer: AdamW::of(&network, ParamsAdamW { lr: 0.01, ..ParamsAdamW::default() }).unwrap(),
            network,
            recorder: Recorder::new(labels(), 10, &metrics()).unwrap(),
            layers: layers.map(Result::unwrap),
            pixels,
            labels: Tensor::from_vec(classes, N, &Device::Cpu).unwrap(),
        }
    }

    pub(crate) fn losses(&self, drawn: &Drawn) -> (Tensor, Tensor) {
        let hidden = self.layers[0].forward(&drawn.select(&self.pixels).unwrap()).unwrap().relu().unwrap();
        let logits = self.layers[1].forward(&hidden).unwrap();
        let losses = per_example_losses(&logits, &drawn.select(&self.labels).unwrap()).unwrap();
        (logits, losses)
    }

    fn step(&mut self, drawn: &Drawn) {
        let (logits, losses) = self.losses(drawn);
        self.recorder.record(drawn, &logits).unwrap();
        self.feed.tell(drawn, &losses).unwrap();
        self.optimizer.backward_step(&drawn.weighted_mean(&losses).unwrap()).unwrap();
    }

    /// Trains until `n_steps` steps are consumed, and draws one more.
    pub(crate) fn train(&mut self, n_steps: u64) {
        loop {
            if let Some(drawn) = self.feed.next_of_epoch().unwrap() {
                if drawn.step >= n_steps {
                    return;
                }
                self.step(&drawn);
            }
        }
    }

    pub(crate) fn checkpoint(&mut self, n_steps: u64) -> Vec<u8> {
        let checkpoint = Checkpoint::new(n_steps, &mut self.feed, &self.network, &self.optimizer).unwrap();
        checkpoint.with_recorder(&mut self.recorder).unwrap().to_bytes().unwrap()
    }

    pub(crate) fn restore(&mut self, checkpoint: &[u8]) {
        let checkpoint = Checkpoint::from_bytes(checkpoint).unwrap();
        checkpoint.restore_recorder(&mut self.recorder).unwrap();
        checkpoint.restore(&mut self.feed, &self.network, &mut self.optimizer).unwrap();
    }

    /// Every weight's bits, in the order of their names, and the scores.
    pub(crate) fn result(&mut self) -> (Vec<u32>, Vec<Column>) {
        (bits(&self.network), self.recorder.columns().unwrap())
    }
}

pub(crate) fn bits(network: &VarMap) -> Vec<u32> {
    let variables = network.data().lock().unwrap();
    let mut names: Vec<_> = variables.keys().collect();
    names.sort();
    let numbers = |name| variables[name].flatten_all().unwrap().to_vec1::<f32>().unwrap();
    names.into_iter().flat_map(numbers).map(f32::to_bits).collect()
}
