//! Digits, of which InfoBatch leaves out what is learned already, and scores from the same training. `digits [DEVICE
//! [CHECKPOINT]]`: on `cpu`, `cuda` or `metal`; saved every ten steps, a run goes on where a checkpoint is found.

use std::{error::Error, path::Path};

use candle_core::{DType, Tensor};
use candle_nn::{Activation, Module, Optimizer, ParamsAdamW, VarBuilder, VarMap, linear, seq};
use cl_candle::{AdamW, Checkpoint, Feed, Recorder, device, draw_weights, per_example_losses};
use cl_difficulty::MetricSettings;
use cl_prune::InfoBatchSampler;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let device = device(arguments.first().map_or("cpu", |name| name))?;
    let digits = cl_data::bundled::digits();
    let n = digits.n_examples();
    let pixels = Tensor::from_slice(digits.features().as_slice(), (n, 64), &device)?;
    let pixels = (pixels.to_dtype(DType::F32)? / 16.0)?;
    let labels: Vec<u32> = digits.labels().iter().map(|&label| label as u32).collect();
    let labels = Tensor::from_vec(labels, n, &device)?;

    let mut feed = Feed::new(InfoBatchSampler::new(n, 64, 10, 7)?, &device);
    let metrics = [MetricSettings::parse("el2n", &[])?, MetricSettings::parse("forgetting", &[])?];
    let mut recorder = Recorder::new(digits.labels().to_vec(), 10, &metrics)?;
    let network = VarMap::new();
    let layers = VarBuilder::from_varmap(&network, DType::F32, &device);
    let (hidden, output) = (linear(64, 128, layers.pp("hidden"))?, linear(128, 10, layers.pp("output"))?);
    let model = seq().add(hidden).add(Activation::Relu).add(output);
    draw_weights(&network, 42)?;
    let mut optimizer = AdamW::of(&network, ParamsAdamW::default())?;
    let checkpoint = arguments.get(1).map(Path::new);
    if let Some(path) = checkpoint.filter(|path| path.exists()) {
        let saved = Checkpoint::load(path)?;
        saved.restore_recorder(&mut recorder)?;
        saved.restore(&mut feed, &network, &mut optimizer)?;
    }

    while feed.epoch()?.index < 10 {
        let mut n_shown = 0;
        while let Some(drawn) = feed.next_of_epoch()? {
            let logits = model.forward(&drawn.select(&pixels)?)?;
            recorder.record(&drawn, &logits)?;
            n_shown += drawn.batch.indices.len();
            let losses = per_example_losses(&logits, &drawn.select(&labels)?)?;
            feed.tell(&drawn, &losses)?; // decides what the next epoch shows
            optimizer.backward_step(&drawn.weighted_mean(&losses)?)?;
            if let (Some(path), 9) = (checkpoint, drawn.step % 10) {
                let saved = Checkpoint::new(drawn.step + 1, &mut feed, &network, &optimizer)?;
                saved.with_recorder(&mut recorder)?.save(path)?;
            }
        }
        println!("epoch {:2}: {n_shown} of {n} were shown", feed.epoch()?.index);
    }
    let el2n = recorder.columns()?[0].values.to_floats();
    let mut hardest: Vec<usize> = (0..n).collect();
    hardest.sort_by(|&a, &b| el2n[b].total_cmp(&el2n[a]));
    let right =
        model.forward(&pixels)?.argmax(1)?.eq(&labels)?.to_dtype(DType::F32)?.sum_all()?.to_scalar::<f32>()?;
    println!("{right} right; hardest by EL2N: {:?}", &hardest[..5]);
    Ok(())
}
