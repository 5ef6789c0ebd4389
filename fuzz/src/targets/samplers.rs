//! The states of samplers, restored and drawn from.

use std::sync::Arc;

use cl_pacing::{
    Batch, Clock, ClockedSampler, DifficultySchedule, LengthSampler, Linear, LongSequences, MixtureSampler,
    Sampler, SamplerInputs, ShuffleSampler, sampler_by_name,
};
use cl_prune::{
    Budget, DynamicRandomSampler, EpochFractions, InfoBatchSampler, KeepHardest, LifeCycleSampler, MasteryScore,
    Maturity, RepeatedRandomSampler, Retirement,
};

use super::{damage, input::Input};

const N: usize = 6;
const DIFFICULTY: [f64; N] = [0.5, 0.1, 0.9, 0.3, 0.3, 0.7];

type Made = Box<dyn Sampler>;

fn by_name(name: &str, parameters: &[(&str, &str)]) -> Made {
    let inputs = SamplerInputs {
        n_examples: N,
        order: Some(&[1, 3, 4, 0, 5, 2]),
        difficulty: Some(&DIFFICULTY),
        classes: Some(&[0, 1, 0, 1, 0, 1]),
        irreducible: Some(&DIFFICULTY),
        lengths: Some(&[3, 1, 4, 1, 5, 2]),
        weights: Some(&DIFFICULTY),
        pacing: Some(Arc::new(Linear::new(0.8, 0.3).expect("a pacing"))),
        batch_size: 2,
        later_batch_sizes: &[],
        total_steps: 20,
        seed: 7,
    };
    sampler_by_name(name, parameters, &inputs).expect("a sampler of the list")
}

fn boxed<E: std::fmt::Debug>(sampler: Result<impl Sampler + 'static, E>) -> Made {
    Box::new(sampler.expect("a sampler"))
}

/// Those whose batches follow from the step.
pub(crate) fn sampler_fixed(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.byte();
    let make = || match choice % 7 {
        0 => by_name("prefix", &[]),
        1 => by_name("mini-batch", &[]),
        2 => by_name("competence", &[]),
        3 => by_name("shuffle", &[]),
        4 => by_name("sequential", &[]),
        5 => boxed(LengthSampler::new(
            &[3, 9, 5, 2, 7, 4],
            2,
            DifficultySchedule::fixed_linear(4, 10, 10, 2).expect("a schedule"),
            LongSequences::Truncate,
            12,
            3,
        )),
        _ => boxed(MixtureSampler::new(
            N,
            vec![0, 1, 2],
            vec![3, 4, 5],
            Linear::new(0.8, 0.3).expect("a pacing"),
            2,
            20,
            3,
        )),
    };
    restored(make, &mut input);
}

pub(crate) fn sampler_clocked(data: &[u8]) {
    let mut input = Input::new(data);
    let clock = input.one_of(&[
        Clock::Updates { total: 9 },
        Clock::Examples { total: 18 },
        Clock::Tokens { total: 50 },
        Clock::Epochs { total: 3 },
        Clock::Plateaus { total: 2 },
        Clock::Score { from: 0.1, to: 0.9 },
    ]);
    let make = || {
        let (order, pacing) = (vec![1, 3, 4, 0, 5, 2], Linear::new(0.8, 0.3).expect("a pacing"));
        let lengths = if matches!(clock, Clock::Tokens { .. }) { &[3, 9, 5, 2, 7, 4][..] } else { &[] };
        boxed(ClockedSampler::new(order, pacing, clock, lengths, 2, 7))
    };
    restored(make, &mut input);
}

pub(crate) fn sampler_self_paced(data: &[u8]) {
    restored(|| by_name("self-paced", &[("lambda", "0.5")]), &mut Input::new(data));
}

pub(crate) fn sampler_hardness(data: &[u8]) {
    restored(|| by_name("instance-hardness", &[]), &mut Input::new(data));
}

pub(crate) fn sampler_rho_loss(data: &[u8]) {
    restored(|| by_name("rho-loss", &[]), &mut Input::new(data));
}

pub(crate) fn sampler_teacher(data: &[u8]) {
    restored(|| by_name("teacher", &[]), &mut Input::new(data));
}

pub(crate) fn sampler_info_batch(data: &[u8]) {
    restored(|| boxed(InfoBatchSampler::new(N, 2, 4, 5)), &mut Input::new(data));
}

pub(crate) fn sampler_repeated_random(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.byte();
    let fractions = || EpochFractions::annealed(0.5, 4).expect("fractions");
    restored(
        || match choice & 1 {
            0 => boxed(RepeatedRandomSampler::new(N, fractions(), 2, 5)),
            _ => boxed(DynamicRandomSampler::new(N, fractions(), 2, 5)),
        },
        &mut input,
    );
}

pub(crate) fn sampler_life_cycle(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.byte();
    let make = || {
        let curriculum = Box::new(ShuffleSampler::new(N, 2, 1).expect("a sampler"));
        let maturity = match choice & 3 {
            0 => Maturity::Epoch(1),
            1 => Maturity::MasteredShare(0.5),
            _ => Maturity::Plateau { patience: 1, min_delta: 0.0 },
        };
        let retirement = match choice >> 2 & 3 {
            0 => Retirement::Nothing,
            1 => Retirement::Mastered { at_most: 0.5 },
            2 => Retirement::RandomlyMatched { at_most: 0.5 },
            _ => Retirement::Select {
                rule: Box::new(KeepHardest),
                score: MasteryScore::LastLoss,
                budget: Budget::Keep(0.5),
            },
        };
        boxed(LifeCycleSampler::new(curriculum, maturity, retirement, 2, 5))
    };
    restored(make, &mut input);
}

/// Restores a damaged state, goes on from it, and saves and restores that again.
fn restored(make: impl Fn() -> Made, input: &mut Input<'_>) {
    let state = match input.byte() {
        0 => String::from_utf8_lossy(input.rest()).into_owned(),
        n => {
            let mut sampler = make();
            let n_steps = u64::from(n % 8);
            go_on(sampler.as_mut(), 0, n_steps, &mut Input::new(&[7, 200, 3, 90]));
            let saved = sampler.save(n_steps).expect("a sampler that was drawn from can be saved");
            damage::json(&saved, input)
        }
    };
    let mut sampler = make();
    let Ok(n_steps) = sampler.restore(&state) else { return };
    let saved = sampler.save(n_steps).expect("a sampler that was restored can be saved");
    let mut again = make();
    assert_eq!(again.restore(&saved).expect("a state that was saved can be restored"), n_steps);
    assert_eq!(again.save(n_steps).expect("a state that was restored can be saved"), saved);
    go_on(sampler.as_mut(), n_steps, 7, input);
}

/// Takes so many steps as a trainer does, as far as the sampler gives them; checks what it shows.
fn go_on(sampler: &mut dyn Sampler, first: u64, n_steps: u64, losses: &mut Input<'_>) {
    let (mut batch, mut wanted) = (Batch::default(), Vec::new());
    let mut loss = || f64::from(losses.byte()) / 100.0;
    for step in first..first.saturating_add(n_steps) {
        let _ = (sampler.epoch(step), sampler.ready_until());
        sampler.wanted(step, &mut wanted);
        let told: Vec<f64> = wanted.iter().map(|_| loss()).collect();
        if sampler.feedback(step, &wanted, &told).is_err() || sampler.batch(step, &mut batch).is_err() {
            return;
        }
        assert!(batch.indices.iter().all(|&example| example < sampler.n_examples()));
        assert!(batch.weights.is_empty() || batch.weights.len() == batch.indices.len());
        assert!(batch.weights.iter().all(|weight| weight.is_finite() && *weight >= 0.0), "{:?}", batch.weights);
        let told: Vec<f64> = batch.indices.iter().map(|_| loss()).collect();
        let epoch = sampler.epoch(step);
        if sampler.feedback(step, &batch.indices, &told).is_err() {
            return;
        }
        if epoch.step.checked_add(1) == Some(epoch.n_steps) {
            let _ = sampler.validated(loss());
        }
        // Now and then: that takes as long as all else.
        if step % 4 == 3 {
            let _ = sampler.save(step + 1);
        }
    }
}
