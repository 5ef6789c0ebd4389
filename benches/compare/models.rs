//! Products, training and gradient norms.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::Result;
use cl_data::{Dataset, bundled, random};
use cl_model::{
    Activation, Budget, CrossEntropy, Examples, Initialization, Mlp, Mode, Model, Sgd, SoftmaxRegression, Trainer,
    evaluate, gradient_norms,
};
use cl_pacing::ShuffleSampler;
use rand_distr::{Distribution as _, StandardNormal};

use crate::folder::Folder;
use crate::task::{Entry, Task, moments};

/// Outputs x inputs x batch.
const SHAPES: [[usize; 3]; 4] = [[256, 784, 64], [512, 512, 512], [32, 64, 64], [10, 256, 64]];

macro_rules! forward {
    ($name:literal, $at:literal) => {
        Entry {
            name: $name,
            write: |folder| write_forward(folder, SHAPES[$at]),
            start: |folder| forward(folder, SHAPES[$at]),
        }
    };
}

pub(crate) const ENTRIES: &[Entry] = &[
    forward!("forward-256x784x64", 0),
    forward!("forward-512x512x512", 1),
    forward!("forward-32x64x64", 2),
    forward!("forward-10x256x64", 3),
    Entry { name: "train-digits", write: write_digits, start: |folder| training(folder, [64, 32, 10], 64, 100) },
    Entry { name: "train-images", write: write_images, start: |folder| training(folder, [784, 256, 10], 128, 1) },
    Entry { name: "gradient-norms", write: write_network, start: norms },
];

/// Numbers in [0, 1), so that sums of products do not cancel.
fn write_forward(folder: &Folder, [c, d, b]: [usize; 3]) -> Result<()> {
    let mut rng = random::stream(1, "bench", 0);
    let mut uniform = |n: usize| -> Vec<f32> { (0..n).map(|_| random::uniform(&mut rng) as f32).collect() };
    // Column by column as they lie here, which is row by row of the transposed for NumPy.
    folder.write("weights", &[d, c], uniform(c * d))?;
    folder.write("biases", &[c], uniform(c))?;
    folder.write("features", &[b, d], uniform(b * d))
}

fn forward(folder: &Folder, [c, d, b]: [usize; 3]) -> Result<Task> {
    let mut model = SoftmaxRegression::<f32>::zeros(d, c);
    let (weights, biases) = model.parameters_mut().split_at_mut(c * d);
    weights.copy_from_slice(&folder.read::<f32>("weights")?);
    biases.copy_from_slice(&folder.read::<f32>("biases")?);
    let features = folder.read::<f32>("features")?;
    let mut workspace = model.workspace(b);
    // Written anew each time, and read after the last.
    let outputs = Rc::new(RefCell::new(vec![0.0; b * c]));
    let written = Rc::clone(&outputs);
    let run = move || {
        let (features, outputs) = (Examples::new(&features, d), &mut written.borrow_mut());
        model.forward(features, Mode::Evaluation, &mut workspace, outputs);
        Ok(())
    };
    Ok(Task::new(run, move |()| moments(outputs.borrow().iter().map(|&z| f64::from(z)))))
}

/// The first 1,437 of UCI's digits, pixels in [0, 1].
fn write_digits(folder: &Folder) -> Result<()> {
    let digits: Dataset<f32> = bundled::digits().cast()?;
    let (n, d) = (1437, digits.n_features());
    folder.write_labels(&digits.labels()[..n])?;
    let pixels = &digits.features().as_slice()[..n * d];
    folder.write("features", &[n, d], pixels.iter().map(|pixel| pixel / 16.0).collect())
}

/// Ten classes of noisy images: 60,000 of 784 numbers in [0, 1), a fifth of them the class's own.
fn write_images(folder: &Folder) -> Result<()> {
    let (n, d) = (60_000, 784);
    let mut rng = random::stream(1, "bench", 0);
    let classes: Vec<f32> = (0..10 * d).map(|_| random::uniform(&mut rng) as f32).collect();
    let labels: Vec<usize> = (0..n).map(|_| random::below(&mut rng, 10)).collect();
    let own = |label: usize| &classes[label * d..][..d];
    let mut noise = || 0.8 * random::uniform(&mut rng) as f32;
    let features = labels.iter().flat_map(|&label| own(label)).map(|own| 0.2 * own + noise()).collect();
    folder.write_labels(&labels)?;
    folder.write("features", &[n, d], features)
}

fn data(folder: &Folder, d: usize) -> Result<Dataset<f32>> {
    Ok(Dataset::new(d, folder.read("features")?, folder.labels()?, 10)?)
}

/// SGD with momentum 0.9 at learning rate 0.05, from weights of He's; the accuracy on the data afterwards.
fn training(folder: &Folder, widths: [usize; 3], batch_size: usize, n_epochs: u64) -> Result<Task> {
    let data = Rc::new(data(folder, widths[0])?);
    let trained_on = Rc::clone(&data);
    let run = move || {
        let mut model = Mlp::<f32>::new(&widths, Activation::Relu, Initialization::He, 1)?;
        let mut sampler = ShuffleSampler::new(data.n_examples(), batch_size, 1)?;
        let trainer = Trainer::new(Budget::Epochs(n_epochs), 0.05)?;
        let mut train = || {
            let mut sgd = Sgd::new(0.9, 0.0)?;
            trainer.train(&mut model, &CrossEntropy, &mut sgd, &data, &mut sampler, &mut [])
        };
        train()?;
        Ok(model)
    };
    let accuracy = move |model: &Mlp<f32>| match evaluate(model, &CrossEntropy, &trained_on) {
        Ok(evaluation) => vec![evaluation.accuracy()],
        Err(_) => Vec::new(),
    };
    Ok(Task::new(run, accuracy))
}

/// Images, and a network with weights of He's.
fn write_network(folder: &Folder) -> Result<()> {
    write_images(folder)?;
    let mut rng = random::stream(2, "bench", 0);
    for (name, d, c) in [("1", 784, 256), ("2", 256, 10)] {
        let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
        let std = (2.0 / d as f32).sqrt();
        folder.write(&format!("weights{name}"), &[d, c], (0..c * d).map(|_| std * normal()).collect())?;
        folder.write(&format!("biases{name}"), &[c], (0..c).map(|_| 0.1 * normal()).collect())?;
    }
    Ok(())
}

fn norms(folder: &Folder) -> Result<Task> {
    let data = data(folder, 784)?;
    let mut network = Mlp::<f32>::new(&[784, 256, 10], Activation::Relu, Initialization::He, 1)?;
    let mut parameters = Vec::with_capacity(network.parameters().len());
    for name in ["weights1", "biases1", "weights2", "biases2"] {
        parameters.extend(folder.read::<f32>(name)?);
    }
    network.parameters_mut().copy_from_slice(&parameters);
    let means = |norms: &Vec<f64>| {
        moments(norms.iter().copied()).into_iter().map(|moment| moment / norms.len() as f64).collect()
    };
    Ok(Task::new(move || Ok(gradient_norms(&network, &CrossEntropy, &data)?), means))
}
