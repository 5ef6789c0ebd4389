//! Toneva's protocol: forgetting counted in the training pass over several runs, then training from scratch without
//! the least forgotten, or without as many at random, for equally many updates.

use anyhow::{Result, anyhow};
use cl_data::Dataset;
use cl_difficulty::{NeverLearned, Recorder};
use cl_model::{Activation, Budget, CrossEntropy, Initialization, Mlp, Observer, Sgd, Trainer, evaluate};
use cl_pacing::ShuffleSampler;
use cl_prune::{Budget as Keep, KeepHardest, KeepRandom, SelectionRule};
use cl_study::{Better, Choice, Figure, LineFigure, Metric, Record, Summary};

use crate::experiment::Context;

/// How a perceptron with one hidden layer is trained: one recipe for every arm.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recipe {
    pub(super) n_hidden: usize,
    pub(super) batch_size: usize,
    pub(super) n_updates: u64,
    pub(super) learning_rate: f64,
}

/// Learning rates tried for training on everything; every arm takes the best of them.
pub(super) const RATES: [f64; 5] = [0.02, 0.05, 0.1, 0.2, 0.5];

impl Recipe {
    pub(super) fn train(
        &self,
        data: &Dataset<f32>,
        seed: u64,
        observers: &mut [&mut dyn Observer<f32>],
    ) -> Result<Mlp<f32>> {
        let widths = [data.n_features(), self.n_hidden, data.n_classes()];
        let mut network = Mlp::new(&widths, Activation::Relu, Initialization::He, seed)?;
        let mut sampler = ShuffleSampler::new(data.n_examples(), self.batch_size, seed)?;
        let trainer = Trainer::new(Budget::Updates(self.n_updates), self.learning_rate)?;
        trainer.train(&mut network, &CrossEntropy, &mut Sgd::plain(), data, &mut sampler, observers)?;
        Ok(network)
    }

    pub(super) fn accuracy(&self, train: &Dataset<f32>, test: &Dataset<f32>, seed: u64) -> Result<f64> {
        Ok(evaluate(&self.train(train, seed, &mut [])?, &CrossEntropy, test)?.accuracy())
    }

    /// The same at the one of `rates` that validates best for training on everything, `parts` being what is trained and
    /// validated on under a seed.
    pub(super) fn tuned(
        self,
        context: &Context<'_>,
        choice: &Choice,
        rates: &[f64],
        judged: &[u64],
        parts: impl Fn(u64) -> Result<(Dataset<f32>, Dataset<f32>)> + Sync,
    ) -> Result<Self> {
        let chosen = context.choose(choice, rates, judged, |&learning_rate, seed| {
            let (train, validation) = parts(seed)?;
            let accuracy = Self { learning_rate, ..self }.accuracy(&train, &validation, seed)?;
            Ok(Record::new().scalar("validation", accuracy))
        })?;
        Ok(Self { learning_rate: chosen.candidate, ..self })
    }
}

/// A choice by validation accuracy, on so many seeds of its own.
pub(super) fn choice(what: &str, n_seeds: u64, data: &Dataset<f32>) -> Choice {
    let seeds: Vec<u64> = (2_000_000..2_000_000 + n_seeds).collect();
    Choice::new(format!("forgetting-{what}"), seeds, Metric::scalar("validation"), Better::Higher)
        .settings(data.fingerprint().to_string().into())
}

/// Seeds of their own: no arm trains on the run that its examples were chosen by.
pub(super) fn scoring_seed(n_runs: u64, seed: u64, run: u64) -> u64 {
    1_000_000 + n_runs * seed + run
}

/// Forgetting over several runs on one training set.
pub(super) struct Forgotten {
    /// Events summed over the runs, by Toneva's rule.
    pub(super) scores: Vec<f64>,
    /// Learned and never forgotten in all runs.
    pub(super) n_unforgettable: usize,
    /// The same in each run alone.
    pub(super) n_unforgettable_in_run: Vec<usize>,
    /// Never right, summed over the runs.
    pub(super) n_never_learned: usize,
    /// What each run's training pass was like.
    pub(super) runs: Vec<Recorder>,
}

impl Forgotten {
    pub(super) fn count(train: &Dataset<f32>, recipe: Recipe, n_runs: u64, seed: u64) -> Result<Self> {
        let n = train.n_examples();
        let mut all = Self {
            scores: vec![0.0; n],
            n_unforgettable: 0,
            n_unforgettable_in_run: Vec::new(),
            n_never_learned: 0,
            runs: Vec::new(),
        };
        let count = |flags: &[bool]| flags.iter().filter(|&&is| is).count();
        let mut unforgettable = vec![true; n];
        for run in 0..n_runs {
            let mut recorder = Recorder::new(n);
            recipe.train(train, scoring_seed(n_runs, seed, run), &mut [&mut recorder])?;
            if let Some(error) = recorder.error() {
                return Err(anyhow!("{error}"));
            }
            let values = recorder.forgetting.values(NeverLearned::Toneva);
            all.scores.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            let in_run = recorder.forgetting.unforgettable();
            all.n_unforgettable_in_run.push(count(&in_run));
            unforgettable.iter_mut().zip(in_run).for_each(|(all, one)| *all &= one);
            all.n_never_learned += count(&recorder.forgetting.never_learned());
            all.runs.push(recorder);
        }
        all.n_unforgettable = count(&unforgettable);
        Ok(all)
    }
}

/// What removing examples does; of two figures, the first is for the least forgotten removed and the second for as
/// many at random.
pub(super) struct Removal {
    pub(super) n_train: usize,
    pub(super) forgotten: Forgotten,
    /// The test accuracy for each share removed.
    pub(super) accuracy: [Vec<f64>; 2],
    pub(super) without_unforgettable: [f64; 2],
}

/// Scores from runs of their own, then training from scratch without some of the examples.
pub(super) fn removal(
    (train, test): (&Dataset<f32>, &Dataset<f32>),
    recipe: Recipe,
    n_scoring_runs: u64,
    shares: &[f64],
    seed: u64,
) -> Result<Removal> {
    let forgotten = Forgotten::count(train, recipe, n_scoring_runs, seed)?;
    let n = train.n_examples();
    let without = |rule: &dyn SelectionRule, n_removed: usize| -> Result<f64> {
        let selection = rule.select(&forgotten.scores, Keep::Count(n - n_removed.min(n - 1)), seed)?;
        recipe.accuracy(&train.subset(&selection.kept)?, test, seed)
    };
    let rules: [&dyn SelectionRule; 2] = [&KeepHardest, &KeepRandom];
    let curve = |rule| {
        let n_removed = shares.iter().map(|share| (share * n as f64 + 1e-9) as usize);
        n_removed.map(|n_removed| without(rule, n_removed)).collect::<Result<Vec<f64>>>()
    };
    let accuracy = [curve(rules[0])?, curve(rules[1])?];
    let n_unforgettable = forgotten.n_unforgettable;
    let without_unforgettable = [without(rules[0], n_unforgettable)?, without(rules[1], n_unforgettable)?];
    Ok(Removal { n_train: n, forgotten, accuracy, without_unforgettable })
}

/// Test accuracy against the share removed, with the line at the number of unforgettables.
pub(super) fn figure(
    title: String,
    shares: &[f64],
    [selected, random]: [&[Summary]; 2],
    unforgettable: f64,
) -> Result<String> {
    let percent: Vec<f64> = shares.iter().map(|share| 100.0 * share).collect();
    let mut figure = LineFigure::new(title, "training examples removed (%)", "test accuracy");
    for (name, summaries) in [("least forgotten removed", selected), ("random removed", random)] {
        figure = figure.line_of_means(name, &percent, summaries);
    }
    Ok(figure.vertical(100.0 * unforgettable, "unforgettable").render(760, 460)?)
}
