//! Section 6: which examples are never forgotten, and can they go?

use anyhow::{Result, anyhow};
use cl_data::{Clusters, Dataset, Standardization, bundled, stratified_split};
use cl_difficulty::{NeverLearned, Recorder};
use cl_model::{Activation, Budget, CrossEntropy, Initialization, Mlp, Observer, Sgd, Trainer, evaluate};
use cl_pacing::ShuffleSampler;
use cl_prune::{Budget as Keep, KeepHardest, KeepRandom, SelectionRule};
use cl_study::{Figure, LineFigure, Summary, Table, over_seeds};

use crate::article;
use crate::claim::{Claim, Judge, Measurement, Part, significant};
use crate::experiment::{Context, Experiment, Findings};

/// Forgetting events, and what removing the unforgettable costs.
pub(super) struct ForgettingExperiment;

const UNFORGETTABLE: Claim = Claim {
    id: "forgetting/unforgettable",
    place: "section 6, print",
    article: "Unforgettable: 168/200 (84.0%)",
    judge: Judge::Printed { text: "Unforgettable: 168/200 (84.0%)" },
};

const FORGOTTEN: Claim = Claim {
    id: "forgetting/forgotten",
    place: "section 6, print",
    article: "Forgotten 1+ times: 32/200",
    judge: Judge::Printed { text: "Forgotten 1+ times: 32/200" },
};

const THIRD: Claim = Claim {
    id: "forgetting/a-third",
    place: "section 6, text",
    article: "nearly a third of CIFAR-10 is never forgotten",
    judge: Judge::Within {
        quantity: "share of the training set never forgotten in any run, on the data named",
        low: 0.25,
        high: 0.4,
    },
};

const CAN_GO: Claim = Claim {
    id: "forgetting/can-go",
    place: "section 6, text",
    article: "the never forgotten can go without loss of accuracy",
    judge: Judge::Within {
        quantity: "test accuracy without the never forgotten, less that of the whole (half a point may be lost)",
        low: -0.005,
        high: 1.0,
    },
};

const BEATS_RANDOM: Claim = Claim {
    id: "forgetting/beats-random",
    place: "section 6, text",
    article: "removing the least forgotten is better than removing as many at random",
    judge: Judge::Positive { quantity: "difference of test accuracy between the two removals", margin: 0.005 },
};

impl Experiment for ForgettingExperiment {
    fn id(&self) -> &'static str {
        "forgetting"
    }

    fn section(&self) -> &'static str {
        "6"
    }

    fn question(&self) -> &'static str {
        "Which examples are never forgotten, and can they go?"
    }

    fn claims(&self) -> &'static [Claim] {
        &[UNFORGETTABLE, FORGOTTEN, THIRD, CAN_GO, BEATS_RANDOM]
    }

    fn run(&self, context: &Context<'_>) -> Result<Findings> {
        let mut findings = Findings::default();
        clusters(&mut findings, Clusters::default(), article::SEED, Part::Article, "article")?;
        // 500 seeds at each of 53 deviations were searched: 188 of the 26,500 data sets give 168, and this is one of
        // those that overlap least.
        clusters(&mut findings, Clusters { std: 1.65, ..Clusters::default() }, 25, Part::Changed, "overlapping")?;
        digits(&mut findings, context)?;
        Ok(findings)
    }
}

/// The article's block on two clusters.
fn clusters(findings: &mut Findings, clusters: Clusters, seed: u32, part: Part, name: &str) -> Result<()> {
    let data = clusters.generate(200, seed)?;
    let run = article::forgetting(&data, article::initial_model(article::SEED, 0.01));
    let n = data.n_examples();
    let unforgettable = run.counts.iter().filter(|&&events| events == 0).count();
    let conditions = match part {
        Part::Article => "the article's code".to_owned(),
        _ => format!(
            "overlapping clusters: std {}, seed {seed}, one of 188 found by searching 26,500 data sets",
            clusters.std
        ),
    };
    let percent = 100.0 * unforgettable as f64 / n as f64;
    findings.measure(UNFORGETTABLE.id, part, &conditions, {
        Measurement::text(format!("Unforgettable: {unforgettable}/{n} ({percent:.1}%)"))
    });
    findings.measure(FORGOTTEN.id, part, &conditions, {
        Measurement::text(format!("Forgotten 1+ times: {}/{n}", n - unforgettable))
    });
    findings.number(format!("{name}_unforgettable"), unforgettable)?;
    findings.number(format!("{name}_counts"), &run.counts)?;
    findings.number(format!("{name}_last_order"), &run.last_order)?;
    findings.number(format!("{name}_weights"), run.model.weights())?;
    findings.number(format!("{name}_bias"), run.model.bias())?;
    Ok(())
}

/// How a network is trained on digits: one recipe for every arm.
#[derive(Clone, Copy)]
struct Recipe {
    n_updates: u64,
    learning_rate: f64,
}

const BATCH_SIZE: usize = 32;

/// Learning rates tried for training on everything; every arm takes the best of them.
const RATES: [f64; 4] = [0.02, 0.05, 0.1, 0.2];

/// Runs whose forgetting events are added up for a score.
const N_SCORING_RUNS: u64 = 5;

/// Shares of the training set that are removed, in tenths.
const TENTHS: usize = 10;

impl Recipe {
    fn train(&self, data: &Dataset<f32>, seed: u64, observers: &mut [&mut dyn Observer<f32>]) -> Result<Mlp<f32>> {
        let widths = [data.n_features(), 32, data.n_classes()];
        let mut network = Mlp::new(&widths, Activation::Relu, Initialization::He, seed)?;
        let mut sampler = ShuffleSampler::new(data.n_examples(), BATCH_SIZE, seed)?;
        let trainer = Trainer::new(Budget::Updates(self.n_updates), self.learning_rate)?;
        trainer.train(&mut network, &CrossEntropy, &mut Sgd::plain(), data, &mut sampler, observers)?;
        Ok(network)
    }

    fn accuracy(&self, train: &Dataset<f32>, test: &Dataset<f32>, seed: u64) -> Result<f64> {
        Ok(evaluate(&self.train(train, seed, &mut [])?, &CrossEntropy, test)?.accuracy())
    }
}

/// Digits cut into a part to train on and one held out, by seed, standardised by the former.
fn split(digits: &Dataset<f32>, seed: u64) -> Result<(Dataset<f32>, Dataset<f32>)> {
    let parts = stratified_split(digits.labels(), &[0.8, 0.2], seed)?;
    let (train, held_out) = (digits.subset(&parts[0])?, digits.subset(&parts[1])?);
    let standardization = Standardization::fit(&train)?;
    Ok((standardization.apply(train)?, standardization.apply(held_out)?))
}

/// What removing examples does on one split of the data; of two figures, the first is for the least forgotten
/// removed and the second for as many at random.
struct Removal {
    n_train: usize,
    n_unforgettable: usize,
    n_never_learned: usize,
    scores: Vec<f64>,
    accuracy: [Vec<f64>; 2],
    without_unforgettable: [f64; 2],
}

/// Scores from runs of their own, then training from scratch without some of the examples.
fn removal(digits: &Dataset<f32>, recipe: Recipe, seed: u64) -> Result<Removal> {
    let (train, test) = split(digits, seed)?;
    let n = train.n_examples();
    let (mut scores, mut unforgettable, mut n_never_learned) = (vec![0.0; n], vec![true; n], 0);
    for run in 0..N_SCORING_RUNS {
        let mut recorder = Recorder::new(n);
        recipe.train(&train, 1_000_000 + N_SCORING_RUNS * seed + run, &mut [&mut recorder])?;
        if let Some(error) = recorder.error() {
            return Err(anyhow!("{error}"));
        }
        let values = recorder.forgetting.values(NeverLearned::Toneva);
        scores.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        unforgettable.iter_mut().zip(recorder.forgetting.unforgettable()).for_each(|(all, one)| *all &= one);
        n_never_learned += recorder.forgetting.never_learned().into_iter().filter(|&never| never).count();
    }
    let n_unforgettable = unforgettable.iter().filter(|&&is| is).count();
    let without = |rule: &dyn SelectionRule, n_removed: usize| -> Result<f64> {
        let selection = rule.select(&scores, Keep::Count(n - n_removed.min(n - 1)), seed)?;
        recipe.accuracy(&train.subset(&selection.kept)?, &test, seed)
    };
    let rules: [&dyn SelectionRule; 2] = [&KeepHardest, &KeepRandom];
    let curve = |rule| (0..TENTHS).map(|tenth| without(rule, n * tenth / TENTHS)).collect::<Result<Vec<f64>>>();
    let accuracy = [curve(rules[0])?, curve(rules[1])?];
    let without_unforgettable = [without(rules[0], n_unforgettable)?, without(rules[1], n_unforgettable)?];
    Ok(Removal { n_train: n, n_unforgettable, n_never_learned, accuracy, without_unforgettable, scores })
}

/// The learning rate with the best validation accuracy of training on everything, on seeds of its own.
fn tuned(digits: &Dataset<f32>, n_updates: u64, context: &Context<'_>) -> Result<f64> {
    let seeds: Vec<u64> = (2_000_000..2_000_003).collect();
    let accuracies: Result<Vec<[f64; RATES.len()]>> =
        over_seeds(&seeds, context.jobs, context.progress, |seed| {
            let (train, _) = split(digits, seed)?;
            let (train, validation) = split(&train, seed)?;
            let mut accuracies = [0.0; RATES.len()];
            for (accuracy, learning_rate) in accuracies.iter_mut().zip(RATES) {
                *accuracy = Recipe { n_updates, learning_rate }.accuracy(&train, &validation, seed)?;
            }
            Ok(accuracies)
        })?
        .into_iter()
        .collect();
    let accuracies = accuracies?;
    let sum = |rate: usize| accuracies.iter().map(|of| of[rate]).sum::<f64>();
    let best = (0..RATES.len()).fold(0, |best, rate| if sum(rate) > sum(best) { rate } else { best });
    Ok(RATES[best])
}

/// Toneva's protocol on UCI digits: forgetting counted in the training pass over several runs, then training
/// from scratch without the least forgotten, or without as many at random, for equally many updates. Every seed
/// has its own split of the data, its own scores and its own first weights.
fn digits(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    let digits = bundled::digits().cast::<f32>()?;
    let n_epochs = if context.quick { 10 } else { 50 };
    let n_updates = n_epochs * (digits.n_examples() * 4 / 5).div_ceil(BATCH_SIZE) as u64;
    let recipe = Recipe { n_updates, learning_rate: tuned(&digits, n_updates, context)? };
    let removals: Result<Vec<Removal>> =
        over_seeds(&context.seeds, context.jobs, context.progress, |seed| removal(&digits, recipe, seed))?
            .into_iter()
            .collect();
    let removals = removals?;

    let n_seeds = removals.len();
    let conditions =
        format!("UCI digits, perceptron 64-32-10, {n_epochs} epochs' updates, {n_seeds} seeds with a split each");
    let over = |value: &dyn Fn(&Removal) -> f64| removals.iter().map(value).collect::<Vec<f64>>();
    let shares = over(&|removal| removal.n_unforgettable as f64 / removal.n_train as f64);
    findings.measure(THIRD.id, Part::Real, &conditions, Measurement::over_seeds(&shares)?);
    let third = 3 * TENTHS / 10;
    let at_line = format!("all the never forgotten removed; {conditions}");
    let at_third = format!("the 30 % least forgotten removed; {conditions}");
    let cost = over(&|removal| removal.without_unforgettable[0] - removal.accuracy[0][0]);
    findings.measure(CAN_GO.id, Part::Real, &at_line, Measurement::over_seeds(&cost)?);
    let cost = over(&|removal| removal.accuracy[0][third] - removal.accuracy[0][0]);
    findings.measure(CAN_GO.id, Part::Real, &at_third, Measurement::over_seeds(&cost)?);
    let gain = over(&|removal| removal.without_unforgettable[0] - removal.without_unforgettable[1]);
    findings.measure(BEATS_RANDOM.id, Part::Real, &at_line, Measurement::over_seeds(&gain)?);
    let gain = over(&|removal| removal.accuracy[0][third] - removal.accuracy[1][third]);
    findings.measure(BEATS_RANDOM.id, Part::Real, &at_third, Measurement::over_seeds(&gain)?);

    let mut table = Table::new(["removed", "least forgotten removed", "random removed"]);
    let accuracy = |values: Vec<f64>| Measurement::over_seeds(&values).map(|measured| measured.to_string());
    for tenth in 0..TENTHS {
        let of = |arm: usize| accuracy(over(&|removal| removal.accuracy[arm][tenth]));
        table.row([format!("{} %", 100 * tenth / TENTHS), of(0)?, of(1)?])?;
    }
    let of = |arm: usize| accuracy(over(&|removal| removal.without_unforgettable[arm]));
    table.row(["the never forgotten".to_owned(), of(0)?, of(1)?])?;
    findings.tables.push((format!("Test accuracy after removal: {conditions}"), table));
    let mean_share = shares.iter().sum::<f64>() / n_seeds as f64;
    findings.notes.push(format!(
        "On digits {} % of the training examples were learned and never forgotten in any of {N_SCORING_RUNS} scoring \
         runs; an example was never learned in a run {} times in all. Every arm trains from scratch for {n_updates} \
         updates at learning rate {}, the best of {RATES:?} for training on everything, on seeds of its own; a smaller \
         set is seen more often.",
        significant(100.0 * mean_share),
        removals.iter().map(|removal| removal.n_never_learned).sum::<usize>(),
        recipe.learning_rate,
    ));
    findings.number("digits_learning_rate", recipe.learning_rate)?;
    findings.number("digits_unforgettable_share", &shares)?;
    findings.number("digits_scores", removals.iter().map(|removal| &removal.scores).collect::<Vec<_>>())?;
    for (arm, name) in ["selected", "random"].into_iter().enumerate() {
        let curves: Vec<&[f64]> = removals.iter().map(|removal| &removal.accuracy[arm][..]).collect();
        findings.number(format!("digits_accuracy_{name}"), curves)?;
        let without = over(&|removal| removal.without_unforgettable[arm]);
        findings.number(format!("digits_accuracy_{name}_without_unforgettable"), without)?;
    }
    let percent: Vec<f64> = (0..TENTHS).map(|tenth| (100 * tenth / TENTHS) as f64).collect();
    let summaries = |arm: usize| -> Result<Vec<Summary>> {
        (0..TENTHS).map(|tenth| Ok(Summary::of(&over(&|removal| removal.accuracy[arm][tenth]))?)).collect()
    };
    findings.figure(
        "forgetting",
        format!(
            "Test accuracy after removing examples; the vertical line marks the never forgotten. {conditions}."
        ),
        figure(&percent, &summaries(0)?, &summaries(1)?, 100.0 * mean_share)?,
    );
    Ok(())
}

fn figure(shares: &[f64], selected: &[Summary], random: &[Summary], unforgettable: f64) -> Result<String> {
    let mut figure =
        LineFigure::new("Removing examples from UCI digits", "training examples removed (%)", "test accuracy");
    for (name, summaries) in [("least forgotten removed", selected), ("random removed", random)] {
        let mean: Vec<f64> = summaries.iter().map(|summary| summary.mean).collect();
        let end = |end: fn(&cl_study::Interval) -> f64| -> Vec<f64> {
            summaries.iter().map(|s| s.interval.as_ref().map_or(s.mean, end)).collect()
        };
        figure = figure.line_with_band(name, shares, &mean, &end(|i| i.low), &end(|i| i.high));
    }
    Ok(figure.vertical(unforgettable, "unforgettable").render(760, 460)?)
}
