//! Soft labels against the definitions, and one-hot ones against the classes that they are.

use cl_data::random;
use cl_difficulty::{Column, DynamicsRecorder, Log, MetricSettings, OutputKind, Outputs};

/// More examples than a shard has, and no multiple of a block.
const N: usize = 4200;
const C: usize = 5;
const EPOCHS: [u64; 5] = [0, 1, 2, 3, 4];

/// Of logits; the largest are far apart, so that probabilities underflow.
fn logits() -> Vec<f64> {
    let mut rng = random::stream(1, "test logits", 0);
    let mut logit = |at: usize| (random::uniform(&mut rng) - 0.5) * if at % 41 < 3 { 3000.0 } else { 12.0 };
    (0..EPOCHS.len() * N * C).map(&mut logit).collect()
}

fn softmax(z: &[f64]) -> Vec<f64> {
    let max = z.iter().copied().fold(f64::MIN, f64::max);
    let sum: f64 = z.iter().map(|z| (z - max).exp()).sum();
    z.iter().map(|z| (z - max).exp() / sum).collect()
}

/// Some of them one-hot, some with zeros.
fn soft_labels() -> Vec<f64> {
    let mut rng = random::stream(2, "test labels", 0);
    let row = |i: usize| {
        let power = [0.0, 1.0, 4.0][i % 3];
        let weights: Vec<f64> = (0..C)
            .map(|k| {
                let weight = random::uniform(&mut rng).powf(power);
                if i.is_multiple_of(7) && k != i % C || i.is_multiple_of(5) && k == 1 && i % C != 1 {
                    0.0
                } else {
                    weight
                }
            })
            .collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(move |weight| weight / sum).collect::<Vec<_>>()
    };
    (0..N).flat_map(row).collect()
}

fn metrics() -> Vec<MetricSettings> {
    let averages = ["loss_last", "loss_ema"].map(|name| MetricSettings::parse(name, &[]).unwrap());
    let all = MetricSettings::all(OutputKind::Logits).into_iter().chain(averages);
    all.filter(|settings| settings.unavailable_with_soft_labels().is_none()).collect()
}

fn log<'a>(labels: &'a [usize], outputs: Outputs<'a, f64>) -> Log<'a, f64> {
    Log { epochs: &EPOCHS, labels, outputs }
}

fn columns(recorder: DynamicsRecorder, labels: &[usize], outputs: Outputs<'_, f64>) -> Vec<Column> {
    let mut recorder = recorder;
    recorder.record_log(&log(labels, outputs)).unwrap();
    recorder.columns().unwrap()
}

fn recorder() -> DynamicsRecorder {
    DynamicsRecorder::new(N, C, &metrics()).unwrap()
}

fn assert_close(found: &Column, expected: &[f64], tolerance: f64) {
    for (i, (a, b)) in found.values.to_floats().iter().zip(expected).enumerate() {
        assert!(
            a == b || (a - b).abs() <= tolerance * (1.0 + b.abs()),
            "{} of {i}: {a}, expected {b}",
            found.name
        );
    }
}

#[test]
fn errors_and_losses_are_those_of_the_definitions() {
    let (logits, soft) = (logits(), soft_labels());
    let names: Vec<String> = metrics().iter().map(|settings| settings.metric().name.clone()).collect();
    let expected = [
        "el2n",
        "l1_error",
        "loss",
        "learning_time",
        "entropy",
        "least_confidence",
        "margin",
        "tdds",
        "loss_last",
        "loss_ema",
    ];
    assert_eq!(names, expected);
    let mean = |of: &dyn Fn(&[f64], &[f64]) -> f64| -> Vec<f64> {
        let value = |(e, i): (usize, usize)| of(&logits[(e * N + i) * C..][..C], &soft[i * C..][..C]);
        let n_epochs = EPOCHS.len();
        (0..N).map(|i| (0..n_epochs).map(|e| value((e, i))).sum::<f64>() / n_epochs as f64).collect()
    };
    let l2 = |z: &[f64], y: &[f64]| softmax(z).iter().zip(y).map(|(p, y)| (p - y).powi(2)).sum::<f64>().sqrt();
    let l1 = |z: &[f64], y: &[f64]| softmax(z).iter().zip(y).map(|(p, y)| (p - y).abs()).sum::<f64>();
    let cross_entropy = |z: &[f64], y: &[f64]| {
        let max = z.iter().copied().fold(f64::MIN, f64::max);
        let log_sum = max + z.iter().map(|z| (z - max).exp()).sum::<f64>().ln();
        z.iter().zip(y).map(|(z, y)| y * (log_sum - z)).sum::<f64>()
    };
    let labels = vec![0; N];
    let found = columns(recorder().with_soft_labels(soft.clone()).unwrap(), &labels, Outputs::Logits(&logits));
    assert_close(&found[0], &mean(&l2), 1e-14);
    assert_close(&found[1], &mean(&l1), 1e-14);
    assert_close(&found[2], &mean(&cross_entropy), 1e-14);
    assert!(found[2].values.to_floats().iter().any(|&loss| loss > 200.0));
    // What does not read the label is as without, but that the label's exponential is summed last.
    let plain = columns(recorder(), &labels, Outputs::Logits(&logits));
    (4..8).for_each(|k| assert_close(&found[k], &plain[k].values.to_floats(), 1e-14));

    let probabilities: Vec<f64> = logits.chunks_exact(C).flat_map(softmax).collect();
    let recorder = recorder().with_soft_labels(soft.clone()).unwrap();
    let of_probabilities = columns(recorder, &labels, Outputs::Probabilities(&probabilities));
    for (k, (found, expected)) in of_probabilities.iter().zip(&found).enumerate() {
        // A probability that underflows has no finite loss.
        if [0, 1, 4, 5, 6, 7].contains(&k) {
            assert_close(found, &expected.values.to_floats(), 1e-13);
        }
    }
    let losses = of_probabilities[2].values.to_floats();
    let normal = |i: &usize| {
        EPOCHS.iter().all(|&e| {
            let p = &probabilities[(e as usize * N + i) * C..][..C];
            p.iter().all(|p| p.is_normal())
        })
    };
    let normal: Vec<usize> = (0..N).filter(normal).collect();
    assert!(normal.len() > N / 8 && losses.contains(&f64::INFINITY));
    let expected = found[2].values.to_floats();
    for (i, expected) in normal.into_iter().map(|i| (i, expected[i])) {
        assert!((losses[i] - expected).abs() <= 1e-12 * (1.0 + expected), "{}, expected {expected}", losses[i]);
    }
}

/// Logits whose difference is beyond all numbers, and a label that they all but exclude.
#[test]
fn a_loss_is_never_less_than_nothing() {
    let loss = [MetricSettings::parse("loss", &[]).unwrap()];
    let recorder = DynamicsRecorder::new(3, 2, &loss).unwrap();
    let mut recorder = recorder.with_soft_labels(vec![0.75, 0.25, 0.5, 0.5, 0.0, 1.0]).unwrap();
    let outputs = Outputs::Logits(&[-1.5e308, 1.5e308, 1e300, 0.0, 0.0, 40.0]);
    recorder.record_log(&Log { epochs: &[0], labels: &[0usize; 3], outputs }).unwrap();
    let losses = recorder.columns().unwrap()[0].values.to_floats();
    assert_eq!(losses[..2], [f64::INFINITY, 5e299]);
    assert!((losses[2] / (-40f64).exp() - 1.0).abs() < 1e-12, "{}", losses[2]);
}

#[test]
fn one_hot_labels_give_what_their_classes_give() {
    let logits = logits();
    let labels: Vec<usize> = (0..N).map(|i| i * 7 % C).collect();
    let one_hot = |&label: &usize| (0..C).map(move |class| f64::from(u8::from(class == label)));
    let soft: Vec<f64> = labels.iter().flat_map(one_hot).collect();
    let probabilities: Vec<f64> = logits.chunks_exact(C).flat_map(softmax).collect();
    for outputs in [Outputs::Logits(&logits[..]), Outputs::Probabilities(&probabilities)] {
        let found = columns(recorder().with_soft_labels(soft.clone()).unwrap(), &vec![0; N], outputs);
        let expected = columns(recorder(), &labels, outputs);
        (0..2).for_each(|k| assert_close(&found[k], &expected[k].values.to_floats(), 1e-15));
        (2..expected.len()).for_each(|k| assert!(found[k] == expected[k], "{}", found[k].name));
    }
}

#[test]
fn it_is_saved_selected_and_merged_with_its_labels() {
    let (logits, soft, labels) = (logits(), soft_labels(), vec![0; N]);
    let fresh = recorder().with_soft_labels(soft.clone()).unwrap();
    let mut whole = fresh.clone();
    whole.record_log(&log(&labels, Outputs::Logits(&logits))).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut parts = fresh.clone();
    pool.install(|| {
        for (epoch, logits) in EPOCHS.iter().zip(logits.chunks_exact(N * C)) {
            let order = random::permutation(&mut random::stream(*epoch, "order", 0), N);
            for indices in order.chunks(999) {
                let rows: Vec<f64> = indices.iter().flat_map(|&i| logits[i * C..][..C].to_vec()).collect();
                let (outputs, labels) = (Outputs::Logits(&rows[..]), &labels[..indices.len()]);
                let observations = cl_difficulty::Observations { epoch: *epoch, indices, labels, outputs };
                parts.record(&observations).unwrap();
            }
            parts = serde_json::from_str(&serde_json::to_string(&parts).unwrap()).unwrap();
        }
    });
    assert!(parts == whole);
    let bytes = postcard::to_stdvec(&whole).unwrap();
    assert!(postcard::from_bytes::<DynamicsRecorder>(&bytes).unwrap() == whole);
    let few = whole.select(&[4100, 3]).unwrap();
    let rows: Vec<f64> = [4100, 3].iter().flat_map(|&i| soft[i * C..][..C].to_vec()).collect();
    let mut expected = DynamicsRecorder::new(2, C, &metrics()).unwrap().with_soft_labels(rows).unwrap();
    let rows: Vec<f64> =
        logits.chunks_exact(N * C).flat_map(|epoch| [4100, 3].map(|i| &epoch[i * C..][..C]).concat()).collect();
    expected.record_log(&log(&[0, 0], Outputs::Logits(&rows))).unwrap();
    assert!(few == expected);
    let mut merged = fresh.clone();
    merged.merge(&whole).unwrap();
    assert!(merged == whole);
    let error = recorder().merge(&whole).unwrap_err().to_string();
    assert!(error.contains("one with other soft labels"), "{error}");
    assert!(fresh.clone().merge(&recorder()).is_err());
    assert!(fresh.clone().grow(N + 1).unwrap_err().to_string().contains("as many examples as have soft labels"));
    assert!(whole.with_soft_labels(soft).is_err());
    let mut damaged = serde_json::to_value(&fresh).unwrap();
    *damaged.pointer_mut("/content/soft_labels/3").unwrap() = 2.into();
    assert!(serde_json::from_value::<DynamicsRecorder>(damaged).is_err());
}

#[test]
fn what_is_wrong_is_named() {
    let error = |name: &str, soft: &[f64]| {
        let recorder = DynamicsRecorder::new(2, 2, &[MetricSettings::parse(name, &[]).unwrap()]).unwrap();
        recorder.with_soft_labels(soft.to_vec()).unwrap_err().to_string()
    };
    let good = [0.25, 0.75, 1.0, 0.0];
    assert!(error("el2n", &good[..3]).contains("soft labels has 3 entries, expected 4"));
    for bad in [[0.5, 0.6], [-0.5, 1.5], [f64::NAN, 1.0]] {
        let told = error("el2n", &[0.25, 0.75, bad[0], bad[1]]);
        assert!(told.contains("of example 1, expected probabilities that sum to 1"), "{told}");
    }
    for name in ["forgetting", "confidence", "aum", "self_confidence", "correctness", "dual"] {
        assert_eq!(error(name, &good), format!("{name} needs one class per example, the labels are soft"));
    }
    // A loss that is told is what it is; the error of all classes it does not tell.
    for (name, is_told) in [("loss", true), ("l1_error", false)] {
        let recorder = DynamicsRecorder::new(2, 2, &[MetricSettings::parse(name, &[]).unwrap()]).unwrap();
        let mut recorder = recorder.with_soft_labels(good.to_vec()).unwrap();
        let log = Log { epochs: &[0], labels: &[0usize, 0], outputs: Outputs::Losses(&[0.5, 1.5]) };
        match recorder.record_log(&log) {
            Ok(()) => assert!(is_told && recorder.columns().unwrap()[0].values.to_floats() == [0.5, 1.5]),
            Err(error) => assert!(!is_told && error.to_string().contains("losses of soft labels"), "{error}"),
        }
    }
}
