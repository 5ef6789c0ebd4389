//! Scores from models: GraNd against PyTorch, memorisation of an example that nothing but memory explains.

use cl_data::{Batch, Dataset, Epoch, Sampler, SamplerError, bundled, random};
use cl_difficulty::model_based::{
    Distance, KMeans, Neighbors, Recipe, SubsetRuns, Subsets, bootstrapped, c_score, cross_validated_loss, embed,
    grand, irreducible_loss, last_layer_grand, prototype_distance, reducible_loss, self_taught, teacher_loss,
    teacher_uncertainty,
};
use cl_difficulty::{DifficultyError, El2n};
use cl_model::{
    Activation, Budget, CrossEntropy, Initialization, LogisticRegression, Mlp, Model, ModelError,
    SoftmaxRegression, evaluate, softmax,
};
use serde_json::Value;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/perceptron.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

fn columns(value: &Value) -> Vec<f64> {
    let rows = rows(value);
    (0..rows[0].len()).flat_map(|column| rows.iter().map(move |row| row[column]).collect::<Vec<_>>()).collect()
}

#[track_caller]
fn close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance * (1.0 + expected.abs()), "{i}: {found} {expected}");
    }
}

fn perceptron(fixture: &Value, activation: Activation) -> Mlp<f64> {
    let mut network = Mlp::new(&[20, 16, 5], activation, Initialization::He, 0).unwrap();
    let parts =
        [columns(&fixture["W1"]), numbers(&fixture["b1"]), columns(&fixture["W2"]), numbers(&fixture["b2"])];
    network.parameters_mut().copy_from_slice(&parts.concat());
    network
}

fn perceptron_data(fixture: &Value) -> Dataset<f64> {
    let labels = numbers(&fixture["y"]).into_iter().map(|y| y as usize).collect();
    Dataset::new(20, rows(&fixture["X"]).concat(), labels, 5).unwrap()
}

#[test]
fn gradient_norms_of_all_and_of_the_last_layer_are_pytorchs() {
    let fixture = fixture();
    let data = perceptron_data(&fixture);
    for (activation, name) in [(Activation::Relu, "relu"), (Activation::Tanh, "tanh")] {
        let network = perceptron(&fixture, activation);
        let expected = |what: &str| numbers(&fixture[format!("{name}_{what}")]);
        let models = [network.clone()];
        close(&grand(&models, &CrossEntropy, &data).unwrap(), &expected("grand"), 1e-10);
        let last = last_layer_grand(&models, &CrossEntropy, &data).unwrap();
        close(&last, &expected("grand_lastlayer"), 1e-10);
        close(&teacher_loss(&models, &CrossEntropy, &data).unwrap(), &expected("loss"), 1e-10);

        let mut el2n = El2n::new(64);
        let outputs = evaluate(&network, &CrossEntropy, &data).unwrap().outputs;
        for (example, logits) in outputs.chunks(5).enumerate() {
            let mut probabilities = [0.0; 5];
            softmax(logits, &mut probabilities);
            el2n.record(example, &probabilities, data.labels()[example]).unwrap();
        }
        close(&el2n.values().unwrap(), &expected("el2n"), 1e-10);
        let embedded = embed(&network, &data).unwrap();
        assert_eq!(embedded.fingerprint(), data.fingerprint());
        let identity: Vec<f64> = (0..64)
            .map(|i| expected("el2n")[i] * (1.0 + embedded.example(i).iter().map(|h| h * h).sum::<f64>()).sqrt())
            .collect();
        close(&last, &identity, 1e-10);
    }
}

#[test]
fn scores_of_several_models_are_means() {
    let fixture = fixture();
    let data = perceptron_data(&fixture);
    let models = [perceptron(&fixture, Activation::Relu), perceptron(&fixture, Activation::Tanh)];
    let mean = |name: &str| -> Vec<f64> {
        let parts = ["relu", "tanh"].map(|activation| numbers(&fixture[format!("{activation}_{name}")]));
        parts[0].iter().zip(&parts[1]).map(|(a, b)| (a + b) / 2.0).collect()
    };
    close(&grand(&models, &CrossEntropy, &data).unwrap(), &mean("grand"), 1e-10);
    close(&teacher_loss(&models, &CrossEntropy, &data).unwrap(), &mean("loss"), 1e-10);
    assert!(grand::<f64, Mlp<f64>>(&[], &CrossEntropy, &data).is_err());
    assert!(grand(&models, &CrossEntropy, &bundled::iris()).is_err());
    assert!(embed(&models[0], &bundled::iris()).is_err());
}

#[test]
fn uncertainty_keeps_its_digits_and_the_order_of_the_loss() {
    let data = Dataset::new(1, vec![-40.0, 0.0, 40.0, 1.0], vec![0, 1, 1, 0], 2).unwrap();
    let mut model = LogisticRegression::<f64>::zeros(1);
    model.parameters_mut()[0] = 1.0;
    let uncertainty = teacher_uncertainty(&[model], &data).unwrap();
    let tiny = (-40.0f64).exp() / (1.0 + (-40.0f64).exp());
    let expected = [tiny, 0.5, tiny, 1.0 / (1.0 + (-1.0f64).exp())];
    for (found, expected) in uncertainty.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-14 * expected, "{found} {expected}");
    }
}

fn softmax_regression(_seed: u64) -> Result<SoftmaxRegression<f64>, ModelError> {
    Ok(SoftmaxRegression::zeros(4, 3))
}

const RECIPE: Recipe =
    Recipe { budget: Budget::Epochs(3), batch_size: 16, learning_rate: 0.02, momentum: 0.5, weight_decay: 1e-4 };

fn with_threads<R: Send>(n_threads: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap().install(work)
}

#[test]
fn results_are_the_same_for_any_number_of_threads() {
    let iris = bundled::iris();
    let scores = || {
        let subsets = Subsets { fraction: 0.5, n_runs: 70, seed: 3 };
        let runs =
            SubsetRuns::train(softmax_regression, &RECIPE, &CrossEntropy, &iris, Some(&iris), subsets).unwrap();
        let k_means = KMeans { n_clusters: 5, distance: Distance::Euclidean, max_iterations: 20, seed: 1 };
        (
            self_taught(softmax_regression, &RECIPE, &CrossEntropy, &iris, &[1, 2, 3]).unwrap(),
            cross_validated_loss(softmax_regression, &RECIPE, &CrossEntropy, &iris, 4, &[1, 2]).unwrap(),
            runs.memorization().unwrap(),
            runs.influence_matrix().unwrap(),
            prototype_distance(&iris, &k_means).unwrap(),
            Neighbors::within(&iris, 7, Distance::Cosine, 1).unwrap(),
        )
    };
    assert_eq!(with_threads(1, scores), with_threads(3, scores));
}

/// Everything in the order of a score, batch by batch.
struct InOrder(Vec<usize>);

impl Sampler for InOrder {
    fn n_examples(&self) -> usize {
        self.0.len()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        batch.clear();
        batch.indices.extend(self.0.iter().skip(self.epoch(step).step as usize * 15).take(15));
        Ok(())
    }

    fn epoch(&self, step: u64) -> Epoch {
        Epoch { index: step / 10, step: step % 10, n_steps: 10 }
    }
}

#[test]
fn bootstrapping_scores_by_the_models_of_the_round_before() {
    let iris = bundled::iris();
    let easiest_first = |difficulty: &[f64], seed| random::argsort(&mut random::stream(seed, "t", 0), difficulty);
    let rounds = bootstrapped(softmax_regression, &RECIPE, &CrossEntropy, &iris, &[4], 2, |difficulty, seed| {
        Ok(Box::new(InOrder(easiest_first(difficulty, seed))) as Box<dyn Sampler>)
    })
    .unwrap();
    assert_eq!(rounds.len(), 3);
    assert_eq!(rounds[0], self_taught(softmax_regression, &RECIPE, &CrossEntropy, &iris, &[4]).unwrap());
    for round in 1..3 {
        let mut sampler = InOrder(easiest_first(&rounds[round - 1], 4));
        let start = softmax_regression(4).unwrap();
        let model = RECIPE.train_with(start, &CrossEntropy, &iris, &mut sampler).unwrap();
        assert_eq!(rounds[round], teacher_loss(&[model], &CrossEntropy, &iris).unwrap());
    }
    let failed = bootstrapped(softmax_regression, &RECIPE, &CrossEntropy, &iris, &[4], 1, |_, _| Err("no".into()));
    assert!(matches!(failed, Err(DifficultyError::Sampler(_))));
}

/// Two tight clusters of twenty; the first example lies in the first cluster's midst and bears the other label.
fn one_odd_example() -> Dataset<f64> {
    let mut rng = random::stream(5, "test", 0);
    let mut features = vec![-1.0, 0.0];
    let mut labels = vec![1];
    for i in 1..40 {
        let label = i % 2;
        features.push(if label == 0 { -1.0 } else { 1.0 } + 0.8 * (random::uniform(&mut rng) - 0.5));
        features.push(4.0 * (random::uniform(&mut rng) - 0.5));
        labels.push(label);
    }
    Dataset::new(2, features, labels, 2).unwrap()
}

#[test]
fn the_odd_example_is_memorised_and_explains_itself_alone() {
    let data = one_odd_example();
    let make = |seed| Mlp::new(&[2, 48, 2], Activation::Relu, Initialization::He, seed);
    let recipe = Recipe { momentum: 0.9, ..Recipe::plain(Budget::Epochs(300), 8, 0.1) };
    let subsets = Subsets { fraction: 0.7, n_runs: 80, seed: 2 };
    let odd = data.subset(&[0, 5]).unwrap();
    let runs = SubsetRuns::train(make, &recipe, &CrossEntropy, &data, Some(&odd), subsets).unwrap();
    assert_eq!(runs.n_runs(), 80);
    let counts = runs.held_out_counts();
    // Each run holds exactly 12 of 40 out.
    assert_eq!(counts.iter().sum::<usize>(), 80 * 12);

    let accuracy = runs.held_out_accuracy().unwrap();
    let memorization = runs.memorization().unwrap();
    assert!(accuracy[0] < 0.1, "held out, nothing speaks for its label: {}", accuracy[0]);
    assert!(memorization[0] > 0.5, "{}", memorization[0]);
    for i in 1..40 {
        assert!(memorization[i] < memorization[0] - 0.2, "{i}: {} {}", memorization[i], memorization[0]);
    }
    assert!(accuracy[1..].iter().sum::<f64>() / 39.0 > 0.9);
    let error = runs.held_out_error().unwrap();
    assert!(error.iter().zip(&accuracy).all(|(error, accuracy)| (error + accuracy - 1.0).abs() < 1e-15));
    assert_eq!(c_score(std::slice::from_ref(&runs)).unwrap(), accuracy);

    // The first test example is the odd one: its influence on itself is its memorisation, and nobody's is higher.
    assert_eq!(runs.influence(0).unwrap()[0], memorization[0]);
    let top = runs.most_influential(3, 0).unwrap();
    assert_eq!((top.len(), top[0].len(), top[0][0].example), (2, 3, 0));
    assert!(top[0][0].influence >= top[0][1].influence);
    let matrix = runs.influence_matrix().unwrap();
    assert_eq!(matrix[40..], runs.influence(1).unwrap());
    assert!(runs.influence(2).is_err());
}

#[test]
fn the_odd_example_is_hardest_for_those_that_have_not_seen_it() {
    let data = one_odd_example();
    let make = |seed| Mlp::new(&[2, 16, 2], Activation::Relu, Initialization::He, seed);
    let recipe = Recipe::plain(Budget::Epochs(40), 8, 0.1);
    let hardest = |scores: Vec<f64>| (0..40).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap();
    let folds = cross_validated_loss(make, &recipe, &CrossEntropy, &data, 5, &[1, 2]).unwrap();
    assert_eq!(hardest(folds), 0);
    let holdout = data.subset(&(20..40).collect::<Vec<_>>()).unwrap();
    let irreducible = irreducible_loss(make, &recipe, &CrossEntropy, &holdout, &data, &[1]).unwrap();
    let model = recipe.train(make(1).unwrap(), &CrossEntropy, &holdout, 1).unwrap();
    assert_eq!(reducible_loss(&model, &CrossEntropy, &data, &irreducible).unwrap(), [0.0; 40]);
    assert_eq!(hardest(irreducible.clone()), 0);
    assert!(reducible_loss(&model, &CrossEntropy, &data, &irreducible[1..]).is_err());
}

#[test]
fn recipes_out_of_their_domain_are_refused() {
    let iris = bundled::iris();
    let train = |recipe: Recipe| self_taught(softmax_regression, &recipe, &CrossEntropy, &iris, &[1]);
    assert!(train(Recipe { batch_size: 0, ..RECIPE }).is_err());
    assert!(train(Recipe { momentum: 1.0, ..RECIPE }).is_err());
    assert!(train(Recipe { learning_rate: f64::NAN, ..RECIPE }).is_err());
    assert!(self_taught(softmax_regression, &RECIPE, &CrossEntropy, &iris, &[]).is_err());
    let folds = |n_folds, seeds: &[u64]| {
        cross_validated_loss(softmax_regression, &RECIPE, &CrossEntropy, &iris, n_folds, seeds)
    };
    assert!(folds(1, &[1]).is_err() && folds(151, &[1]).is_err() && folds(2, &[]).is_err());
    let runs = |fraction, n_runs| {
        let subsets = Subsets { fraction, n_runs, seed: 1 };
        SubsetRuns::train(softmax_regression, &RECIPE, &CrossEntropy, &iris, None, subsets)
    };
    for fraction in [0.0, 1.0, f64::NAN, -0.1, 0.001] {
        assert!(runs(fraction, 1).is_err(), "{fraction}");
    }
    assert!(runs(0.5, 0).is_err());
    // One run holds some examples out and some not: nothing is known of the others.
    let single = runs(0.5, 1).unwrap();
    assert!(single.memorization().is_err() && single.held_out_accuracy().is_err() && single.influence(0).is_err());
    assert!(c_score(&[]).is_err());
    let empty = iris.subset(&[]).unwrap();
    assert!(RECIPE.train(softmax_regression(0).unwrap(), &CrossEntropy, &empty, 0).is_err());
}
