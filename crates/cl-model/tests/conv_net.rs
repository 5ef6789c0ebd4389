//! The convolutional network: gradients against finite differences, all of it against PyTorch, the same bits for any number
//! of threads, and saved and read back. How PyTorch's numbers were computed is said in the fixture.

use cl_data::{Batch, Dataset, Epoch, Sampler, SamplerError, Scalar, random};
use cl_model::{
    Activation, Budget, Checkpoint, ConvNet, CrossEntropy, Examples, ImageShape, Initialization, Loss, Mode,
    Model, ModelError, Observer, Presentation, Sgd, Target, Trainer, evaluate, gradient_norms,
};
use serde_json::Value;

const TRAINING: Mode = Mode::Training { step: 0, first: 0 };

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/conv_net.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

#[track_caller]
fn close<T: Scalar>(found: &[T], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found.as_f64() - expected).abs();
        assert!(error <= tolerance * (1.0 + expected.abs()), "{i}: {found} {expected}");
    }
}

fn pytorchs<T: Scalar>(fixture: &Value) -> (ConvNet<T>, Dataset<T>) {
    let shape = ImageShape::new(3, 9, 8).unwrap();
    let mut network = ConvNet::new(shape, &[5, 4], 3, Activation::Relu, Initialization::He, 0).unwrap();
    let parameters = numbers(&fixture["parameters"]).into_iter().map(T::of_f64);
    assert_eq!(network.parameters().len(), parameters.len());
    network.parameters_mut().iter_mut().zip(parameters).for_each(|(ours, theirs)| *ours = theirs);
    let images = fixture["images"].as_array().unwrap().iter().flat_map(numbers).map(T::of_f64).collect();
    let labels = numbers(&fixture["labels"]).iter().map(|&label| label as usize).collect();
    (network, Dataset::new(shape.n_features(), images, labels, 3).unwrap())
}

/// The gradient of the mean loss over `data` in a mode, and outputs and losses with it.
fn gradient<T: Scalar>(network: &ConvNet<T>, data: &Dataset<T>, mode: Mode) -> (Vec<T>, Vec<f64>, Vec<T>) {
    let (b, c) = (data.n_examples(), network.n_outputs());
    let examples = Examples::new(data.features().as_slice(), data.n_features());
    let mut workspace = network.workspace(b);
    let (mut outputs, mut deltas, mut losses) = (vec![T::zero(); b * c], vec![T::zero(); b * c], Vec::new());
    network.forward(examples, mode, &mut workspace, &mut outputs);
    let targets: Vec<Target<'_, T>> = data.labels().iter().map(|&label| label.into()).collect();
    CrossEntropy.losses_and_gradients(&outputs, &targets, &mut losses, &mut deltas);
    deltas.iter_mut().for_each(|delta| *delta /= T::of_f64(b as f64));
    let mut gradient = vec![T::of_f64(f64::NAN); network.parameters().len()];
    network.backward(examples, &deltas, &mut workspace, &mut gradient);
    (outputs, losses, gradient)
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

    fn save(&self, position: u64) -> Result<String, SamplerError> {
        Ok(position.to_string())
    }

    fn restore(&mut self, saved: &str) -> Result<u64, SamplerError> {
        Ok(saved.parse().expect("what save wrote"))
    }
}

#[derive(Default)]
struct MeanLosses(Vec<f64>);

impl<T: Scalar> Observer<T> for MeanLosses {
    fn presented(&mut self, presentation: &Presentation<'_, T>) {
        self.0.push(presentation.losses.iter().sum::<f64>() / presentation.losses.len() as f64);
    }
}

fn check_pytorchs<T: Scalar>(tolerance: f64) {
    let fixture = fixture();
    let (mut network, data) = pytorchs::<T>(&fixture);
    let (outputs, losses, gradient) = gradient(&network, &data, TRAINING);
    close(&outputs, &numbers(&fixture["outputs"]), tolerance);
    close(&losses, &numbers(&fixture["losses"]), tolerance);
    close(&gradient, &numbers(&fixture["gradient"]), tolerance);

    let mut sgd = Sgd::new(0.9, 5e-4).unwrap().with_nesterov();
    let mut told = MeanLosses::default();
    Trainer::new(Budget::Updates(8), 0.05)
        .unwrap()
        .train(&mut network, &CrossEntropy, &mut sgd, &data, &mut Whole(6), &mut [&mut told])
        .unwrap();
    close(&told.0, &numbers(&fixture["mean_losses"]), tolerance);
    close(network.parameters(), &numbers(&fixture["trained"]), tolerance);
    close(network.statistics(), &numbers(&fixture["statistics"]), tolerance);
    let evaluation = evaluate(&network, &CrossEntropy, &data).unwrap();
    close(&evaluation.outputs, &numbers(&fixture["evaluated"]), 10.0 * tolerance);
}

#[test]
fn outputs_gradients_training_and_statistics_are_pytorchs() {
    check_pytorchs::<f64>(1e-10);
    check_pytorchs::<f32>(2e-5);
}

fn images(n: usize, shape: ImageShape, seed: u64) -> Dataset<f64> {
    let mut rng = random::stream(seed, "test", 0);
    let features = (0..n * shape.n_features()).map(|_| 2.0 * random::uniform(&mut rng) - 1.0).collect();
    Dataset::new(shape.n_features(), features, (0..n).map(|i| i % 3).collect(), 3).unwrap()
}

/// A network whose parameters and statistics are none of those that it starts with.
fn network(shape: ImageShape, widths: &[usize], activation: Activation) -> ConvNet<f64> {
    let mut network = ConvNet::new(shape, widths, 3, activation, Initialization::He, 3).unwrap();
    let mut rng = random::stream(4, "test", 0);
    network.parameters_mut().iter_mut().for_each(|parameter| *parameter += 0.4 * random::uniform(&mut rng) - 0.2);
    network.statistics_mut().iter_mut().for_each(|number| *number += 0.5 * random::uniform(&mut rng));
    network
}

/// Central differences over every parameter. The maximum of four and the rectifier have kinks: at a step of 1e-6 none is
/// crossed here, and the differences err by some 1e-9.
#[test]
fn gradients_are_finite_differences() {
    for (channels, height, width, widths, b) in
        [(1, 2, 2, vec![1], 1), (3, 7, 6, vec![4], 5), (2, 8, 9, vec![3, 5], 4), (1, 8, 8, vec![2, 3, 2], 17)]
    {
        let shape = ImageShape::new(channels, height, width).unwrap();
        let data = images(b, shape, 1);
        for activation in [Activation::Relu, Activation::Tanh] {
            for mode in [TRAINING, Mode::Evaluation] {
                let mut network = network(shape, &widths, activation);
                let (_, _, found) = gradient(&network, &data, mode);
                let h = 1e-6;
                for (k, found) in found.into_iter().enumerate() {
                    let start = network.parameters()[k];
                    let mut at = |value: f64| {
                        network.parameters_mut()[k] = value;
                        let (_, losses, _) = gradient(&network, &data, mode);
                        losses.iter().sum::<f64>() / b as f64
                    };
                    let numeric = (at(start + h) - at(start - h)) / (2.0 * h);
                    at(start);
                    let error = (numeric - found).abs();
                    assert!(error < 1e-6 * (1.0 + numeric.abs()), "{mode:?} {k}: {numeric} {found}");
                }
            }
        }
    }
}

#[test]
fn norms_are_those_of_each_examples_gradient() {
    let shape = ImageShape::new(2, 6, 6).unwrap();
    let (data, network) = (images(5, shape, 2), network(shape, &[4, 3], Activation::Relu));
    let norms = gradient_norms(&network, &CrossEntropy, &data).unwrap();
    for (i, norm) in norms.iter().enumerate() {
        let (_, _, gradient) = gradient(&network, &data.subset(&[i]).unwrap(), Mode::Evaluation);
        let expected = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        assert!((norm - expected).abs() < 1e-12 * (1.0 + expected));
    }
}

fn trained(threads: usize) -> ConvNet<f64> {
    let shape = ImageShape::new(1, 8, 8).unwrap();
    let data = images(70, shape, 5);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let mut network = ConvNet::new(shape, &[6, 4], 3, Activation::Relu, Initialization::He, 1).unwrap();
    pool.install(|| {
        let trainer = Trainer::new(Budget::Updates(5), 0.1).unwrap();
        let mut sgd = Sgd::new(0.9, 1e-4).unwrap();
        trainer.train(&mut network, &CrossEntropy, &mut sgd, &data, &mut Whole(70), &mut []).unwrap();
    });
    network
}

#[test]
fn threads_do_not_change_a_bit() {
    let one = trained(1);
    for threads in [2, 3, 5] {
        assert_eq!(one, trained(threads), "{threads} threads");
    }
}

/// In evaluation the outputs for an image have the same bits in any company.
#[test]
fn an_evaluated_image_is_on_its_own() {
    let shape = ImageShape::new(2, 9, 7).unwrap();
    let (data, network) = (images(37, shape, 6), network(shape, &[5, 4], Activation::Relu));
    let together = evaluate(&network, &CrossEntropy, &data).unwrap();
    for i in [0, 15, 16, 36] {
        let alone = evaluate(&network, &CrossEntropy, &data.subset(&[i]).unwrap()).unwrap();
        assert_eq!(alone.outputs, together.outputs[3 * i..][..3]);
    }
}

/// Statistics are saved with the parameters: a run that was interrupted ends with the same bits, and with those that were
/// best on the held-out images where there are any.
#[test]
fn statistics_are_saved_and_restored() {
    let shape = ImageShape::new(1, 6, 6).unwrap();
    let data = images(12, shape, 7);
    let new = || ConvNet::<f64>::new(shape, &[4], 3, Activation::Relu, Initialization::He, 1).unwrap();
    let trainer = Trainer::new(Budget::Updates(6), 0.1).unwrap();
    let mut whole = new();
    let mut sgd = Sgd::new(0.9, 0.0).unwrap();
    trainer.train(&mut whole, &CrossEntropy, &mut sgd, &data, &mut Whole(12), &mut []).unwrap();
    assert_ne!(whole.statistics(), new().statistics());

    let (mut model, mut sgd, mut sampler) = (new(), Sgd::new(0.9, 0.0).unwrap(), Whole(12));
    let mut run = trainer.start(&model, &CrossEntropy, &data, None, &sampler).unwrap();
    for _ in 0..3 {
        run.step(&mut model, &CrossEntropy, &mut sgd, &mut sampler, &mut []).unwrap();
    }
    let saved = serde_json::to_string(&run.checkpoint(&model, &sgd, &sampler).unwrap()).unwrap();
    let checkpoint: Checkpoint<f64, Sgd<f64>, f64> = serde_json::from_str(&saved).unwrap();
    let (mut model, mut sgd) = (new(), Sgd::plain());
    let mut run =
        trainer.resume(checkpoint, &mut model, &CrossEntropy, &mut sgd, &data, None, &mut sampler).unwrap();
    while run.step(&mut model, &CrossEntropy, &mut sgd, &mut sampler, &mut []).unwrap() {}
    run.finish(&mut model);
    assert_eq!(model, whole);

    let mut best = new();
    let held_out = images(9, shape, 8);
    let training = trainer
        .train_validated(&mut best, &CrossEntropy, &mut Sgd::plain(), &data, &held_out, &mut Whole(12), &mut [])
        .unwrap();
    let mut until_best = new();
    Trainer::new(Budget::Updates(training.best_at.unwrap()), 0.1)
        .unwrap()
        .train(&mut until_best, &CrossEntropy, &mut Sgd::plain(), &data, &mut Whole(12), &mut [])
        .unwrap();
    assert_eq!(best, until_best);
}

#[test]
fn a_network_is_read_back_as_it_was_written_and_checked() {
    let shape = ImageShape::new(2, 6, 5).unwrap();
    let network = network(shape, &[3, 2], Activation::Tanh);
    let text = serde_json::to_string(&network).unwrap();
    assert_eq!(serde_json::from_str::<ConvNet<f64>>(&text).unwrap(), network);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut value: Value = serde_json::from_str(&text).unwrap();
        change(&mut value);
        serde_json::from_value::<ConvNet<f64>>(value).unwrap_err().to_string()
    };
    type Case<'a> = (&'a dyn Fn(&mut Value), &'a str);
    let cases: [Case<'_>; 5] = [
        (&|value| drop(value["parameters"].as_array_mut().unwrap().pop()), "number of parameters"),
        (&|value| drop(value["statistics"].as_array_mut().unwrap().pop()), "number of statistics"),
        (&|value| value["widths"] = serde_json::json!([3, 0]), "widths"),
        (&|value| value["shape"]["height"] = 0.into(), "shape is 2 x 0 x 5"),
        (&|value| value["n_outputs"] = u64::MAX.into(), "widths"),
    ];
    for (change, expected) in cases {
        let error = with(change);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn networks_that_cannot_be_are_refused_by_name() {
    let shape = ImageShape::new(3, 8, 5).unwrap();
    let refused = |widths: &[usize], n_outputs| {
        let error: ModelError =
            ConvNet::<f32>::new(shape, widths, n_outputs, Activation::Relu, Initialization::He, 0).unwrap_err();
        error.to_string()
    };
    assert!(refused(&[], 2).contains("widths is [], expected at least one width"));
    assert!(refused(&[4, 0], 2).contains("widths is [4, 0]"));
    assert!(refused(&[4], 0).contains("n_outputs is 0"));
    assert!(refused(&[4, 4, 4], 2).contains("number of widths is 3 for images of 8 x 5"));
    assert!(refused(&[usize::MAX], 2).contains("memory"), "{}", refused(&[usize::MAX], 2));
    for (channels, height, width) in [(0, 8, 8), (1, 0, 8), (1, 8, 0), (usize::MAX, 2, 2), (1, usize::MAX, 1)] {
        let error = ImageShape::new(channels, height, width).unwrap_err().to_string();
        assert!(error.contains(&format!("shape is {channels} x {height} x {width}")), "{error}");
    }
}
