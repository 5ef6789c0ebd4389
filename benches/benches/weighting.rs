//! 1,000,000 weights of each kind, beside a plain pass over the same memory with one exponential (`f64::exp`).
//!
//! The limit is the exponentials and logarithms of the formula, where it has any: one per weight, two for a power, one
//! more for what the power is of. That of the others, those that select or sort among them, is a copy within a cache.

use std::hint::black_box;
use std::time::Duration;

use cl_benches::{Rows, Work};
use cl_data::random;
use cl_pacing::{
    AtQuantile, DetachedFocal, FocalGradient, HardMining, HardSelfPaced, L2Bounded, LinearSelfPaced,
    LogarithmicSelfPaced, LogisticSelfPaced, MentorNet, Mixture, Mixture2, PolynomialSelfPaced,
    SelfPacedCurriculum, SelfPacedDiversity, SuperLossWeight, Weighting,
};
use criterion::{Criterion, criterion_group, criterion_main};

const N: usize = 1_000_000;

/// Losses like those of a classifier: most are small, some are large.
fn losses() -> Vec<f64> {
    let mut rng = random::stream(1, "losses", 0);
    (0..N).map(|_| -random::uniform(&mut rng).max(1e-12).ln() * (0.1 + random::uniform(&mut rng))).collect()
}

fn weights(criterion: &mut Criterion) {
    let losses = losses();
    let mut out = vec![0.0; N];
    let groups: Vec<usize> = (0..N).map(|example| example % 100).collect();
    let lateness: Vec<f64> = (0..N).map(|example| (example % 7) as f64).collect();
    let linear = LinearSelfPaced::new(0.7).unwrap();
    // With how many exponentials each has.
    let weightings: Vec<(&str, u64, Box<dyn Weighting>)> = vec![
        ("hard", 0, Box::new(HardSelfPaced::new(0.7).unwrap())),
        ("linear", 0, Box::new(linear)),
        ("logarithmic", 1, Box::new(LogarithmicSelfPaced::new(0.7).unwrap())),
        ("mixture", 0, Box::new(Mixture::new(1.0, 0.3).unwrap())),
        ("mixture2", 0, Box::new(Mixture2::new(0.5, 1.0).unwrap())),
        ("polynomial t = 3", 0, Box::new(PolynomialSelfPaced::new(0.7, 3.0).unwrap())),
        ("polynomial t = 3.7", 2, Box::new(PolynomialSelfPaced::new(0.7, 3.7).unwrap())),
        ("logistic", 1, Box::new(LogisticSelfPaced::new(0.7).unwrap())),
        ("mentornet", 0, Box::new(MentorNet::new(1.0, 95, 0.5).unwrap())),
        ("focal gradient", 1, Box::new(FocalGradient::new(2.0).unwrap())),
        ("detached focal", 1, Box::new(DetachedFocal::new(2.0).unwrap())),
        ("focal gradient gamma = 0.7", 3, Box::new(FocalGradient::new(0.7).unwrap())),
        ("superloss lambda = 1", 1, Box::new(SuperLossWeight::new(0.5, 1.0).unwrap())),
        ("superloss lambda = 0.25", 1, Box::new(SuperLossWeight::new(0.5, 0.25).unwrap())),
        // These select or sort.
        ("hard mining", 0, Box::new(HardMining::new(0.3).unwrap())),
        ("linear at quantile", 0, Box::new(AtQuantile::new(linear, 0.5).unwrap())),
        ("l2 bounded, unclipped", 0, Box::new(L2Bounded::towards_hard(0.05).unwrap())),
        ("l2 bounded, clipped", 0, Box::new(L2Bounded::towards_hard(2.0).unwrap())),
        ("diversity", 0, Box::new(SelfPacedDiversity::new(0.3, 0.4, groups).unwrap())),
        ("curriculum region", 0, Box::new(SelfPacedCurriculum::new(linear, lateness, 1e5).unwrap())),
    ];
    let work = |exponentials| match exponentials {
        0 => Work::Copy { bytes: 16 * N as u64 },
        each => Work::Exponentials { count: each * N as u64 },
    };
    let (warm_up, measurement) = (Duration::from_millis(200), Duration::from_millis(800));
    let mut rows = Rows::new(criterion, "weights 1,000,000").sample_size(10).times(warm_up, measurement);
    let plain =
        |losses: &[f64], out: &mut [f64]| out.iter_mut().zip(losses).for_each(|(out, loss)| *out = (-loss).exp());
    rows.row("one exponential", work(1), 1, |b| b.iter(|| plain(black_box(&losses), black_box(&mut out))));
    for (name, exponentials, weighting) in &weightings {
        rows.row(*name, work(*exponentials), 1, |b| {
            b.iter(|| weighting.weights(black_box(&losses), black_box(&mut out)))
        });
    }
    rows.row("one exponential, again", work(1), 1, |b| b.iter(|| plain(black_box(&losses), black_box(&mut out))));
}

criterion_group!(benches, weights);
criterion_main!(benches);
