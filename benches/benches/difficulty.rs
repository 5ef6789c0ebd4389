//! Agreement, neighbours and valuation, with the peers beside them.
//!
//! Measured on two cores of an AMD EPYC (Zen 4) that others used as well, SciPy 1.17.1 right after; cleanlab on a
//! machine of the same kind at another time:
//!
//! ```text
//! spearman of 1,000,000 pairs                            45 ms       SciPy 326-347 ms
//!     with 50 and 100 different values                   35 ms       SciPy 173-180 ms
//! kendall of 1,000,000 pairs                            157 ms       SciPy 274-278 ms
//! spearman of 50,000 with 1000 bootstrap resamples      560 ms
//! overlap of 50,000 at nine fractions                   6.4 ms
//! 10 nearest neighbours of 30,000, 64 features          4.5 s        115 GFLOP in f64
//! KNN-Shapley of 30,000 after them                      1.4 ms       cleanlab 2.9.0 19.8 s (14.2 GB)
//! k-means of 30,000, 10 clusters, 20 iterations         180 ms
//! ```
//!
//! The limit of a rank correlation is memory: three passes over 8 MB of keys per score, and one scattered write of
//! its ranks.

use std::hint::black_box;

use cl_data::{Dataset, random};
use cl_difficulty::agreement::{Bootstrap, RankCorrelation, agreement_matrix, top_overlap};
use cl_difficulty::model_based::{Distance, KMeans, Neighbors, ShapleyStart, knn_shapley};
use cl_difficulty::{kendall, spearman};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// A score and another that is related to it.
fn pair(n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut rng = random::stream(1, "bench", 0);
    let a: Vec<f64> = (0..n).map(|_| random::uniform(&mut rng)).collect();
    let b = a.iter().map(|a| a + random::uniform(&mut rng)).collect();
    (a, b)
}

fn rank_correlation(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rank correlation");
    group.sample_size(10);
    for n in [10_000, 1_000_000] {
        let (a, b) = pair(n);
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(format!("spearman {n}"), |bench| {
            bench.iter(|| spearman(black_box(&a), black_box(&b)))
        });
        group.bench_function(format!("kendall {n}"), |bench| bench.iter(|| kendall(black_box(&a), black_box(&b))));
        let counts = |score: &[f64]| score.iter().map(|x| (x * 50.0).floor()).collect::<Vec<f64>>();
        let (a, b) = (counts(&a), counts(&b));
        group.bench_function(format!("spearman {n}, 50 and 100 different values"), |bench| {
            bench.iter(|| spearman(black_box(&a), black_box(&b)))
        });
    }
    group.finish();
}

fn agreement(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("agreement");
    group.sample_size(10);
    let n = 50_000;
    let (a, b) = pair(n);
    let scores = [("a", &a[..]), ("b", &b[..])];
    let bootstrap = Some(Bootstrap { n_resamples: 1000, level: 0.95, seed: 1 });
    group.bench_function("spearman 50,000, 1000 resamples", |bench| {
        bench.iter(|| agreement_matrix(black_box(&scores), RankCorrelation::Spearman, bootstrap))
    });
    group.bench_function("overlap 50,000, 9 fractions", |bench| {
        let fractions: Vec<f64> = (1..10).map(|tenth| f64::from(tenth) / 10.0).collect();
        bench.iter(|| top_overlap(black_box(&a), &b, &fractions, 1))
    });
    group.finish();
}

fn neighbors(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("neighbours");
    group.sample_size(10);
    let (n, d, k) = (30_000, 64, 10);
    let mut rng = random::stream(1, "bench", 0);
    let features: Vec<f32> = (0..n * d).map(|_| random::uniform(&mut rng) as f32).collect();
    let data = Dataset::new(d, features, (0..n).map(|i| i % 10).collect(), 10).expect("finite features");
    // Multiply-adds of the product alone: 2 n^2 d = 115 GFLOP.
    group.bench_function("10 nearest of 30,000, 64 features", |bench| {
        bench.iter(|| Neighbors::within(black_box(&data), k, Distance::Euclidean, 1))
    });
    let neighbors = Neighbors::within(&data, k, Distance::Euclidean, 1).expect("fewer neighbours than examples");
    group.bench_function("KNN-Shapley of 30,000 after them", |bench| {
        let labels = data.labels();
        bench.iter(|| knn_shapley(black_box(&neighbors), labels, labels, k, ShapleyStart::Truncated))
    });
    let k_means = KMeans { n_clusters: 10, distance: Distance::Cosine, max_iterations: 20, seed: 1 };
    group.bench_function("k-means of 30,000, 10 clusters, 20 iterations", |bench| {
        bench.iter(|| k_means.fit(black_box(&data)))
    });
    group.finish();
}

criterion_group!(benches, rank_correlation, agreement, neighbors);
criterion_main!(benches);
