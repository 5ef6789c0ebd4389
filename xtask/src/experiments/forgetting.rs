//! Section 6: which examples are never forgotten, and can they go?

use anyhow::{Result, anyhow};
use cl_data::{Clusters, Dataset, Standardization, bundled, stratified_split};
use cl_difficulty::{NeverLearned, Recorder};
use cl_model::{Budget, CrossEntropy, Sgd, SoftmaxRegression, Trainer, evaluate};
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
    judge: Judge::Within { quantity: "share of the training set never forgotten in any run", low: 0.3, high: 1.0 },
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
        // Of 500 seeds at each of 53 deviations, 188 data sets give 168; this is the one that overlaps least.
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
        _ => format!("overlapping clusters: std {}, seed {seed}", clusters.std),
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

/// How a model is trained on digits: one recipe for every arm.
#[derive(Clone, Copy)]
struct Recipe {
    n_updates: u64,
    batch_size: usize,
    learning_rate: f64,
}

impl Recipe {
    fn train(
        &self,
        data: &Dataset<f64>,
        seed: u64,
        recorder: Option<&mut Recorder>,
    ) -> Result<SoftmaxRegression<f64>> {
        let mut model = SoftmaxRegression::zeros(data.n_features(), data.n_classes());
        let mut sampler = ShuffleSampler::new(data.n_examples(), self.batch_size, seed)?;
        let trainer = Trainer::new(Budget::Updates(self.n_updates), self.learning_rate)?;
        let mut sgd = Sgd::plain();
        match recorder {
            Some(recorder) => {
                trainer.train(&mut model, &CrossEntropy, &mut sgd, data, &mut sampler, &mut [&mut *recorder])?;
                if let Some(error) = recorder.error() {
                    return Err(anyhow!("{error}"));
                }
            }
            None => {
                trainer.train(&mut model, &CrossEntropy, &mut sgd, data, &mut sampler, &mut [])?;
            }
        }
        Ok(model)
    }
}

/// One arm of a removal curve: a rule, how much of the training set is removed, and a seed.
#[derive(Clone, Copy)]
struct Arm {
    random: bool,
    n_removed: usize,
    seed: u64,
}

/// Toneva's protocol on UCI digits: forgetting counted in the training pass over several seeds, then training
/// from scratch without the least forgotten, or without as many at random, for equally many updates.
fn digits(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    let digits = bundled::digits();
    let parts = stratified_split(digits.labels(), &[0.8, 0.2], 0)?;
    let (train, test) = (digits.subset(&parts[0])?, digits.subset(&parts[1])?);
    let standardization = Standardization::fit(&train)?;
    let (train, test) = (standardization.apply(train)?, standardization.apply(test)?);
    let n = train.n_examples();
    let n_epochs = if context.quick { 10 } else { 50 };
    let batch_size = 32;
    let recipe = Recipe { n_updates: n_epochs * n.div_ceil(batch_size) as u64, batch_size, learning_rate: 0.05 };

    // Scores come from runs of their own, so that no arm is judged by a run that chose its examples.
    let scoring: Vec<u64> = (0..5).map(|k| 1_000_000 + k).collect();
    let runs: Result<Vec<Recorder>> = over_seeds(&scoring, context.jobs, context.progress, |seed| {
        let mut recorder = Recorder::new(n);
        recipe.train(&train, seed, Some(&mut recorder)).map(|_| recorder)
    })?
    .into_iter()
    .collect();
    let runs = runs?;
    let mut scores = vec![0.0; n];
    let mut unforgettable = vec![true; n];
    let mut never_learned = 0;
    for run in &runs {
        let values = run.forgetting.values(NeverLearned::Toneva);
        scores.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        unforgettable.iter_mut().zip(run.forgetting.unforgettable()).for_each(|(all, one)| *all &= one);
        never_learned += run.forgetting.never_learned().into_iter().filter(|&never| never).count();
    }
    let n_unforgettable = unforgettable.iter().filter(|&&is| is).count();

    let mut removed: Vec<usize> = (0..10).map(|tenth| (tenth as f64 / 10.0 * n as f64).round() as usize).collect();
    removed.push(n_unforgettable.min(n - 1));
    removed.sort_unstable();
    removed.dedup();
    let arms: Vec<Arm> = [false, true]
        .into_iter()
        .flat_map(|random| removed.iter().map(move |&n_removed| (random, n_removed)))
        .flat_map(|(random, n_removed)| context.seeds.iter().map(move |&seed| Arm { random, n_removed, seed }))
        .collect();
    let indices: Vec<u64> = (0..arms.len() as u64).collect();
    let accuracies: Result<Vec<f64>> = over_seeds(&indices, context.jobs, context.progress, |index| {
        let arm = arms[index as usize];
        let rule: &dyn SelectionRule = if arm.random { &KeepRandom } else { &KeepHardest };
        let selection = rule.select(&scores, Keep::Count(n - arm.n_removed), arm.seed)?;
        let model = recipe.train(&train.subset(&selection.kept)?, arm.seed, None)?;
        Ok(evaluate(&model, &CrossEntropy, &test)?.accuracy())
    })?
    .into_iter()
    .collect();
    let accuracies = accuracies?;
    let n_seeds = context.seeds.len();
    let curve = |random: bool, at: usize| {
        let start = (usize::from(random) * removed.len() + at) * n_seeds;
        &accuracies[start..start + n_seeds]
    };

    let conditions = format!("UCI digits, softmax regression, {n_epochs} epochs' updates, {n_seeds} seeds");
    let share = n_unforgettable as f64 / n as f64;
    findings.measure(THIRD.id, Part::Real, format!("UCI digits, softmax regression, {} runs", runs.len()), {
        Measurement::Number { value: share }
    });
    let position = |count: usize| removed.iter().position(|&removed| removed == count).unwrap_or(0);
    let (line, third) = (position(n_unforgettable.min(n - 1)), position((0.3 * n as f64).round() as usize));
    let difference = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>();
    for (at, what) in [(line, "all the never forgotten removed"), (third, "the 30 % least forgotten removed")] {
        let conditions = format!("{what}; {conditions}");
        let cost = difference(curve(false, at), curve(false, 0));
        findings.measure(CAN_GO.id, Part::Real, &conditions, Measurement::over_seeds(&cost)?);
        let gain = difference(curve(false, at), curve(true, at));
        findings.measure(BEATS_RANDOM.id, Part::Real, &conditions, Measurement::over_seeds(&gain)?);
    }

    let mut table = Table::new(["removed", "share", "least forgotten removed", "random removed"]);
    for (at, &count) in removed.iter().enumerate() {
        let accuracy = |random| Measurement::over_seeds(curve(random, at)).map(|m| m.to_string());
        let note = if at == line { format!("{count} (the unforgettable)") } else { count.to_string() };
        table.row([note, significant(count as f64 / n as f64), accuracy(false)?, accuracy(true)?])?;
    }
    findings.tables.push((format!("Test accuracy after removal: {conditions}"), table));
    findings.notes.push(format!(
        "On digits {n_unforgettable} of {n} training examples were learned and never forgotten in any of {} scoring \
         runs; an example was never learned in a run {never_learned} times. Every arm trains from scratch for the \
         same number of updates ({}), so a smaller set is seen more often.",
        runs.len(),
        recipe.n_updates
    ));
    findings.number("digits_scores", &scores)?;
    findings.number("digits_unforgettable", n_unforgettable)?;
    findings.number("digits_removed", &removed)?;
    for (name, random) in [("selected", false), ("random", true)] {
        let rows: Vec<&[f64]> = (0..removed.len()).map(|at| curve(random, at)).collect();
        findings.number(format!("digits_accuracy_{name}"), rows)?;
    }
    let shares: Vec<f64> = removed.iter().map(|&count| 100.0 * count as f64 / n as f64).collect();
    let summaries = |random| -> Result<Vec<Summary>> {
        (0..removed.len()).map(|at| Ok(Summary::of(curve(random, at))?)).collect()
    };
    findings.figure(
        "forgetting",
        format!("Test accuracy after removing examples; the vertical line marks the unforgettable. {conditions}."),
        figure(&shares, &summaries(false)?, &summaries(true)?, 100.0 * share)?,
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
