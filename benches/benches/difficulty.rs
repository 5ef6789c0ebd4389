//! Agreement, neighbours and valuation.
//!
//! The limit of a rank correlation is memory: three passes over 8 bytes of key per example and score, and one
//! scattered write of its ranks. That of neighbours and k-means is the product of all with all, or with all centres.
//! What resamples or walks through sorted neighbours reads at random, and no limit is claimed.

use std::hint::black_box;

use cl_benches::{Precision, Rows, Work, all_threads};
use cl_data::{Dataset, random};
use cl_difficulty::agreement::{Bootstrap, RankCorrelation, agreement_matrix, top_overlap};
use cl_difficulty::model_based::{Distance, KMeans, Neighbors, ShapleyStart, knn_shapley};
use cl_difficulty::{kendall, spearman};
use criterion::{Criterion, criterion_group, criterion_main};

/// A score and another that is related to it.
fn pair(n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut rng = random::stream(1, "bench", 0);
    let a: Vec<f64> = (0..n).map(|_| random::uniform(&mut rng)).collect();
    let b = a.iter().map(|a| a + random::uniform(&mut rng)).collect();
    (a, b)
}

fn rank_correlation(criterion: &mut Criterion) {
    let mut rows = Rows::new(criterion, "rank correlation").sample_size(10);
    for n in [10_000, 1_000_000] {
        let (a, b) = pair(n);
        let work = Work::Read { bytes: 2 * 4 * 8 * n as u64 };
        rows.row(format!("spearman {n}"), work, all_threads().min(2), |bench| {
            bench.iter(|| spearman(black_box(&a), black_box(&b)))
        });
        rows.row(format!("kendall {n}"), work, 1, |bench| bench.iter(|| kendall(black_box(&a), black_box(&b))));
        let counts = |score: &[f64]| score.iter().map(|x| (x * 50.0).floor()).collect::<Vec<f64>>();
        let (a, b) = (counts(&a), counts(&b));
        rows.row(format!("spearman {n}, 50 and 100 different values"), work, all_threads().min(2), |bench| {
            bench.iter(|| spearman(black_box(&a), black_box(&b)))
        });
    }
}

fn agreement(criterion: &mut Criterion) {
    let mut rows = Rows::new(criterion, "agreement").sample_size(10);
    let n = 50_000;
    let (a, b) = pair(n);
    let scores = [("a", &a[..]), ("b", &b[..])];
    let bootstrap = Some(Bootstrap { n_resamples: 1000, level: 0.95, seed: 1 });
    let resampled = Work::Elements { count: 1000 * n as u64 };
    rows.row("spearman 50,000, 1000 resamples", resampled, all_threads(), |bench| {
        bench.iter(|| agreement_matrix(black_box(&scores), RankCorrelation::Spearman, bootstrap))
    });
    rows.row("overlap 50,000, 9 fractions", Work::Elements { count: n as u64 }, 1, |bench| {
        let fractions: Vec<f64> = (1..10).map(|tenth| f64::from(tenth) / 10.0).collect();
        bench.iter(|| top_overlap(black_box(&a), &b, &fractions, 1))
    });
}

fn neighbors(criterion: &mut Criterion) {
    let mut rows = Rows::new(criterion, "neighbours").sample_size(10);
    let (n, d, k) = (30_000, 64, 10);
    let mut rng = random::stream(1, "bench", 0);
    let features: Vec<f32> = (0..n * d).map(|_| random::uniform(&mut rng) as f32).collect();
    let data = Dataset::new(d, features, (0..n).map(|i| i % 10).collect(), 10).expect("finite features");
    let product = |n: usize, m: usize| Work::MultiplyAdds { count: (n * m * d) as u64, of: Precision::F64 };
    rows.row("10 nearest of 30,000, 64 features", product(n, n), all_threads(), |bench| {
        bench.iter(|| Neighbors::within(black_box(&data), k, Distance::Euclidean, 1))
    });
    let neighbors = Neighbors::within(&data, k, Distance::Euclidean, 1).expect("fewer neighbours than examples");
    rows.row("KNN-Shapley of 30,000 after them", Work::Elements { count: n as u64 }, 1, |bench| {
        let labels = data.labels();
        bench.iter(|| knn_shapley(black_box(&neighbors), labels, labels, k, ShapleyStart::Truncated))
    });
    let k_means = KMeans { n_clusters: 10, distance: Distance::Cosine, max_iterations: 20, seed: 1 };
    rows.row("k-means of 30,000, 10 clusters, 20 iterations", product(20 * n, 10), all_threads(), |bench| {
        bench.iter(|| k_means.fit(black_box(&data)))
    });
}

criterion_group!(benches, rank_correlation, agreement, neighbors);
criterion_main!(benches);
