//! The window language model: gradients, norms, the sparse step, and what is refused.

use cl_data::{Dataset, random};
use cl_model::{Examples, Loss, Mode, Model, Optimizer, RankingHinge, Sgd, WindowLanguageModel};

const WORDS: usize = 7;

/// Windows with repeated words, since there are few.
fn windows(b: usize, n_features: usize, seed: u64) -> Vec<f64> {
    let mut rng = random::stream(seed, "test", 0);
    (0..b * n_features).map(|_| random::below(&mut rng, WORDS) as f64).collect()
}

struct Case {
    model: WindowLanguageModel<f64>,
    features: Vec<f64>,
    deltas: Vec<f64>,
    n: usize,
    b: usize,
}

fn cases() -> impl Iterator<Item = Case> {
    [(1, 3), (2, 1), (3, 5), (5, 9)].into_iter().map(|(window, b)| {
        let mut rng = random::stream(b as u64, "test", 1);
        let deltas = (0..2 * b).map(|_| 2.0 * random::uniform(&mut rng) - 1.0).collect();
        let model = WindowLanguageModel::new(WORDS, window, 3, 4, 5).unwrap();
        Case { model, features: windows(b, window + 1, 2), deltas, n: window + 1, b }
    })
}

fn gradient(case: &Case, features: &[f64], deltas: &[f64]) -> Vec<f64> {
    let (b, examples) = (features.len() / case.n, Examples::new(features, case.n));
    let mut workspace = case.model.workspace(b);
    let mut gradient = vec![f64::NAN; case.model.parameters().len()];
    case.model.forward(examples, Mode::Evaluation, &mut workspace, &mut vec![0.0; 2 * b]);
    case.model.backward(examples, deltas, &mut workspace, &mut gradient);
    gradient
}

/// Central differences of the sum of deltas times outputs; their error is some 1e-9 here.
#[test]
fn gradients_are_those_of_the_outputs() {
    for case in cases() {
        let exact = gradient(&case, &case.features, &case.deltas);
        let mut model = case.model.clone();
        let mut workspace = model.workspace(case.b);
        for (k, exact) in exact.iter().enumerate() {
            let mut at = |value: f64| {
                model.parameters_mut()[k] = value;
                let mut outputs = vec![0.0; 2 * case.b];
                let examples = Examples::new(&case.features, case.n);
                model.forward(examples, Mode::Evaluation, &mut workspace, &mut outputs);
                outputs.iter().zip(&case.deltas).map(|(output, delta)| output * delta).sum::<f64>()
            };
            let start = case.model.parameters()[k];
            let numeric = (at(start + 1e-5) - at(start - 1e-5)) / 2e-5;
            at(start);
            assert!((numeric - exact).abs() < 1e-8, "{k} {numeric} {exact}");
        }
    }
}

#[test]
fn norms_are_those_of_each_examples_gradient() {
    for case in cases() {
        let examples = Examples::new(&case.features, case.n);
        let mut workspace = case.model.workspace(case.b);
        case.model.forward(examples, Mode::Evaluation, &mut workspace, &mut vec![0.0; 2 * case.b]);
        let mut norms = vec![f64::NAN; case.b];
        case.model.gradient_norms(examples, &case.deltas, &mut workspace, &mut norms);
        for (i, norm) in norms.into_iter().enumerate() {
            let alone = gradient(&case, &case.features[i * case.n..][..case.n], &case.deltas[2 * i..][..2]);
            let expected = alone.iter().map(|g| g * g).sum::<f64>().sqrt();
            assert!((norm - expected).abs() < 1e-13 * (1.0 + expected), "{i} {norm} {expected}");
        }
    }
}

#[test]
fn a_sparse_step_is_a_dense_one() {
    for case in cases() {
        let (mut dense, mut sparse) = (case.model.clone(), case.model.clone());
        let (mut of_dense, mut of_sparse) = (dense.workspace(case.b), sparse.workspace(case.b));
        let mut gradient = vec![0.0; dense.parameters().len()];
        for step in 0..4 {
            let features = windows(case.b, case.n, step);
            let examples = Examples::new(&features, case.n);
            let mut outputs = vec![0.0; 2 * case.b];
            dense.forward(examples, Mode::Evaluation, &mut of_dense, &mut outputs);
            dense.backward(examples, &case.deltas, &mut of_dense, &mut gradient);
            Sgd::plain().update(dense.parameters_mut(), &gradient, 0.1);
            sparse.forward(examples, Mode::Evaluation, &mut of_sparse, &mut outputs);
            sparse.sparse_step(examples, &case.deltas, &mut of_sparse, 0.1);
            assert_eq!(dense, sparse);
        }
    }
}

/// Trained on the windows (w, w + 1) against all others, the right word comes out on top.
#[test]
fn the_right_last_word_ranks_first() {
    let mut model = WindowLanguageModel::<f64>::new(WORDS, 2, 8, 16, 1).unwrap();
    let features: Vec<f64> = (0..WORDS)
        .flat_map(|w| (0..WORDS).map(move |wrong| [w, (w + 1) % WORDS, wrong]))
        .filter(|[_, right, wrong]| right != wrong)
        .flat_map(|words| words.map(|word| word as f64))
        .collect();
    let (examples, b) = (Examples::new(&features, 3), features.len() / 3);
    let mut workspace = model.workspace(b);
    let (mut outputs, mut deltas, mut losses) = (vec![0.0; 2 * b], vec![0.0; 2 * b], Vec::new());
    for _ in 0..300 {
        model.forward(examples, Mode::Evaluation, &mut workspace, &mut outputs);
        RankingHinge.losses_and_gradients(&outputs, &vec![0.into(); b], &mut losses, &mut deltas);
        model.sparse_step(examples, &deltas, &mut workspace, 0.02);
    }
    for w in 0..WORDS {
        let scores = model.last_word_scores(&[w]).unwrap();
        let right = scores[(w + 1) % WORDS];
        assert!(
            scores.iter().enumerate().all(|(v, &score)| v == (w + 1) % WORDS || score < right),
            "{w} {scores:?}"
        );
    }
}

/// For contexts one after the other, with more words than are scored at a time and widths that fill no vector.
#[test]
fn a_scorer_gives_the_scores_of_forward_passes() {
    for (n_words, window, width, n_hidden) in [(1, 1, 1, 1), (70, 3, 5, 7), (200, 5, 16, 32), (129, 2, 9, 33)] {
        let model = WindowLanguageModel::<f32>::new(n_words, window, width, n_hidden, 3).unwrap();
        let mut scorer = model.scorer();
        let mut scores = vec![f32::NAN; 3];
        for seed in 0..3 {
            let mut rng = random::stream(seed, "test", 2);
            let context: Vec<usize> = (1..window).map(|_| random::below(&mut rng, n_words)).collect();
            scorer.scores(&context, &mut scores).unwrap();
            assert_eq!(scores, model.last_word_scores(&context).unwrap());
            for word in 0..n_words {
                let other = (word * 31 + 7) % n_words;
                let features: Vec<f32> = context.iter().chain([&word, &other]).map(|&w| w as f32).collect();
                let mut outputs = [0.0; 2];
                let examples = Examples::new(&features, window + 1);
                model.forward(examples, Mode::Evaluation, &mut model.workspace(1), &mut outputs);
                assert_eq!(outputs, [scores[word], scores[other]]);
            }
        }
    }
}

#[test]
fn what_is_no_word_is_refused() {
    let model = WindowLanguageModel::<f64>::new(WORDS, 2, 3, 4, 1).unwrap();
    let data = |feature: f64| Dataset::new(3, vec![0.0, 1.0, 2.0, 6.0, feature, 0.0], vec![0, 0], 1).unwrap();
    assert!(model.check_examples(&data(6.0)).is_ok());
    for bad in [7.0, -1.0, 0.5] {
        let message = model.check_examples(&data(bad)).unwrap_err().to_string();
        let expected =
            format!("argument features is {bad} in example 1, expected word indices below the number of words");
        assert_eq!(message, expected);
        let mut outputs = [0.0; 4];
        let data = data(bad);
        let examples = Examples::new(data.features().as_slice(), 3);
        let mut workspace = model.workspace(2);
        model.forward(examples, Mode::Evaluation, &mut workspace, &mut outputs);
        assert!(outputs[0].is_finite() && outputs[2].is_nan(), "{outputs:?}");
        model.backward(examples, &outputs, &mut workspace, &mut vec![0.0; model.parameters().len()]);
    }
    let narrow = Dataset::new(2, vec![0.0, 1.0], vec![0], 1).unwrap();
    assert!(model.check_examples(&narrow).is_err());
    assert!(model.last_word_scores(&[0, 1]).is_err() && model.last_word_scores(&[WORDS]).is_err());
    assert!(WindowLanguageModel::<f32>::new(0, 2, 3, 4, 1).is_err());
    assert!(WindowLanguageModel::<f32>::new((1 << 24) + 1, 2, 3, 4, 1).is_err());
    assert!(WindowLanguageModel::<f32>::new(5, 0, 3, 4, 1).is_err());
    assert!(WindowLanguageModel::<f32>::new(5, 1 << 23, 1 << 23, 1 << 23, 1).is_err());
}
