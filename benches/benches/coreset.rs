//! Coresets.
//!
//! The limit is the products of the plain algorithm, in double precision: all similarities once for facility location
//! and graph cut; every example with every pick for k-center, herding and matching pursuit. Bounds leave out some of
//! them, so that a share may be above 100 %; what facility location computes more than once is not counted.
//!
//! The hardest for facility location are similarities by angle of normal features: for some ten picks every gain changes.
//! They are bounded by what the last picks took away, and computed anew from all examples twice per element, where without
//! bounds it is seven times.

use std::hint::black_box;

use cl_benches::{Precision, Rows, Work, all_threads};
use cl_data::random;
use cl_prune::coreset::{
    FacilityLocation, Features, GradMatch, GraphCut, GraphCutForm, Greedy, Herding, KCenter, Optimizer,
    Similarities, Similarity, Start,
};
use criterion::{Criterion, criterion_group, criterion_main};

/// Independent normal features, the hardest case for bounds: all distances are nearly equal.
fn normal(n: usize, d: usize) -> Vec<f32> {
    let mut rng = random::stream(1, "bench", 0);
    let mut uniform = || random::uniform(&mut rng);
    (0..n * d).map(|_| ((0..12).map(|_| uniform()).sum::<f64>() - 6.0) as f32).collect()
}

/// Fifty groups in two thirds of the dimensions.
fn groups(n: usize, d: usize) -> Vec<f32> {
    let mut rng = random::stream(2, "bench", 0);
    let centres: Vec<f64> = (0..50 * d).map(|_| 6.0 * (random::uniform(&mut rng) - 0.5)).collect();
    let mut values = normal(n, d);
    for (example, values) in values.chunks_exact_mut(d).enumerate() {
        let centre = &centres[example % 50 * d..][..d];
        values.iter_mut().zip(centre).take(2 * d / 3).for_each(|(value, centre)| *value += *centre as f32);
    }
    values
}

type Examples = fn(usize, usize) -> Vec<f32>;

const EXAMPLES: [(&str, Examples); 2] = [("normal", normal), ("groups", groups)];

/// The products of `n` examples with `m`, of `d` features.
fn products(n: usize, m: usize, d: usize) -> Work {
    Work::MultiplyAdds { count: (n * m * d) as u64, of: Precision::F64 }
}

fn facility_location(criterion: &mut Criterion) {
    let mut rows = Rows::new(criterion, "facility location").sample_size(10);
    for (name, examples) in EXAMPLES {
        let values = examples(10_000, 32);
        let features = Features::new(&values, 32).expect("finite features");
        for similarity in [Similarity::MaxSquared, Similarity::Cosine] {
            let row = format!("lazy 1,000 of 10,000, 32 features, {name}, {similarity}");
            rows.row(row, products(10_000, 10_000, 32), all_threads(), |bench| {
                bench.iter(|| {
                    let similarities = Similarities::new(black_box(&features), similarity)?;
                    Greedy::default().select(&mut FacilityLocation::new(similarities), 1000)
                })
            });
        }
        let row = format!("stochastic 1,000 of 10,000, 32 features, {name}");
        rows.row(row, products(10_000, 10_000, 32), all_threads(), |bench| {
            bench.iter(|| {
                let similarities = Similarities::new(black_box(&features), Similarity::MaxSquared)?;
                Greedy::new(Optimizer::Stochastic).select(&mut FacilityLocation::new(similarities), 1000)
            })
        });
    }
}

fn graph_cut(criterion: &mut Criterion) {
    let mut rows = Rows::new(criterion, "graph cut").sample_size(10);
    let values = normal(10_000, 32);
    let features = Features::new(&values, 32).expect("finite features");
    rows.row("lazy 1,000 of 10,000, 32 features", products(10_000, 10_000, 32), all_threads(), |bench| {
        bench.iter(|| {
            let similarities = Similarities::new(black_box(&features), Similarity::MaxSquared)?;
            let mut objective = GraphCut::new(similarities, 1.0, GraphCutForm::Conventional)?;
            Greedy::default().select(&mut objective, 1000)
        })
    });
}

fn k_center(criterion: &mut Criterion) {
    let mut rows = Rows::new(criterion, "k-center").sample_size(10);
    for (name, examples) in EXAMPLES {
        let values = examples(60_000, 64);
        let features = Features::new(&values, 64).expect("finite features");
        let row = format!("6,000 of 60,000, 64 features, {name}");
        rows.row(row, products(60_000, 6_000, 64), all_threads(), |bench| {
            bench.iter(|| KCenter::new(Start::Example(0)).select(black_box(&features), 6000))
        });
    }
}

fn herding(criterion: &mut Criterion) {
    let mut rows = Rows::new(criterion, "herding").sample_size(10);
    let values = normal(10_000, 64);
    let features = Features::new(&values, 64).expect("finite features");
    rows.row("1,000 of 10,000, 64 features", products(10_000, 1_000, 64), 1, |bench| {
        bench.iter(|| Herding.select(black_box(&features), 1000))
    });
}

fn matching_pursuit(criterion: &mut Criterion) {
    let mut rows = Rows::new(criterion, "grad-match").sample_size(10);
    let values = normal(2000, 1000);
    let gradients = Features::new(&values, 1000).expect("finite features");
    for (name, nonnegative) in [("any weights", false), ("non-negative weights", true)] {
        let method = GradMatch::new(0.5, nonnegative).expect("a ridge");
        let row = format!("300 of 2,000, 1,000 features, {name}");
        rows.row(row, products(2_000, 300, 1_000), all_threads(), |bench| {
            bench.iter(|| method.select(black_box(&gradients), 300))
        });
    }
}

/// Minutes: only where asked for, by `cargo bench -p cl-benches --bench coreset -- large`.
fn large(criterion: &mut Criterion) {
    if !std::env::args().any(|argument| argument == "large") {
        return;
    }
    for (name, examples) in EXAMPLES {
        let values = examples(100_000, 64);
        let features = Features::new(&values, 64).expect("finite features");
        let mut rows = Rows::new(criterion, "large").sample_size(10);
        let row = format!("facility location 10,000 of 100,000, 64 features, {name}");
        rows.row(row, products(100_000, 100_000, 64), all_threads(), |bench| {
            // Once is enough of a minute: the ten samples that criterion asks for are all that one.
            let once = std::cell::OnceCell::new();
            bench.iter_custom(|n| {
                let elapsed = *once.get_or_init(|| {
                    let start = std::time::Instant::now();
                    let similarities = Similarities::new(black_box(&features), Similarity::MaxSquared);
                    let mut objective = FacilityLocation::new(similarities.expect("finite features"));
                    black_box(Greedy::default().select(&mut objective, 10_000)).expect("enough examples");
                    start.elapsed()
                });
                elapsed * u32::try_from(n).unwrap_or(u32::MAX)
            })
        });
    }
}

criterion_group!(benches, facility_location, graph_cut, k_center, herding, matching_pursuit, large);
criterion_main!(benches);
