//! What is run: regimes, learning rates, scores, then every strategy, standard training, and the winners again.

use anyhow::{Result, anyhow, bail};
use cl_pacing::ShuffleSampler;
use cl_study::{Metric, Record, Run, Study, StudyResults, over_seeds};
use serde_json::{Value, json};

use super::comparison::{Compared, report};
use super::grid::{A, B, Ordering, Strategy};
use super::problem::Problem;
use super::training::{BATCH_SIZE, MOMENTUM, N_HIDDEN, N_VALIDATIONS, Recipe, WEIGHT_DECAY};
use crate::experiment::{Context, Findings};

/// Seeds of every strategy, as in the paper.
pub(super) const N_SEEDS: u64 = 3;

/// Runs of standard training, as in the paper.
pub(super) const N_STANDARD: u64 = 90;

/// Learning rates tried for standard training.
pub(super) const RATES: [f64; 8] = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
const N_TUNING_SEEDS: u64 = 5;
const FIRST_TUNING_SEED: u64 = 1_000_000;

/// How long is trained, and under how much label noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Regime {
    /// The budget is the standard one divided by this.
    pub(super) divisor: u64,
    /// Of the labels, in percent.
    pub(super) noise: u64,
}

impl Regime {
    pub(super) const ALL: [Self; 7] = [
        Self { divisor: 1, noise: 0 },
        Self { divisor: 2, noise: 0 },
        Self { divisor: 10, noise: 0 },
        Self { divisor: 100, noise: 0 },
        Self { divisor: 1, noise: 20 },
        Self { divisor: 1, noise: 40 },
        Self { divisor: 1, noise: 60 },
    ];

    pub(super) fn name(self) -> String {
        match self {
            Self { divisor: 1, noise: 0 } => "standard time".into(),
            Self { divisor, noise: 0 } => format!("1/{divisor} of the time"),
            Self { divisor: 1, noise } => format!("{noise} % label noise"),
            Self { divisor, noise } => format!("1/{divisor} of the time, {noise} % label noise"),
        }
    }

    /// The same for files and numbers.
    pub(super) fn slug(self) -> String {
        match self {
            Self { divisor: 1, noise: 0 } => "standard".into(),
            Self { divisor, noise: 0 } => format!("limited-{divisor}"),
            Self { noise, .. } => format!("noise-{noise}"),
        }
    }
}

/// One data set's study.
pub(super) struct Design {
    /// The data set, as in names of files.
    pub(super) slug: &'static str,
    /// The data set in words.
    pub(super) data: &'static str,
    /// What of it is taken, and how.
    pub(super) part: &'static str,
    pub(super) regimes: Vec<Regime>,
    pub(super) strategies: Vec<Strategy>,
    /// Passes over the training part in standard time.
    pub(super) n_epochs: u64,
    pub(super) n_standard: u64,
    /// Fresh seeds for the winners; standard training has runs of the same seeds.
    pub(super) n_fresh: u64,
    pub(super) n_scoring_seeds: u64,
    n_scoring_epochs: u64,
    /// Simulations of the best of many standard runs.
    pub(super) n_simulations: usize,
}

/// The difficulty of each example and the recipe, regime by regime.
struct Prepared {
    problem: Problem,
    difficulty: Vec<f64>,
    recipe: Recipe,
}

impl Design {
    /// The paper's grid on UCI digits; with `--quick` a part of it.
    pub(super) fn digits(context: &Context<'_>) -> Self {
        let whole = Self::whole(context);
        if context.quick { whole.reduced() } else { whole }
    }

    fn whole(context: &Context<'_>) -> Self {
        Self {
            slug: "digits",
            data: "UCI digits",
            part: "",
            regimes: Regime::ALL.into(),
            strategies: Strategy::grid(&A, &B),
            n_epochs: 100,
            n_standard: N_STANDARD,
            n_fresh: if context.full { N_STANDARD - N_SEEDS } else { 30 },
            n_scoring_seeds: 10,
            n_scoring_epochs: 30,
            n_simulations: 10_000,
        }
    }

    /// Fewer epochs, and of limited time and noise the two that say most.
    pub(super) fn fashion_mnist(context: &Context<'_>) -> Self {
        let whole = Self {
            slug: "fashion-mnist",
            data: "Fashion-MNIST",
            part: "an equal share of each class from its training and its test part, pixels averaged two by two to 14 x 14; ",
            regimes: [0, 2, 3, 5].map(|at| Regime::ALL[at]).into(),
            n_epochs: 50,
            n_scoring_seeds: 5,
            n_scoring_epochs: 15,
            ..Self::whole(context)
        };
        if context.quick { whole.reduced() } else { whole }
    }

    fn reduced(self) -> Self {
        Self {
            strategies: Strategy::grid(&[0.1, 1.6], &[0.2]),
            n_epochs: self.n_epochs / 10,
            n_standard: 12,
            n_fresh: 6,
            n_scoring_seeds: 2,
            n_scoring_epochs: 5,
            n_simulations: 1_000,
            ..self
        }
    }

    /// Updates of a pass over the training part.
    pub(super) fn per_epoch(problem: &Problem) -> u64 {
        (problem.train.n_examples() / BATCH_SIZE) as u64
    }

    /// Updates in this regime.
    pub(super) fn n_updates(&self, problem: &Problem, regime: Regime) -> u64 {
        (self.n_epochs * Self::per_epoch(problem) / regime.divisor).max(1)
    }

    /// Strategies of each order.
    pub(super) fn per_order(&self) -> usize {
        self.strategies.len() / Ordering::ALL.len()
    }

    pub(super) fn run(&self, findings: &mut Findings, context: &Context<'_>, clean: &Problem) -> Result<()> {
        let prepared = self.prepared(context, clean)?;
        let at = |run: &Run<'_>| -> Result<&Prepared> {
            let at = self.regimes.iter().position(|regime| regime.name() == run.setting.name);
            at.map(|at| &prepared[at]).ok_or_else(|| anyhow!("no regime {:?}", run.setting.name))
        };
        let settings = |at: usize| self.settings(self.regimes[at], &prepared[at]);

        let mut standard =
            Study::new(format!("standard training on {}", self.slug), (0..self.n_standard).collect::<Vec<_>>())
                .arm("standard", Value::Null);
        let mut strategies = Study::new(format!("strategies on {}", self.slug), (0..N_SEEDS).collect::<Vec<_>>());
        for strategy in &self.strategies {
            strategies = strategies.arm(strategy.to_string(), serde_json::to_value(strategy)?);
        }
        for (place, regime) in self.regimes.iter().enumerate() {
            standard = standard.setting(regime.name(), settings(place));
            strategies = strategies.setting(regime.name(), settings(place));
        }
        let standard = self.finished(context, "standard", &standard, |run| at(run)?.standard(run.seed))?;
        let strategies = self.finished(context, "strategies", &strategies, |run| {
            let strategy: Strategy = serde_json::from_value(run.arm.settings.clone())?;
            let place = self.strategies.iter().position(|other| *other == strategy).unwrap_or(0);
            at(run)?.follow(&strategy, place, run.seed)
        })?;

        // The winner of each order by validation accuracy, and random order with the easy-first winner's pacing.
        let mut winners = Vec::with_capacity(self.regimes.len());
        let mut again =
            Study::new(format!("winners on {}", self.slug), (N_SEEDS..N_SEEDS + self.n_fresh).collect::<Vec<_>>());
        for arm in ARMS {
            again = again.arm(arm, Value::Null);
        }
        for (place, regime) in self.regimes.iter().enumerate() {
            let [easy, hard, random] = self.winners(&strategies, *regime)?;
            let control = Strategy { order: Ordering::Random, ..self.strategies[easy] };
            let control = self.strategies.iter().position(|other| *other == control).unwrap_or(random);
            let chosen = [easy, hard, random, control];
            let named = chosen.map(|at| self.strategies[at].to_string());
            again = again.setting(regime.name(), json!({"regime": settings(place), "winners": named}));
            winners.push(chosen);
        }
        let again = self.finished(context, "winners", &again, |run| {
            let place = self.regimes.iter().position(|regime| regime.name() == run.setting.name);
            let arm = ARMS.iter().position(|name| *name == run.arm.name);
            let (Some(place), Some(arm)) = (place, arm) else { bail!("no winner for {run:?}") };
            let strategy = winners[place][arm];
            prepared[place].follow(&self.strategies[strategy], strategy, run.seed)
        })?;

        let mut compared = Vec::with_capacity(self.regimes.len());
        for (place, &regime) in self.regimes.iter().enumerate() {
            let (recipe, changed) = (prepared[place].recipe, prepared[place].problem.changed);
            compared.push(Compared::new(
                self,
                regime,
                (recipe, changed),
                winners[place],
                [&standard, &strategies, &again],
            )?);
        }
        report(self, findings, clean, &compared)
    }

    /// Of each order the strategy with the highest mean validation accuracy, by place in the grid.
    fn winners(&self, strategies: &StudyResults, regime: Regime) -> Result<[usize; 3]> {
        let metric = Metric::scalar("validation");
        let mut winners = [0; 3];
        for (winner, order) in winners.iter_mut().zip(Ordering::ALL) {
            let mut best = f64::NEG_INFINITY;
            for (at, strategy) in self.strategies.iter().enumerate().filter(|(_, s)| s.order == order) {
                let mean = strategies.summary(&regime.name(), &strategy.to_string(), &metric)?.mean;
                if mean > best {
                    (best, *winner) = (mean, at);
                }
            }
        }
        Ok(winners)
    }

    /// Noise, then the learning rate for standard training, then scores under the noise.
    fn prepared(&self, context: &Context<'_>, clean: &Problem) -> Result<Vec<Prepared>> {
        let problems: Vec<Problem> = self
            .regimes
            .iter()
            .map(|regime| clean.with_noise(regime.noise as f64 / 100.0))
            .collect::<Result<_>>()?;
        let recipes = self.tuned(context, &problems)?;
        // Regimes of the same noise share their scores: those of the first one.
        let scored: Vec<usize> = (0..self.regimes.len())
            .map(|at| (0..at).find(|&before| self.regimes[before].noise == self.regimes[at].noise).unwrap_or(at))
            .collect();
        let own: Vec<u64> =
            (0..self.regimes.len() as u64).filter(|&at| scored[at as usize] == at as usize).collect();
        let scores = over_seeds(&own, context.jobs, context.progress, |at| {
            let (problem, rate) = (&problems[at as usize], recipes[at as usize].learning_rate);
            problem.difficulty(rate, self.n_scoring_seeds, self.n_scoring_epochs)
        })?;
        let scores: Vec<Vec<f64>> = scores.into_iter().collect::<Result<_>>()?;
        let of = |at: usize| own.iter().position(|&own| own as usize == scored[at]).unwrap_or(0);
        let parts = problems.into_iter().zip(recipes).enumerate();
        Ok(parts
            .map(|(at, (problem, recipe))| Prepared { problem, recipe, difficulty: scores[of(at)].clone() })
            .collect())
    }

    /// In every regime the learning rate with which standard training validates best, on seeds of its own.
    fn tuned(&self, context: &Context<'_>, problems: &[Problem]) -> Result<Vec<Recipe>> {
        let per_regime = RATES.len() as u64 * N_TUNING_SEEDS;
        let units: Vec<u64> = (0..problems.len() as u64 * per_regime).collect();
        let recipe = |regime: usize, learning_rate: f64| Recipe {
            n_updates: self.n_updates(&problems[regime], self.regimes[regime]),
            learning_rate,
        };
        let accuracies = over_seeds(&units, context.jobs, context.progress, |unit| {
            let (regime, unit) = ((unit / per_regime) as usize, unit % per_regime);
            let (rate, seed) =
                (RATES[(unit / N_TUNING_SEEDS) as usize], FIRST_TUNING_SEED + unit % N_TUNING_SEEDS);
            let problem = &problems[regime];
            let mut sampler = ShuffleSampler::new(problem.train.n_examples(), BATCH_SIZE, seed)?;
            Ok(recipe(regime, rate).train(problem, &mut sampler, seed)?.scalars["validation"])
        })?;
        let accuracies: Vec<f64> = accuracies.into_iter().collect::<Result<_>>()?;
        let best = |of_regime: &[f64]| {
            let sums: Vec<f64> =
                of_regime.chunks(N_TUNING_SEEDS as usize).map(|of_rate| of_rate.iter().sum()).collect();
            // Of equal ones the lowest rate.
            RATES[(0..RATES.len()).fold(0, |best, rate| if sums[rate] > sums[best] { rate } else { best })]
        };
        Ok(accuracies.chunks(per_regime as usize).enumerate().map(|(at, of)| recipe(at, best(of))).collect())
    }

    /// Runs a study to its end, or goes on with one.
    fn finished(
        &self,
        context: &Context<'_>,
        name: &str,
        study: &Study,
        run: impl Fn(&Run<'_>) -> Result<Record> + Sync,
    ) -> Result<StudyResults> {
        let size = self.strategies.len();
        let journal =
            context.journals.join(format!("orderings-{}-{name}-{size}-{}.jsonl", self.slug, study.seeds.len()));
        let results = study.run(context.jobs, Some(&journal), context.progress, |one| {
            run(one).map_err(|error| format!("{error:#}"))
        })?;
        if let Some(failed) = results.failed().next() {
            bail!("{}, seed {}: {:?}", failed.arm, failed.seed, failed.outcome);
        }
        Ok(results)
    }

    /// All that decides a run besides its strategy and seed.
    fn settings(&self, regime: Regime, prepared: &Prepared) -> Value {
        json!({
            "data": self.data,
            "classes": "in turn",
            "n_updates": prepared.recipe.n_updates,
            "learning_rate": prepared.recipe.learning_rate,
            "label_noise": regime.noise,
            "batch_size": BATCH_SIZE,
            "n_hidden": N_HIDDEN,
            "momentum": MOMENTUM,
            "weight_decay": WEIGHT_DECAY,
            "n_validations": N_VALIDATIONS,
            "scoring": [self.n_scoring_seeds, self.n_scoring_epochs],
        })
    }
}

/// What is run again on fresh seeds.
pub(super) const ARMS: [&str; 4] = ["easy first", "hard first", "random", "random with the pacing of easy first"];

impl Prepared {
    fn standard(&self, seed: u64) -> Result<Record> {
        let mut sampler = ShuffleSampler::new(self.problem.train.n_examples(), BATCH_SIZE, seed)?;
        self.recipe.train(&self.problem, &mut sampler, seed)
    }

    /// Weights and shuffles are those of the seed, as in standard training; a random order is the run's own.
    fn follow(&self, strategy: &Strategy, place: usize, seed: u64) -> Result<Record> {
        let seeds = (1_000 * seed + place as u64, seed);
        let mut sampler = strategy.sampler(
            &self.difficulty,
            self.problem.train.labels(),
            BATCH_SIZE,
            self.recipe.n_updates,
            seeds,
        )?;
        let available = sampler.n_available(self.recipe.n_updates - 1) as f64 / self.difficulty.len() as f64;
        Ok(self.recipe.train(&self.problem, &mut sampler, seed)?.scalar("available", available))
    }
}
