//! What goes into the recorder: half floats, logarithms, signed indices, data that grow; and what comes back saved.

use cl_difficulty::{
    Column, DynamicsRecorder, El2n, Float, Forgetting, Index, Log, MeanLoss, MetricSettings, Observations,
    OutputKind, Outputs, Recorder, bf16, f16,
};
use half::slice::HalfFloatSliceExt;

const N: usize = 4500;
const C: usize = 3;

/// Sixteenths, which are exact in all types.
fn logits(seed: u64) -> Vec<f64> {
    let mut rng = cl_data::random::stream(seed, "test logits", 0);
    (0..N * C).map(|_| cl_data::random::below(&mut rng, 128) as f64 / 16.0 - 4.0).collect()
}

fn labels<L: TryFrom<usize, Error: std::fmt::Debug>>() -> Vec<L> {
    (0..N).map(|i| (i % C).try_into().unwrap()).collect()
}

fn columns<T: Float, I: Index, L: Index>(outputs: Outputs<'_, T>, indices: &[I], labels: &[L]) -> Vec<Column> {
    let is_logits = matches!(outputs, Outputs::Logits(_));
    let metrics: Vec<MetricSettings> = ["el2n", "loss", "correctness", "self_confidence", "entropy"]
        .map(|name| MetricSettings::parse(name, &[]).unwrap())
        .into_iter()
        .chain(is_logits.then(|| MetricSettings::parse("aum", &[]).unwrap()))
        .collect();
    let mut recorder = DynamicsRecorder::new(N, C, &metrics).unwrap();
    recorder.record(&Observations { epoch: 0, indices, labels, outputs }).unwrap();
    let mut log = DynamicsRecorder::new(N, C, &metrics).unwrap();
    log.record_log(&Log { epochs: &[0], labels, outputs }).unwrap();
    assert!(log == recorder);
    recorder.columns().unwrap()
}

#[test]
fn all_types_of_outputs_indices_and_labels_give_the_same() {
    let wide = logits(1);
    let single: Vec<f32> = wide.iter().map(|&z| z as f32).collect();
    let half: Vec<f16> = wide.iter().map(|&z| f16::from_f64(z)).collect();
    let brain: Vec<bf16> = wide.iter().map(|&z| bf16::from_f64(z)).collect();
    assert!(half.to_f32_vec() == single && brain.to_f32_vec() == single);
    let expected = columns(Outputs::Logits(&wide), &(0..N).collect::<Vec<usize>>(), &labels::<usize>());
    let (i32s, i64s): (Vec<i32>, Vec<i64>) = ((0..N as i32).collect(), (0..N as i64).collect());
    let (u32s, u64s): (Vec<u32>, Vec<u64>) = ((0..N as u32).collect(), (0..N as u64).collect());
    assert_eq!(columns(Outputs::Logits(&single), &i32s, &labels::<i64>()), expected);
    assert_eq!(columns(Outputs::Logits(&half), &i64s, &labels::<i32>()), expected);
    assert_eq!(columns(Outputs::Logits(&brain), &u32s, &labels::<u64>()), expected);
    assert_eq!(columns(Outputs::Logits(&half), &u64s, &labels::<u32>()), expected);
}

#[test]
fn logarithms_of_probabilities_are_probabilities() {
    let mut probabilities: Vec<f64> = logits(2)
        .chunks_exact(C)
        .flat_map(|z| {
            let sum: f64 = z.iter().map(|z| z.exp()).sum();
            z.iter().map(move |z| z.exp() / sum).collect::<Vec<_>>()
        })
        .collect();
    probabilities[..3].copy_from_slice(&[0.0, 1.0, 0.0]);
    let logarithms: Vec<f64> = probabilities.iter().map(|p| p.ln()).collect();
    let indices: Vec<usize> = (0..N).collect();
    let expected = columns(Outputs::Probabilities(&probabilities), &indices, &labels::<usize>());
    for (found, expected) in
        columns(Outputs::LogProbabilities(&logarithms), &indices, &labels::<usize>()).iter().zip(expected)
    {
        for (a, b) in found.values.to_floats().iter().zip(expected.values.to_floats()) {
            assert!(*a == b || (a - b).abs() < 1e-12 * (1.0 + b.abs()), "{}: {a}, expected {b}", found.name);
        }
    }
}

/// The error of a batch of two on top of a good epoch, which stays as it was and goes on.
fn error<T: Float, I: Index, L: Index>(indices: &[I], labels: &[L], outputs: Outputs<'_, T>) -> String {
    let metrics = MetricSettings::all(OutputKind::Probabilities);
    let mut recorder = DynamicsRecorder::new(N, 2, &metrics).unwrap().with_partial_epochs();
    let good =
        Observations { epoch: 0, indices: &[0, 4200], labels: &[1, 0], outputs: Outputs::Logits(&[0.5f32; 4]) };
    recorder.record(&good).unwrap();
    let before = recorder.clone();
    let error = recorder.record(&Observations { epoch: 1, indices, labels, outputs }).unwrap_err().to_string();
    assert!(recorder == before, "{error}");
    recorder.record(&Observations { epoch: 1, ..good }).unwrap();
    error
}

#[test]
fn what_is_wrong_is_named_and_nothing_is_recorded() {
    let good = Outputs::Logits(&[0.5f32; 4]);
    let told = error(&[4200i64, -1], &[0i64, 1], good);
    assert!(told.contains("indices is -1 at position 1, expected whole numbers from 0"), "{told}");
    let told = error(&[4200i64, 7], &[0i64, -100], good);
    assert!(told.contains("labels is -100 at position 1"), "{told}");
    assert!(error(&[4200u64, u64::MAX], &[0, 1], good).contains("out of range, expected 0..4500"));
    assert!(error(&[4200, 4500], &[0, 1], good).contains("example 4500 is out of range"));
    // The first shard would take it, the second does not.
    assert!(error(&[7, 4200], &[0, 1], good).contains("example 4200 in epoch 1: label 1, expected 0"));
    assert!(error(&[7, 4200], &[2, 0], good).contains("label 2 is out of range, expected 0..2"));
    assert!(error(&[7, 7], &[0, 0], good).contains("example 7 in epoch 1: observed twice"));
    for bad in [f16::INFINITY, f16::NEG_INFINITY, f16::NAN] {
        let outputs = [f16::ONE, f16::ONE, f16::ONE, bad];
        let told = error(&[7, 4300], &[0, 0], Outputs::Logits(&outputs));
        assert!(
            told.contains("example 4300 in epoch 1: the logit of class 1 is") && told.contains("finite"),
            "{told}"
        );
    }
    let told = error(&[7, 8], &[0, 0], Outputs::Logits(&[bf16::ONE, bf16::INFINITY, bf16::ONE, bf16::ONE]));
    assert!(told.contains("example 7 in epoch 1: the logit of class 1 is inf"), "{told}");
    for (row, expected) in [
        ([-0.1, 0.1], "the log-probability of class 1 is 0.1, expected a number of at most 0"),
        ([f64::NAN, 0.0], "the log-probability of class 0 is NaN"),
        ([-1.0, f64::NEG_INFINITY], "the probabilities sum to 0.36787944117144233, expected 1 within 0.001"),
    ] {
        let told = error(&[8], &[0], Outputs::LogProbabilities(&row));
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn data_grow_while_a_model_is_trained() {
    let metrics = MetricSettings::all(OutputKind::Logits);
    let (all, labels): (Vec<usize>, Vec<i64>) = ((0..N).collect(), labels());
    let record = |recorder: &mut DynamicsRecorder, epoch: u64, n: usize| {
        let (indices, labels, logits) = (&all[..n], &labels[..n], logits(epoch));
        recorder
            .record(&Observations { epoch, indices, labels, outputs: Outputs::Logits(&logits[..n * C]) })
            .unwrap();
    };
    let mut whole = DynamicsRecorder::new(N, C, &metrics).unwrap().with_partial_epochs();
    let mut growing = DynamicsRecorder::new(10, C, &metrics).unwrap().with_partial_epochs();
    for (epoch, n) in [(0, 10), (1, 11), (2, 4096), (3, N), (4, N), (5, N), (6, N)] {
        growing.grow(n).unwrap();
        record(&mut growing, epoch, n);
        record(&mut whole, epoch, n);
        growing = serde_json::from_str(&serde_json::to_string(&growing).unwrap()).unwrap();
    }
    assert!(growing == whole);
    assert_eq!(growing.columns().unwrap(), whole.columns().unwrap());
    assert!(growing.grow(N - 1).unwrap_err().to_string().contains("n_examples is 4499"));
    // Other examples, in a recorder that is merged once both have the same size.
    let mut first = DynamicsRecorder::new(10, C, &metrics).unwrap();
    record(&mut first, 0, 10);
    let mut rest = DynamicsRecorder::new(N, C, &metrics).unwrap();
    let logits = logits(0);
    let outputs = Outputs::Logits(&logits[10 * C..]);
    rest.record(&Observations { epoch: 0, indices: &all[10..], labels: &labels[10..], outputs }).unwrap();
    assert!(rest.merge(&first).is_err());
    first.grow(N).unwrap();
    assert!(first.columns().unwrap_err().to_string().contains("example 10 has no observation in epoch 0"));
    first.merge(&rest).unwrap();
    let mut expected = DynamicsRecorder::new(N, C, &metrics).unwrap();
    record(&mut expected, 0, N);
    assert!(first == expected);
}

#[test]
fn a_saved_form_of_another_version_is_refused_by_name() {
    fn check<S: serde::Serialize + serde::de::DeserializeOwned>(saved: &S, path: &str) {
        let mut value = serde_json::to_value(saved).unwrap();
        assert!(serde_json::from_value::<S>(value.clone()).is_ok());
        *value.pointer_mut(path).unwrap() = 1.into();
        let error = serde_json::from_value::<S>(value).err().unwrap().to_string();
        assert!(error.contains("saved in version 1, expected version 2"), "{error}");
    }
    let recorder = DynamicsRecorder::new(2, 2, &MetricSettings::all(OutputKind::Logits)).unwrap();
    check(&recorder, "/version");
    check(&Recorder::new(2), "/version");
    check(&El2n::new(2), "/version");
    check(&MeanLoss::new(2), "/version");
    check(&Forgetting::new(2), "/version");
    // The version stands first.
    assert_eq!(postcard::to_stdvec(&recorder).unwrap()[0], 2);
}

/// The largest label is none that an example without labels could be taken to have.
#[test]
fn labels_beyond_the_classes_are_refused_and_nothing_is_recorded() {
    let metrics = [MetricSettings::parse("el2n", &[]).unwrap()];
    let mut recorder = DynamicsRecorder::new(2, 2, &metrics).unwrap();
    let fresh = recorder.clone();
    for label in [2, u32::MAX] {
        let (indices, labels, outputs) = (&[0usize, 1], &[label; 2], Outputs::Logits(&[0.0f32; 4]));
        let error = recorder.record(&Observations { epoch: 0, indices, labels, outputs }).unwrap_err();
        assert!(error.to_string().contains("out of range, expected 0..2"), "{error}");
        assert!(recorder.record_log(&Log { epochs: &[0], labels, outputs }).is_err());
        assert!(recorder == fresh);
    }
}
