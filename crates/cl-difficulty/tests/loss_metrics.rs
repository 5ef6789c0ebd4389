//! The learning time, and losses by the names of their averages.

use cl_difficulty::{DynamicsRecorder, Log, MetricSettings, Outputs};

/// One example of two classes, five epochs.
fn recorder(metrics: &[MetricSettings], label: usize) -> DynamicsRecorder {
    let logits = [0.0, 1.0, 0.5, 0.5, 0.0, 1.0, 1.0, 0.0, 0.0, 3.0];
    let mut recorder = DynamicsRecorder::new(1, 2, metrics).unwrap();
    let log = Log { epochs: &[0, 1, 2, 3, 4], labels: &[label], outputs: Outputs::Logits(&logits) };
    recorder.record_log(&log).unwrap();
    recorder
}

fn value(label: usize, name: &str, options: &[(&str, &str)]) -> f64 {
    let settings = MetricSettings::parse(name, options).unwrap();
    recorder(&[settings], label).columns().unwrap()[0].values.to_floats()[0]
}

/// Two equal logits of two classes are a loss of ln 2, which is not below it.
#[test]
fn learning_time_is_the_first_loss_below_the_threshold() {
    assert_eq!(value(0, "learning_time", &[]), 3.0);
    assert_eq!(value(1, "learning_time", &[]), 0.0);
    assert_eq!(value(1, "learning_time", &[("threshold", "0.125")]), 4.0);
    assert_eq!(value(0, "learning_time", &[("threshold", "0")]), -1.0);
    assert_eq!(value(1, "learning_time", &[("from", "2")]), 0.0);
}

#[test]
fn a_loss_by_the_name_of_its_average_is_a_column_of_that_name() {
    let names = [("mean", "loss_mean"), ("last", "loss_last"), ("ema", "loss_ema")];
    let pair = |(average, name)| {
        [("loss", &[("average", average)][..]), (name, &[])]
            .map(|(name, options)| MetricSettings::parse(name, options).unwrap())
    };
    let recorder = recorder(&names.map(pair).concat(), 0);
    let recorder: DynamicsRecorder = serde_json::from_str(&serde_json::to_string(&recorder).unwrap()).unwrap();
    let columns = recorder.columns().unwrap();
    for (pair, (_, name)) in columns.chunks_exact(2).zip(names) {
        assert_eq!(pair[0].values, pair[1].values);
        assert_eq!((pair[0].name.as_str(), pair[1].name.as_str()), ("loss", name));
        assert_eq!(pair[1].metric.name, name);
        assert_eq!(pair[1].higher_is_harder, Some(true));
    }
    assert!(columns[0].values != columns[2].values && columns[2].values != columns[4].values);
}
