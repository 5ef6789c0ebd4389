//! The recorder against references in extended precision, published oracle values and its own invariants.

use std::collections::BTreeMap;

use cl_difficulty::{
    ColumnValues, DifficultyError, DynamicsRecorder, Float, Log, MetricSettings, NeverLearned, Observations,
    OutputKind, Outputs, metrics,
};
use proptest::prelude::*;
use serde::Deserialize;

/// 60 examples, 12 epochs, 7 classes: how they were computed stands in the file.
#[derive(Deserialize)]
struct Fixture {
    n_epochs: usize,
    n_classes: usize,
    logits: Vec<f32>,
    labels: Vec<usize>,
    columns: BTreeMap<String, Vec<f64>>,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("fixtures/dynamics.json")).unwrap()
}

/// `name.key=value.key=value`
fn settings(text: &str) -> MetricSettings {
    let mut parts = text.split('.');
    let name = parts.next().unwrap();
    let options: Vec<(&str, &str)> = parts.map(|part| part.split_once('=').unwrap()).collect();
    MetricSettings::parse(name, &options).unwrap()
}

/// Epoch by epoch; `logits` hold epochs, examples and classes in that order.
fn record(recorder: &mut DynamicsRecorder, logits: &[f32], labels: &[usize]) {
    let indices: Vec<usize> = (0..labels.len()).collect();
    for (epoch, logits) in logits.chunks_exact(labels.len() * recorder.n_classes()).enumerate() {
        let outputs = Outputs::Logits(logits);
        recorder.record(&Observations { epoch: epoch as u64, indices: &indices, labels, outputs }).unwrap();
    }
}

fn values(logits: &[f32], labels: &[usize], n_classes: usize, metric: &str) -> Vec<f64> {
    let mut recorder = DynamicsRecorder::new(labels.len(), n_classes, &[settings(metric)]).unwrap();
    record(&mut recorder, logits, labels);
    recorder.columns().unwrap().remove(0).values.to_floats()
}

fn assert_close(found: &[f64], expected: &[f64], relative: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let close = (found - expected).abs() <= relative * expected.abs() + 1e-15;
        assert!(close || found == expected, "{what} of example {i}: {found}, expected {expected}");
    }
}

#[test]
fn every_metric_equals_its_reference() {
    let Fixture { n_epochs, n_classes, logits, labels, mut columns } = fixture();
    assert_eq!(logits.len(), n_epochs * labels.len() * n_classes);
    for value in columns.get_mut("forgetting.never_learned=infinite").unwrap() {
        *value = if *value == 1e308 { f64::INFINITY } else { *value };
    }
    for description in metrics() {
        let tested = |name: &&String| name.split('.').next() == Some(description.method.name);
        assert!(columns.keys().any(|name| tested(&name)), "{} has no reference", description.method.name);
    }
    let all: Vec<MetricSettings> = columns.keys().map(|name| settings(name)).collect();
    let mut recorder = DynamicsRecorder::new(labels.len(), n_classes, &all).unwrap();
    record(&mut recorder, &logits, &labels);
    for ((name, expected), column) in columns.iter().zip(recorder.columns().unwrap()) {
        // Counts and masks exactly.
        let relative = if matches!(column.values, ColumnValues::Float(_)) { 1e-9 } else { 0.0 };
        assert_close(&column.values.to_floats(), expected, relative, name);
    }
    let never = columns["never_learned"].iter().filter(|&&never| never == 1.0).count();
    assert_eq!(recorder.n_never_learned(), Some(never));
}

/// Logits of two classes that are right or wrong as told, label 0.
fn right_or_wrong(presentations: &str) -> Vec<f32> {
    presentations.chars().flat_map(|c| if c == '1' { [1.0, 0.0] } else { [0.0, 1.0] }).collect()
}

/// What the published code of Toneva et al. has for these presentations; its NaN for never learned is -1.
#[test]
fn toneva_oracle() {
    for (presentations, count, needed, first) in [
        ("00111", 0.0, 2.0, 2.0),
        ("10101", 2.0, 4.0, 0.0),
        ("00000", 5.0, 5.0, -1.0),
        ("11111", 0.0, 0.0, 0.0),
        ("11110", 1.0, 5.0, 0.0),
        ("01001", 1.0, 4.0, 1.0),
    ] {
        let logits = right_or_wrong(presentations);
        let of = |metric| values(&logits, &[0], 2, metric)[0];
        let found = (of("forgetting"), of("presentations_needed"), of("first_learned"));
        assert_eq!(found, (count, needed, first), "{presentations}");
    }
}

#[test]
fn second_split_forgetting_is_when_it_stays_wrong() {
    for (presentations, time) in [("11100", 3.0), ("00000", 0.0), ("11111", 5.0), ("10100", 3.0)] {
        assert_eq!(values(&right_or_wrong(presentations), &[0], 2, "second_split_forgetting"), [time]);
    }
}

/// What the published code of Dataset Cartography has, to its six digits.
#[test]
fn cartography_oracle() {
    let learned = [2.0, 0.0, 0.0, 0.0, 1.0, 0.0, 3.0, 0.0, 0.0];
    let never = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
    let names = [
        "confidence",
        "variability",
        "correctness",
        "forgetting.never_learned=cartography",
        "threshold_closeness",
    ];
    for (logits, label, expected) in
        [(learned, 0, [0.636124, 0.30408, 2.0, 1.0, 0.231470]), (never, 2, [0.211942, 0.0, 0.0, 1000.0, 0.167022])]
    {
        for (name, expected) in names.iter().zip(expected) {
            let found = values(&logits, &[label], 3, name)[0];
            assert!((found - expected).abs() < 1e-6, "{name}: {found}, expected {expected}");
        }
    }
}

/// The aum package's own test.
#[test]
fn aum_oracle() {
    let mut recorder = DynamicsRecorder::new(2, 3, &[settings("aum")]).unwrap().with_partial_epochs();
    let first = [1.0f32, 2.0, 3.0, 6.0, 5.0, 4.0];
    recorder
        .record(&Observations { epoch: 0, indices: &[0, 1], labels: &[1, 0], outputs: Outputs::Logits(&first) })
        .unwrap();
    assert_eq!(recorder.columns().unwrap()[0].values, ColumnValues::Float(vec![-1.0, 1.0]));
    let again = [9.0f32, 8.0, 7.0];
    recorder
        .record(&Observations { epoch: 1, indices: &[1], labels: &[0], outputs: Outputs::Logits(&again) })
        .unwrap();
    assert_eq!(recorder.columns().unwrap()[0].values, ColumnValues::Float(vec![-1.0, 1.0]));
}

#[test]
fn rules_for_the_never_learned_and_for_ties() {
    let never = right_or_wrong("000");
    for (rule, score) in NeverLearned::NAMES.iter().zip([3.0, f64::INFINITY, 1000.0, 0.0]) {
        assert_eq!(values(&never, &[0], 2, &format!("forgetting.never_learned={}", rule.0)), [score]);
    }
    assert_eq!(values(&never, &[0], 2, "forgetting_events"), [0.0]);
    assert_eq!(values(&never, &[0], 2, "never_learned"), [1.0]);
    assert_eq!(values(&never, &[0], 2, "unforgettable"), [0.0]);
    // All logits equal: the lowest class wins.
    assert_eq!(values(&[1.0, 1.0, 1.0, 1.0, 1.0, 1.0], &[0, 1], 3, "correctness"), [1.0, 0.0]);
    assert_eq!(values(&[0.0, 1.0, 1.0, 0.0, 1.0, 1.0], &[1, 2], 3, "correctness"), [1.0, 0.0]);
}

#[test]
fn losses_stay_finite_and_keep_their_digits() {
    let loss = values(&[1000.0, 0.0, 0.0, 1000.0, 30.0, 0.0], &[1, 1, 0], 2, "loss");
    assert_eq!(loss[..2], [1000.0, 0.0]);
    assert!((loss[2] / (-30f64).exp() - 1.0).abs() < 1e-12, "{}", loss[2]);
    let el2n = values(&[30.0, 0.0], &[0], 2, "el2n");
    assert!((el2n[0] / (2f64.sqrt() * (-30f64).exp()) - 1.0).abs() < 1e-12, "{}", el2n[0]);
}

#[test]
fn probabilities_give_what_their_logits_give() {
    let Fixture { n_classes, logits, labels, .. } = fixture();
    let logits: Vec<f64> = logits.iter().map(|&z| f64::from(z)).collect();
    let probabilities: Vec<f64> = logits
        .chunks_exact(n_classes)
        .flat_map(|z| {
            let max = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = z.iter().map(|z| (z - max).exp()).sum();
            z.iter().map(move |z| (z - max).exp() / sum).collect::<Vec<_>>()
        })
        .collect();
    let metrics = MetricSettings::all(OutputKind::Probabilities);
    let indices: Vec<usize> = (0..labels.len()).collect();
    let columns = |is_logits: bool| {
        let mut recorder = DynamicsRecorder::new(labels.len(), n_classes, &metrics).unwrap();
        let all = if is_logits { &logits } else { &probabilities };
        for (epoch, part) in all.chunks_exact(labels.len() * n_classes).enumerate() {
            let outputs = if is_logits { Outputs::Logits(part) } else { Outputs::Probabilities(part) };
            recorder
                .record(&Observations { epoch: epoch as u64, indices: &indices, labels: &labels, outputs })
                .unwrap();
        }
        recorder.columns().unwrap()
    };
    for (a, b) in columns(true).iter().zip(columns(false)) {
        let (a, b) = (a.values.to_floats(), (b.name, b.values.to_floats()));
        for (x, y) in a.iter().zip(&b.1) {
            // A probability that underflows has no finite loss; its logits do.
            let underflow = b.0 == "loss" && *y == f64::INFINITY && *x > 700.0 / 12.0;
            assert!(underflow || (x - y).abs() <= 1e-9 * (1.0 + x.abs()), "{}: {x} and {y}", b.0);
        }
    }
}

/// More examples than a shard has, so that cuts, threads and merges matter.
fn large(seed: u64) -> (usize, usize, Vec<f32>, Vec<usize>) {
    let (n, c, epochs) = (9001, 3, 6);
    let mut rng = cl_data::random::stream(seed, "test logits", 0);
    let logits = (0..n * c * epochs).map(|_| (8.0 * cl_data::random::uniform(&mut rng) - 4.0) as f32).collect();
    let labels = (0..n).map(|_| cl_data::random::below(&mut rng, c)).collect();
    (n, c, logits, labels)
}

fn recorder_of(metrics: &[MetricSettings], logits: &[f32], labels: &[usize], c: usize) -> DynamicsRecorder {
    let mut recorder = DynamicsRecorder::new(labels.len(), c, metrics).unwrap();
    record(&mut recorder, logits, labels);
    recorder
}

#[test]
fn the_result_depends_neither_on_threads_nor_on_cuts_nor_on_shards() {
    let (n, c, logits, labels) = large(1);
    let metrics = MetricSettings::all(OutputKind::Logits);
    let whole = recorder_of(&metrics, &logits, &labels, c);
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert!(pool.install(|| recorder_of(&metrics, &logits, &labels, c)) == whole);
    }
    let order = cl_data::random::permutation(&mut cl_data::random::stream(2, "order", 0), n);
    let mut cut = DynamicsRecorder::new(n, c, &metrics).unwrap();
    let mut shards = [cut.clone(), cut.clone()];
    for (epoch, logits) in logits.chunks_exact(n * c).enumerate() {
        for part in order.chunks(1237 + 500 * epoch) {
            let gathered: Vec<f32> = part.iter().flat_map(|&i| logits[i * c..(i + 1) * c].to_vec()).collect();
            let part_labels: Vec<usize> = part.iter().map(|&i| labels[i]).collect();
            let outputs = Outputs::Logits(&gathered[..]);
            cut.record(&Observations { epoch: epoch as u64, indices: part, labels: &part_labels, outputs })
                .unwrap();
        }
        for (k, shard) in shards.iter_mut().enumerate() {
            let indices: Vec<usize> = (0..n).filter(|i| i % 3 == 0 && k == 0 || i % 3 != 0 && k == 1).collect();
            let gathered: Vec<f32> = indices.iter().flat_map(|&i| logits[i * c..(i + 1) * c].to_vec()).collect();
            let shard_labels: Vec<usize> = indices.iter().map(|&i| labels[i]).collect();
            let outputs = Outputs::Logits(&gathered[..]);
            let observations =
                Observations { epoch: epoch as u64, indices: &indices, labels: &shard_labels, outputs };
            shard.record(&observations).unwrap();
        }
        // Saved and read again in the middle.
        cut = serde_json::from_str(&serde_json::to_string(&cut).unwrap()).unwrap();
    }
    assert!(cut == whole);
    let [mut left, right] = shards;
    assert!(left.columns().unwrap_err().to_string().contains("example 1 has no observation in epoch 0"));
    left.merge(&right).unwrap();
    assert!(left == whole);
    assert!(left.merge(&right).is_err());
}

#[test]
fn a_log_gives_what_its_epochs_give() {
    let (n, c, logits, labels) = large(5);
    let metrics = MetricSettings::all(OutputKind::Logits);
    let whole = recorder_of(&metrics, &logits, &labels, c);
    let epochs: Vec<u64> = (0..6).collect();
    let mut log = DynamicsRecorder::new(n, c, &metrics).unwrap();
    for (epochs, logits) in epochs.chunks(4).zip(logits.chunks(4 * n * c)) {
        log.record_log(&Log { epochs, labels: &labels, outputs: Outputs::Logits(logits) }).unwrap();
    }
    assert!(log == whole);
    let error =
        log.record_log(&Log { epochs: &[6], labels: &labels[1..], outputs: Outputs::Logits(&logits[..1]) });
    assert!(error.unwrap_err().to_string().contains("labels has 9000 entries, expected 9001"));
    let error = log.record_log(&Log { epochs: &[6], labels: &labels, outputs: Outputs::Logits(&logits[..1]) });
    assert!(error.unwrap_err().to_string().contains("outputs has 1 entries, expected 27003"));
    // The second shard's example, in the second epoch of the log.
    let mut bad = logits;
    let before = log.clone();
    bad[n * c + 5000 * c + 1] = f32::NAN;
    let (outputs, labels) = (Outputs::Logits(&bad[..2 * n * c]), &labels[..]);
    let error = log.record_log(&Log { epochs: &[6, 7], labels, outputs }).unwrap_err().to_string();
    assert!(error.contains("example 5000 in epoch 7: the logit of class 1 is NaN"), "{error}");
    assert!(log == before);
}

#[test]
fn a_recorder_read_back_is_checked() {
    let metrics = MetricSettings::all(OutputKind::Logits);
    let recorder = recorder_of(&metrics, &[1.0, 2.0, 0.5, 0.25, 1.0, 3.0], &[1, 0, 1], 2);
    let saved = serde_json::to_value(&recorder).unwrap();
    assert!(serde_json::from_value::<DynamicsRecorder>(saved.clone()).unwrap() == recorder);
    // Any list one shorter.
    let paths = arrays(&saved, "");
    assert!(paths.len() > 40);
    for path in &paths {
        let mut damaged = saved.clone();
        let Some(_) = damaged.pointer_mut(path).unwrap().as_array_mut().unwrap().pop() else { continue };
        assert!(serde_json::from_value::<DynamicsRecorder>(damaged).is_err(), "{path}");
    }
    for (path, value) in [("n_examples", 4), ("n_classes", 1), ("shards/0/first", 1), ("shards/0/labels/0", 0)] {
        let mut damaged = saved.clone();
        *damaged.pointer_mut(&format!("/content/{path}")).unwrap() = value.into();
        assert!(serde_json::from_value::<DynamicsRecorder>(damaged).is_err(), "{path}");
    }
    let mut damaged = saved;
    *damaged.pointer_mut("/content/metrics/0/name").unwrap() = "no metric".into();
    assert!(serde_json::from_value::<DynamicsRecorder>(damaged).unwrap_err().to_string().contains("no metric"));
}

/// The paths of all lists.
fn arrays(value: &serde_json::Value, path: &str) -> Vec<String> {
    match value {
        serde_json::Value::Array(values) => {
            let inner = values.iter().enumerate().flat_map(|(i, value)| arrays(value, &format!("{path}/{i}")));
            inner.chain([path.to_owned()]).collect()
        }
        serde_json::Value::Object(fields) => {
            fields.iter().flat_map(|(key, value)| arrays(value, &format!("{path}/{key}"))).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn order_free_metrics_take_epochs_in_any_order_and_the_others_say_why_not() {
    let (n, c, logits, labels) = large(3);
    let free: Vec<MetricSettings> = MetricSettings::all(OutputKind::Logits)
        .into_iter()
        .filter(|metric| !metric.description().order_bound)
        .collect();
    let whole = recorder_of(&free, &logits, &labels, c).columns().unwrap();
    let indices: Vec<usize> = (0..n).collect();
    let epoch = |e: usize| Observations {
        epoch: e as u64,
        indices: &indices,
        labels: &labels,
        outputs: Outputs::Logits(&logits[e * n * c..(e + 1) * n * c]),
    };
    let mut shuffled = DynamicsRecorder::new(n, c, &free).unwrap();
    let mut halves = [shuffled.clone(), shuffled.clone()];
    for e in [3, 0, 5, 1, 2, 4] {
        shuffled.record(&epoch(e)).unwrap();
        halves[e % 2].record(&epoch(e)).unwrap();
    }
    let [mut even, odd] = halves;
    assert!(matches!(even.columns(), Err(DifficultyError::MissingEpoch { epoch: 1, first: 0, last: 4 })));
    even.merge(&odd).unwrap();
    for other in [shuffled, even] {
        for (a, b) in whole.iter().zip(other.columns().unwrap()) {
            assert_close(&b.values.to_floats(), &a.values.to_floats(), 1e-11, &a.name);
        }
    }
    for metric in ["forgetting", "first_learned", "learning_time", "dyn_unc", "dual", "tdds", "loss.average=ema"] {
        let mut recorder = DynamicsRecorder::new(n, c, &[settings(metric)]).unwrap();
        recorder.record(&epoch(1)).unwrap();
        let before = recorder.clone();
        let error = recorder.record(&epoch(0)).unwrap_err().to_string();
        assert!(error.contains("example 0 in epoch 0") && error.contains("increasing order"), "{metric}: {error}");
        assert!(recorder == before);
    }
}

/// `observations` on top of a good epoch 0 of two examples and three classes.
fn error_of<T: Float>(observations: &Observations<'_, T>) -> String {
    let metrics = [settings("el2n"), settings("forgetting")];
    let mut recorder = DynamicsRecorder::new(2, 3, &metrics).unwrap();
    record(&mut recorder, &[1.0, 2.0, 3.0, 3.0, 2.0, 1.0], &[1, 0]);
    let before = recorder.clone();
    let error = recorder.record(observations).unwrap_err().to_string();
    assert!(recorder == before, "{error}");
    recorder
        .record(&Observations { epoch: 1, indices: &[1], labels: &[0], outputs: Outputs::Logits(&[0.5f32; 3]) })
        .unwrap();
    error
}

#[test]
fn bad_input_is_named() {
    let good = [0.0f32, 1.0, 2.0, 0.0, 1.0, 2.0];
    let logits = |logits: &'static [f32]| Observations {
        epoch: 7,
        indices: &[0, 1],
        labels: &[1, 0],
        outputs: Outputs::Logits(logits),
    };
    for bad in [
        &[0.0, 1.0, 2.0, f32::NAN, 1.0, 2.0],
        &[0.0, 1.0, 2.0, f32::INFINITY, 1.0, 2.0],
        &[0.0, 1.0, 2.0, f32::NEG_INFINITY, 1.0, 2.0],
    ] {
        let error = error_of(&logits(bad));
        assert!(error.contains("example 1 in epoch 7: the logit of class 0 is"), "{error}");
    }
    assert!(error_of(&logits(&good_static()[..5])).contains("5 entries, expected 6"));
    let with = |indices: &'static [usize], labels: &'static [usize], epoch| {
        error_of(&Observations { epoch, indices, labels, outputs: Outputs::Logits(&good) })
    };
    assert!(with(&[0, 2], &[1, 0], 1).contains("example 2 is out of range"));
    assert!(with(&[0, 1], &[1], 1).contains("labels has 1 entries, expected 2"));
    assert!(with(&[0, 1], &[1, 3], 1).contains("label 3 is out of range, expected 0..3"));
    assert!(with(&[0, 1], &[1, 2], 1).contains("label 2, expected 0 as in the epochs before"));
    assert!(with(&[1, 1], &[0, 0], 1).contains("example 1 in epoch 1: observed twice"));
    assert!(with(&[0, 1], &[1, 0], 0).contains("observed twice"));
    for (bad, told) in [
        ([0.5, 0.5, 0.0, 0.7, 0.4, 0.0], "sum to 1.1"),
        ([0.5, 0.5, 0.0, 1.2, -0.2, 0.0], "class 0 is 1.2"),
        ([0.5, 0.5, 0.0, f64::NAN, 0.5, 0.5], "class 0 is NaN"),
    ] {
        let outputs = Outputs::Probabilities(&bad[..]);
        let error = error_of(&Observations { epoch: 1, indices: &[0, 1], labels: &[1, 0], outputs });
        assert!(error.contains("example 1 in epoch 1") && error.contains(told), "{error}");
    }
    let mut aum = DynamicsRecorder::new(1, 2, &[settings("aum")]).unwrap();
    let outputs = Outputs::Probabilities(&[0.5, 0.5]);
    let error = aum.record(&Observations { epoch: 0, indices: &[0], labels: &[0], outputs }).unwrap_err();
    assert!(error.to_string().contains("of which aum cannot be had with its options, expected logits"), "{error}");
}

fn good_static() -> &'static [f32; 6] {
    &[0.0, 1.0, 2.0, 0.0, 1.0, 2.0]
}

#[test]
fn sizes_at_their_limits() {
    let el2n = [settings("el2n")];
    assert!(DynamicsRecorder::new(0, 3, &el2n).unwrap_err().to_string().contains("n_examples is 0"));
    assert!(DynamicsRecorder::new(3, 1, &el2n).unwrap_err().to_string().contains("at least two classes"));
    assert!(DynamicsRecorder::new(3, 2, &[]).is_err());
    assert!(DynamicsRecorder::new(3, 2, &[settings("el2n"), settings("el2n")]).is_err());
    let none = DynamicsRecorder::new(3, 2, &el2n).unwrap();
    assert!(matches!(none.columns(), Err(DifficultyError::NeverPresented { example: 0, .. })));
    // One epoch: everything but windows.
    assert_eq!(values(&[0.0, 0.0], &[0], 2, "variability"), [0.0]);
    let mut windowed = DynamicsRecorder::new(1, 2, &[settings("tdds")]).unwrap();
    record(&mut windowed, &[0.0, 1.0], &[0]);
    assert!(windowed.columns().unwrap_err().to_string().contains("tdds needs 4 epochs of each example"));
    assert!(none.clone().merge(&DynamicsRecorder::new(4, 2, &el2n).unwrap()).is_err());
    assert!(none.clone().merge(&DynamicsRecorder::new(3, 2, &[settings("loss")]).unwrap()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_constant_added_to_an_examples_logits_changes_nothing(
        logits in prop::collection::vec(-64i32..64, 5 * 4 * 3),
        shifts in prop::collection::vec(-1000i32..1000, 5 * 4),
        labels in prop::collection::vec(0usize..3, 4),
    ) {
        // Sixteenths, so that the shift itself is exact in f32.
        let plain: Vec<f32> = logits.iter().map(|&z| z as f32 / 16.0).collect();
        let shifted: Vec<f32> =
            plain.chunks_exact(3).zip(&shifts).flat_map(|(z, &s)| z.iter().map(move |z| z + s as f32)).collect();
        let metrics = MetricSettings::all(OutputKind::Logits);
        let plain = recorder_of(&metrics, &plain, &labels, 3).columns().unwrap();
        let shifted = recorder_of(&metrics, &shifted, &labels, 3).columns().unwrap();
        prop_assert_eq!(plain, shifted);
    }

    #[test]
    fn permuting_examples_permutes_scores(
        logits in prop::collection::vec(-6.0f32..6.0, 5 * 20 * 3),
        labels in prop::collection::vec(0usize..3, 20),
        seed in 0u64..1000,
    ) {
        let order = cl_data::random::permutation(&mut cl_data::random::stream(seed, "order", 0), 20);
        let permuted: Vec<f32> = logits
            .chunks_exact(60)
            .flat_map(|epoch| order.iter().flat_map(|&i| epoch[i * 3..i * 3 + 3].to_vec()).collect::<Vec<_>>())
            .collect();
        let permuted_labels: Vec<usize> = order.iter().map(|&i| labels[i]).collect();
        let metrics = MetricSettings::all(OutputKind::Logits);
        let plain = recorder_of(&metrics, &logits, &labels, 3).columns().unwrap();
        let permuted = recorder_of(&metrics, &permuted, &permuted_labels, 3).columns().unwrap();
        for (plain, permuted) in plain.iter().zip(permuted) {
            let plain = plain.values.to_floats();
            let expected: Vec<f64> = order.iter().map(|&i| plain[i]).collect();
            prop_assert_eq!(permuted.values.to_floats(), expected);
        }
    }
}
