//! What is known of training dynamics, restored and gone on with.

use std::sync::LazyLock;

use cl_data::Fingerprint;
use cl_difficulty::{
    DynamicsRecorder, El2n, ExampleState, Forgetting, MeanLoss, Metric, MetricSettings, NeverLearned,
    Observations, OutputKind, Outputs, Provenance, Recorder, Scores,
};

use super::{damage, input::Input};

const N: usize = 3;
const C: usize = 2;

const EPOCHS: [[f64; N * C]; 3] =
    [[0.2, 0.8, 0.5, 0.5, 0.9, 0.1], [0.7, 0.3, 0.4, 0.6, 1.0, 0.0], [0.1, 0.9, 0.6, 0.4, 0.3, 0.7]];

/// The metrics of probabilities, in five parts: all take long.
static METRICS: LazyLock<[Vec<MetricSettings>; 5]> = LazyLock::new(|| {
    let short = |settings: MetricSettings| {
        let name = settings.metric().name.clone();
        MetricSettings::parse(&name, &[("window", "2")]).unwrap_or(settings)
    };
    let all: Vec<_> = MetricSettings::all(OutputKind::Probabilities).into_iter().map(short).collect();
    std::array::from_fn(|part| all.iter().skip(part).step_by(5).cloned().collect())
});

/// A part of the metrics, by a choice.
fn metrics(choice: usize) -> &'static [MetricSettings] {
    &METRICS[choice % 5]
}

pub(crate) fn dynamics_recorder(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.byte();
    let mut saved = DynamicsRecorder::new(N, C, metrics(usize::from(choice))).expect("a recorder");
    if choice & 64 != 0 {
        saved = saved.with_partial_epochs();
    }
    for (epoch, values) in (0..).zip(EPOCHS).take(usize::from(choice >> 4 & 3)) {
        record(&mut saved, epoch, &values);
    }
    let Some(mut recorder) = damage::restored(&saved, &mut input) else { return };
    damage::written_again(&recorder);
    let last = recorder.epochs().last().copied();
    let _ = (recorder.labels(), recorder.observed(), recorder.n_never_learned(), recorder.columns());
    if recorder.n_examples() > 1 << 10 {
        return;
    }
    let _ = (recorder.select(&[0]).map(|one| one.columns()), recorder.clone().grow(N + 1));
    let _ = recorder.clone().merge(&saved);
    let mut other = saved.clone();
    let _ = other.merge(&recorder);
    let _ = other.columns();
    record(&mut recorder, last.map_or(0, |last| last.saturating_add(1)), &EPOCHS[2]);
    record(&mut recorder, u64::MAX, &EPOCHS[1]);
    let _ = recorder.columns();
}

/// What is refused is refused.
fn record(recorder: &mut DynamicsRecorder, epoch: u64, values: &[f64]) {
    let outputs = Outputs::Probabilities(values);
    let _ = recorder.record(&Observations { epoch, indices: &[2, 0, 1], labels: &[0, 1, 1], outputs });
}

pub(crate) fn example_state(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = usize::from(input.byte());
    let all = metrics(choice);
    let Some(settings) = all.get(choice / 5 % all.len().max(1)) else { return };
    let observed = |epochs: &[u64]| {
        let mut state = ExampleState::new(settings, C).expect("a state");
        let values: Vec<f64> = epochs.iter().flat_map(|&epoch| EPOCHS[epoch as usize][..C].to_vec()).collect();
        state.update(epochs, Outputs::Probabilities(&values), 1).expect("probabilities");
        state
    };
    let saved = observed(&[0, 1]).to_bytes().expect("a state can be written");
    let bytes = match input.byte() {
        0 => input.rest().to_vec(),
        _ => damage::bytes(&saved, &mut input),
    };
    let Ok(mut state) = ExampleState::from_bytes(settings, C, &bytes) else { return };
    assert_eq!(state.to_bytes().expect("a state that was read can be written"), bytes);
    let _ = (state.value(), state.merge(&observed(&[2])), state.value());
    let _ = (state.update(&[u64::MAX], Outputs::Probabilities(&EPOCHS[2][..C]), 1), state.value());
}

/// The accumulators that are had one by one, and the recorder of a trainer.
pub(crate) fn accumulators(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.byte();
    match choice % 4 {
        0 => {
            let mut saved = Forgetting::new(N);
            told(|example| drop(saved.record(example, example != 1)));
            let Some(mut state) = damage::restored(&saved, &mut input) else { return };
            damage::written_again(&state);
            told(|example| drop(state.record(example, example == 1)));
            let _ = (state.merge(&saved), state.values(NeverLearned::default()), state.never_learned());
            let _ = (state.unforgettable(), saved.merge(&state), saved.values(NeverLearned::default()));
        }
        1 => {
            let mut saved = MeanLoss::new(N);
            told(|example| drop(saved.record(example, 0.5)));
            let Some(mut state) = damage::restored(&saved, &mut input) else { return };
            damage::written_again(&state);
            told(|example| drop(state.record(example, 0.25)));
            let _ = (state.merge(&saved), state.values(), saved.merge(&state), saved.values());
        }
        2 => {
            let mut saved = El2n::new(N);
            told(|example| drop(saved.record(example, &EPOCHS[0][..C], 1)));
            let Some(mut state) = damage::restored(&saved, &mut input) else { return };
            damage::written_again(&state);
            told(|example| drop(state.record(example, &EPOCHS[1][..C], 0)));
            let _ = (state.merge(&saved), state.values(), saved.merge(&state), saved.values());
        }
        _ => {
            let saved = Recorder::new(N);
            let Some(mut state) = damage::restored(&saved, &mut input) else { return };
            damage::written_again(&state);
            told(|example| drop(state.forgetting.record(example, true)));
            let _ = (state.error(), state.loss.values(), state.el2n.values());
        }
    }
}

fn told(mut tell: impl FnMut(usize)) {
    [0, 1, 2, 1].into_iter().for_each(&mut tell);
}

/// Scores with their provenance.
pub(crate) fn scores(data: &[u8]) {
    let mut input = Input::new(data);
    let ids = cl_data::Ids::texts(vec!["a".into(), "b".into(), "c".into()]).expect("ids");
    let metric = Metric::new("el2n").with_option("from", 2);
    let scores = Scores::of_examples(metric, vec![0.5, 0.25, 1.0], &ids, vec![0, 1, 1], Provenance::default());
    let saved = scores.expect("scores");
    match input.byte() & 1 {
        0 => {
            let Some(scores) = damage::restored::<Scores>(&saved, &mut input) else { return };
            damage::written_again(&scores);
            assert!(scores.values().iter().all(|value| !value.is_nan()));
            let mut order = scores.easiest_first(3);
            order.sort_unstable();
            assert!(order.into_iter().eq(0..scores.values().len()));
            let _ = (scores.labels().len(), scores.fingerprint() == Fingerprint::of(&ids, &[0, 1, 1]));
        }
        _ => {
            let Some(ids) = damage::restored(&ids, &mut input) else { return };
            damage::written_again(&ids);
            // A range may be of any length.
            if ids.len() < 1 << 16 {
                assert_eq!(ids.iter().count(), ids.len());
            }
        }
    }
}
