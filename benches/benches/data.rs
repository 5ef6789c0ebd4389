//! Generators, shuffles and label noise.

use std::hint::black_box;

use cl_data::numpy::RandomState;
use cl_data::{Clusters, random, symmetric_noise};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn generators(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("generate");
    for n in [200, 100_000] {
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(format!("clusters {n}"), |b| {
            b.iter(|| Clusters::default().generate(black_box(n), 42))
        });
    }
    let n = 1_000_000;
    group.throughput(Throughput::Elements(n as u64));
    group.bench_function("NumPy permutation 1,000,000", |b| {
        b.iter(|| RandomState::new(42).permutation(black_box(n)))
    });
    group.bench_function("permutation 1,000,000", |b| {
        b.iter(|| random::permutation(&mut random::stream(42, "bench", 0), black_box(n)))
    });
    let labels: Vec<usize> = (0..n).map(|i| i % 10).collect();
    group.bench_function("symmetric noise 1,000,000", |b| {
        b.iter(|| symmetric_noise(black_box(&labels), 10, 0.2, 1))
    });
    group.finish();
}

criterion_group!(benches, generators);
criterion_main!(benches);
