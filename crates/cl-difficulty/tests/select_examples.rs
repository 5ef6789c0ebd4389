//! Recorders of some examples: which were observed, and that a selection is a recorder of only these.

use cl_data::random;
use cl_difficulty::{DynamicsRecorder, MetricSettings, Observations, OutputKind, Outputs};

/// More examples than a shard has.
const N: usize = 5000;
const C: usize = 3;
const EPOCHS: u64 = 8;

/// Some epochs are whole, the others lack examples; example 17 is in none.
fn is_in(epoch: u64, example: usize) -> bool {
    example != 17 && (epoch.is_multiple_of(3) || (example as u64 + epoch) % 5 > 1)
}

/// Of these examples, as number 0, 1, ... in this order.
fn recorder(metrics: &[MetricSettings], examples: &[usize], kind: OutputKind) -> DynamicsRecorder {
    let mut recorder = DynamicsRecorder::new(examples.len(), C, metrics).unwrap().with_partial_epochs();
    for epoch in 0..EPOCHS {
        let mut rng = random::stream(epoch, "test outputs", 0);
        let values: Vec<f64> = (0..N * C).map(|_| 8.0 * random::uniform(&mut rng)).collect();
        let width = kind.width(C);
        let known = examples.iter().enumerate().filter(|(_, example)| is_in(epoch, **example));
        let (indices, known): (Vec<usize>, Vec<usize>) = known.unzip();
        let labels: Vec<usize> = known.iter().map(|example| example % C).collect();
        let rows: Vec<f64> =
            known.iter().flat_map(|example| values[example * width..][..width].to_vec()).collect();
        let observations =
            Observations { epoch, indices: &indices, labels: &labels, outputs: kind.outputs(&rows) };
        recorder.record(&observations).unwrap();
    }
    recorder
}

#[test]
fn a_selection_is_a_recorder_of_only_these() {
    let all: Vec<usize> = (0..N).collect();
    for kind in [OutputKind::Logits, OutputKind::Losses] {
        let metrics = MetricSettings::all(kind);
        let whole = recorder(&metrics, &all, kind);
        let order = random::permutation(&mut random::stream(1, "order", 0), N);
        for examples in [&all[..], &order[..4200], &[4999, 0, 17], &[18], &all[4000..4200]] {
            let selected = whole.select(examples).unwrap();
            assert!(selected == recorder(&metrics, examples, kind), "{} examples", examples.len());
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
            assert!(pool.install(|| whole.select(examples).unwrap()) == selected);
        }
    }
}

#[test]
fn what_was_observed_has_metrics_and_goes_on() {
    let all: Vec<usize> = (0..N).collect();
    let metrics = MetricSettings::all(OutputKind::Logits);
    let whole = recorder(&metrics, &all, OutputKind::Logits);
    assert!(whole.columns().unwrap_err().to_string().contains("example 17 was never presented"));
    let observed = whole.observed();
    let known: Vec<usize> = (0..N).filter(|&example| observed[example]).collect();
    assert_eq!((observed.len(), known.len(), observed[17]), (N, N - 1, false));
    let mut selected = whole.select(&known).unwrap();
    assert_eq!(selected.columns().unwrap().len(), metrics.len());
    let outputs = Outputs::Logits(&[1.0f32, 2.0, 3.0]);
    let next = Observations { epoch: EPOCHS, indices: &[16usize, 17], labels: &[1, 0], outputs };
    assert!(selected.record(&next).is_err());
    // What was example 18 is 17 now, and keeps its label.
    selected.record(&Observations { indices: &[17], labels: &[0], ..next }).unwrap();
    assert_eq!(selected.labels().unwrap()[17], 0);
}

#[test]
fn what_cannot_be_selected_is_named() {
    let whole = DynamicsRecorder::new(3, 2, &[MetricSettings::parse("loss", &[]).unwrap()]).unwrap();
    let error = |examples: &[usize]| whole.select(examples).unwrap_err().to_string();
    assert!(error(&[0, 3]).contains("example 3 is out of range, expected 0..3"));
    assert!(error(&[2, 0, 2]).contains("examples is 2 twice"));
    assert!(error(&[]).contains("at least one example"));
    assert_eq!(whole.observed(), [false; 3]);
}
