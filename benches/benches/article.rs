//! The article's three training blocks, n = 200, beside what they take elsewhere.
//!
//! On two cores of the kind these figures were measured on, the NumPy code as written takes about 50 ms for the
//! three together and Numba's compiled version of it about 0.43 ms. Ours take 0.41 ms on a slower machine (a core of
//! 116 instead of 271 GFLOP/s): 0.053 for the metrics, 0.22 for self-paced learning, 0.13 for forgetting. The limit
//! is the chain of dependent exponentials: 11,600 updates of some 17 ns are 0.20 ms.

use std::hint::black_box;

use cl_data::{Clusters, Dataset};
use criterion::{Criterion, criterion_group, criterion_main};
use xtask::article;

fn blocks(criterion: &mut Criterion) {
    let data: Dataset<f64> = Clusters::default().generate(200, article::SEED).expect("the article's settings");
    let start = || article::initial_model(article::SEED, 0.01);
    let mut group = criterion.benchmark_group("article");
    group.bench_function("metrics", |b| b.iter(|| article::metrics(black_box(&data), start().0)));
    group.bench_function("self-paced", |b| b.iter(|| article::self_paced(black_box(&data), start().0)));
    group.bench_function("forgetting", |b| b.iter(|| article::forgetting(black_box(&data), start())));
    group.bench_function("all three", |b| {
        b.iter(|| {
            let data = black_box(&data);
            (
                article::metrics(data, start().0),
                article::self_paced(data, start().0),
                article::forgetting(data, start()),
            )
        })
    });
    group.finish();
}

criterion_group!(benches, blocks);
criterion_main!(benches);
