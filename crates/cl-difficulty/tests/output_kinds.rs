//! Losses and right or wrong as outputs: what they give is what the logits behind them give, and no more.

use cl_difficulty::{
    Column, DynamicsRecorder, ExampleState, Float, Log, MetricSettings, Observations, OutputKind, Outputs, f16,
};

/// More examples than a shard has, and no multiple of a block.
const N: usize = 4500;
const C: usize = 3;
const EPOCHS: u64 = 6;

struct Run {
    labels: Vec<usize>,
    logits: Vec<f64>,
}

fn run() -> Run {
    let mut rng = cl_data::random::stream(3, "test logits", 0);
    let logits = (0..N * C * EPOCHS as usize).map(|_| 12.0 * cl_data::random::uniform(&mut rng) - 6.0).collect();
    Run { labels: (0..N).map(|i| i * 7 % C).collect(), logits }
}

impl Run {
    /// -ln p_y and whether y is the first of the largest, by the definitions.
    fn rows<T>(&self, of: impl Fn(&[f64], usize) -> T) -> Vec<T> {
        let labels = self.labels.iter().cycle();
        self.logits.chunks_exact(C).zip(labels).map(|(z, &label)| of(z, label)).collect()
    }

    fn losses(&self) -> Vec<f64> {
        self.rows(|z, label| z.iter().map(|other| (other - z[label]).exp()).sum::<f64>().ln())
    }

    fn correct(&self) -> Vec<f32> {
        self.rows(|z, label| {
            let largest = z.iter().copied().fold(f64::MIN, f64::max);
            f32::from(u8::from(z.iter().position(|&z| z == largest) == Some(label)))
        })
    }

    fn recorder<T: Float>(&self, metrics: &[MetricSettings], outputs: Outputs<'_, T>) -> DynamicsRecorder {
        let mut recorder = DynamicsRecorder::new(N, C, metrics).unwrap();
        let epochs: Vec<u64> = (0..EPOCHS).collect();
        recorder.record_log(&Log { epochs: &epochs, labels: &self.labels, outputs }).unwrap();
        recorder
    }
}

fn with_averages(kind: OutputKind) -> Vec<MetricSettings> {
    let averages = ["loss_last", "loss_ema"].map(|name| MetricSettings::parse(name, &[]).unwrap());
    let averages = averages.into_iter().filter(|settings| settings.unavailable(kind).is_none());
    MetricSettings::all(kind).into_iter().chain(averages).collect()
}

fn assert_close(found: &[Column], expected: &[Column]) {
    for (found, expected) in found.iter().zip(expected) {
        for (a, b) in found.values.to_floats().iter().zip(expected.values.to_floats()) {
            assert!((a - b).abs() <= 1e-13 * (1.0 + b.abs()), "{:?}: {a}, expected {b}", found.metric);
        }
    }
}

#[test]
fn losses_and_right_or_wrong_give_what_logits_give() {
    let run = run();
    let (losses, correct) = (run.losses(), run.correct());
    for (kind, columns) in [
        (OutputKind::Losses, run.recorder(&with_averages(OutputKind::Losses), Outputs::Losses(&losses)).columns()),
        (
            OutputKind::Correct,
            run.recorder(&with_averages(OutputKind::Correct), Outputs::Correct(&correct)).columns(),
        ),
    ] {
        let expected = run.recorder(&with_averages(kind), Outputs::Logits(&run.logits)).columns().unwrap();
        let columns = columns.unwrap();
        assert!(columns.len() >= 7 && columns.len() == expected.len());
        assert_close(&columns, &expected);
    }
}

/// By the definitions, to the last digits of a loss near 0 and of one whose probability underflows.
#[test]
fn a_loss_is_minus_the_logarithm_of_the_labels_probability() {
    let losses = [0.0f64, -0.0, 1e-20, 1.0, 800.0];
    let metrics = ["l1_error", "confidence", "loss"].map(|name| MetricSettings::parse(name, &[]).unwrap());
    let mut recorder = DynamicsRecorder::new(5, 2, &metrics).unwrap();
    let outputs = Outputs::Losses(&losses);
    recorder
        .record(&Observations { epoch: 0, indices: &[0usize, 1, 2, 3, 4], labels: &[0usize; 5], outputs })
        .unwrap();
    let columns: Vec<Vec<f64>> =
        recorder.columns().unwrap().into_iter().map(|column| column.values.to_floats()).collect();
    for (i, loss) in losses.iter().enumerate() {
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-15 * b.abs();
        assert!(close(columns[0][i], -2.0 * (-loss).exp_m1()), "{}", columns[0][i]);
        assert!(close(columns[1][i], (-loss).exp()), "{}", columns[1][i]);
        assert_eq!(columns[2][i], *loss);
    }
}

/// Cut, in any order, on any number of threads, of any float, merged and saved in between.
#[test]
fn how_they_come_changes_nothing() {
    let run = run();
    let (losses, correct) = (run.losses(), run.correct());
    for kind in [OutputKind::Losses, OutputKind::Correct] {
        let values: Vec<f64> = match kind {
            OutputKind::Losses => losses.iter().map(|&loss| f16::from_f64(loss).to_f64()).collect(),
            _ => correct.iter().map(|&right| right.into()).collect(),
        };
        let halves: Vec<f16> = values.iter().map(|&value| f16::from_f64(value)).collect();
        let metrics = with_averages(kind);
        let whole = run.recorder(&metrics, kind.outputs(&values));
        assert!(run.recorder(&metrics, kind.outputs(&halves)) == whole);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        assert!(pool.install(|| run.recorder(&metrics, kind.outputs(&values))) == whole);
        let order = cl_data::random::permutation(&mut cl_data::random::stream(2, "order", 0), N);
        let mut cut = DynamicsRecorder::new(N, C, &metrics).unwrap();
        let mut shards = [cut.clone(), cut.clone()];
        for (epoch, values) in values.chunks_exact(N).enumerate() {
            for (k, part) in order.chunks(1237).enumerate() {
                let gathered: Vec<f64> = part.iter().map(|&i| values[i]).collect();
                let labels: Vec<usize> = part.iter().map(|&i| run.labels[i]).collect();
                let (epoch, outputs) = (epoch as u64, kind.outputs(&gathered));
                let observations = Observations { epoch, indices: part, labels: &labels, outputs };
                cut.record(&observations).unwrap();
                shards[usize::from(k >= 2)].record(&observations).unwrap();
            }
            cut = serde_json::from_str(&serde_json::to_string(&cut).unwrap()).unwrap();
        }
        assert!(cut == whole);
        let [mut left, right] = shards;
        left.merge(&right).unwrap();
        assert!(left == whole);
    }
}

#[test]
fn the_state_of_one_example_takes_them() {
    let run = run();
    let (losses, correct) = (run.losses(), run.correct());
    let row = |values: &[f64]| -> Vec<f64> { values.iter().copied().step_by(N).collect() };
    let correct: Vec<f64> = correct.iter().map(|&right| right.into()).collect();
    for (kind, values) in [(OutputKind::Losses, &losses), (OutputKind::Correct, &correct)] {
        let metrics = with_averages(kind);
        let columns = run.recorder(&metrics, kind.outputs(values)).columns().unwrap();
        for (settings, column) in metrics.iter().zip(columns) {
            let mut state = ExampleState::new(settings, C).unwrap();
            state.update(&[0, 1, 2, 3, 4, 5], kind.outputs(&row(values)), run.labels[0]).unwrap();
            assert_eq!(state.value().unwrap(), column.values.get(0).unwrap(), "{:?}", settings.metric());
        }
    }
    let confidence = MetricSettings::parse("confidence", &[]).unwrap();
    let mut state = ExampleState::new(&confidence, C).unwrap();
    let error = state.update(&[4, 7], Outputs::Losses(&[0.5, -0.5]), 0).unwrap_err().to_string();
    assert!(error.contains("epoch 7: the loss is -0.5, expected at least 0"), "{error}");
    let error = state.update(&[4, 7], Outputs::Losses(&[0.5]), 0).unwrap_err().to_string();
    assert!(error.contains("outputs has 1 entries, expected 2"), "{error}");
}

fn error(metric: &str, outputs: Outputs<'_, f64>) -> String {
    let mut recorder = DynamicsRecorder::new(3, 2, &[MetricSettings::parse(metric, &[]).unwrap()]).unwrap();
    let before = recorder.clone();
    let observations = Observations { epoch: 7, indices: &[2usize, 0], labels: &[0usize, 1], outputs };
    let error = recorder.record(&observations).unwrap_err().to_string();
    assert!(recorder == before);
    error
}

#[test]
fn what_is_wrong_is_named() {
    let good = [0.5, 1.5];
    assert!(error("loss", Outputs::Losses(&good[..1])).contains("outputs has 1 entries, expected 2"));
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let told = error("loss", Outputs::Losses(&[0.5, bad]));
        assert!(told.contains("example 0 in epoch 7: the loss is") && told.contains("a finite number"), "{told}");
    }
    for metric in ["confidence", "l1_error", "dual", "dyn_unc"] {
        let told = error(metric, Outputs::Losses(&[-0.5, 0.5]));
        assert!(told.contains("example 2 in epoch 7: the loss is -0.5, expected at least 0"), "{told}");
    }
    for bad in [0.5, f64::NAN, 2.0] {
        let told = error("correctness", Outputs::Correct(&[1.0, bad]));
        assert!(told.contains("example 0 in epoch 7: `correct` is") && told.contains("1 or 0"), "{told}");
    }
    let told = error("correctness", Outputs::Losses(&good));
    let expected =
        "losses, of which correctness cannot be had with its options, expected logits, probabilities or";
    assert!(told.contains(expected), "{told}");
    let told = error("confidence", Outputs::Correct(&[0.0, 1.0]));
    assert!(told.contains("`correct`, of which confidence cannot be had"), "{told}");
    // Where no probability is read, a loss may be what it is.
    let mut recorder = DynamicsRecorder::new(1, 2, &[MetricSettings::parse("loss", &[]).unwrap()]).unwrap();
    let outputs = Outputs::Losses(&[-0.5f32]);
    recorder.record(&Observations { epoch: 0, indices: &[0usize], labels: &[0usize], outputs }).unwrap();
    assert_eq!(recorder.columns().unwrap()[0].values.to_floats(), [-0.5]);
    assert_eq!(recorder.n_never_learned(), None);
}
