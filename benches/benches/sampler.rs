//! Samplers over as many examples as ImageNet has: a batch of 128 amortised over epochs, and seeks.
//!
//! NumPy's figure for the same, on the machine that this runs on:
//!
//! ```python
//! import numpy, timeit
//! rng = numpy.random.default_rng(0)
//! def epoch():
//!     order = rng.permutation(1281167)
//!     for at in range(0, len(order), 128):
//!         order[at : at + 128]
//! print(min(timeit.repeat(epoch, number=1, repeat=20)) / 10010)
//! ```

use std::hint::black_box;

use cl_data::random;
use cl_pacing::{
    Batch, Competence, CompetenceSampler, EqualDifficulty, Full, Linear, MiniBatchSampler, PrefixSampler, Random,
    Sampler, ShuffleSampler,
};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

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
    let mut group = criterion.benchmark_group("batch of 128 from 1,281,167");
    group.throughput(Throughput::Elements(BATCH_SIZE as u64));
    for (name, mut sampler) in samplers() {
        let mut batch = Batch::default();
        group.bench_function(name, |bencher| {
            // Two epochs of the full data, an amount that no iteration count of criterion's cuts short.
            bencher.iter_custom(|iterations| {
                let n_steps = iterations.max(20_020);
                let start = std::time::Instant::now();
                (0..n_steps).for_each(|step| sampler.batch(black_box(step % N_STEPS), &mut batch).expect(PURE));
                start.elapsed() * iterations as u32 / n_steps as u32
            });
        });
    }
    group.finish();
}

/// Time to any step of any epoch, from any other.
fn seeks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("seek in 1,281,167");
    group.sample_size(20);
    for (name, mut sampler) in samplers() {
        let (mut batch, mut rng) = (Batch::default(), random::stream(1, "bench seeks", 0));
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| {
                let step = random::below(&mut rng, 1_000_000_000) as u64;
                sampler.batch(black_box(step), &mut batch).expect(PURE);
            });
        });
    }
    group.finish();
}

/// Time to the state after one more step, and to that after the first ones of a sampler made anew.
fn saves(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("save");
    let shuffle = ShuffleSampler::new(10_000_000, BATCH_SIZE, 1).expect("a batch of 128 fits");
    let linear = Linear::new(0.8, 0.1).expect("a and b in their domains");
    let prefix = PrefixSampler::new(Random::of(N_EXAMPLES, 1), linear, BATCH_SIZE, N_STEPS, 1);
    let prefix = prefix.expect("a batch of 128 fits");
    let samplers: [(&str, Box<dyn Sampler>); 2] =
        [("shuffle of 10,000,000", Box::new(shuffle)), ("prefix of 1,281,167", Box::new(prefix.clone()))];
    for (name, sampler) in samplers {
        let mut step = N_STEPS / 2;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                step += 1;
                sampler.save(black_box(step)).expect(PURE)
            });
        });
    }
    group.sample_size(10);
    group.bench_function("prefix of 1,281,167, the first time", |bencher| {
        bencher.iter_batched(|| prefix.clone(), |sampler| sampler.save(N_STEPS), BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group!(benches, batches, seeks, saves);
criterion_main!(benches);
