//! Samplers over as many examples as ImageNet has: a batch of 128 amortised over epochs, seeks and saves.
//!
//! Indices are drawn and written at random places, and a seek or a save is a matter of microseconds: no limit is
//! claimed.

use std::hint::black_box;

use cl_benches::{Rows, Work};
use cl_data::random;
use cl_pacing::{
    Batch, BatchOrder, Competence, CompetenceSampler, EqualDifficulty, Full, Linear, MiniBatchSampler,
    PrefixSampler, Proportions, Random, Sampler, ShuffleSampler, SourcesSampler, TokenBudget, TokenBudgetSampler,
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use rand_distr::{Distribution as _, StandardNormal};

const N_EXAMPLES: usize = 1_281_167;
const BATCH_SIZE: usize = 128;
const PURE: &str = "a pure sampler has every step";
/// Ten epochs of the full data.
const N_STEPS: u64 = 100_100;

fn samplers() -> Vec<(&'static str, Box<dyn Sampler>)> {
    let order = || Random::of(N_EXAMPLES, 1);
    let mut rng = random::stream(1, "bench lengths", 0);
    let lengths: Vec<f64> = (0..N_EXAMPLES).map(|_| 1.0 + random::below(&mut rng, 512) as f64).collect();
    let linear = Linear::new(0.8, 0.1).expect("a and b in their domains");
    let competence = Competence::square_root(0.01).expect("c0 in its domain");
    let covered = EqualDifficulty::Covered;
    let fits = "a batch of 128 fits";
    vec![
        ("shuffle", Box::new(ShuffleSampler::new(N_EXAMPLES, BATCH_SIZE, 1).expect(fits))),
        ("prefix", Box::new(PrefixSampler::new(order(), linear, BATCH_SIZE, N_STEPS, 1).expect(fits))),
        ("mini-batch, full", Box::new(MiniBatchSampler::new(order(), Full, BATCH_SIZE, N_STEPS, 1).expect(fits))),
        ("mini-batch", Box::new(MiniBatchSampler::new(order(), linear, BATCH_SIZE, N_STEPS, 1).expect(fits))),
        (
            "competence",
            Box::new(CompetenceSampler::new(&lengths, covered, competence, BATCH_SIZE, N_STEPS, 1).expect(fits)),
        ),
    ]
}

/// Time per batch over whole epochs, shuffles included.
fn batches(criterion: &mut Criterion) {
    let mut rows = Rows::new(criterion, "batch of 128 from 1,281,167");
    let work = Work::Elements { count: BATCH_SIZE as u64 };
    for (name, mut sampler) in samplers() {
        let mut batch = Batch::default();
        rows.row(name, work, 1, |bencher| {
            // Two epochs of the full data, an amount that no iteration count of criterion's cuts short.
            bencher.iter_custom(|iterations| {
                let n_steps = iterations.max(20_020);
                let start = std::time::Instant::now();
                (0..n_steps).for_each(|step| sampler.batch(black_box(step % N_STEPS), &mut batch).expect(PURE));
                start.elapsed() * iterations as u32 / n_steps as u32
            });
        });
    }
}

/// Time to any step of any epoch, from any other.
fn seeks(criterion: &mut Criterion) {
    let mut rows = Rows::new(criterion, "seek in 1,281,167").sample_size(20);
    for (name, mut sampler) in samplers() {
        let (mut batch, mut rng) = (Batch::default(), random::stream(1, "bench seeks", 0));
        rows.row(name, Work::Elements { count: 1 }, 1, |bencher| {
            bencher.iter(|| {
                let step = random::below(&mut rng, 1_000_000_000) as u64;
                sampler.batch(black_box(step), &mut batch).expect(PURE);
            });
        });
    }
}

/// A million log-normal lengths: time to the first batch of at most 16,384 tokens, sorted and planned before.
fn tokens(criterion: &mut Criterion) {
    const N: usize = 1_000_000;
    let mut rng = random::stream(1, "bench lengths", 1);
    let normal = |_| StandardNormal.sample(&mut rng);
    let lengths: Vec<u64> =
        (0..N).map(normal).map(|z: f64| (5.5 + z).exp().round().clamp(1.0, 8192.0) as u64).collect();
    let mut rows = Rows::new(criterion, "first batch of 1,000,000 lengths").sample_size(10);
    for (name, order) in [("shuffled", BatchOrder::Shuffled), ("short first", BatchOrder::ShortFirst)] {
        rows.row(name, Work::Elements { count: N as u64 }, 1, |bencher| {
            bencher.iter(|| {
                let budget = TokenBudget { multiple_of: 8, ..TokenBudget::new(16_384) };
                let mut sampler = TokenBudgetSampler::new(&lengths, budget, order, 1).expect("the longest fits");
                let mut batch = Batch::default();
                sampler.batch(0, &mut batch).expect(PURE);
                black_box(batch)
            });
        });
    }
}

/// A batch of 128 from five sources whose proportions move.
fn sources(criterion: &mut Criterion) {
    let mut rows = Rows::new(criterion, "batch of 128 from five sources");
    let knots = vec![(0, vec![0.5, 0.2, 0.2, 0.05, 0.05]), (N_STEPS, vec![0.1, 0.1, 0.1, 0.3, 0.4])];
    let lines = Proportions::lines(knots).expect("shares that sum to 1");
    let sizes = [600_000, 300_000, 200_000, 100_000, 50_000];
    let mut sampler = SourcesSampler::new(&sizes, lines, BATCH_SIZE, 1).expect("five sources");
    let (mut batch, mut step) = (Batch::default(), 0);
    rows.row("in turn", Work::Elements { count: BATCH_SIZE as u64 }, 1, |bencher| {
        bencher.iter(|| {
            sampler.batch(step, &mut batch).expect(PURE);
            step += 1;
        });
    });
}

/// Time to the state after one more step, and to that after the first ones of a sampler made anew.
fn saves(criterion: &mut Criterion) {
    let (mut rows, one) = (Rows::new(criterion, "save"), Work::Elements { count: 1 });
    let shuffle = ShuffleSampler::new(10_000_000, BATCH_SIZE, 1).expect("a batch of 128 fits");
    let linear = Linear::new(0.8, 0.1).expect("a and b in their domains");
    let prefix = PrefixSampler::new(Random::of(N_EXAMPLES, 1), linear, BATCH_SIZE, N_STEPS, 1);
    let prefix = prefix.expect("a batch of 128 fits");
    let samplers: [(&str, Box<dyn Sampler>); 2] =
        [("shuffle of 10,000,000", Box::new(shuffle)), ("prefix of 1,281,167", Box::new(prefix.clone()))];
    for (name, sampler) in samplers {
        let mut step = N_STEPS / 2;
        rows.row(name, one, 1, |bencher| {
            bencher.iter(|| {
                step += 1;
                sampler.save(black_box(step)).expect(PURE)
            });
        });
    }
    rows.sample_size(10).row("prefix of 1,281,167, the first time", one, 1, |bencher| {
        bencher.iter_batched(|| prefix.clone(), |sampler| sampler.save(N_STEPS), BatchSize::LargeInput);
    });
}

criterion_group!(benches, batches, seeks, saves, tokens, sources);
criterion_main!(benches);
