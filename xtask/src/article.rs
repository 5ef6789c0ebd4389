//! The training code of the article "Curriculum Learning from Scratch", block by block, as it stands: its order
//! of operations, its 1e-8 inside the logarithms, its evaluation before each update.

use cl_data::Dataset;
use cl_data::numpy::RandomState;
use cl_difficulty::{Forgetting, boundary_closeness};
use cl_model::{LogisticRegression, epsilon_cross_entropy};
use cl_pacing::{HardSelfPaced, SelfPacedLambda, Weighting};

/// The seed of every block of the article.
pub const SEED: u32 = 42;

/// The article's start: weights `randn(2) * scale` (its scale is 0.01), no bias, and the generator that drew
/// them, because the forgetting block goes on drawing from it.
pub fn initial_model(seed: u32, scale: f64) -> (LogisticRegression<f64>, RandomState) {
    let mut rng = RandomState::new(seed);
    let weights = [rng.randn() * scale, rng.randn() * scale];
    (LogisticRegression::from_parts(&weights, 0.0), rng)
}

/// What the difficulty block of section 3 computes.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// The loss of each example at each of ten epochs, epoch by epoch.
    pub losses_over_time: Vec<f64>,
    /// Its mean over the epochs.
    pub mean_loss: Vec<f64>,
    /// Closeness to the boundary between the clusters.
    pub margin: Vec<f64>,
    /// Forgetting events.
    pub forgetting: Vec<f64>,
    /// The trained model.
    pub model: LogisticRegression<f64>,
}

/// Section 3: ten epochs in index order at learning rate 0.05, each example evaluated just before its update.
pub fn metrics(data: &Dataset<f64>, mut model: LogisticRegression<f64>) -> Metrics {
    let (n, n_epochs) = (data.n_examples(), 10);
    let mut losses_over_time = Vec::with_capacity(n_epochs * n);
    let mut forgetting = Forgetting::new(n);
    for _ in 0..n_epochs {
        for (i, &label) in data.labels().iter().enumerate() {
            let probability = model.step(data.example(i), label, 0.05);
            losses_over_time.push(epsilon_cross_entropy(probability, label));
            record(&mut forgetting, i, (probability > 0.5) == (label == 1));
        }
    }
    let mut mean_loss = vec![0.0; n];
    for epoch in losses_over_time.chunks_exact(n.max(1)) {
        mean_loss.iter_mut().zip(epoch).for_each(|(sum, loss)| *sum += loss);
    }
    mean_loss.iter_mut().for_each(|sum| *sum /= n_epochs as f64);
    let margin = (0..n).map(|i| boundary_closeness(data.example(i))).collect();
    let forgetting = forgetting.events().iter().map(|&events| f64::from(events)).collect();
    Metrics { losses_over_time, mean_loss, margin, forgetting, model }
}

/// What the self-paced block of section 4 prints and computes, one entry per epoch.
#[derive(Debug, Clone)]
pub struct SelfPaced {
    /// The threshold on the loss.
    pub lambda: Vec<f64>,
    /// How many examples were below it.
    pub n_selected: Vec<usize>,
    /// The share of all examples classified right, before the epoch's updates.
    pub accuracy: Vec<f64>,
    /// Which examples were selected at the first epoch that selected any.
    pub first_selection: Vec<bool>,
    /// The losses at the last epoch, before its updates.
    pub last_losses: Vec<f64>,
    /// The trained model.
    pub model: LogisticRegression<f64>,
}

/// Section 4: 30 epochs at learning rate 0.1; each evaluates every example, takes one step on each whose loss
/// is below lambda, in index order, and multiplies lambda (0.5 at first) by mu = 1.3.
pub fn self_paced(data: &Dataset<f64>, mut model: LogisticRegression<f64>) -> SelfPaced {
    let (n, n_epochs) = (data.n_examples(), 30);
    let mut lambda = SelfPacedLambda::new(0.5, 1.3).expect("0.5 is above 0 and 1.3 above 1");
    let mut history = SelfPaced {
        lambda: Vec::with_capacity(n_epochs),
        n_selected: Vec::with_capacity(n_epochs),
        accuracy: Vec::with_capacity(n_epochs),
        first_selection: Vec::new(),
        last_losses: vec![0.0; n],
        model: model.clone(),
    };
    let mut weights = vec![0.0; n];
    for _ in 0..n_epochs {
        let mut n_correct = 0;
        for (i, &label) in data.labels().iter().enumerate() {
            let probability = model.probability(data.example(i));
            history.last_losses[i] = epsilon_cross_entropy(probability, label);
            n_correct += usize::from((probability > 0.5) == (label == 1));
        }
        let weighting = HardSelfPaced::new(lambda.value()).expect("lambda grows from 0.5 and stays finite");
        weighting.weights(&history.last_losses, &mut weights).expect("losses of this model are finite");
        let n_selected = weights.iter().filter(|&&weight| weight > 0.0).count();
        if history.first_selection.is_empty() && n_selected > 0 {
            history.first_selection = weights.iter().map(|&weight| weight > 0.0).collect();
        }
        history.lambda.push(lambda.value());
        history.n_selected.push(n_selected);
        history.accuracy.push(n_correct as f64 / n as f64);
        for (i, &label) in data.labels().iter().enumerate().filter(|&(i, _)| weights[i] > 0.0) {
            model.step(data.example(i), label, 0.1);
        }
        lambda.grow();
    }
    history.model = model;
    history
}

/// What the forgetting block of section 6 computes.
#[derive(Debug, Clone)]
pub struct ForgettingBlock {
    /// Forgetting events of each example.
    pub counts: Vec<u32>,
    /// The order of the last epoch.
    pub last_order: Vec<usize>,
    /// The trained model.
    pub model: LogisticRegression<f64>,
}

/// Section 6: 20 epochs at learning rate 0.1; each evaluates every example, then takes one step on each in the
/// order of a fresh permutation. `start` is that of [`initial_model`].
pub fn forgetting(data: &Dataset<f64>, start: (LogisticRegression<f64>, RandomState)) -> ForgettingBlock {
    let (mut model, mut rng) = start;
    let n = data.n_examples();
    let mut forgetting = Forgetting::new(n);
    let mut last_order = vec![0; n];
    for _ in 0..20 {
        for (i, &label) in data.labels().iter().enumerate() {
            // p > 0.5 is z > 0, but for |z| below 4e-16.
            record(&mut forgetting, i, (model.logit(data.example(i)) > 0.0) == (label == 1));
        }
        last_order.iter_mut().enumerate().for_each(|(i, slot)| *slot = i);
        rng.shuffle(&mut last_order);
        for &i in &last_order {
            model.step(data.example(i), data.labels()[i], 0.1);
        }
    }
    ForgettingBlock { counts: forgetting.events().to_vec(), last_order, model }
}

fn record(forgetting: &mut Forgetting, example: usize, correct: bool) {
    forgetting.record(example, correct).expect("the accumulator was made for as many examples");
}
