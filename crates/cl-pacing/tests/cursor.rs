//! A cursor over every kind of sampler: drawing ahead as a loader does, stopping at any step, and what is refused.

use cl_data::seal::{open_json, seal_json};
use cl_data::{Epoch, random};
use cl_pacing::{
    BabySteps, Batch, Clock, ClockedSampler, Cursor, HardnessSampler, HardnessSettings, Linear, MiniBatchSampler,
    Plateau, PrefixSampler, Presentation, RhoLossSampler, Sampler, SamplerError, SelfPacedLambda,
    SelfPacedSampler, SequentialSampler, ShuffleSampler, TaskPolicy, Teacher, TeacherSampler,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const N: usize = 23;

fn pure(seed: u64) -> Vec<Box<dyn Sampler>> {
    let order = || (0..N).rev().collect::<Vec<_>>();
    let linear = || Linear::new(0.8, 0.1).unwrap();
    vec![
        Box::new(ShuffleSampler::new(N, 4, seed).unwrap()),
        Box::new(SequentialSampler::new(N, 4 + seed as usize % 2).unwrap()),
        Box::new(PrefixSampler::new(order(), linear(), 4, 25, seed).unwrap()),
        Box::new(MiniBatchSampler::new(order(), linear(), 4, 25, seed).unwrap()),
        Box::new(ClockedSampler::new(order(), linear(), Clock::Examples { total: 90 }, &[], 4, seed).unwrap()),
    ]
}

fn learning(seed: u64) -> Vec<Box<dyn Sampler>> {
    let settings = HardnessSettings { warm_epochs: 1, ..HardnessSettings::default() };
    let lambda = SelfPacedLambda::new(0.8, 1.2).unwrap();
    let tasks: Vec<usize> = (0..N).map(|example| example % 3).collect();
    let policy = TaskPolicy::EpsilonGreedy { epsilon: 0.2 };
    let irreducible = (0..N).map(|example| example as f64 / 10.0).collect();
    vec![
        Box::new(HardnessSampler::new(N, 4, settings, seed).unwrap()),
        Box::new(SelfPacedSampler::new(N, 4, lambda, Presentation::Shuffled { seed }).unwrap()),
        Box::new(TeacherSampler::new(&tasks, Teacher::Window { k: 3 }, policy, 4, seed).unwrap()),
        Box::new(RhoLossSampler::new(irreducible, 8, 4, seed).unwrap()),
    ]
}

fn loss(example: usize, step: u64) -> f64 {
    ((example as u64 * 31 + step * 17) % 23) as f64 / 9.0
}

fn tell<S: Sampler>(cursor: &mut Cursor<S>, step: u64, indices: &[usize]) {
    let losses: Vec<f64> = indices.iter().map(|&example| loss(example, step)).collect();
    cursor.feedback(step, indices, &losses).unwrap();
}

/// Trains until `end`, having drawn up to `ahead` batches beyond the one that is trained on, as far as the sampler lets it;
/// each step with its batch and the state after it.
fn run(cursor: &mut Cursor<Box<dyn Sampler>>, end: u64, ahead: u64) -> Vec<(Batch, Epoch, String)> {
    let (mut drawn, mut run) = (std::collections::VecDeque::new(), Vec::new());
    let mut wanted = Vec::new();
    for step in cursor.position()..end {
        while cursor.position() <= step + ahead {
            // What is wanted depends on the model as it is when the step is at hand.
            if cursor.position() == step {
                cursor.wanted(&mut wanted);
                tell(cursor, step, &wanted);
            }
            let (position, ready_until) = (cursor.position(), cursor.sampler().ready_until());
            let epoch = cursor.epoch();
            match cursor.next_batch() {
                Ok((_, batch)) => drawn.push_back((batch, epoch)),
                Err(SamplerError::OutOfTurn { step, .. }) => {
                    assert!(step == position && step >= ready_until && cursor.position() == position);
                    break;
                }
                Err(error) => panic!("{error}"),
            }
        }
        let (batch, epoch) = drawn.pop_front().unwrap();
        tell(cursor, step, &batch.indices);
        run.push((batch, epoch, cursor.state(step + 1).unwrap()));
    }
    run
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// A batch drawn ahead is the batch; one that cannot be drawn yet is lost to nobody.
    #[test]
    fn drawing_ahead_changes_nothing(seed in 0u64..1000, ahead in 1u64..9) {
        let samplers = || pure(seed).into_iter().chain(learning(seed));
        for (one, other) in samplers().zip(samplers()) {
            let at_once: Vec<_> = run(&mut Cursor::new(one), 40, 0).into_iter().map(|(batch, ..)| batch).collect();
            let ahead: Vec<_> = run(&mut Cursor::new(other), 40, ahead).into_iter().map(|(batch, ..)| batch).collect();
            prop_assert_eq!(at_once, ahead);
        }
    }

    /// Stopped after any step, in mid epoch or not, with batches drawn ahead or not: it goes on bit for bit.
    #[test]
    fn resuming_is_not_interrupting(seed in 0u64..1000, ahead in 0u64..5) {
        let samplers = || pure(seed).into_iter().chain(learning(seed));
        let n_samplers = samplers().count();
        for at in 0..n_samplers {
            let new = || Cursor::new(samplers().nth(at).unwrap());
            let whole = run(&mut new(), 30, ahead);
            for (consumed, (_, _, state)) in (1..).zip(&whole[..24]) {
                let mut resumed = new();
                resumed.restore(state).unwrap();
                prop_assert_eq!(resumed.position(), consumed as u64);
                let rest = run(&mut resumed, consumed as u64 + 6, ahead);
                for ((batch, epoch, _), (expected, expected_epoch, _)) in rest.iter().zip(&whole[consumed..]) {
                    prop_assert_eq!((batch, epoch), (expected, expected_epoch));
                }
            }
        }
    }

    #[test]
    fn epochs_are_found(seed in 0u64..1000) {
        for sampler in pure(seed) {
            let mut cursor = Cursor::new(sampler);
            let mut first_steps = vec![0];
            for step in 0..200 {
                let epoch = cursor.sampler().epoch(step);
                if epoch.index as usize == first_steps.len() {
                    first_steps.push(step);
                }
            }
            for (epoch, &first) in first_steps.iter().enumerate().rev() {
                prop_assert_eq!(cursor.first_step(epoch as u64).unwrap(), first);
                cursor.seek(first);
                prop_assert_eq!((cursor.epoch().index, cursor.epoch().step), (epoch as u64, 0));
            }
        }
    }
}

#[test]
fn epochs_that_a_learner_does_not_know_are_refused() {
    for sampler in learning(3).into_iter().take(2) {
        let mut cursor = Cursor::new(sampler);
        run(&mut cursor, 9, 0);
        let Epoch { index, step, .. } = cursor.epoch();
        let first = cursor.position() - step;
        assert!(index > 0, "{index}");
        assert_eq!(cursor.first_step(0).unwrap(), 0);
        assert_eq!(cursor.first_step(index).unwrap(), first);
        assert_eq!(cursor.first_step(index + 1).unwrap(), cursor.sampler().ready_until());
        assert!(matches!(cursor.first_step(index + 2), Err(SamplerError::OutOfTurn { .. })));
    }
}

#[test]
fn steps_out_of_reach_are_refused_and_change_nothing() {
    for sampler in pure(1) {
        let mut cursor = Cursor::new(sampler);
        cursor.seek(u64::MAX - 1);
        assert!(cursor.batches().next().unwrap().is_ok() && cursor.batches().next().is_none());
        assert!(matches!(cursor.next_batch(), Err(SamplerError::OutOfTurn { step: u64::MAX, .. })));
    }
    for sampler in learning(1) {
        let mut cursor = Cursor::new(sampler);
        let before = run(&mut cursor, 7, 0).pop().unwrap().2;
        for step in [0, 1_000_000, u64::MAX - 1] {
            cursor.seek(step);
            let error = cursor.next_batch().unwrap_err();
            assert!(matches!(error, SamplerError::OutOfTurn { step: found, .. } if found == step), "{error}");
            assert_eq!(cursor.position(), step);
        }
        cursor.seek(7);
        assert_eq!(cursor.state(7).unwrap(), before);
        assert!(cursor.state(8).is_err() && cursor.state(2).is_err());
        assert!(cursor.sampler().save(1_000_000).is_err() || cursor.sampler().n_examples() == N);
    }
}

/// Damaged, of another version, of another sampler, of other settings or cut off: refused by name, and nothing changes.
#[test]
fn damaged_states_are_refused() {
    let samplers = |seed| pure(seed).into_iter().chain(learning(seed));
    for (sampler, other) in samplers(1).zip(samplers(2)) {
        let mut cursor = Cursor::new(sampler);
        let state = run(&mut cursor, 6, 0).pop().unwrap().2;
        let mut refused = |damaged: &str, expected: &str| {
            let error = cursor.restore(damaged).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}, not {expected}");
            assert_eq!((cursor.position(), cursor.state(6).unwrap()), (6, state.clone()));
        };
        assert!(state.starts_with("{\"version\":2,"));
        refused(&state.replacen(":2", ":1", 1), "saved in version 1, expected version 2");
        refused(&state.replacen(":2", ":\"two\"", 1), "the version of the saved state: invalid type");
        refused(&state.replacen("version", "revision", 1), "the version of the saved state: invalid type: null");
        for end in [0, 1, state.len() / 2, state.len() - 1] {
            refused(&state[..end], "the saved state is unusable");
        }
        let negative = open_json(&state).unwrap().replace("\"n_steps\":6", "\"n_steps\":-6");
        refused(&seal_json(&negative), "the saved state is unusable: invalid value: integer `-6`");
        // One bit more or less of any character.
        for at in (13..state.len()).step_by(7) {
            let mut damaged = state.clone().into_bytes();
            damaged[at] ^= 1;
            refused(&String::from_utf8(damaged).unwrap(), "the saved state is unusable");
        }
        let mut other = Cursor::new(other);
        let foreign = run(&mut other, 6, 0).pop().unwrap().2;
        refused(&foreign, "the saved state was made with ");
        let length = Cursor::new(ShuffleSampler::new(N + 1, 4, 1).unwrap()).state(0).unwrap();
        refused(&length, "the saved state was made with ");
    }
}

/// A clock of what is measured begins the next epoch when it is asked for: until then the loader waits.
#[test]
fn a_measured_clock_says_where_to_wait() {
    let new = || {
        let pacing = BabySteps::new(5, 1, 5).unwrap();
        let clock = Clock::Plateaus { total: 5 };
        ClockedSampler::new((0..N).collect(), pacing, clock, &[], 4, 3)
            .unwrap()
            .with_plateau(Plateau::new(1, 0.0).unwrap())
    };
    let (mut whole, mut shown) = (Cursor::new(new()), Vec::new());
    let mut states = Vec::new();
    for epoch in 0..8 {
        while whole.position() < whole.sampler().ready_until() {
            shown.push(whole.next_batch().unwrap().1);
            states.push((whole.state(whole.position()).unwrap(), epoch));
        }
        let mut sampler = whole.clone().into_inner();
        sampler.validated(0.5).unwrap();
        whole = Cursor::new(sampler);
        whole.seek(shown.len() as u64);
        // The next epoch begins with what was told.
        shown.push(whole.next_batch().unwrap().1);
        states.push((whole.state(whole.position()).unwrap(), epoch + 1));
    }
    assert_eq!(whole.epoch().index, 8);
    for (state, epoch) in states {
        let mut resumed = Cursor::new(new());
        resumed.restore(&state).unwrap();
        while resumed.position() < resumed.sampler().ready_until() {
            let (step, batch) = resumed.next_batch().unwrap();
            assert!(shown.get(step as usize).is_none_or(|expected| *expected == batch), "{epoch}");
        }
    }
}

#[path = "../examples/own_training_loop.rs"]
mod own_training_loop;

#[test]
fn the_example_of_a_training_loop_runs() {
    own_training_loop::main().unwrap();
}

/// The paths to all numbers, flags and lists of what a sampler remembers.
fn leaves(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| leaves(value, format!("{path}/{name}"), found));
        }
        Value::Array(items) => {
            found.push(path.clone());
            items.iter().enumerate().for_each(|(at, value)| leaves(value, format!("{path}/{at}"), found));
        }
        _ => found.push(path),
    }
}

/// Whatever is changed in a state, with a checksum of its own: it is refused, and changes nothing, or gone on from
/// without a panic, each example once in an epoch.
#[test]
fn every_field_of_a_state_is_checked() {
    let mut rng = random::stream(16, "damage", 0);
    let measured = || {
        let order = (0..N).rev().collect();
        let clock = Clock::Plateaus { total: 3 };
        let sampler = ClockedSampler::new(order, Linear::new(0.8, 0.1).unwrap(), clock, &[], 4, 1).unwrap();
        Box::new(sampler.with_plateau(Plateau::new(1, 0.0).unwrap())) as Box<dyn Sampler>
    };
    for mut sampler in learning(1).into_iter().chain([measured()]) {
        let (mut batch, mut wanted) = (Batch::default(), Vec::new());
        let mut go = |sampler: &mut dyn Sampler, first: u64, n: u64| {
            for step in first..first.saturating_add(n) {
                let epoch = sampler.epoch(step);
                let tell = |examples: &[usize], sampler: &mut dyn Sampler| {
                    let losses: Vec<f64> = examples.iter().map(|&example| loss(example, step % 1000)).collect();
                    let _ = sampler.feedback(step, examples, &losses);
                };
                sampler.wanted(step, &mut wanted);
                tell(&wanted, sampler);
                if sampler.batch(step, &mut batch).is_err() {
                    return step;
                }
                assert!(batch.indices.iter().all(|&example| example < N));
                assert!(batch.weights.iter().all(|&weight| weight >= 0.0 && weight.is_finite()));
                tell(&batch.indices, sampler);
                if sampler.epoch(step.saturating_add(1)).index > epoch.index {
                    sampler.validated(1.0 / (step as f64 + 2.0)).unwrap();
                }
            }
            first.saturating_add(n)
        };
        let n_steps = go(&mut *sampler, 0, 17);
        let state = sampler.save(n_steps).unwrap();
        let whole: Value = serde_json::from_str(&open_json(&state).unwrap()).unwrap();
        assert_eq!(sampler.restore(&seal_json(&whole.to_string())).unwrap(), n_steps);
        let mut paths = vec!["/n_steps".to_owned()];
        leaves(&whole["progress"], "/progress".into(), &mut paths);
        let (mut n_refused, mut n_taken) = (0, 0);
        for _ in 0..1500 {
            let path = &paths[random::below(&mut rng, paths.len())];
            let mut damaged = whole.clone();
            let leaf = damaged.pointer_mut(path).unwrap();
            let put = match random::below(&mut rng, 8) {
                0 => json!(u64::MAX),
                1 => json!(u64::MAX - 1),
                2 => json!(0),
                3 => json!(-1.5),
                4 => json!(f64::MAX),
                5 => Value::Null,
                6 => leaf.as_u64().map_or(json!(true), |number| json!(number.wrapping_add(1))),
                _ => json!(N),
            };
            match leaf {
                Value::Array(items) if random::below(&mut rng, 2) == 0 => drop(items.pop()),
                Value::Array(items) => items.extend(items.first().cloned()),
                leaf => *leaf = put,
            }
            match sampler.restore(&seal_json(&damaged.to_string())) {
                Err(_) => {
                    assert_eq!(sampler.save(n_steps).unwrap(), state, "{path}: what is refused changes nothing");
                    n_refused += 1;
                }
                Ok(n) => {
                    go(&mut *sampler, n, 30);
                    n_taken += 1;
                    sampler.restore(&state).unwrap();
                }
            }
        }
        assert!(n_refused > 700 && n_taken > 0, "{n_refused} {n_taken}");
    }
}
