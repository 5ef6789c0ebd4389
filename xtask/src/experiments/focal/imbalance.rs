//! Focal loss against cross-entropy where one example in 100 or 1000 is positive.

use anyhow::{Context as _, Result};
use cl_data::{Dataset, GaussianMixture, MixtureComponent};
use cl_model::{
    Activation, Budget, CrossEntropy, Examples, Focal, Initialization, Loss, Mlp, Mode, Model, Sgd, Trainer,
    evaluate, sigmoid,
};
use cl_pacing::ShuffleSampler;
use cl_study::{Bar, BarFigure, Better, Choice, Figure, LineFigure, Metric, Record, Summary, Table, over_seeds};

use crate::{
    claim::{About, Claim, Judge, Measurement, Part},
    experiment::{Context, Findings},
};

pub(super) const MASS: Claim = Claim {
    id: "focal/gradient-mass",
    place: "section 5, what the weights are for",
    article: "the focal loss takes the gradient away from easy negatives and leaves it to hard examples",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "share of the training set's gradient norm from easy negatives, cross-entropy less focal loss",
        margin: 0.01,
    },
};

pub(super) const PRECISION: Claim = Claim {
    id: "focal/average-precision",
    place: "section 5, what the weights are for",
    article: "the focal loss ranks the few positives better",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "average precision on test data, focal loss less cross-entropy",
        margin: 0.01,
    },
};

pub(super) const CALIBRATION: Claim = Claim {
    id: "focal/calibration",
    place: "section 5, what the weights may cost",
    article: "(not in the article) its probabilities are calibrated as well as those of cross-entropy",
    about: About::Training,
    judge: Judge::Within {
        quantity: "expected calibration error on test data, focal loss less cross-entropy",
        low: -1.0,
        high: 0.002,
    },
};

/// One positive among this many examples, and what that takes.
struct Setting {
    ratio: usize,
    n_train: usize,
    n_test: usize,
}

const SETTINGS: [Setting; 2] = [
    Setting { ratio: 100, n_train: 6_000, n_test: 20_000 },
    Setting { ratio: 1000, n_train: 30_000, n_test: 60_000 },
];

/// Focusing parameter (0: cross-entropy) and whether the learning rate is tuned for it or for cross-entropy.
const ARMS: [(f64, bool); 5] = [(0.0, true), (1.0, false), (2.0, false), (5.0, false), (2.0, true)];
const RATES: [f64; 5] = [0.03, 0.1, 0.3, 1.0, 3.0];
const BATCH_SIZE: usize = 50;
const N_TUNING_SEEDS: u64 = 4;
/// Where precision is read off.
const RECALLS: [f64; 20] = {
    let mut recalls = [0.0; 20];
    let mut at = 0;
    while at < 20 {
        recalls[at] = (at + 1) as f64 / 20.0;
        at += 1;
    }
    recalls
};

fn name(at: usize) -> String {
    match ARMS[at] {
        (0.0, _) => "cross-entropy".into(),
        (gamma, false) => format!("focal, gamma = {gamma}"),
        (gamma, true) => format!("focal, gamma = {gamma}, its own learning rate"),
    }
}

/// What a run comes to.
struct Scores {
    average_precision: f64,
    precisions: Vec<f64>,
    calibration_error: f64,
    brier: f64,
    /// Shares of the gradient norm from easy negatives: of the arm's own loss, and of the focal loss with
    /// gamma = 2 at the same parameters.
    easy_mass: [f64; 2],
}

impl Setting {
    /// Positives, negatives near them, and nine times as many far away.
    fn components(&self, n: usize) -> [(usize, usize, [f64; 4]); 3] {
        let n_positives = n / self.ratio;
        let n_hard = (n - n_positives) / 10;
        [
            (1, n_positives, [2.0, 0.0, 0.0, 0.0]),
            (0, n_hard, [0.5, 1.0, 0.0, 0.0]),
            (0, n - n_positives - n_hard, [-2.0, 0.0, 0.0, 0.0]),
        ]
    }

    fn data(&self, n: usize, seed: u64) -> Result<Dataset<f64>> {
        let components = self.components(n).map(|(class, n_examples, mean)| MixtureComponent {
            class,
            n_examples,
            mean: mean.into(),
            std: vec![1.0; 4],
        });
        Ok(GaussianMixture::new(components.into())?.generate(seed)?)
    }

    /// Data, first weights and order are the seed's, the same for every arm.
    fn run(&self, gamma: f64, learning_rate: f64, n_epochs: u64, seed: u64) -> Result<Scores> {
        let train = self.data(self.n_train, 2 * seed)?;
        let test = self.data(self.n_test, 2 * seed + 1)?;
        let mut model = Mlp::new(&[4, 16, 1], Activation::Tanh, Initialization::Xavier, seed)?;
        let mut sampler = ShuffleSampler::new(train.n_examples(), BATCH_SIZE, seed)?;
        let loss = Focal::new(gamma, 1.0)?;
        let trainer = Trainer::new(Budget::Epochs(n_epochs), learning_rate)?;
        trainer.train(&mut model, &loss, &mut Sgd::plain(), &train, &mut sampler, &mut [])?;
        let logits = evaluate(&model, &CrossEntropy, &test)?.outputs;
        let probabilities: Vec<f64> = logits.into_iter().map(sigmoid).collect();
        let curve = precision_recall(&probabilities, test.labels());
        let [(_, n_positives, _), (_, n_hard, _), _] = self.components(self.n_train);
        let easy_mass = [loss, Focal::new(2.0, 1.0)?].map(|loss| {
            let norms = gradient_norms(&model, &loss, &train);
            norms[n_positives + n_hard..].iter().sum::<f64>() / norms.iter().sum::<f64>()
        });
        Ok(Scores {
            average_precision: average_precision(&curve),
            precisions: RECALLS.iter().map(|&recall| precision_at(&curve, recall)).collect(),
            calibration_error: calibration_error(&probabilities, test.labels()),
            brier: brier(&probabilities, test.labels()),
            easy_mass,
        })
    }
}

/// Trains every arm on both data sets and reports.
pub(super) fn run(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    let n_epochs = if context.quick { 2 } else { 10 };
    let mut precision_figure = None;
    let mut mass_bars = vec![Vec::new(); ARMS.len()];
    for setting in &SETTINGS {
        let rates = tuned(setting, n_epochs, context)?;
        let n_seeds = context.seeds.len();
        let units: Vec<u64> = (0..(ARMS.len() * n_seeds) as u64).collect();
        let runs: Result<Vec<Scores>> = over_seeds(&units, context.jobs, context.progress, |unit| {
            let (arm, seed) = (unit as usize / n_seeds, context.seeds[unit as usize % n_seeds]);
            let (gamma, own) = ARMS[arm];
            let rate = rates[usize::from(own && gamma > 0.0)];
            let scores = setting.run(gamma, rate, n_epochs, seed);
            scores.with_context(|| format!("{}, seed {seed}, learning rate {rate}", name(arm)))
        })?
        .into_iter()
        .collect();
        let runs = runs?;
        let of = |arm: usize, value: fn(&Scores) -> f64| -> Vec<f64> {
            runs[arm * n_seeds..(arm + 1) * n_seeds].iter().map(value).collect()
        };
        let less = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
        let ratio = setting.ratio;
        let mut table = Table::new([
            "loss",
            "average precision",
            "expected calibration error",
            "Brier score",
            "gradient norm from easy negatives",
        ]);
        for arm in 0..ARMS.len() {
            let cell = |value| Measurement::over_seeds(&of(arm, value)).map(|m| m.to_string());
            table.row([
                name(arm),
                cell(|s| s.average_precision)?,
                cell(|s| s.calibration_error)?,
                cell(|s| s.brier)?,
                cell(|s| s.easy_mass[0])?,
            ])?;
            mass_bars[arm].push(Bar::from(&Summary::of(&of(arm, |s| s.easy_mass[0]))?));
            let key = format!("imbalance_{ratio}_arm_{arm}");
            findings.number(format!("{key}_average_precision"), of(arm, |s| s.average_precision))?;
            findings.number(format!("{key}_calibration_error"), of(arm, |s| s.calibration_error))?;
            findings.number(format!("{key}_brier"), of(arm, |s| s.brier))?;
            findings.number(format!("{key}_easy_mass"), of(arm, |s| s.easy_mass[0]))?;
            let (gamma, own) = ARMS[arm];
            if gamma != 2.0 {
                continue;
            }
            let rate = if own { "its own tuned learning rate" } else { "cross-entropy's learning rate" };
            let conditions = format!("1 positive in {ratio}, gamma = 2, {rate}, {n_seeds} seeds");
            let gain = less(&of(arm, |s| s.average_precision), &of(0, |s| s.average_precision));
            findings.measure(PRECISION.id, Part::Real, &conditions, Measurement::over_seeds(&gain)?);
            let cost = less(&of(arm, |s| s.calibration_error), &of(0, |s| s.calibration_error));
            findings.measure(CALIBRATION.id, Part::Real, &conditions, Measurement::over_seeds(&cost)?);
            let shift = less(&of(0, |s| s.easy_mass[0]), &of(arm, |s| s.easy_mass[0]));
            let trained = format!("{conditions}, each at the end of its own training");
            findings.measure(MASS.id, Part::Real, trained, Measurement::over_seeds(&shift)?);
        }
        let shift = less(&of(0, |s| s.easy_mass[0]), &of(0, |s| s.easy_mass[1]));
        let conditions = format!("1 positive in {ratio}, gamma = 2, at the same parameters, {n_seeds} seeds");
        findings.measure(MASS.id, Part::Real, conditions, Measurement::over_seeds(&shift)?);
        findings.number(format!("imbalance_{ratio}_learning_rates"), rates)?;
        findings.tables.push((
            format!(
                "1 positive in {ratio}: {} training and {} test examples, {n_epochs} epochs, learning rate {} of \
                 cross-entropy and {} of gamma = 2",
                setting.n_train, setting.n_test, rates[0], rates[1]
            ),
            table,
        ));
        let curves = |arm: usize| &runs[arm * n_seeds..(arm + 1) * n_seeds];
        let title = format!("Precision and recall, 1 positive in {ratio}");
        let mut figure = LineFigure::new(title, "recall", "precision (mean over seeds)");
        for arm in [0, 2, 4] {
            let summaries: Result<Vec<Summary>, _> = (0..RECALLS.len())
                .map(|at| Summary::of(&curves(arm).iter().map(|run| run.precisions[at]).collect::<Vec<_>>()))
                .collect();
            let summaries = summaries?;
            figure = figure.line_of_means(name(arm), &RECALLS, &summaries);
        }
        precision_figure.get_or_insert(figure);
    }
    if let Some(figure) = precision_figure {
        let caption = "Precision against recall on test data with 1 positive in 100, mean over seeds, 95 % bands.";
        findings.figure("focal-precision-recall", caption, figure.render(760, 460)?);
    }
    let mut bars = BarFigure::new(
        "Where the gradient comes from",
        "",
        "share of gradient norm from easy negatives",
        SETTINGS.iter().map(|setting| format!("1 positive in {}", setting.ratio)),
    );
    for (arm, series) in mass_bars.into_iter().enumerate() {
        bars = bars.series(name(arm), series);
    }
    let caption = "Share of the training set's gradient norm from easy negatives after training.";
    findings.figure("focal-gradient-mass", caption, bars.render(820, 460)?);
    findings.notes.push(format!(
        "Imbalanced data: four features, positives around (2, 0, 0, 0), a tenth of the negatives hard, around \
         (0.5, 1, 0, 0), the others easy, around (-2, 0, 0, 0), all of deviation 1; fresh data for every seed, the \
         same for every loss. A 4-16-1 tanh network, batches of {BATCH_SIZE}, plain SGD. The learning rate is the \
         best of {RATES:?} by average precision on {N_TUNING_SEEDS} seeds of its own: tuned on cross-entropy and \
         shared, and tuned for gamma = 2. The focal loss is no proper scoring rule: its probabilities are drawn \
         towards 1/2, which shows in the calibration error and not in a ranking."
    ));
    Ok(())
}

/// The learning rates of the best mean average precision, of cross-entropy and of gamma = 2.
fn tuned(setting: &Setting, n_epochs: u64, context: &Context<'_>) -> Result<[f64; 2]> {
    let seeds: Vec<u64> = (1_000_000..1_000_000 + N_TUNING_SEEDS).collect();
    let best = |gamma: f64| -> Result<f64> {
        let name = format!("focal-{}-gamma-{gamma}", setting.ratio);
        let choice = Choice::new(name, seeds.clone(), Metric::scalar("average_precision"), Better::Higher);
        let chosen = context.choose(&choice, &RATES, &context.seeds, |&rate, seed| {
            let scores = setting.run(gamma, rate, n_epochs, seed)?;
            Ok(Record::new().scalar("average_precision", scores.average_precision))
        })?;
        Ok(chosen.candidate)
    };
    Ok([best(0.0)?, best(2.0)?])
}

/// The norm of each example's own gradient.
fn gradient_norms(model: &Mlp<f64>, loss: &Focal, data: &Dataset<f64>) -> Vec<f64> {
    const CHUNK: usize = 500;
    let mut workspace = model.workspace(CHUNK);
    let (mut outputs, mut deltas) = (vec![0.0; CHUNK], vec![0.0; CHUNK]);
    let mut norms = vec![0.0; data.n_examples()];
    let features = data.features().as_slice().chunks(CHUNK * data.n_features());
    for ((features, labels), norms) in features.zip(data.labels().chunks(CHUNK)).zip(norms.chunks_mut(CHUNK)) {
        let examples = Examples::new(features, data.n_features());
        let b = examples.len();
        model.forward(examples, Mode::Evaluation, &mut workspace, &mut outputs[..b]);
        for ((output, delta), &label) in outputs.chunks(1).zip(deltas.chunks_mut(1)).zip(labels) {
            loss.loss_and_gradient(output, label.into(), delta);
        }
        model.gradient_norms(examples, &deltas[..b], &mut workspace, norms);
    }
    norms
}

/// (recall, precision) at every threshold between different probabilities, from the highest down.
fn precision_recall(probabilities: &[f64], labels: &[usize]) -> Vec<(f64, f64)> {
    let n_positives = labels.iter().filter(|&&label| label == 1).count() as f64;
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    let mut curve = Vec::new();
    let mut found = 0.0;
    for (rank, &example) in order.iter().enumerate() {
        found += f64::from(u8::from(labels[example] == 1));
        let next = order.get(rank + 1);
        // Tied examples are taken together: their order means nothing.
        if next.is_none_or(|&next| probabilities[next] < probabilities[example]) {
            curve.push((found / n_positives, found / (rank + 1) as f64));
        }
    }
    curve
}

/// sum_k (R_k - R_(k-1)) P_k.
fn average_precision(curve: &[(f64, f64)]) -> f64 {
    let mut last = 0.0;
    let step = |&(recall, precision): &(f64, f64)| {
        let area = (recall - last) * precision;
        last = recall;
        area
    };
    curve.iter().map(step).sum()
}

/// The best precision at this recall or a higher one.
fn precision_at(curve: &[(f64, f64)], recall: f64) -> f64 {
    curve.iter().filter(|point| point.0 >= recall - 1e-12).map(|point| point.1).fold(0.0, f64::max)
}

/// sum over 15 equal bins of the share in the bin times |mean probability - share of positives|.
fn calibration_error(probabilities: &[f64], labels: &[usize]) -> f64 {
    let mut differences = [0.0; 15];
    for (&probability, &label) in probabilities.iter().zip(labels) {
        differences[((probability * 15.0) as usize).min(14)] += probability - label as f64;
    }
    differences.iter().map(|difference: &f64| difference.abs()).sum::<f64>() / labels.len() as f64
}

fn brier(probabilities: &[f64], labels: &[usize]) -> f64 {
    let squares = probabilities.iter().zip(labels).map(|(p, &label)| (p - label as f64).powi(2));
    squares.sum::<f64>() / labels.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `sklearn.metrics.average_precision_score`'s definition by hand: with one tie of a positive and a negative.
    #[test]
    fn average_precision_is_as_defined() {
        let curve = precision_recall(&[0.9, 0.8, 0.8, 0.3, 0.1], &[1, 0, 1, 0, 1]);
        let third = 1.0 / 3.0;
        assert_eq!(curve.len(), 4);
        assert!((average_precision(&curve) - (third + third * 2.0 / 3.0 + third * 0.6)).abs() < 1e-12);
        assert!((precision_at(&curve, 0.5) - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn calibration_is_as_defined() {
        // Bin of 0.8: mean 0.8, share 0.5; bin of 0.1: mean 0.1, share 0.
        let error = calibration_error(&[0.8, 0.8, 0.1, 0.1], &[1, 0, 0, 0]);
        assert!((error - (0.5 * 0.3 + 0.5 * 0.1)).abs() < 1e-12);
        assert!((brier(&[0.8, 0.1], &[1, 0]) - (0.04 + 0.01) / 2.0).abs() < 1e-12);
    }

    /// The norms against the whole gradient of one example.
    #[test]
    fn norms_are_those_of_the_gradients() {
        let setting = Setting { ratio: 10, n_train: 40, n_test: 40 };
        let data = setting.data(40, 1).unwrap();
        let model = Mlp::new(&[4, 3, 1], Activation::Tanh, Initialization::Xavier, 1).unwrap();
        let loss = Focal::new(2.0, 1.0).unwrap();
        let norms = gradient_norms(&model, &loss, &data);
        for example in [0, 17, 39] {
            let h = 1e-6;
            let square: f64 = (0..model.parameters().len())
                .map(|at| {
                    let value = |shift: f64| {
                        let mut moved = model.clone();
                        moved.parameters_mut()[at] += shift;
                        evaluate(&moved, &loss, &data).unwrap().losses[example]
                    };
                    ((value(h) - value(-h)) / (2.0 * h)).powi(2)
                })
                .sum();
            assert!((norms[example] - square.sqrt()).abs() < 1e-6);
        }
    }
}
