//! The perceptron against PyTorch: losses, gradients, the norms of each example's gradient, and trained by every
//! optimiser for 30 steps. How the numbers were computed is said in the fixture.

use cl_data::{Batch, Dataset, Epoch, Sampler, SamplerError, Scalar, bundled, stratified_split};
use cl_model::{
    Activation, Adam, Budget, CrossEntropy, Examples, Initialization, Loss, Mlp, Mode, Model, Observer, Optimizer,
    Presentation, Sgd, Target, Trainer, evaluate, gradient_norms,
};
use serde_json::Value;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/mlp.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// A matrix given by rows, column by column.
fn columns(value: &Value) -> Vec<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(numbers).collect();
    (0..rows[0].len()).flat_map(|column| rows.iter().map(move |row| row[column]).collect::<Vec<_>>()).collect()
}

/// The rows of a matrix, one after the other.
fn rows(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().flat_map(numbers).collect()
}

#[track_caller]
fn close<T: Scalar>(found: &[T], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found.as_f64() - expected).abs();
        assert!(error <= tolerance * (1.0 + expected.abs()), "{i}: {found} {expected}");
    }
}

fn network<T: Scalar>(fixture: &Value, activation: Activation) -> Mlp<T> {
    let mut network = Mlp::new(&[20, 16, 5], activation, Initialization::He, 0).unwrap();
    let parts = [
        columns(&fixture["mlp_W1"]),
        numbers(&fixture["mlp_b1"]),
        columns(&fixture["mlp_W2"]),
        numbers(&fixture["mlp_b2"]),
    ];
    let parameters = parts.concat().into_iter().map(T::of_f64);
    network.parameters_mut().iter_mut().zip(parameters).for_each(|(theirs, ours)| *theirs = ours);
    network
}

fn data<T: Scalar>(fixture: &Value) -> Dataset<T> {
    let labels = fixture["mlp_y"].as_array().unwrap().iter().map(|y| y.as_u64().unwrap() as usize).collect();
    Dataset::new(20, rows(&fixture["mlp_X"]).into_iter().map(T::of_f64).collect(), labels, 5).unwrap()
}

fn check<T: Scalar>(activation: Activation, name: &str, tolerance: f64) {
    let fixture = fixture();
    let (network, data) = (network::<T>(&fixture, activation), data::<T>(&fixture));
    let expected = |what: &str| &fixture[format!("mlp_{name}_{what}")];
    let evaluation = evaluate(&network, &CrossEntropy, &data).unwrap();
    close(&evaluation.losses, &numbers(expected("loss")), tolerance);
    close(&evaluation.outputs[..40], &rows(expected("logits")), tolerance);
    let norms = gradient_norms(&network, &CrossEntropy, &data).unwrap();
    close(&norms, &numbers(expected("grand")), tolerance);

    let examples = Examples::new(data.features().as_slice(), 20);
    let mut workspace = network.workspace(64);
    let (mut outputs, mut deltas) = (vec![T::zero(); 320], vec![T::zero(); 320]);
    network.forward(examples, Mode::Evaluation, &mut workspace, &mut outputs);
    close(&network.last_features(examples, &workspace)[..128], &rows(expected("hidden")), tolerance);
    let targets: Vec<Target<'_, T>> = data.labels().iter().map(|&label| label.into()).collect();
    CrossEntropy.losses_and_gradients(&outputs, &targets, &mut Vec::new(), &mut deltas);
    deltas.iter_mut().for_each(|delta| *delta /= T::of_f64(64.0));
    let mut gradient = vec![T::zero(); network.parameters().len()];
    network.backward(examples, &deltas, &mut workspace, &mut gradient);
    let mean_gradient = [
        columns(expected("meangrad_W1")),
        numbers(expected("meangrad_b1")),
        columns(expected("meangrad_W2")),
        numbers(expected("meangrad_b2")),
    ];
    close(&gradient, &mean_gradient.concat(), tolerance);
}

#[test]
fn losses_gradients_and_their_norms_are_pytorchs() {
    for (activation, name) in [(Activation::Relu, "relu"), (Activation::Tanh, "tanh")] {
        check::<f64>(activation, name, 1e-10);
        check::<f32>(activation, name, 1e-6);
    }
}

/// All examples at every step.
struct Whole(usize);

impl Sampler for Whole {
    fn n_examples(&self) -> usize {
        self.0
    }

    fn batch(&mut self, _step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        batch.clear();
        batch.indices.extend(0..self.0);
        Ok(())
    }

    fn epoch(&self, step: u64) -> Epoch {
        Epoch { index: step, step: 0, n_steps: 1 }
    }
}

#[derive(Default)]
struct MeanLosses(Vec<f64>);

impl<T: Scalar> Observer<T> for MeanLosses {
    fn presented(&mut self, presentation: &Presentation<'_, T>) {
        self.0.push(presentation.losses.iter().sum::<f64>() / presentation.losses.len() as f64);
    }
}

fn train<T: Scalar>(mut optimizer: impl Optimizer<T>, learning_rate: f64, name: &str, tolerance: f64) {
    let fixture = fixture();
    let (mut network, data) = (network::<T>(&fixture, Activation::Relu), data::<T>(&fixture));
    let mut losses = MeanLosses::default();
    Trainer::new(Budget::Updates(30), learning_rate)
        .unwrap()
        .train(&mut network, &CrossEntropy, &mut optimizer, &data, &mut Whole(64), &mut [&mut losses])
        .unwrap();
    close(&losses.0, &numbers(&fixture[format!("opt_{name}_losses")]), tolerance);
    let (b1, w2) = (20 * 16, 20 * 16 + 16);
    close(&network.parameters()[b1..w2], &numbers(&fixture[format!("opt_{name}_b1_final")]), tolerance);
    close(&network.parameters()[w2..w2 + 80], &columns(&fixture[format!("opt_{name}_W2_final")]), tolerance);
}

#[test]
fn training_is_pytorchs() {
    macro_rules! both {
        ($optimizer:expr, $learning_rate:expr, $name:expr) => {
            train::<f64>($optimizer, $learning_rate, $name, 1e-10);
            // Thirty steps of rounding in f32 against f64.
            train::<f32>($optimizer, $learning_rate, $name, 1e-6);
        };
    }
    both!(Sgd::plain(), 0.1, "sgd");
    both!(Sgd::new(0.9, 0.001).unwrap(), 0.05, "mom");
    both!(Sgd::new(0.9, 0.0).unwrap().with_nesterov(), 0.05, "nest");
    both!(Adam::default(), 0.01, "adam");
    both!(Adam::decoupled((0.9, 0.999), 1e-8, 0.1).unwrap(), 0.01, "adamw");
}

/// A small network reads UCI digits at 0.97 or better on average over twenty splits and seeds. PyTorch reaches
/// 0.976 with these settings; one accuracy on 360 held-out digits has a standard error of 0.008, the mean of
/// twenty 0.0018, and the bound lies three of these below.
#[test]
fn a_small_network_reads_digits() {
    let digits = bundled::digits();
    let mut accuracies = Vec::new();
    for seed in 0..20 {
        let parts = stratified_split(digits.labels(), &[0.8, 0.2], seed).unwrap();
        let scaled = |indices: &[usize]| {
            let part = digits.subset(indices).unwrap();
            let features = part.features().iter().map(|&x| (x / 16.0) as f32).collect();
            Dataset::new(64, features, part.labels().to_vec(), 10).unwrap()
        };
        let (train, test) = (scaled(&parts[0]), scaled(&parts[1]));
        let mut network = Mlp::<f32>::new(&[64, 32, 10], Activation::Relu, Initialization::He, seed).unwrap();
        let mut sampler = Shuffled { n: train.n_examples(), seed };
        let trainer = Trainer::new(Budget::Epochs(100), 0.1).unwrap();
        let mut sgd = Sgd::new(0.9, 0.0).unwrap();
        trainer.train(&mut network, &CrossEntropy, &mut sgd, &train, &mut sampler, &mut []).unwrap();
        accuracies.push(evaluate(&network, &CrossEntropy, &test).unwrap().accuracy());
    }
    let mean = accuracies.iter().sum::<f64>() / 20.0;
    assert!(mean >= 0.97, "{mean}: {accuracies:?}");
}

/// Shuffled epochs of batches of 64.
struct Shuffled {
    n: usize,
    seed: u64,
}

impl Sampler for Shuffled {
    fn n_examples(&self) -> usize {
        self.n
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        let epoch = self.epoch(step);
        let mut rng = cl_data::random::stream(self.seed, "test", epoch.index);
        let order = cl_data::random::permutation(&mut rng, self.n);
        let start = epoch.step as usize * 64;
        batch.clear();
        batch.indices.extend_from_slice(&order[start..(start + 64).min(self.n)]);
        Ok(())
    }

    fn epoch(&self, step: u64) -> Epoch {
        let n_steps = self.n.div_ceil(64) as u64;
        Epoch { index: step / n_steps, step: step % n_steps, n_steps }
    }
}
