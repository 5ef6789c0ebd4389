use std::time::{Duration, Instant};

use cl_pacing::ShuffleSampler;
use serde::{Deserialize, Serialize};

use super::tuning::{FIRST_TUNING_SEED, Grid};
use crate::{
    error::LabError,
    metric::Metric,
    problem::Problem,
    recipe::{ModelKind, Recipe, TrainingLoss},
    split::Shares,
};

/// How much of everything is run: the same plan gives the same advice, but for a comparison of orders that was made smaller to
/// keep a limit ([`OrderAdvice::left_out`](super::OrderAdvice::left_out)), and is not when the plan is followed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The limit that it was made for, in seconds.
    pub time_limit: Option<f64>,
    /// Seconds that an update was measured to take; none where there was no limit.
    pub update_seconds: Option<f64>,
    /// Examples of a mini-batch.
    pub batch_size: usize,
    /// Passes over a training part.
    pub epochs: u64,
    /// How labels are asked of models that have not seen them; none where that does not fit into the time.
    pub noise: Option<NoisePlan>,
    /// Repetitions that forgetting is counted over; 0 where none fits into the time.
    pub forgetting_seeds: usize,
    /// How pruning is tried; none where that does not fit into the time.
    pub keep: Option<KeepPlan>,
    /// How orders are compared; none to leave them out.
    pub order: Option<OrderPlan>,
    /// What was left out to keep the limit.
    pub left_out: Vec<String>,
}

/// How labels are asked of models that have not seen them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoisePlan {
    /// Examples that are asked of; none for all.
    pub examples: Option<usize>,
    /// Folds, each of which is held out once.
    pub folds: usize,
    /// How often folds are drawn.
    pub seeds: usize,
    /// Rounds: from the second on, models are not trained on what the one before found suspect.
    pub rounds: usize,
    /// Splits that settings are chosen on.
    pub tuning_splits: usize,
    /// Settings that are tried.
    pub grid: Grid,
}

/// How pruning is tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeepPlan {
    /// Examples that a repetition draws; none for all.
    pub examples: Option<usize>,
    /// The shares that are kept, the largest first.
    pub fractions: Vec<f64>,
    /// Repetitions that are judged.
    pub repetitions: usize,
    /// Trainings, from other first weights and orders, that a value is the mean of.
    pub models: usize,
    /// Splits that settings and rules are chosen on; none of them is judged.
    pub choice_splits: usize,
    /// Settings that are tried for all examples, and are those of every part.
    pub grid: Grid,
}

/// How orders are compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderPlan {
    /// Repetitions that are judged.
    pub repetitions: usize,
}

/// Shares of the time: for noise, forgetting and pruning; what is left is for orders.
const OF_NOISE: f64 = 0.25;
const OF_FORGETTING: f64 = 0.05;
const OF_KEEP: f64 = 0.45;

/// The fewest repetitions of which anything is decided.
pub(super) const FEWEST_REPETITIONS: usize = 6;

/// The fewest examples that are drawn where there are more.
const FEWEST_DRAWN: usize = 1000;

/// Folds of the models behind a difficulty.
pub(super) const DIFFICULTY_FOLDS: usize = 3;

/// Trainings that a rule is chosen by, at most.
pub(super) const MOST_CHOICE_MODELS: usize = 2;

/// The rules that are tried.
pub(super) const N_RULES: usize = 3;

/// What training takes, in seconds on one thread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    /// An update.
    pub(super) update: f64,
    /// A pass over one example.
    pub(super) example: f64,
}

impl Cost {
    /// From a short training.
    pub(super) fn measured(problem: &Problem, model: &ModelKind, batch_size: usize) -> Result<Self, LabError> {
        const UPDATES: u64 = 60;
        let parts = problem.split(Shares::default(), Some(10_000), FIRST_TUNING_SEED)?;
        let n_train = parts.train.n_examples();
        let metric = Metric::default_of(problem.task());
        let run = |n_updates: u64| -> Result<f64, LabError> {
            let began = Instant::now();
            let recipe = Recipe {
                model: model.clone(),
                loss: TrainingLoss::Plain,
                batch_size: batch_size.min(n_train),
                n_updates,
                learning_rate: 0.01,
                momentum: 0.9,
                weight_decay: 0.0,
            };
            let mut sampler = ShuffleSampler::new(n_train, recipe.batch_size, 0)?;
            recipe.fit(problem, &parts.train, &parts, metric, &mut sampler, 0)?;
            Ok(began.elapsed().as_secs_f64())
        };
        // The least of some: others may have had the processor meanwhile, and the first run warms up.
        let least = |n_updates: u64| {
            (0..4).try_fold(f64::INFINITY, |least, _| Ok::<_, LabError>(least.min(run(n_updates)?)))
        };
        let (few, many) = (least(1)?, least(UPDATES)?);
        // One update is validated twice, many eleven times.
        let validation = few / 2.0;
        let update = ((many - few - 9.0 * validation) / (UPDATES - 1) as f64).max((many - few) / 1e3).max(1e-7);
        Ok(Self { update, example: (validation / parts.validation.n_examples() as f64).max(1e-9) })
    }

    /// A training on `n_train` examples that is validated on `n_validation` eleven times and asked of `n_asked`.
    fn run(self, plan: &Plan, n_train: f64, n_validation: f64, n_asked: f64) -> f64 {
        let n_updates = plan.epochs as f64 * (n_train / plan.batch_size as f64).ceil();
        n_updates * self.update + (11.0 * n_validation + n_asked) * self.example
    }
}

impl Plan {
    /// Everything, whatever time it takes.
    pub(super) fn whole(problem: &Problem, model: &ModelKind, time_limit: Option<Duration>) -> Self {
        let n = problem.data().n_examples();
        let batch_size = if n < 10_000 { 32 } else { 128 };
        // Some thousand updates, and ten passes at least.
        let per_epoch = (0.6 * n as f64 / batch_size as f64).ceil();
        Self {
            time_limit: time_limit.map(|limit| limit.as_secs_f64()),
            update_seconds: None,
            batch_size,
            epochs: ((1_500.0 / per_epoch).ceil() as u64).clamp(10, 60),
            noise: Some(NoisePlan {
                examples: None,
                folds: 8,
                seeds: 3,
                rounds: 2,
                tuning_splits: 2,
                grid: Grid::wide(model),
            }),
            forgetting_seeds: 5,
            keep: Some(KeepPlan {
                examples: None,
                fractions: vec![0.9, 0.8, 0.7, 0.5, 0.3, 0.2, 0.1],
                repetitions: 20,
                models: 5,
                choice_splits: 6,
                grid: Grid::rates(model),
            }),
            order: Some(OrderPlan { repetitions: 20 }),
            left_out: Vec::new(),
        }
    }

    /// As much of it as fits into `limit` on `threads`, each part into its share of it. Within a part less effort comes before
    /// fewer examples.
    pub(super) fn within(
        mut self,
        problem: &Problem,
        model: &ModelKind,
        limit: Duration,
        cost: Cost,
        threads: usize,
    ) -> Self {
        // Threads share what a processor has, and the last runs wait for each other.
        let capacity = 0.8 * limit.as_secs_f64() * (1.0 + 0.6 * (threads as f64 - 1.0));
        self.update_seconds = Some(cost.update);
        let n = problem.data().n_examples();

        let whole = self.noise.take();
        let of_noise = capacity * OF_NOISE;
        self.noise = drawn_sizes(n)
            .into_iter()
            .flat_map(|examples| self.noise_efforts(model, examples))
            .find(|noise| self.noise_seconds(noise, n, cost) <= of_noise);
        let told = match (&whole, &self.noise) {
            (_, None) => Some("labels are not asked of models, which would take longer".to_owned()),
            (Some(whole), Some(noise)) if whole != noise => Some(format!(
                "labels are asked of {} models over {} examples",
                noise.folds * noise.seeds * noise.rounds,
                noise.examples.unwrap_or(n)
            )),
            _ => None,
        };
        self.left_out.extend(told);

        let shares = Shares::default();
        let drawn = self.noise.as_ref().and_then(|noise| noise.examples).unwrap_or(n) as f64;
        let forgetting = cost.run(&self, shares.train * drawn, shares.validation * drawn, 0.0);
        let wanted = self.forgetting_seeds;
        self.forgetting_seeds = wanted.min((capacity * OF_FORGETTING / forgetting) as usize);
        if self.forgetting_seeds < wanted {
            // One training has no interval.
            self.forgetting_seeds = if self.forgetting_seeds < 2 { 0 } else { self.forgetting_seeds };
            self.left_out.push(format!("forgetting is counted over {} trainings", self.forgetting_seeds));
        }

        let whole = self.keep.take();
        let of_keep = capacity * OF_KEEP;
        self.keep = drawn_sizes(n)
            .into_iter()
            .flat_map(|examples| self.keep_efforts(model, examples))
            .find(|keep| self.keep_seconds(problem, keep, n, cost) <= of_keep);
        let told = match (&whole, &self.keep) {
            (_, None) => Some("pruning is not tried, which would take longer".to_owned()),
            (Some(whole), Some(keep)) if whole != keep => Some(format!(
                "pruning is tried to {} shares in {} repetitions of {} trainings over {} examples",
                keep.fractions.len(),
                keep.repetitions,
                keep.models,
                keep.examples.unwrap_or(n)
            )),
            _ => None,
        };
        self.left_out.extend(told);
        self
    }

    fn noise_efforts(&self, model: &ModelKind, examples: Option<usize>) -> Vec<NoisePlan> {
        let effort = |folds, seeds, rounds, tuning_splits, wide| NoisePlan {
            examples,
            folds,
            seeds,
            rounds,
            tuning_splits,
            grid: if wide { Grid::wide(model) } else { Grid::narrow(model) },
        };
        vec![
            effort(8, 3, 2, 2, true),
            effort(8, 2, 2, 2, true),
            effort(5, 2, 2, 1, true),
            effort(5, 2, 2, 1, false),
            effort(5, 1, 2, 1, false),
            effort(5, 1, 1, 1, false),
        ]
    }

    fn noise_seconds(&self, noise: &NoisePlan, n: usize, cost: Cost) -> f64 {
        let n = noise.examples.unwrap_or(n) as f64;
        let (folds, shares) = (noise.folds as f64, Shares::default());
        let fold = cost.run(self, n * (folds - 2.0) / folds, n / folds, n / folds);
        let tuning = cost.run(self, shares.train * n, shares.validation * n, 0.0);
        (noise.folds * noise.seeds * noise.rounds) as f64 * fold
            + (noise.grid.n_settings() * noise.tuning_splits) as f64 * tuning
    }

    fn keep_efforts(&self, model: &ModelKind, examples: Option<usize>) -> Vec<KeepPlan> {
        let effort = |repetitions, models, choice_splits, fractions: &[f64]| KeepPlan {
            examples,
            fractions: fractions.to_vec(),
            repetitions,
            models,
            choice_splits,
            grid: Grid::rates(model),
        };
        let all = [0.9, 0.8, 0.7, 0.5, 0.3, 0.2, 0.1];
        let some = [0.9, 0.7, 0.5, 0.3, 0.1];
        vec![
            effort(20, 5, 6, &all),
            effort(20, 3, 4, &all),
            effort(16, 2, 3, &all),
            effort(12, 2, 2, &some),
            effort(12, 1, 2, &some),
            effort(8, 1, 2, &[0.9, 0.7, 0.5, 0.2]),
            effort(FEWEST_REPETITIONS, 1, 1, &[0.9, 0.7, 0.4]),
        ]
    }

    fn keep_seconds(&self, problem: &Problem, keep: &KeepPlan, n: usize, cost: Cost) -> f64 {
        let n = keep.examples.unwrap_or(n) as f64;
        let shares = Shares::default();
        let run = cost.run(self, shares.train * n, shares.validation * n, (1.0 - shares.train) * n);
        let (fractions, models) = (keep.fractions.len(), keep.models);
        let tuning = keep.grid.n_settings() * keep.choice_splits;
        let chosen = keep.choice_splits * N_RULES * fractions * models.min(MOST_CHOICE_MODELS);
        let judged = keep.repetitions * models * (1 + 2 * fractions);
        // The models behind a difficulty are trained on a part of the training part.
        let scored = match problem.difficulty() {
            Some(_) => 0.0,
            None => (keep.choice_splits + keep.repetitions) as f64 * DIFFICULTY_FOLDS as f64 * 0.7,
        };
        ((tuning + chosen + judged) as f64 + scored) * run
    }
}

/// All examples, half of them, a quarter, ... as long as there are some.
fn drawn_sizes(n: usize) -> Vec<Option<usize>> {
    let mut sizes = vec![None];
    let mut size = n / 2;
    while size >= FEWEST_DRAWN {
        sizes.push(Some(size));
        size /= 2;
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::ReadOptions;

    #[test]
    fn less_time_leaves_more_out_and_says_so() {
        let problem = Problem::read("digits", &ReadOptions::default()).unwrap();
        let model = ModelKind::Mlp { hidden: vec![64] };
        let cost = Cost { update: 1e-4, example: 1e-6 };
        let within = |seconds: f64| {
            let whole = Plan::whole(&problem, &model, None);
            whole.within(&problem, &model, Duration::from_secs_f64(seconds), cost, 2)
        };
        let whole = within(1e6);
        assert!(whole.left_out.is_empty() && whole.keep.as_ref().unwrap().repetitions == 20);
        let (mut last_noise, mut last_keep) = (f64::INFINITY, f64::INFINITY);
        for seconds in [300.0, 60.0, 20.0, 8.0] {
            let plan = within(seconds);
            let capacity = 0.8 * 1.6 * seconds;
            if let Some(noise) = &plan.noise {
                let takes = plan.noise_seconds(noise, 1797, cost);
                assert!(takes <= last_noise && takes <= OF_NOISE * capacity);
                last_noise = takes;
            }
            if let Some(keep) = &plan.keep {
                let takes = plan.keep_seconds(&problem, keep, 1797, cost);
                assert!(takes <= last_keep && takes <= OF_KEEP * capacity);
                last_keep = takes;
            }
        }
        let none = within(0.01);
        assert!(none.noise.is_none() && none.keep.is_none() && none.forgetting_seeds == 0);
        assert_eq!(none.left_out.len(), 3);
    }

    #[test]
    fn a_plan_can_be_read_back() {
        let problem = Problem::read("iris", &ReadOptions::default()).unwrap();
        let plan = Plan::whole(&problem, &ModelKind::Linear, None);
        let saved = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&saved).unwrap(), plan);
    }
}
