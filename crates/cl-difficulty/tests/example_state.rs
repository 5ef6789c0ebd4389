//! The state of one example against the recorder of all, and bytes that are none.

use cl_data::random;
use cl_data::seal::{open_bytes, seal_bytes};
use cl_difficulty::{DynamicsRecorder, ExampleState, MetricSettings, Observations, Outputs, Value, metrics};
use proptest::prelude::*;

const N_CLASSES: usize = 3;

/// Every metric, with its defaults and with each other option that changes what is accumulated.
fn all() -> Vec<MetricSettings> {
    let others: [(&str, &[(&str, &str)]); 11] = [
        ("loss", &[("average", "last")]),
        ("loss", &[("average", "ema"), ("decay", "0.5")]),
        ("forgetting", &[("never_learned", "infinite")]),
        ("aum", &[("outputs", "probabilities")]),
        ("dual", &[("window", "2"), ("epochs", "3")]),
        ("self_confidence", &[("probabilities", "last")]),
        ("confidence_weighted_entropy", &[("certain", "cleanlab")]),
        ("el2n", &[("from", "2"), ("until", "7")]),
        ("first_learned", &[("from", "3")]),
        ("learning_time", &[("threshold", "1.5")]),
        ("loss_ema", &[]),
    ];
    let defaults = metrics().iter().map(|metric| MetricSettings::parse(metric.method.name, &[]).unwrap());
    defaults.chain(others.map(|(name, options)| MetricSettings::parse(name, options).unwrap())).collect()
}

/// To the bit.
fn bits(value: Value) -> u64 {
    match value {
        Value::Float(value) => value.to_bits(),
        Value::Integer(value) => value as u64,
        Value::Flag(value) => value.into(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Epochs in any order, in any number of parts of any size, sent as bytes and merged in any order.
    #[test]
    fn is_the_recorders_whatever_the_order_and_the_parts(
        logits in prop::collection::vec(-6.0f32..6.0, 9 * N_CLASSES),
        label in 0usize..N_CLASSES,
        n_parts in 1usize..5,
        seed in 0u64..10_000,
    ) {
        let all = all();
        let mut recorder = DynamicsRecorder::new(1, N_CLASSES, &all).unwrap();
        for (epoch, row) in logits.chunks_exact(N_CLASSES).enumerate() {
            let outputs = Outputs::Logits(row);
            recorder.record(&Observations { epoch: epoch as u64, indices: &[0], labels: &[label], outputs }).unwrap();
        }
        let mut rng = random::stream(seed, "test parts", 0);
        let order = random::permutation(&mut rng, 9);
        for (settings, column) in all.iter().zip(recorder.columns().unwrap()) {
            let mut parts = vec![ExampleState::new(settings, N_CLASSES).unwrap(); n_parts];
            for epochs in order.chunks(1 + random::below(&mut rng, 4)) {
                let rows: Vec<f32> = epochs.iter().flat_map(|&e| logits[e * N_CLASSES..][..N_CLASSES].to_vec()).collect();
                let epochs: Vec<u64> = epochs.iter().map(|&e| e as u64).collect();
                let part = &mut parts[random::below(&mut rng, n_parts)];
                part.update(&epochs, Outputs::Logits(&rows), label).unwrap();
            }
            let mut whole = ExampleState::new(settings, N_CLASSES).unwrap();
            for part in random::permutation(&mut rng, n_parts) {
                let bytes = parts[part].to_bytes().unwrap();
                whole.merge(&ExampleState::from_bytes(settings, N_CLASSES, &bytes).unwrap()).unwrap();
            }
            let expected = column.values.get(0).unwrap();
            prop_assert_eq!(bits(whole.value().unwrap()), bits(expected), "{:?}", settings.metric());
        }
    }

    #[test]
    fn damaged_bytes_are_refused_or_another_state(bytes in prop::collection::vec(any::<u8>(), 0..80), at in 0usize..200) {
        let settings = MetricSettings::parse("tdds", &[]).unwrap();
        prop_assert!(ExampleState::from_bytes(&settings, N_CLASSES, &bytes).is_err());
        let mut state = ExampleState::new(&settings, N_CLASSES).unwrap();
        state.update(&[3, 1], Outputs::Probabilities(&[0.5, 0.25, 0.25, 1.0, 0.0, 0.0]), 2).unwrap();
        let mut damaged = state.to_bytes().unwrap();
        let at = at % damaged.len();
        damaged[at] ^= 1 << (at % 8);
        prop_assert_ne!(ExampleState::from_bytes(&settings, N_CLASSES, &damaged).ok(), Some(state));
    }
}

#[test]
fn what_is_wrong_changes_nothing() {
    let el2n = MetricSettings::parse("el2n", &[]).unwrap();
    let aum = MetricSettings::parse("aum", &[]).unwrap();
    let mut state = ExampleState::new(&el2n, 2).unwrap();
    assert!(state.value().unwrap_err().to_string().contains("never presented"));
    state.update(&[4], Outputs::Logits(&[0.0f32, 1.0]), 1).unwrap();
    let before = state.clone();
    let good = [0.0f64, 1.0, 1.0, 0.0];
    let mut error = |epochs: &[u64], values: &[f64], label| {
        let error = state.update(epochs, Outputs::Logits(values), label).unwrap_err().to_string();
        assert_eq!(state, before);
        error
    };
    assert!(error(&[5, 4], &good, 1).contains("epoch 4: observed twice"));
    assert!(error(&[5, 5], &good, 1).contains("epoch 5: observed twice"));
    assert!(error(&[5, 6], &good, 0).contains("label is 0, expected a class, the same in all epochs"));
    assert!(error(&[5, 6], &good, 2).contains("label is 2"));
    assert!(error(&[5], &good, 1).contains("outputs has 4 entries, expected 2"));
    assert!(error(&[5, 6], &[0.0, 1.0, f64::NAN, 0.0], 1).contains("epoch 6: the logit of class 0 is NaN"));
    for (other, told) in [(ExampleState::new(&aum, 2), "one of aum"), (ExampleState::new(&el2n, 3), "3 classes")] {
        assert!(state.merge(&other.unwrap()).unwrap_err().to_string().contains(told));
    }
    let mut other = ExampleState::new(&el2n, 2).unwrap();
    other.update(&[5], Outputs::Logits(&[0.0f32, 1.0]), 0).unwrap();
    assert!(state.merge(&other).unwrap_err().to_string().contains("label Some(0)"));
    assert!(state.merge(&before).unwrap_err().to_string().contains("epoch 4: observed twice"));
    assert_eq!(state, before);
    let refused = ExampleState::new(&aum, 2).unwrap().update(&[0], Outputs::Probabilities(&[0.5f32, 0.5]), 0);
    assert!(refused.unwrap_err().to_string().contains("aum cannot be had"));
    assert!(ExampleState::new(&el2n, 1).is_err());
}

#[test]
fn bytes_of_something_else_are_refused_by_name() {
    let el2n = MetricSettings::parse("el2n", &[]).unwrap();
    let mut state = ExampleState::new(&el2n, 2).unwrap();
    state.update(&[4], Outputs::Logits(&[0.0f32, 1.0]), 1).unwrap();
    let bytes = state.to_bytes().unwrap();
    assert_eq!(ExampleState::from_bytes(&el2n, 2, &bytes).unwrap(), state);
    let error = |name, options: &[(&str, &str)], c, bytes: &[u8]| {
        let settings = MetricSettings::parse(name, options).unwrap();
        ExampleState::from_bytes(&settings, c, bytes).unwrap_err().to_string()
    };
    let other_version = [&[1], &bytes[1..]].concat();
    assert!(error("el2n", &[], 2, &other_version).contains("a state of version 1, expected version 2"));
    assert!(error("l1_error", &[], 2, &bytes).contains("a state of el2n, 2 classes"));
    assert!(error("el2n", &[("from", "1")], 2, &bytes).contains("expected one of this metric, its options"));
    assert!(error("el2n", &[], 3, &bytes).contains("number of classes"));
    assert!(error("el2n", &[], 2, &bytes[..bytes.len() - 1]).contains("damaged"));
    assert!(error("el2n", &[], 2, &[&bytes[..], &[0]].concat()).contains("damaged"));
    for at in 1..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(error("el2n", &[], 2, &damaged).contains("damaged"), "byte {at}");
    }
    let content = open_bytes::<8>(&bytes).unwrap();
    let not_a_number = [&content[..content.len() - 8], &f64::NAN.to_le_bytes()].concat();
    assert!(error("el2n", &[], 2, &seal_bytes::<8>(not_a_number)).contains("damaged"));
}
