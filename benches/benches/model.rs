//! Training and scoring small networks, with the limit and the peers beside them.
//!
//! The limit is the matrix-product peak of a core, which the first benchmark measures on the machine at hand:
//! divide the multiply-adds by it. The peers' figures below are of a machine whose core does 271 GFLOP/s in `f32`
//! (AVX-512 at full width), in milliseconds:
//!
//! ```text
//! MLP 64-32-10, batch 64, 100 epochs of digits (2300 updates)
//!     PyTorch eager 320-365, scikit-learn 260, hand-written NumPy 87-110
//! MLP 784-256-10, batch 128, one epoch of 60,000
//!     PyTorch 400 on two threads and 670 on one, scikit-learn 440
//! GraNd of 60,000 with it
//!     PyTorch, factored 340
//! ```
//!
//! Ours on two cores of 116 GFLOP/s each (AVX-512 at half width), on which PyTorch eager takes 836 ms for the first
//! and 959 ms on one thread for the second:
//!
//! ```text
//! forward 256 x 784 x 64      98 GFLOP/s, 85 % of a core's peak
//! MLP 64-32-10                33 ms on one core (45 GFLOP/s of products, the rest is softmax and copying)
//! MLP 784-256-10, one epoch   389 ms on two cores (54 % of their peak)
//! GraNd of 60,000             133 ms
//! ```

use std::hint::black_box;

use cl_data::{Dataset, random};
use cl_model::{
    Activation, Budget, CrossEntropy, Examples, Initialization, Mlp, Mode, Model, Sgd, SoftmaxRegression, Trainer,
    gradient_norms,
};
use cl_pacing::ShuffleSampler;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Examples with the shape of a data set; the time of a dense network does not depend on the values.
fn shaped(n: usize, d: usize) -> Dataset<f32> {
    let mut rng = random::stream(1, "bench", 0);
    let features = (0..n * d).map(|_| random::uniform(&mut rng) as f32).collect();
    Dataset::new(d, features, (0..n).map(|i| i % 10).collect(), 10).expect("finite features, ten classes")
}

fn train(model: &mut Mlp<f32>, data: &Dataset<f32>, batch_size: usize, n_epochs: u64) {
    let mut sampler = ShuffleSampler::new(data.n_examples(), batch_size, 1).expect("a batch of at least one");
    let trainer = Trainer::new(Budget::Epochs(n_epochs), 0.05).expect("a positive learning rate");
    let mut sgd = Sgd::new(0.9, 0.0).expect("a momentum below 1");
    trainer.train(model, &CrossEntropy, &mut sgd, data, &mut sampler, &mut []).expect("a network that fits");
}

fn training(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("train");
    group.sample_size(10);
    // Multiply-adds of two passes over the weights, and of the gradient that goes down: 0.65 MFLOP an update.
    let digits = shaped(1437, 64);
    let network = Mlp::new(&[64, 32, 10], Activation::Relu, Initialization::He, 1).expect("positive widths");
    group.bench_function("64-32-10, batch 64, 2300 updates", |b| {
        b.iter(|| train(&mut network.clone(), black_box(&digits), 64, 100))
    });
    let images = shaped(60_000, 784);
    let network = Mlp::new(&[784, 256, 10], Activation::Relu, Initialization::He, 1).expect("positive widths");
    group.throughput(Throughput::Elements(60_000));
    group.bench_function("784-256-10, batch 128, one epoch of 60,000", |b| {
        // On a thread of the pool, from which the parts of a batch are handed to the others without waking anybody.
        b.iter(|| rayon::scope(|_| train(&mut network.clone(), black_box(&images), 128, 1)))
    });
    group.bench_function("GraNd of 60,000 with it", |b| {
        b.iter(|| gradient_norms(&network, &CrossEntropy, black_box(&images)))
    });
    group.finish();
}

/// The matrix product alone: 64 x 784 x 256 and the head, a forward pass at a time.
fn product(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("forward");
    for (d, c, b) in [(784, 256, 64), (64, 32, 64), (256, 10, 64)] {
        let images = shaped(b, d);
        let model = SoftmaxRegression::<f32>::zeros(d, c);
        let (mut workspace, mut outputs) = (model.workspace(b), vec![0.0; b * c]);
        // Elements per second are multiply-adds per second: half the FLOP/s.
        group.throughput(Throughput::Elements((d * c * b) as u64));
        group.bench_function(format!("{c} x {d} x {b}"), |bench| {
            bench.iter(|| {
                let examples = Examples::new(black_box(images.features().as_slice()), d);
                model.forward(examples, Mode::Evaluation, &mut workspace, &mut outputs);
            })
        });
    }
    group.finish();
}

criterion_group!(benches, product, training);
criterion_main!(benches);
