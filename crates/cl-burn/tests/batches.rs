//! Batches are the library's, to the bit, however and whenever the sampler is told.

use burn::prelude::*;
use cl_data::Sampler;
use cl_pacing::{
    Annealing, Cursor, LinearSelfPaced, Presentation, RhoLossSampler, SelfPacedSampler, ShuffleSampler,
};
use cl_prune::InfoBatchSampler;

use crate::support::{N, loader};

/// A loss that depends on the example and the step.
fn loss(example: usize, step: u64) -> f32 {
    ((example as u64 * 37 + step * 11) % 101) as f32 / 64.0
}

fn losses(examples: &[usize], step: u64) -> Vec<f32> {
    examples.iter().map(|&example| loss(example, step)).collect()
}

fn samplers() -> Vec<Box<dyn Fn() -> Box<dyn Sampler>>> {
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
        let mut cursor = Cursor::new(sampler());
        let loader = loader(sampler());
        let mut wanted = Vec::new();
        let mut n_epochs = 0;
        while n_epochs < 4 {
            let step = cursor.position();
            cursor.wanted(&mut wanted);
            assert_eq!(loader.wanted().unwrap(), wanted);
            if !wanted.is_empty() {
                let told: Vec<f64> = losses(&wanted, step).into_iter().map(f64::from).collect();
                cursor.feedback(step, &wanted, &told).unwrap();
                loader.feedback(step, &wanted, &told).unwrap();
                assert_eq!(loader.tell_wanted(8, |_| unreachable!()).unwrap(), 0);
            }
            let Some(sampled) = loader.next_of_epoch().unwrap() else {
                n_epochs += 1;
                continue;
            };
            let (epoch, (step, batch)) = (cursor.epoch(), cursor.next_batch().unwrap());
            assert_eq!((sampled.step, sampled.epoch, &sampled.drawn), (step, epoch.index, &batch));
            let weights: Vec<f64> = sampled.weights().try_into_vec_as().unwrap();
            let expected = if batch.weights.is_empty() { vec![1.0; batch.indices.len()] } else { batch.weights };
            weights.iter().zip(&expected).for_each(|(found, expected)| assert!((found - expected).abs() < 1e-7));
            // The library is told at once, the loader when it must be.
            let told = losses(&batch.indices, step);
            cursor
                .feedback(step, &batch.indices, &told.iter().map(|&loss| f64::from(loss)).collect::<Vec<_>>())
                .unwrap();
            sampled.tell(&Tensor::from_data(&told[..], loader.device())).unwrap();
            // A state needs all that was told.
            if is_saved {
                assert_eq!(loader.state(step + 1).unwrap(), cursor.state(step + 1).unwrap());
            }
        }
    }
}
