//! What is run: learning rates, scores, then every strategy, standard training, and the winners again.

use anyhow::Result;
use cl_pacing::ShuffleSampler;
use cl_study::{Better, Choice, Metric, Record, Run, Study, StudyResults, over_seeds};
use serde_json::{Value, json};

use super::{
    comparison::Compared,
    design::{ARMS, Design, FIRST_FRESH, N_SEEDS, RATES, Regime},
    grid::{Ordering, Strategy},
    network::{BATCH_SIZE, MOMENTUM, N_HIDDEN, WEIGHT_DECAY},
    problem::{GRID_SPLIT, Problem, Source},
    report::report,
    training::{N_VALIDATIONS, Recipe},
};
use crate::experiment::{Context, Findings};

const N_TUNING_SEEDS: u64 = 5;
const FIRST_TUNING_SEED: u64 = 1_000_000;

/// The difficulty of each example and the recipe, regime by regime.
struct Prepared {
    problem: Problem,
    difficulty: Vec<f64>,
    recipe: Recipe,
}

impl Design {
    pub(super) fn run(&self, findings: &mut Findings, context: &Context<'_>, source: &Source) -> Result<()> {
        let clean = &source.split(GRID_SPLIT)?;
        let prepared = self.prepared(context, clean)?;
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
        let standard =
            self.finished(context, "standard", &standard, |run| prepared[run.setting_place].standard(run.seed))?;
        let strategies = self.finished(context, "strategies", &strategies, |run| {
            let place = run.arm_place;
            prepared[run.setting_place].follow(&self.strategies[place], place, run.seed)
        })?;

        // The winner of each order by validation accuracy, and random order with the easy-first winner's pacing.
        let mut winners = Vec::with_capacity(self.regimes.len());
        let splits: Vec<u64> = (FIRST_FRESH..FIRST_FRESH + self.n_fresh).collect();
        let fresh = self.fresh(context, source, &prepared, &splits)?;
        let mut again = Study::new(format!("winners on {}", self.slug), splits);
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
            let prepared = &fresh[run.setting_place][(run.seed - FIRST_FRESH) as usize];
            match winners[run.setting_place].get(run.arm_place) {
                Some(&strategy) => prepared.follow(&self.strategies[strategy], strategy, run.seed),
                None => prepared.standard(run.seed),
            }
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
        report(self, findings, source, clean, &compared)
    }

    /// Every regime on every fresh split, under its own noise and by its own scores; rates are those of the grid. Regimes of
    /// the same noise share a split's scores.
    fn fresh(
        &self,
        context: &Context<'_>,
        source: &Source,
        prepared: &[Prepared],
        splits: &[u64],
    ) -> Result<Vec<Vec<Prepared>>> {
        let scored = self.scored_like();
        let own: Vec<usize> = (0..self.regimes.len()).filter(|&at| scored[at] == at).collect();
        let units: Vec<u64> = (0..(own.len() * splits.len()) as u64).collect();
        let of_units = over_seeds(&units, context.jobs, context.progress, |unit| -> Result<_> {
            let (at, split) = (own[unit as usize / splits.len()], splits[unit as usize % splits.len()]);
            let problem = source.split(split)?.with_noise(self.regimes[at].noise as f64 / 100.0)?;
            let rate = prepared[at].recipe.learning_rate;
            let difficulty = problem.difficulty(rate, self.n_fresh_scoring_seeds, self.n_scoring_epochs)?;
            Ok((problem, difficulty))
        })?;
        let of_units = of_units.into_iter().collect::<Result<Vec<_>>>()?;
        let of_regime = |at: usize| {
            let first = own.iter().position(|&own| own == scored[at]).unwrap_or(0) * splits.len();
            let of_splits = of_units[first..first + splits.len()].iter().cloned();
            of_splits
                .map(|(problem, difficulty)| Prepared { problem, difficulty, recipe: prepared[at].recipe })
                .collect()
        };
        Ok((0..self.regimes.len()).map(of_regime).collect())
    }

    /// Of every regime the first one of the same noise, whose scores it shares.
    fn scored_like(&self) -> Vec<usize> {
        (0..self.regimes.len())
            .map(|at| (0..at).find(|&before| self.regimes[before].noise == self.regimes[at].noise).unwrap_or(at))
            .collect()
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
        let scored = self.scored_like();
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
        let seeds: Vec<u64> = (FIRST_TUNING_SEED..FIRST_TUNING_SEED + N_TUNING_SEEDS).collect();
        let judged: Vec<u64> = (0..self.n_standard).collect();
        let of_regime = |(regime, problem): (&Regime, &Problem)| {
            let n_updates = self.n_updates(problem, *regime);
            let name = format!("orderings-{}-{}", self.slug, regime.slug());
            let choice = Choice::new(name, seeds.clone(), Metric::scalar("validation"), Better::Higher)
                .settings(problem.train.fingerprint().to_string().into());
            let chosen = context.choose(&choice, &RATES, &judged, |&learning_rate, seed| {
                let mut sampler = ShuffleSampler::new(problem.train.n_examples(), BATCH_SIZE, seed)?;
                Recipe { n_updates, learning_rate }.train(problem, &mut sampler, seed)
            })?;
            Ok(Recipe { n_updates, learning_rate: chosen.candidate })
        };
        self.regimes.iter().zip(problems).map(of_regime).collect()
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
        context.study(study, format!("orderings-{}-{name}-{size}-{}.jsonl", self.slug, study.seeds.len()), run)
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
