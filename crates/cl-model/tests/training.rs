//! Models and trainer together: gradients against finite differences, what observers and samplers are told,
//! what is refused, and a convex problem solved.

use cl_data::{Batch, Clusters, Dataset, Epoch, Sampler, SamplerError, random};
use cl_model::{
    Activation, Budget, CrossEntropy, EpochEnd, Examples, Focal, Initialization, LogisticRegression, Loss, Mlp,
    Mode, Model, ModelError, Observer, Optimizer, Presentation, Sgd, SoftmaxRegression, Trainer, evaluate,
};
use proptest::prelude::*;

/// Batches of `batch` in index order, with the weight `weight` on each example.
struct InOrder {
    n: usize,
    batch: usize,
    weight: Option<f64>,
    told: Vec<(u64, Vec<usize>)>,
    wants_all: bool,
}

impl InOrder {
    fn new(n: usize, batch: usize) -> Self {
        Self { n, batch, weight: None, told: Vec::new(), wants_all: false }
    }
}

impl Sampler for InOrder {
    fn n_examples(&self) -> usize {
        self.n
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        batch.clear();
        let start = self.epoch(step).step as usize * self.batch;
        batch.indices.extend(start..(start + self.batch).min(self.n));
        batch.weights.extend(self.weight.iter().cycle().take(batch.indices.len()));
        Ok(())
    }

    fn epoch(&self, step: u64) -> Epoch {
        let n_steps = self.n.div_ceil(self.batch) as u64;
        Epoch { index: step / n_steps, step: step % n_steps, n_steps }
    }

    fn wanted(&self, step: u64, wanted: &mut Vec<usize>) {
        wanted.clear();
        if self.wants_all && self.epoch(step).step == 0 {
            wanted.extend(0..self.n);
        }
    }

    fn feedback(&mut self, step: u64, indices: &[usize], losses: &[f64]) -> Result<(), SamplerError> {
        assert_eq!(indices.len(), losses.len());
        self.told.push((step, indices.to_vec()));
        Ok(())
    }
}

#[derive(Default)]
struct Log {
    presented: Vec<usize>,
    epochs: Vec<EpochEnd>,
}

impl Observer<f64> for Log {
    fn presented(&mut self, presentation: &Presentation<'_, f64>) {
        self.presented.extend(presentation.indices);
    }

    fn epoch_ended(&mut self, end: &EpochEnd) {
        self.epochs.push(*end);
    }
}

fn noise(n: usize, seed: u64) -> Vec<f64> {
    let mut rng = random::stream(seed, "test", 0);
    (0..n).map(|_| 2.0 * random::uniform(&mut rng) - 1.0).collect()
}

/// The gradient of the summed loss of a batch, against central differences over every parameter.
fn check_gradient<M: Model<f64>>(mut model: M, loss: &impl Loss<f64>, n_classes: usize, b: usize) {
    let (d, c) = (model.n_features(), model.n_outputs());
    let features = noise(b * d, 1);
    let labels: Vec<usize> = (0..b).map(|i| i % n_classes).collect();
    let start = noise(model.parameters().len(), 2);
    model.parameters_mut().copy_from_slice(&start);
    let mut workspace = model.workspace(b);
    let (mut outputs, mut deltas) = (vec![0.0; b * c], vec![0.0; b * c]);
    let mut total = |model: &M, deltas: &mut [f64]| {
        model.forward(Examples::new(&features, d), Mode::Evaluation, &mut workspace, &mut outputs);
        let columns = outputs.chunks_exact(c).zip(deltas.chunks_exact_mut(c));
        columns.zip(&labels).map(|((z, delta), &y)| loss.loss_and_gradient(z, y.into(), delta)).sum::<f64>()
    };
    total(&model, &mut deltas);
    let mut gradient = vec![f64::NAN; start.len()];
    let examples = Examples::new(&features, d);
    let mut after_forward = model.workspace(b);
    model.forward(examples, Mode::Evaluation, &mut after_forward, &mut vec![0.0; b * c]);
    model.backward(examples, &deltas, &mut after_forward, &mut gradient);
    check_norms(&model, &features, &deltas, b);
    let h = 1e-5;
    let mut scratch = vec![0.0; b * c];
    for k in 0..start.len() {
        model.parameters_mut()[k] = start[k] + h;
        let above = total(&model, &mut scratch);
        model.parameters_mut()[k] = start[k] - h;
        let below = total(&model, &mut scratch);
        model.parameters_mut()[k] = start[k];
        let numeric = (above - below) / (2.0 * h);
        // Central differences err by about h^2 L''' + eps L / h, some 1e-9 here.
        assert!((numeric - gradient[k]).abs() < 1e-7 * (1.0 + b as f64), "{k}: {numeric} {}", gradient[k]);
    }
}

/// The norms of the examples' own gradients, against a backward pass for each alone.
fn check_norms<M: Model<f64>>(model: &M, features: &[f64], deltas: &[f64], b: usize) {
    let (d, c) = (model.n_features(), model.n_outputs());
    let mut workspace = model.workspace(b);
    let mut outputs = vec![0.0; b * c];
    let mut norms = vec![f64::NAN; b];
    model.forward(Examples::new(features, d), Mode::Evaluation, &mut workspace, &mut outputs);
    model.gradient_norms(Examples::new(features, d), deltas, &mut workspace, &mut norms);
    let mut gradient = vec![0.0; model.parameters().len()];
    for i in 0..b {
        let example = Examples::new(&features[i * d..][..d], d);
        model.forward(example, Mode::Evaluation, &mut workspace, &mut outputs[..c]);
        model.backward(example, &deltas[i * c..][..c], &mut workspace, &mut gradient);
        let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        assert!((norm - norms[i]).abs() < 1e-12 * (1.0 + norm), "{norm} {}", norms[i]);
    }
}

#[test]
fn gradients_of_the_linear_models() {
    for b in [1, 2, 5, 6, 7, 33] {
        check_gradient(SoftmaxRegression::zeros(4, 3), &CrossEntropy, 3, b);
        check_gradient(SoftmaxRegression::zeros(7, 6), &Focal::new(2.0, 0.25).unwrap(), 6, b);
        check_gradient(LogisticRegression::zeros(3), &CrossEntropy, 2, b);
        check_gradient(LogisticRegression::zeros(9), &Focal::new(0.5, 1.0).unwrap(), 2, b);
    }
}

#[test]
fn gradients_of_the_perceptron() {
    for activation in [Activation::Relu, Activation::Tanh, Activation::Sigmoid, Activation::Gelu] {
        for (b, widths) in [(1, vec![3, 2]), (5, vec![2, 3, 4]), (7, vec![6, 8, 7, 3]), (9, vec![1, 6, 1])] {
            let n_classes = widths[widths.len() - 1].max(2);
            let mlp = Mlp::new(&widths, activation, Initialization::He, 1).unwrap();
            check_gradient(mlp, &CrossEntropy, n_classes, b);
        }
    }
}

/// With inverted dropout the gradient is that of the network with the units that stayed, and evaluation drops
/// nothing. Over 400 steps a unit stays 280 +- 5 * 9.2 times.
#[test]
fn dropout_drops_in_training_alone() {
    let mlp = Mlp::<f64>::new(&[3, 50, 50], Activation::Relu, Initialization::He, 1).unwrap();
    let dropping = mlp.clone().with_dropout(0.3).unwrap();
    let x = [0.3, -0.7, 0.2];
    let run = |model: &Mlp<f64>, mode| {
        let mut outputs = [0.0; 50];
        let mut workspace = model.workspace(1);
        model.forward(Examples::new(&x, 3), mode, &mut workspace, &mut outputs);
        (outputs, model.last_features(Examples::new(&x, 3), &workspace).to_vec())
    };
    assert_eq!(run(&mlp, Mode::Evaluation), run(&dropping, Mode::Evaluation));
    assert_eq!(run(&mlp, Mode::Evaluation), run(&mlp, Mode::Training { step: 3, first: 0 }));
    assert_eq!(
        run(&dropping, Mode::Training { step: 3, first: 0 }),
        run(&dropping, Mode::Training { step: 3, first: 0 })
    );
    let whole = run(&mlp, Mode::Evaluation).1;
    let mut stayed = [0; 50];
    for step in 0..400 {
        for (unit, value) in run(&dropping, Mode::Training { step, first: 0 }).1.into_iter().enumerate() {
            assert!(value == 0.0 || (value - whole[unit] / 0.7).abs() < 1e-15);
            stayed[unit] += usize::from(value != 0.0);
        }
    }
    for (unit, stayed) in stayed.into_iter().enumerate().filter(|&(unit, _)| whole[unit] > 0.0) {
        assert!((234..=326).contains(&stayed), "{unit} {stayed}");
    }
    assert!(mlp.with_dropout(1.0).is_err());
}

/// A step of one example by the trainer and by the article's update agree to rounding.
#[test]
fn one_example_at_a_time_is_the_articles_update() {
    let data = Clusters { std: 1.5, ..Clusters::default() }.generate(40, 3).unwrap();
    let mut by_trainer = LogisticRegression::zeros(2);
    Trainer::new(Budget::Epochs(3), 0.1)
        .unwrap()
        .train(&mut by_trainer, &CrossEntropy, &mut Sgd::plain(), &data, &mut InOrder::new(40, 1), &mut [])
        .unwrap();
    let mut by_hand = LogisticRegression::zeros(2);
    for i in (0..3).flat_map(|_| 0..40) {
        by_hand.step(data.example(i), data.labels()[i], 0.1);
    }
    for (a, b) in by_trainer.parameters().iter().zip(by_hand.parameters()) {
        assert!((a - b).abs() < 1e-12);
    }
}

#[test]
fn observers_and_samplers_are_told_everything() {
    let data = Clusters::default().generate(10, 1).unwrap();
    let mut sampler = InOrder { wants_all: true, ..InOrder::new(10, 4) };
    let mut log = Log::default();
    let training = Trainer::new(Budget::Updates(5), 0.1)
        .unwrap()
        .train(
            &mut LogisticRegression::zeros(2),
            &CrossEntropy,
            &mut Sgd::plain(),
            &data,
            &mut sampler,
            &mut [&mut log],
        )
        .unwrap();
    assert_eq!((training.n_updates, training.n_steps, training.n_presented), (5, 5, 18));
    assert_eq!(log.presented, (0..10).chain(0..8).collect::<Vec<_>>());
    let ends: Vec<_> = log.epochs.iter().map(|end| (end.epoch, end.n_updates, end.n_presented)).collect();
    assert_eq!(ends, [(0, 3, 10), (1, 5, 18)]);
    // All losses at the start of each epoch, then those of each batch.
    let all: Vec<usize> = (0..10).collect();
    let told: Vec<_> = sampler.told.iter().map(|(step, indices)| (*step, indices.len())).collect();
    assert_eq!(told, [(0, 10), (0, 4), (1, 4), (2, 2), (3, 10), (3, 4), (4, 4)]);
    assert_eq!(sampler.told[0].1, all);
}

#[test]
fn budgets_end_where_they_say() {
    let data = Clusters::default().generate(10, 1).unwrap();
    let run = |budget| {
        let mut model = LogisticRegression::zeros(2);
        let mut sampler = InOrder::new(10, 4);
        let trainer = Trainer::new(budget, 0.1).unwrap();
        trainer.train(&mut model, &CrossEntropy, &mut Sgd::plain(), &data, &mut sampler, &mut []).unwrap()
    };
    assert_eq!(run(Budget::Epochs(2)).n_updates, 6);
    assert_eq!(run(Budget::Examples(17)).n_presented, 14); // 4 + 4 + 2 + 4; the next four would be too many
    assert_eq!(run(Budget::Updates(0)).n_steps, 0);
}

/// A weight w on every example is the learning rate times w.
#[test]
fn weights_scale_the_gradient() {
    let data = Clusters { std: 1.5, ..Clusters::default() }.generate(12, 3).unwrap();
    let run = |weight, learning_rate| {
        let mut model = SoftmaxRegression::zeros(2, 2);
        let mut sampler = InOrder { weight, ..InOrder::new(12, 6) };
        let trainer = Trainer::new(Budget::Updates(8), learning_rate).unwrap();
        trainer.train(&mut model, &CrossEntropy, &mut Sgd::plain(), &data, &mut sampler, &mut []).unwrap();
        model.parameters().to_vec()
    };
    for (a, b) in run(Some(0.5), 0.2).iter().zip(run(None, 0.1)) {
        assert!((a - b).abs() < 1e-14);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let data = Clusters::default().generate(10, 1).unwrap();
    let trainer = Trainer::new(Budget::Updates(3), 0.1).unwrap();
    let train = |model: &mut SoftmaxRegression<f64>, mut sampler: InOrder| {
        trainer.train(model, &CrossEntropy, &mut Sgd::plain(), &data, &mut sampler, &mut [])
    };
    let wrong_width = train(&mut SoftmaxRegression::zeros(3, 2), InOrder::new(10, 4)).unwrap_err();
    assert_eq!(wrong_width.to_string(), "the model has features = 3, the data has 2");
    let too_few_classes = train(&mut SoftmaxRegression::zeros(2, 0), InOrder::new(10, 4));
    assert!(matches!(too_few_classes, Err(ModelError::Mismatch { .. })));
    let other_size = train(&mut SoftmaxRegression::zeros(2, 2), InOrder::new(11, 4));
    assert!(other_size.unwrap_err().to_string().contains("made for 11 examples"));
    let bad_weight =
        train(&mut SoftmaxRegression::zeros(2, 2), InOrder { weight: Some(f64::NAN), ..InOrder::new(10, 4) });
    assert!(matches!(bad_weight, Err(ModelError::SamplerWeight { step: 0, .. })));
    assert!(Trainer::new(Budget::Updates(3), -0.1).is_err());
    assert!(Trainer::new(Budget::Updates(3), f64::NAN).is_err());
}

#[test]
fn a_diverging_run_says_where() {
    let data = Dataset::new(1, vec![1e200, -1e200, 1e200, 1e200], vec![0, 1, 1, 0], 2).unwrap();
    let mut model = LogisticRegression::zeros(1);
    let trainer = Trainer::new(Budget::Updates(50), 1e150).unwrap();
    let diverged =
        trainer.train(&mut model, &CrossEntropy, &mut Sgd::plain(), &data, &mut InOrder::new(4, 2), &mut []);
    assert!(matches!(diverged, Err(ModelError::Diverged { step: 1, .. })), "{diverged:?}");
}

#[test]
fn a_sampler_that_shows_nothing_is_stopped() {
    struct Silent;
    impl Sampler for Silent {
        fn n_examples(&self) -> usize {
            10
        }
        fn batch(&mut self, _step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
            batch.clear();
            Ok(())
        }
        fn epoch(&self, step: u64) -> Epoch {
            Epoch { index: step, step: 0, n_steps: 1 }
        }
    }
    let data = Clusters::default().generate(10, 1).unwrap();
    let trainer = Trainer::new(Budget::Updates(1), 0.1).unwrap();
    let mut model = LogisticRegression::zeros(2);
    let silent = trainer.train(&mut model, &CrossEntropy, &mut Sgd::plain(), &data, &mut Silent, &mut []);
    assert!(matches!(silent, Err(ModelError::NothingShown { .. })));
}

proptest! {
    /// A score does not depend on the examples that were scored with it.
    #[test]
    fn evaluation_is_the_same_alone_and_in_company(n in 1usize..300, seed: u64) {
        let data = Dataset::new(7, noise(7 * n, seed), (0..n).map(|i| i % 3).collect(), 3)?;
        let mut model = SoftmaxRegression::<f64>::zeros(7, 3);
        model.parameters_mut().copy_from_slice(&noise(24, seed ^ 1));
        let together = evaluate(&model, &CrossEntropy, &data)?;
        for i in [0, n / 2, n - 1] {
            let alone = evaluate(&model, &CrossEntropy, &data.subset(&[i])?)?;
            prop_assert_eq!(alone.losses[0].to_bits(), together.losses[i].to_bits());
        }
    }
}

/// PyTorch's `SGD` on the gradient 2 theta, three updates: momentum 0.9, weight decay 0.01, learning rate 0.1.
#[test]
fn momentum_is_pytorchs() {
    for (nesterov, expected) in [(false, PLAIN), (true, NESTEROV)] {
        let sgd = Sgd::<f64>::new(0.9, 0.01).unwrap();
        let mut sgd = if nesterov { sgd.with_nesterov() } else { sgd };
        let mut theta = [1.0, -2.0];
        for expected in expected {
            let gradient = theta.map(|theta| 2.0 * theta);
            sgd.update(&mut theta, &gradient, 0.1);
            for (theta, expected) in theta.iter().zip(expected) {
                assert!((theta - expected).abs() < 1e-15, "{theta} {expected}");
            }
        }
    }
}

const PLAIN: [[f64; 2]; 3] =
    [[0.799, -1.598], [0.45750100000000005, -0.9150020000000001], [0.05819419899999998, -0.11638839799999996]];
const NESTEROV: [[f64; 2]; 3] =
    [[0.6181, -1.2362], [0.21923760999999992, -0.43847521999999983], [-0.11165109425900013, 0.22330218851800027]];
