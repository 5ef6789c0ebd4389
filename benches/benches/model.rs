//! Products, training and scoring of small networks.
//!
//! The limit is the multiply-adds of a core in single precision, times the cores where more than one works. Those of
//! training are of the forward pass, of the gradient of the weights, and of the gradient that goes down to the layer
//! before, which the first layer has none of; softmax, activations, copying and the optimiser come on top. Gradient
//! norms need the forward pass and the gradient that goes down.

use std::hint::black_box;

use cl_benches::{Precision, Rows, Work, all_threads};
use cl_data::{Dataset, random};
use cl_model::{
    Activation, Budget, ConvNet, CrossEntropy, Examples, ImageShape, Initialization, Mlp, Mode, Model, Sgd,
    SoftmaxRegression, Trainer, gradient_norms,
};
use cl_pacing::ShuffleSampler;
use criterion::{Criterion, criterion_group, criterion_main};

/// Examples with the shape of a data set; the time of a dense network does not depend on the values.
fn shaped(n: usize, d: usize) -> Dataset<f32> {
    let mut rng = random::stream(1, "bench", 0);
    let features = (0..n * d).map(|_| random::uniform(&mut rng) as f32).collect();
    Dataset::new(d, features, (0..n).map(|i| i % 10).collect(), 10).expect("finite features, ten classes")
}

fn train(model: &mut impl Model<f32>, data: &Dataset<f32>, batch_size: usize, n_epochs: u64) {
    let mut sampler = ShuffleSampler::new(data.n_examples(), batch_size, 1).expect("a batch of at least one");
    let trainer = Trainer::new(Budget::Epochs(n_epochs), 0.05).expect("a positive learning rate");
    let mut sgd = Sgd::new(0.9, 0.0).expect("a momentum below 1");
    trainer.train(model, &CrossEntropy, &mut sgd, data, &mut sampler, &mut []).expect("a network that fits");
}

/// Multiply-adds per example of a network with one hidden layer: forward, of the weights' gradient, of that which goes
/// down.
fn per_example([d, hidden, c]: [usize; 3]) -> [usize; 3] {
    let forward = d * hidden + hidden * c;
    [forward, forward, hidden * c]
}

fn multiply_adds(count: usize) -> Work {
    Work::MultiplyAdds { count: count as u64, of: Precision::F32 }
}

fn training(criterion: &mut Criterion) {
    let mut rows = Rows::new(criterion, "train").sample_size(10);
    let (digits, widths) = (shaped(1437, 64), [64, 32, 10]);
    let network = Mlp::new(&widths, Activation::Relu, Initialization::He, 1).expect("positive widths");
    let work = multiply_adds(100 * 1437 * per_example(widths).iter().sum::<usize>());
    rows.row("64-32-10, batch 64, 2,300 updates", work, 1, |b| {
        b.iter(|| train(&mut network.clone(), black_box(&digits), 64, 100))
    });
    let (images, widths) = (shaped(60_000, 784), [784, 256, 10]);
    let network = Mlp::new(&widths, Activation::Relu, Initialization::He, 1).expect("positive widths");
    let [forward, of_weights, down] = per_example(widths);
    let work = multiply_adds(60_000 * (forward + of_weights + down));
    rows.row("784-256-10, batch 128, one epoch of 60,000", work, all_threads(), |b| {
        // On a thread of the pool, from which the parts of a batch are handed to the others without waking anybody.
        b.iter(|| rayon::scope(|_| train(&mut network.clone(), black_box(&images), 128, 1)))
    });
    rows.row("GraNd of 60,000 with it", multiply_adds(60_000 * (forward + down)), all_threads(), |b| {
        b.iter(|| gradient_norms(&network, &CrossEntropy, black_box(&images)))
    });
    let images = shaped(512, 3 * 32 * 32);
    let (shape, widths) = (ImageShape::new(3, 32, 32).expect("positive numbers"), [16, 32, 64]);
    let convolutional = ConvNet::new(shape, &widths, images.n_classes(), Activation::Relu, Initialization::He, 1);
    let convolutional = convolutional.expect("an image that can be halved three times");
    // Nothing goes down to the images.
    let an_image = 3 * convolutional.n_multiply_adds() - 9 * 3 * widths[0] * 32 * 32;
    rows.row("convolutional 16-32-64, batch 128, 4 updates", multiply_adds(512 * an_image), all_threads(), |b| {
        b.iter(|| rayon::scope(|_| train(&mut convolutional.clone(), black_box(&images), 128, 1)))
    });
}

/// The matrix product alone: outputs x inputs x batch.
fn product(criterion: &mut Criterion) {
    let mut rows = Rows::new(criterion, "forward");
    for (c, d, b) in [(256, 784, 64), (512, 512, 512), (32, 64, 64), (10, 256, 64)] {
        let images = shaped(b, d);
        let model = SoftmaxRegression::<f32>::zeros(d, c);
        let (mut workspace, mut outputs) = (model.workspace(b), vec![0.0; b * c]);
        rows.row(format!("{c} x {d} x {b}"), multiply_adds(c * d * b), 1, |bench| {
            bench.iter(|| {
                let examples = Examples::new(black_box(images.features().as_slice()), d);
                model.forward(examples, Mode::Evaluation, &mut workspace, &mut outputs);
            })
        });
    }
}

criterion_group!(benches, product, training);
criterion_main!(benches);
