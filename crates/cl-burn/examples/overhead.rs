//! What sampler and recorder cost beside a training step: a small residual network on images of 32 x 32 pixels, on the
//! CPU. `overhead [STEPS [BATCH]]`; both kinds of step are measured in the same run, in turns.

use std::{error::Error, time::Duration, time::Instant};

use burn::data::{dataloader::batcher::Batcher, dataset::InMemDataset};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::{prelude::*, tensor::activation::relu};
use cl_burn::{Loader, Recorder, Sampled, device, per_example_losses};
use cl_data::random;
use cl_difficulty::MetricSettings;
use cl_prune::InfoBatchSampler;

type Images = (Tensor<4>, Tensor<1, Int>);
type Item = (Vec<f32>, i64);

const N: usize = 2048;
const PIXELS: usize = 3 * 32 * 32;

struct Stack;

impl Batcher<Item, Images> for Stack {
    fn batch(&self, items: Vec<Item>, device: &Device) -> Images {
        let n = items.len();
        let (pixels, labels): (Vec<_>, Vec<i64>) = items.into_iter().unzip();
        let pixels = Tensor::from_data(TensorData::new(pixels.concat(), [n, 3, 32, 32]), device);
        (pixels, Tensor::from_data(&labels[..], device))
    }
}

#[derive(Module, Debug)]
struct Block {
    first: Conv2d,
    first_norm: BatchNorm,
    second: Conv2d,
    second_norm: BatchNorm,
    shortcut: Option<Conv2d>,
}

impl Block {
    fn new(from: usize, to: usize, device: &Device) -> Self {
        let stride = if from == to { 1 } else { 2 };
        let three = |from, stride| {
            let padding = PaddingConfig2d::Explicit(1, 1, 1, 1);
            Conv2dConfig::new([from, to], [3, 3]).with_stride([stride, stride]).with_padding(padding).init(device)
        };
        let norm = || BatchNormConfig::new(to).init(device);
        let one = || Conv2dConfig::new([from, to], [1, 1]).with_stride([2, 2]).init(device);
        let (first, second, shortcut) = (three(from, stride), three(to, 1), (from != to).then(one));
        Self { first, first_norm: norm(), second, second_norm: norm(), shortcut }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let inner = relu(self.first_norm.forward(self.first.forward(x.clone())));
        let inner = self.second_norm.forward(self.second.forward(inner));
        relu(inner + self.shortcut.as_ref().map_or(x.clone(), |shortcut| shortcut.forward(x)))
    }
}

/// Eight layers of 16, 32 and 64 channels: the shape of He et al. (2016) for CIFAR-10, with one block of each.
#[derive(Module, Debug)]
struct ResNet {
    stem: Conv2d,
    blocks: Vec<Block>,
    output: Linear,
}

impl ResNet {
    fn new(device: &Device) -> Self {
        let padding = PaddingConfig2d::Explicit(1, 1, 1, 1);
        let stem = Conv2dConfig::new([3, 16], [3, 3]).with_padding(padding).init(device);
        let blocks = [(16, 16), (16, 32), (32, 64)].map(|(from, to)| Block::new(from, to, device)).into();
        Self { stem, blocks, output: LinearConfig::new(64, 10).init(device) }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.blocks.iter().fold(relu(self.stem.forward(x)), |x, block| block.forward(x));
        let [n, c, h, w] = x.dims();
        self.output.forward(x.reshape([n, c, h * w]).mean_dim(2).reshape([n, c]))
    }
}

struct Training {
    net: ResNet,
    optimizer: ModuleOptimizer,
}

impl Training {
    /// A step of any training loop; `told` sees logits and losses before the update.
    fn step(
        &mut self,
        (images, labels): Images,
        told: impl FnOnce(&Tensor<2>, Tensor<1>) -> Result<Tensor<1>, Box<dyn Error>>,
    ) -> Result<(), Box<dyn Error>> {
        let logits = self.net.forward(images);
        let losses = per_example_losses(logits.clone(), labels)?;
        let gradients = told(&logits, losses)?.backward();
        let gradients = GradientsParams::from_grads(gradients, &self.net);
        self.net = self.optimizer.step(0.01, self.net.clone(), gradients);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<usize>());
    let n_steps = arguments.next().transpose()?.unwrap_or(64);
    let batch_size = arguments.next().transpose()?.unwrap_or(64);
    let device = device("cpu")?.autodiff();
    let mut stream = random::stream(1, "images", 0);
    let labels: Vec<usize> = (0..N).map(|_| random::below(&mut stream, 10)).collect();
    let mut image = |label: usize| -> Item {
        ((0..PIXELS).map(|_| random::uniform(&mut stream) as f32 + label as f32 / 20.0).collect(), label as i64)
    };
    let data = InMemDataset::new(labels.iter().map(|&label| image(label)).collect());
    let loader = Loader::new(data, Stack, InfoBatchSampler::new(N, batch_size, 1000, 3)?, &device)?;
    let metrics = ["el2n", "aum", "forgetting"].map(|name| MetricSettings::parse(name, &[]).expect("of the list"));
    let mut recorder = Recorder::new(labels, 10, &metrics)?;
    device.seed(5);
    let mut training = Training { net: ResNet::new(&device), optimizer: SgdConfig::new().init() };
    let mut order = random::permutation(&mut stream, N).into_iter().cycle();

    let (mut plain, mut ours) = (Vec::new(), Vec::new());
    let (mut alone, mut last) = (Vec::new(), 0);
    for step in 0..n_steps + 2 {
        // A loop without us: shuffled indices, the same data set and batcher, the mean of the losses.
        let start = Instant::now();
        let indices: Vec<usize> = order.by_ref().take(batch_size).collect();
        training.step(loader.gather(&indices)?, |_, losses| Ok(losses.mean()))?;
        let plain_time = start.elapsed();
        // The same with sampler, weights, feedback and recorder, and what an epoch's end costs.
        let start = Instant::now();
        let mut own = Duration::ZERO;
        let sampled: Sampled<Images> = loop {
            if let Some(sampled) = loader.next_of_epoch()? {
                break sampled;
            }
        };
        let drawn = start.elapsed();
        training.step(sampled.batch.clone(), |logits, losses| {
            let start = Instant::now();
            recorder.record(&sampled, logits)?;
            sampled.tell(&losses)?;
            let loss = sampled.weighted_mean(losses)?;
            own += start.elapsed();
            Ok(loss)
        })?;
        let our_time = start.elapsed();
        // What is in the drawing beside the gathering that any loop has.
        let start = Instant::now();
        drop(loader.gather(&sampled.drawn.indices)?);
        own += drawn.saturating_sub(start.elapsed());
        // The first steps warm up.
        if step >= 2 && sampled.len() == batch_size {
            plain.push(plain_time);
            ours.push(our_time);
            alone.push(own);
        }
        last = sampled.epoch;
    }
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        ms(times[times.len() / 2])
    };
    let mean = |times: &[Duration]| times.iter().map(|&time| ms(time)).sum::<f64>() / times.len().max(1) as f64;
    let own = mean(&alone);
    let (whole, plain_mean) = (mean(&ours), mean(&plain));
    let (plain, ours) = (median(&mut plain), median(&mut ours));
    println!("{}: {} threads", processor(), std::thread::available_parallelism()?);
    println!("{} steps of {batch_size} images of 32 x 32, {} epochs begun", alone.len(), last + 1);
    println!("a step without us:  median {plain:.2} ms, mean {plain_mean:.2} ms");
    println!(
        "a step with us:     median {ours:.2} ms, mean {whole:.2} ms ({:+.2} % of the median)",
        100.0 * (ours / plain - 1.0)
    );
    println!("of which ours:      mean {own:.3} ms, {:.2} % of a step without us", 100.0 * own / plain_mean);
    Ok(())
}

fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or("a processor without a name".to_owned(), |(_, name)| name.to_owned())
}
