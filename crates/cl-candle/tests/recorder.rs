//! The recorder's scores are the library's of the same numbers.

use candle_core::{DType, Device, Tensor};
use cl_candle::{Feed, Recorder};
use cl_difficulty::{DynamicsRecorder, MetricSettings, Observations, OutputKind, Outputs};

use crate::support::{N, labels, metrics, says};

/// A number in [-2, 2) for each class of an example in an epoch.
fn logit(epoch: u64, example: usize, class: usize) -> f32 {
    let mixed = (epoch * 7919 + example as u64 * 104_729 + class as u64 * 1_299_709).wrapping_mul(2_654_435_761);
    (mixed % 4096) as f32 / 1024.0 - 2.0
}

#[test]
fn scores_are_those_of_the_library() {
    let all: Vec<MetricSettings> = metrics();
    let mut expected = DynamicsRecorder::new(N, 10, &all).unwrap().with_partial_epochs();
    for epoch in 0..4 {
        let logits: Vec<f64> = (0..N).flat_map(|i| (0..10).map(move |c| f64::from(logit(epoch, i, c)))).collect();
        let (indices, labels): (Vec<usize>, _) = ((0..N).collect(), labels());
        let (indices, labels, outputs) = (&indices[..], &labels[..], Outputs::Logits(&logits[..]));
        expected.record(&Observations { epoch, indices, labels, outputs }).unwrap();
    }
    let expected = expected.columns().unwrap();
    for held_at_most in [0, 700, usize::MAX] {
        let mut recorder = Recorder::new(labels(), 10, &all).unwrap().with_held_at_most(held_at_most);
        let mut feed = Feed::new(cl_pacing::ShuffleSampler::new(N, 33, 4).unwrap(), &Device::Cpu);
        for _ in 0..4 {
            while let Some(drawn) = feed.next_of_epoch().unwrap() {
                let logits = drawn.batch.indices.iter().flat_map(|&i| (0..10).map(move |c| (i, c)));
                let logits: Vec<f32> = logits.map(|(i, c)| logit(drawn.epoch, i, c)).collect();
                let shape = (drawn.batch.indices.len(), 10);
                recorder.record(&drawn, &Tensor::from_vec(logits, shape, &Device::Cpu).unwrap()).unwrap();
            }
        }
        let columns = recorder.columns().unwrap();
        assert_eq!(columns.len(), expected.len());
        for (column, expected) in columns.iter().zip(&expected) {
            assert_eq!((&column.name, column.higher_is_harder), (&expected.name, expected.higher_is_harder));
            let pairs = column.values.to_floats().into_iter().zip(expected.values.to_floats());
            pairs.for_each(|(found, expected)| assert!((found - expected).abs() <= 1e-6, "{}", column.name));
        }
    }
}

#[test]
fn losses_are_enough_for_some_metrics() {
    let metrics = [MetricSettings::parse("loss", &[]).unwrap()];
    let mut recorder = Recorder::new(vec![0, 1, 1], 2, &metrics).unwrap().with_outputs(OutputKind::Losses);
    for epoch in 0..2 {
        let losses = Tensor::new(&[1.0, 2.0, 4.0 + epoch as f64], &Device::Cpu).unwrap();
        recorder.record_at(epoch, &[2, 1, 0], &losses).unwrap();
    }
    assert_eq!(recorder.columns().unwrap()[0].values.to_floats(), [4.5, 2.0, 1.0]);
}

/// What cannot be is refused at once where it can be seen without the device, and changes nothing.
#[test]
fn what_cannot_be_is_refused() {
    let logits = |n: usize, c: usize| Tensor::ones((n, c), DType::F32, &Device::Cpu).unwrap();
    let new = |labels: Vec<usize>| Recorder::new(labels, 3, &metrics());
    says(new(vec![0, 3]).unwrap_err(), &["labels is 3 of example 1, expected classes below 3"]);
    assert!(new(vec![]).is_err());
    let mut recorder = new(vec![0, 1, 2]).unwrap();
    says(recorder.record_at(0, &[0, 1], &logits(2, 4)).unwrap_err(), &["of shape [2, 4], expected [2, 3]"]);
    says(recorder.record_at(0, &[0, 3], &logits(2, 3)).unwrap_err(), &["example 3 is out of range"]);
    says(recorder.record_at(0, &[1, 1], &logits(2, 3)).unwrap_err(), &["1, a second time in epoch 0"]);
    recorder.record_at(1, &[0, 1], &logits(2, 3)).unwrap();
    says(recorder.record_at(1, &[2, 0], &logits(2, 3)).unwrap_err(), &["0, a second time in epoch 1"]);
    says(recorder.record_at(0, &[2], &logits(1, 3)).unwrap_err(), &["epoch is 0, expected 1 or a later one"]);
    recorder.record_at(1, &[2], &logits(1, 3)).unwrap();
    assert!(recorder.columns().is_ok());
    recorder.record_at(2, &[1], &(logits(1, 3) * f64::NAN).unwrap()).unwrap();
    assert!(recorder.columns().is_err());
    assert!(recorder.columns().is_ok());
}
