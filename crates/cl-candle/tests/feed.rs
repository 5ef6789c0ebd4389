//! Batches are the library's, to the bit, whenever the sampler is told.

use candle_core::{Device, Tensor};
use cl_candle::Feed;
use cl_data::Sampler;
use cl_pacing::{
    Annealing, Cursor, LinearSelfPaced, Presentation, RhoLossSampler, SelfPacedSampler, ShuffleSampler,
};
use cl_prune::InfoBatchSampler;

use crate::support::N;

/// A loss that depends on the example and the step.
fn losses(examples: &[usize], step: u64) -> Vec<f32> {
    examples.iter().map(|&example| ((example as u64 * 37 + step * 11) % 101) as f32 / 64.0).collect()
}

fn wide(losses: &[f32]) -> Vec<f64> {
    losses.iter().map(|&loss| f64::from(loss)).collect()
}

type Make = Box<dyn Fn() -> Box<dyn Sampler>>;

fn samplers() -> Vec<Make> {
    vec![
        Box::new(|| Box::new(ShuffleSampler::new(N, 32, 1).unwrap())),
        Box::new(|| Box::new(InfoBatchSampler::new(N, 32, 6, 2).unwrap())),
        Box::new(|| Box::new(RhoLossSampler::new(vec![0.5; N], 64, 16, 3).unwrap())),
        Box::new(|| {
            let (linear, growth) = (LinearSelfPaced::new(0.6).unwrap(), Annealing::growth(1.2).unwrap());
            Box::new(SelfPacedSampler::of(linear, growth, N, 32, Presentation::Shuffled { seed: 4 }).unwrap())
        }),
    ]
}

#[test]
fn batches_are_those_of_the_library() {
    for (sampler, is_saved) in samplers().iter().flat_map(|sampler| [(sampler, false), (sampler, true)]) {
        let (mut cursor, mut feed) = (Cursor::new(sampler()), Feed::new(sampler(), &Device::Cpu));
        let (mut wanted, mut n_epochs) = (Vec::new(), 0);
        while n_epochs < 4 {
            let step = cursor.position();
            cursor.wanted(&mut wanted);
            if !wanted.is_empty() {
                cursor.feedback(step, &wanted, &wide(&losses(&wanted, step))).unwrap();
            }
            let evaluate = |indices: &Tensor| {
                let examples: Vec<usize> =
                    indices.to_vec1::<u32>()?.into_iter().map(|index| index as usize).collect();
                Ok(Tensor::new(&losses(&examples, step)[..], &Device::Cpu)?)
            };
            assert_eq!(feed.tell_wanted(48, evaluate).unwrap(), wanted.len());
            let Some(drawn) = feed.next_of_epoch().unwrap() else {
                n_epochs += 1;
                continue;
            };
            let (epoch, (step, batch)) = (cursor.epoch(), cursor.next_batch().unwrap());
            assert_eq!((drawn.step, drawn.epoch, &drawn.batch), (step, epoch.index, &batch));
            let indices: Vec<u32> = batch.indices.iter().map(|&index| index as u32).collect();
            assert_eq!(drawn.indices.to_vec1::<u32>().unwrap(), indices);
            let weights = drawn.weights().unwrap().to_vec1::<f32>().unwrap();
            let all = if batch.weights.is_empty() { vec![1.0; indices.len()] } else { batch.weights.clone() };
            assert_eq!(weights, all.iter().map(|&weight| weight as f32).collect::<Vec<_>>());
            // The library is told at once, the feed when it must be.
            let told = losses(&batch.indices, step);
            cursor.feedback(step, &batch.indices, &wide(&told)).unwrap();
            feed.tell(&drawn, &Tensor::new(&told[..], &Device::Cpu).unwrap()).unwrap();
            if is_saved {
                assert_eq!(feed.state(step + 1).unwrap(), cursor.state(step + 1).unwrap());
            }
        }
    }
}
