//! Selection by score, and one epoch of pruning while training.
//!
//! Measured on an AMD EPYC (Zen 5), one thread of a free machine but where it says two:
//!
//! ```text
//! selection of 10,000,000, ranking and reasons included
//!     hardest                                        350 ms
//!     hardest of counts (half of them equal)         630 ms
//!     middle                                         430 ms
//!     random                                         340 ms
//!     forgetting                                     670 ms
//!     coverage-centric, 50 strata                    730 ms
//!     DUAL's Beta sampling                           950 ms
//!     hardest, class-balanced, on two threads        550-600 ms
//! message passing, 50,000 examples, 5 neighbours     64-86 ms
//! InfoBatch, an epoch of 50,000                      0.86-0.89 ms
//! ```
//!
//! The limit is memory: three passes over 80 MB of words, and one scattered write of 160 MB of decisions.

use std::hint::black_box;

use cl_data::{Batch, Sampler, random};
use cl_prune::{
    Allocation, BetaSampling, Budget, ClassBalanced, CoverageCentric, Floor, InfoBatchSampler, KeepHardest,
    KeepMiddle, KeepRandom, MessagePassing, NeighborLists, RemoveUnforgettable, SelectionRule,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn uniform(n: usize) -> Vec<f64> {
    let mut rng = random::stream(1, "bench", 0);
    (0..n).map(|_| random::uniform(&mut rng)).collect()
}

fn selection(criterion: &mut Criterion) {
    let n = 10_000_000;
    let mut group = criterion.benchmark_group("selection of 10,000,000");
    group.sample_size(10).throughput(Throughput::Elements(n as u64));
    let scores = uniform(n);
    // As forgetting counts: a dozen values, half of them 0.
    let counts: Vec<f64> = scores.iter().map(|score| (24.0 * score - 12.0).max(0.0).floor()).collect();
    let labels: Vec<usize> = (0..n).map(|i| i % 10).collect();
    let select = |rule: &dyn SelectionRule, scores: &[f64]| rule.select(scores, Budget::Keep(0.3), 1);
    group.bench_function("hardest", |bench| bench.iter(|| select(&KeepHardest, black_box(&scores))));
    group.bench_function("hardest of counts", |bench| bench.iter(|| select(&KeepHardest, black_box(&counts))));
    group.bench_function("middle", |bench| bench.iter(|| select(&KeepMiddle, black_box(&scores))));
    group.bench_function("random", |bench| bench.iter(|| select(&KeepRandom, black_box(&scores))));
    let forgetting = RemoveUnforgettable::default();
    group.bench_function("forgetting", |bench| bench.iter(|| select(&forgetting, black_box(&counts))));
    let ccs = CoverageCentric::new(0.1, 50).expect("a share");
    group.bench_function("ccs", |bench| bench.iter(|| select(&ccs, black_box(&scores))));
    let dual = BetaSampling::new(scores.clone(), 4.0).expect("probabilities");
    group.bench_function("dual", |bench| bench.iter(|| select(&dual, black_box(&scores))));
    let balanced =
        ClassBalanced::new(KeepHardest, labels, Allocation::Proportional, Floor::None).expect("few classes");
    group.bench_function("hardest, class-balanced", |bench| bench.iter(|| select(&balanced, black_box(&scores))));
    group.finish();
}

fn message_passing(criterion: &mut Criterion) {
    let (n, k) = (50_000, 5);
    let mut group = criterion.benchmark_group("message passing");
    group.sample_size(10);
    let scores = uniform(n);
    let mut rng = random::stream(2, "bench", 0);
    let neighbor = |at: usize| (at / k + 1 + random::below(&mut rng, n - 1)) % n;
    let indices: Vec<usize> = (0..n * k).map(neighbor).collect();
    let graph = NeighborLists::new(k, indices, uniform(n * k)).expect("a graph");
    let rule = MessagePassing::new(graph);
    group.bench_function("50,000 examples, 5 neighbours", |bench| {
        bench.iter(|| rule.select(black_box(&scores), Budget::Keep(0.3), 1))
    });
    group.finish();
}

fn info_batch(criterion: &mut Criterion) {
    let n = 50_000;
    let mut group = criterion.benchmark_group("dynamic pruning");
    group.throughput(Throughput::Elements(n as u64));
    let losses = uniform(n);
    let all: Vec<usize> = (0..n).collect();
    group.bench_function("InfoBatch, an epoch of 50,000", |bench| {
        let mut sampler = InfoBatchSampler::new(n, 128, u64::MAX, 1).expect("sizes");
        sampler.feedback(0, &all, &losses).expect("one loss each");
        let (mut batch, mut step) = (Batch::default(), 0);
        bench.iter(|| {
            for _ in 0..sampler.ready_until() - step {
                sampler.batch(step, black_box(&mut batch)).expect("in turn");
                sampler.feedback(step, &batch.indices, &losses[..batch.indices.len()]).expect("one loss each");
                step += 1;
            }
        })
    });
    group.finish();
}

criterion_group!(benches, selection, message_passing, info_batch);
criterion_main!(benches);
