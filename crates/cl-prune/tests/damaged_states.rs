//! States of the samplers that learn, damaged behind their checksum: refused, or gone on from without a panic.

use cl_data::seal::{open_json, seal_json};
use cl_data::{Batch, Sampler, random};
use cl_prune::{Budget, KeepHardest, PruningDraw};
use cl_prune::{InfoBatchSampler, LifeCycleSampler, MasteryScore, Maturity, Retirement};
use serde_json::{Value, json};

const N: usize = 23;

fn samplers() -> Vec<Box<dyn Sampler>> {
    let info_batch = || InfoBatchSampler::new(N, 4, 9, 1).unwrap();
    let retirement = Retirement::Select {
        rule: Box::new(KeepHardest),
        score: MasteryScore::LastLoss,
        budget: Budget::Keep(0.6),
    };
    let life = LifeCycleSampler::new(Box::new(info_batch()), Maturity::Epoch(3), retirement, 4, 1).unwrap();
    vec![Box::new(info_batch()), Box::new(info_batch().with_draw(PruningDraw::FixedCount)), Box::new(life)]
}

/// Trains `n` steps as far as they can be had, and gives the step after the last.
fn go(sampler: &mut dyn Sampler, first: u64, n: u64) -> u64 {
    let (mut batch, mut wanted) = (Batch::default(), Vec::new());
    for step in first..first.saturating_add(n) {
        let tell = |examples: &[usize], sampler: &mut dyn Sampler| {
            let losses: Vec<f64> =
                examples.iter().map(|&i| ((i as u64 * 31 + step % 1000 * 17) % 23) as f64 / 9.0).collect();
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
    }
    first.saturating_add(n)
}

/// The paths to all numbers, flags and lists.
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

#[test]
fn every_field_of_a_state_is_checked() {
    let mut rng = random::stream(16, "damage", 0);
    for (mut sampler, n_first) in
        samplers().into_iter().zip([15, 15, 40]).chain(samplers().into_iter().skip(2).map(|life| (life, 9)))
    {
        let n_steps = go(&mut *sampler, 0, n_first);
        assert_eq!(n_steps, n_first);
        let state = sampler.save(n_steps).unwrap();
        let whole: Value = serde_json::from_str(&open_json(&state).unwrap()).unwrap();
        let mut paths = vec!["/n_steps".to_owned()];
        leaves(&whole["progress"], "/progress".into(), &mut paths);
        let mut n_refused = 0;
        for _ in 0..1500 {
            let path = &paths[random::below(&mut rng, paths.len())];
            let mut damaged = whole.clone();
            let leaf = damaged.pointer_mut(path).unwrap();
            let put = match random::below(&mut rng, 8) {
                0 => json!(u64::MAX),
                1 => json!(u32::MAX),
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
                    sampler.restore(&state).unwrap();
                }
            }
        }
        assert!(n_refused > 500, "{n_refused}");
    }
}
