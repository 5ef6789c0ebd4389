//! Digits, of which InfoBatch leaves out what is learned already, and scores from the same training. `digits [DEVICE
//! [CHECKPOINT]]`: on `cpu`, `cuda` or `wgpu`; saved every ten steps, a run goes on where a checkpoint is found.

use std::{error::Error, path::Path};

use burn::data::{dataloader::batcher::Batcher, dataset::InMemDataset};
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams};
use burn::{prelude::*, tensor::activation::relu};
use cl_burn::{Checkpoint, Loader, Recorder, device, per_example_losses};
use cl_difficulty::MetricSettings;
use cl_prune::InfoBatchSampler;

/// Two layers are a network: burn's modules may be arrays.
fn forward([hidden, output]: &[Linear; 2], pixels: Tensor<2>) -> Tensor<2> {
    output.forward(relu(hidden.forward(pixels)))
}

/// What the loader makes of examples: their pixels and labels, row by row.
struct Stack;

impl Batcher<(Vec<f64>, usize), (Tensor<2>, Tensor<1, Int>)> for Stack {
    fn batch(&self, items: Vec<(Vec<f64>, usize)>, device: &Device) -> (Tensor<2>, Tensor<1, Int>) {
        let (pixels, labels): (Vec<_>, Vec<i64>) = items.into_iter().map(|(x, y)| (x, y as i64)).unzip();
        let pixels = TensorData::new(pixels.concat(), [labels.len(), 64]);
        (Tensor::from_data(pixels, device), Tensor::from_data(&labels[..], device))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let device = device(arguments.first().map_or("cpu", |name| name))?.autodiff();
    let digits = cl_data::bundled::digits();
    let pixels =
        digits.features().as_slice().chunks(64).map(|pixels| pixels.iter().map(|pixel| pixel / 16.0).collect());
    let data = InMemDataset::new(pixels.zip(digits.labels().iter().copied()).collect());
    let sampler = InfoBatchSampler::new(digits.n_examples(), 64, 10, 7)?;
    let loader = Loader::new(data, Stack, sampler, &device)?;
    let metrics = [MetricSettings::parse("el2n", &[])?, MetricSettings::parse("forgetting", &[])?];
    let mut recorder = Recorder::new(digits.labels().to_vec(), 10, &metrics)?;
    device.seed(42);
    let linear = |from, to| LinearConfig::new(from, to).init(&device);
    let (mut net, mut optimizer) = ([linear(64, 128), linear(128, 10)], AdamConfig::new().init());
    let checkpoint = arguments.get(1).map(Path::new);
    if let Some(path) = checkpoint.filter(|path| path.exists()) {
        let saved = Checkpoint::load(path)?;
        saved.restore_recorder(&mut recorder)?;
        (net, optimizer) = saved.restore(&loader, net, optimizer)?;
    }

    while loader.epoch()?.index < 10 {
        let mut n_shown = 0;
        for sampled in loader.batches() {
            let sampled = sampled?;
            let (pixels, labels) = sampled.batch.clone();
            let logits = forward(&net, pixels);
            recorder.record(&sampled, &logits)?;
            n_shown += sampled.len();
            let losses = per_example_losses(logits, labels)?;
            sampled.tell(&losses)?; // decides what the next epoch shows
            let gradients = sampled.weighted_mean(losses)?.backward();
            net = optimizer.step(1e-3, net.clone(), GradientsParams::from_grads(gradients, &net));
            if let (Some(path), 9) = (checkpoint, sampled.step % 10) {
                let saved = Checkpoint::new(sampled.step + 1, &loader, &net, &optimizer)?;
                saved.with_recorder(&mut recorder)?.save(path)?;
            }
        }
        println!("epoch {:2}: {n_shown} of {} were shown", loader.epoch()?.index, digits.n_examples());
    }
    let el2n = recorder.columns()?[0].values.to_floats();
    let mut hardest: Vec<usize> = (0..el2n.len()).collect();
    hardest.sort_by(|&a, &b| el2n[b].total_cmp(&el2n[a]));
    let (pixels, labels) = loader.gather(&hardest)?;
    let right = forward(&net, pixels).argmax(1).squeeze_dim::<1>(1).equal(labels).int().sum();
    println!("{} right; hardest by EL2N: {:?}", right.into_scalar::<i64>(), &hardest[..5]);
    Ok(())
}
