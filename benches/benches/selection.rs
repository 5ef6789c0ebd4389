//! Selection by score, ranking and reasons included, and one epoch of pruning while training.
//!
//! The limit of a selection is memory: the scores read once, the order and the decisions written once. Message passing
//! takes the best of a queue that every pick changes, and InfoBatch draws and compares: no limit is claimed.

use std::hint::black_box;

use cl_benches::{Rows, Work, all_threads};
use cl_data::{Batch, Sampler, random};
use cl_prune::{
    Allocation, BetaSampling, Budget, ClassBalanced, CoverageCentric, Decision, Floor, InfoBatchSampler,
    KeepHardest, KeepMiddle, KeepRandom, MessagePassing, NeighborLists, RemoveUnforgettable, SelectionRule,
};
use criterion::{Criterion, criterion_group, criterion_main};

fn uniform(n: usize) -> Vec<f64> {
    let mut rng = random::stream(1, "bench", 0);
    (0..n).map(|_| random::uniform(&mut rng)).collect()
}

fn selection(criterion: &mut Criterion) {
    let n = 10_000_000;
    let mut rows = Rows::new(criterion, "selection of 10,000,000").sample_size(10);
    let work = Work::Read { bytes: (n * (size_of::<f64>() + size_of::<usize>() + size_of::<Decision>())) as u64 };
    let scores = uniform(n);
    // As forgetting counts: a dozen values, half of them 0.
    let counts: Vec<f64> = scores.iter().map(|score| (24.0 * score - 12.0).max(0.0).floor()).collect();
    let labels: Vec<usize> = (0..n).map(|i| i % 10).collect();
    let select = |rule: &dyn SelectionRule, scores: &[f64]| rule.select(scores, Budget::Keep(0.3), 1);
    rows.row("hardest", work, 1, |bench| bench.iter(|| select(&KeepHardest, black_box(&scores))));
    rows.row("hardest of counts", work, 1, |bench| bench.iter(|| select(&KeepHardest, black_box(&counts))));
    rows.row("middle", work, 1, |bench| bench.iter(|| select(&KeepMiddle, black_box(&scores))));
    rows.row("random", work, 1, |bench| bench.iter(|| select(&KeepRandom, black_box(&scores))));
    let forgetting = RemoveUnforgettable::default();
    rows.row("forgetting", work, 1, |bench| bench.iter(|| select(&forgetting, black_box(&counts))));
    let ccs = CoverageCentric::new(0.1, 50).expect("a share");
    rows.row("ccs", work, 1, |bench| bench.iter(|| select(&ccs, black_box(&scores))));
    let dual = BetaSampling::new(scores.clone(), 4.0).expect("probabilities");
    rows.row("dual", work, 1, |bench| bench.iter(|| select(&dual, black_box(&scores))));
    let balanced =
        ClassBalanced::new(KeepHardest, labels, Allocation::Proportional, Floor::None).expect("few classes");
    rows.row("hardest, class-balanced", work, all_threads(), |bench| {
        bench.iter(|| select(&balanced, black_box(&scores)))
    });
}

fn message_passing(criterion: &mut Criterion) {
    let (n, k) = (50_000, 5);
    let mut rows = Rows::new(criterion, "message passing").sample_size(10);
    let scores = uniform(n);
    let mut rng = random::stream(2, "bench", 0);
    let neighbor = |at: usize| (at / k + 1 + random::below(&mut rng, n - 1)) % n;
    let indices: Vec<usize> = (0..n * k).map(neighbor).collect();
    let graph = NeighborLists::new(k, indices, uniform(n * k)).expect("a graph");
    let rule = MessagePassing::new(graph);
    rows.row("50,000 examples, 5 neighbours", Work::Elements { count: n as u64 }, 1, |bench| {
        bench.iter(|| rule.select(black_box(&scores), Budget::Keep(0.3), 1))
    });
}

fn info_batch(criterion: &mut Criterion) {
    let n = 50_000;
    let mut rows = Rows::new(criterion, "dynamic pruning");
    let losses = uniform(n);
    let all: Vec<usize> = (0..n).collect();
    rows.row("InfoBatch, an epoch of 50,000", Work::Elements { count: n as u64 }, 1, |bench| {
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
}

criterion_group!(benches, selection, message_passing, info_batch);
criterion_main!(benches);
