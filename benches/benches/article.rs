//! The article's three training blocks, n = 200.
//!
//! The limit is the chain of dependent exponentials: each of 11,600 updates in all needs the prediction that the one
//! before it changed, so that neither width nor memory bounds them, and no limit is claimed.

use std::hint::black_box;

use cl_benches::{Rows, Work};
use cl_data::{Clusters, Dataset};
use criterion::{Criterion, criterion_group, criterion_main};
use xtask::article;

fn blocks(criterion: &mut Criterion) {
    let data: Dataset<f64> = Clusters::default().generate(200, article::SEED).expect("the article's settings");
    let start = || article::initial_model(article::SEED, 0.01);
    let mut rows = Rows::new(criterion, "article");
    let blocks = |count| Work::Elements { count };
    rows.row("metrics", blocks(1), 1, |b| b.iter(|| article::metrics(black_box(&data), start().0)));
    rows.row("self-paced", blocks(1), 1, |b| b.iter(|| article::self_paced(black_box(&data), start().0)));
    rows.row("forgetting", blocks(1), 1, |b| b.iter(|| article::forgetting(black_box(&data), start())));
    rows.row("all three", blocks(3), 1, |b| {
        b.iter(|| {
            let data = black_box(&data);
            (
                article::metrics(data, start().0),
                article::self_paced(data, start().0),
                article::forgetting(data, start()),
            )
        })
    });
}

criterion_group!(benches, blocks);
criterion_main!(benches);
