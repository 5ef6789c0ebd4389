//! 1,000,000 weights of each kind, beside a plain pass over the same memory with one exponential (`f64::exp`).

use std::hint::black_box;
use std::time::Duration;

use cl_data::random;
use cl_pacing::{
    AtQuantile, DetachedFocal, FocalGradient, HardMining, HardSelfPaced, L2Bounded, LinearSelfPaced,
    LogarithmicSelfPaced, LogisticSelfPaced, MentorNet, Mixture, Mixture2, PolynomialSelfPaced,
    SelfPacedCurriculum, SelfPacedDiversity, SuperLossWeight, Weighting,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

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
    let weightings: Vec<(&str, Box<dyn Weighting>)> = vec![
        ("hard", Box::new(HardSelfPaced::new(0.7).unwrap())),
        ("linear", Box::new(linear)),
        ("logarithmic", Box::new(LogarithmicSelfPaced::new(0.7).unwrap())),
        ("mixture", Box::new(Mixture::new(1.0, 0.3).unwrap())),
        ("mixture2", Box::new(Mixture2::new(0.5, 1.0).unwrap())),
        ("polynomial t = 3", Box::new(PolynomialSelfPaced::new(0.7, 3.0).unwrap())),
        ("polynomial t = 3.7", Box::new(PolynomialSelfPaced::new(0.7, 3.7).unwrap())),
        ("logistic", Box::new(LogisticSelfPaced::new(0.7).unwrap())),
        ("mentornet", Box::new(MentorNet::new(1.0, 95, 0.5).unwrap())),
        ("focal gradient", Box::new(FocalGradient::new(2.0).unwrap())),
        ("detached focal", Box::new(DetachedFocal::new(2.0).unwrap())),
        ("focal gradient gamma = 0.7", Box::new(FocalGradient::new(0.7).unwrap())),
        ("superloss lambda = 1", Box::new(SuperLossWeight::new(0.5, 1.0).unwrap())),
        ("superloss lambda = 0.25", Box::new(SuperLossWeight::new(0.5, 0.25).unwrap())),
        // These select or sort.
        ("hard mining", Box::new(HardMining::new(0.3).unwrap())),
        ("linear at quantile", Box::new(AtQuantile::new(linear, 0.5).unwrap())),
        ("l2 bounded, unclipped", Box::new(L2Bounded::towards_hard(0.05).unwrap())),
        ("l2 bounded, clipped", Box::new(L2Bounded::towards_hard(2.0).unwrap())),
        ("diversity", Box::new(SelfPacedDiversity::new(0.3, 0.4, groups).unwrap())),
        ("curriculum region", Box::new(SelfPacedCurriculum::new(linear, lateness, 1e5).unwrap())),
    ];
    let mut group = criterion.benchmark_group("weights 1,000,000");
    group.throughput(Throughput::Elements(N as u64));
    group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(800));
    let plain =
        |losses: &[f64], out: &mut [f64]| out.iter_mut().zip(losses).for_each(|(out, loss)| *out = (-loss).exp());
    group.bench_function("one exponential", |b| b.iter(|| plain(black_box(&losses), black_box(&mut out))));
    for (name, weighting) in &weightings {
        group.bench_function(*name, |b| b.iter(|| weighting.weights(black_box(&losses), black_box(&mut out))));
    }
    group.bench_function("one exponential, again", |b| b.iter(|| plain(black_box(&losses), black_box(&mut out))));
    group.finish();
}

criterion_group!(benches, weights);
criterion_main!(benches);
