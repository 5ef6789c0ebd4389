//! Rank correlations. SciPy's `spearmanr` of 1,000,000 pairs takes about 245 ms on a machine of the same kind.

use std::hint::black_box;

use cl_data::random;
use cl_difficulty::{kendall, spearman};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn rank_correlation(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rank correlation");
    group.sample_size(10);
    for n in [10_000, 1_000_000] {
        let mut rng = random::stream(1, "bench", 0);
        let a: Vec<f64> = (0..n).map(|_| random::uniform(&mut rng)).collect();
        let b: Vec<f64> = a.iter().map(|a| a + random::uniform(&mut rng)).collect();
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(format!("spearman {n}"), |bench| {
            bench.iter(|| spearman(black_box(&a), black_box(&b)))
        });
        group.bench_function(format!("kendall {n}"), |bench| bench.iter(|| kendall(black_box(&a), black_box(&b))));
    }
    group.finish();
}

criterion_group!(benches, rank_correlation);
criterion_main!(benches);
