//! Generators, shuffles and label noise: random numbers drawn one after the other, and memory at random places, so
//! that no limit is claimed.

use std::hint::black_box;

use cl_benches::{Rows, Work};
use cl_data::numpy::RandomState;
use cl_data::{Clusters, random, symmetric_noise};
use criterion::{Criterion, criterion_group, criterion_main};

fn generators(criterion: &mut Criterion) {
    let mut rows = Rows::new(criterion, "generate");
    for n in [200, 100_000] {
        rows.row(format!("clusters {n}"), Work::Elements { count: n as u64 }, 1, |b| {
            b.iter(|| Clusters::default().generate(black_box(n), 42))
        });
    }
    let n = 1_000_000;
    let work = Work::Elements { count: n as u64 };
    rows.row("NumPy permutation 1,000,000", work, 1, |b| {
        b.iter(|| RandomState::new(42).permutation(black_box(n)))
    });
    rows.row("permutation 1,000,000", work, 1, |b| {
        b.iter(|| random::permutation(&mut random::stream(42, "bench", 0), black_box(n)))
    });
    let labels: Vec<usize> = (0..n).map(|i| i % 10).collect();
    rows.row("symmetric noise 1,000,000", work, 1, |b| b.iter(|| symmetric_noise(black_box(&labels), 10, 0.2, 1)));
}

criterion_group!(benches, generators);
criterion_main!(benches);
