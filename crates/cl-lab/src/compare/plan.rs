use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{arm::Arm, options::Checked};
use crate::{
    error::LabError,
    judging::FEWEST_SEEDS,
    problem::Problem,
    recipe::{ModelKind, N_VALIDATIONS},
    split::Shares,
};

/// How much of everything is run: decided before there is any result, and kept, so that a comparison that goes on is the same
/// one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The arms, shuffling first.
    pub arms: Vec<Arm>,
    /// Repetitions that are judged, at most.
    pub n_seeds: usize,
    /// Repetitions on which settings are chosen; none of them is judged.
    pub n_tuning_seeds: usize,
    /// Examples that a repetition draws; none for all.
    pub n_examples: Option<usize>,
    /// How a repetition cuts them.
    pub shares: Shares,
    /// What learns.
    pub model: ModelKind,
    /// The full budget in passes over the training part.
    pub epochs: u64,
    /// The full budget in updates.
    pub n_updates: u64,
    /// The short budget in updates: a tenth.
    pub n_updates_short: u64,
    /// Examples of a mini-batch.
    pub batch_size: usize,
    /// Learning rates tried for shuffling; what is best is every arm's.
    pub learning_rates: Vec<f64>,
    /// What was left out to keep the time limit.
    pub left_out: Vec<String>,
}

/// Updates of the full budget, where none is given, and the fewest that a limit reduces them to.
const UPDATES: u64 = 3_000;
const FEWEST_UPDATES: u64 = 1_000;

/// Learning rates tried for shuffling: more than any arm has settings.
const RATES: [f64; 7] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

/// The share of the full budget that is the short one.
const SHORT: u64 = 10;

/// Folds of the models behind a difficulty.
pub(super) const N_FOLDS: usize = 3;

/// The models behind a difficulty are trained for this part of the budget.
pub(super) const DIFFICULTY_PART: u64 = 3;

impl Plan {
    /// Everything that was asked for, whatever time it takes.
    pub(super) fn whole(problem: &Problem, checked: &Checked) -> Self {
        let n_train = n_train(problem, None);
        let batch_size = if n_train < 5_000 { 32 } else { 128 };
        // Some thousand updates, and ten passes at least.
        let per_epoch = n_train.div_ceil(batch_size) as u64;
        let epochs = checked.epochs.unwrap_or_else(|| UPDATES.div_ceil(per_epoch).clamp(10, 100));
        Self {
            arms: checked.arms.clone(),
            n_seeds: checked.n_seeds,
            n_tuning_seeds: 3,
            n_examples: None,
            shares: Shares::default(),
            model: checked.model.clone(),
            epochs,
            n_updates: 0,
            n_updates_short: 0,
            batch_size,
            learning_rates: RATES.to_vec(),
            left_out: Vec::new(),
        }
        .with_updates(problem)
    }

    fn with_updates(mut self, problem: &Problem) -> Self {
        let per_epoch = n_train(problem, self.n_examples).div_ceil(self.batch_size) as u64;
        self.n_updates = self.epochs.saturating_mul(per_epoch).max(1);
        self.n_updates_short = (self.n_updates / SHORT).max(1);
        self
    }

    /// The same with about so many updates.
    fn with_about(mut self, problem: &Problem, n_updates: u64) -> Self {
        let per_epoch = n_train(problem, self.n_examples).div_ceil(self.batch_size) as u64;
        self.epochs = (n_updates / per_epoch).max(1);
        self.with_updates(problem)
    }

    /// As much of it as fits into `limit`, where an update takes `update` and a validation `validation` on one thread of
    /// `jobs`. It is reduced in this order: choices on fewer splits, a shorter full budget where none was asked for, fewer
    /// examples for as many updates, arms from the end of the list, each with eight repetitions, then with six. Repetitions
    /// beyond those are run while there is time.
    pub(super) fn within(
        self,
        problem: &Problem,
        checked: &Checked,
        limit: Duration,
        cost: Cost,
        jobs: usize,
    ) -> Result<Self, LabError> {
        let keep = checked.keep;
        // Threads share what a processor has, and the last runs of a repetition wait for each other.
        let capacity = limit.as_secs_f64() * (1.0 + 0.3 * (jobs as f64 - 1.0)) * 0.8;
        let whole = self.clone();
        let fits = |plan: &Self, seeds: usize| plan.seconds(problem, keep, cost, seeds) <= capacity;
        if fits(&whole, whole.n_seeds) {
            return Ok(whole);
        }
        let few = whole.n_seeds.min(8);
        let mut tried = vec![(whole.clone(), few), (Self { n_tuning_seeds: 2, ..whole.clone() }, few)];
        let n = problem.data().n_examples();
        let mut smallest = tried[1].0.clone();
        if checked.epochs.is_none() {
            for n_updates in [2_000, 1_400, FEWEST_UPDATES].into_iter().filter(|&n| n < whole.n_updates) {
                smallest = smallest.with_about(problem, n_updates);
                tried.push((smallest.clone(), few));
            }
        }
        let mut share = n / 2;
        while share >= 1_000 {
            let n_updates = smallest.n_updates;
            smallest = Self { n_examples: Some(share), ..smallest };
            // Passes that were asked for stay, and of an open budget the updates.
            smallest = match checked.epochs {
                Some(_) => smallest.with_updates(problem),
                None => smallest.with_about(problem, n_updates),
            };
            tried.push((smallest.clone(), few));
            share /= 2;
        }
        for arm in DISPENSABLE {
            if smallest.arms.contains(&arm) && smallest.arms.len() > 2 {
                smallest.arms.retain(|&other| other != arm && other.control() != Some(arm));
                tried.push((smallest.clone(), few));
            }
        }
        tried.push((smallest.clone(), FEWEST_SEEDS));
        for (plan, seeds) in tried {
            if fits(&plan, seeds) {
                return Ok(plan.told(&whole, n));
            }
        }
        let needed = smallest.seconds(problem, keep, cost, FEWEST_SEEDS) / capacity * limit.as_secs_f64();
        let arms: Vec<&str> = smallest.arms.iter().map(|arm| arm.words()).collect();
        Err(LabError::argument(
            "time-limit",
            format!("{} s", limit.as_secs()),
            format!(
                "at least {} s on this machine: for less, nothing can be said of even {} with {} repetitions",
                needed.ceil(),
                arms.join(", "),
                FEWEST_SEEDS
            ),
        ))
    }

    /// The same with what it lacks of `whole` in words.
    fn told(mut self, whole: &Self, n: usize) -> Self {
        if self.n_tuning_seeds < whole.n_tuning_seeds {
            let told = format!(
                "settings are chosen on {} splits and not on {}",
                self.n_tuning_seeds, whole.n_tuning_seeds
            );
            self.left_out.push(told);
        }
        if self.n_updates < whole.n_updates {
            let told = format!("the full budget is {} updates and not {}", self.n_updates, whole.n_updates);
            self.left_out.push(told);
        }
        if let Some(n_examples) = self.n_examples {
            self.left_out.push(format!("each repetition draws {n_examples} of the {n} examples"));
        }
        let gone: Vec<&str> =
            whole.arms.iter().filter(|arm| !self.arms.contains(arm)).map(|arm| arm.words()).collect();
        if !gone.is_empty() {
            self.left_out.push(format!("not compared: {}", gone.join(", ")));
        }
        self
    }

    /// Seconds on one thread.
    fn seconds(&self, problem: &Problem, keep: f64, cost: Cost, n_seeds: usize) -> f64 {
        let run = |n_updates: u64| {
            n_updates as f64 * cost.update + (N_VALIDATIONS + 2) as f64 * cost.validation * self.size(problem)
        };
        let both = run(self.n_updates) + run(self.n_updates_short);
        let candidates = self.n_candidates(keep) - 1;
        let tuning = (self.learning_rates.len() + candidates) * self.n_tuning_seeds;
        let judged = self.arms.len() * n_seeds;
        let scored = if self.needs_difficulty(problem) { self.n_tuning_seeds + n_seeds } else { 0 };
        // Each fold trains on the other folds, for a part of the budget.
        let of_score = (N_FOLDS - 1) as f64 * run(self.n_updates / DIFFICULTY_PART);
        (tuning + judged) as f64 * both + scored as f64 * of_score
    }

    /// Settings that are tried, shuffling's one among them; a control tries those of its arm.
    pub(super) fn n_candidates(&self, keep: f64) -> usize {
        self.arms.iter().map(|arm| arm.candidates(keep).len().max(1)).sum()
    }

    /// The share of all examples that a repetition draws.
    fn size(&self, problem: &Problem) -> f64 {
        self.n_examples.map_or(1.0, |n| n as f64 / problem.data().n_examples() as f64)
    }

    /// Whether a difficulty is measured for each repetition.
    pub(super) fn needs_difficulty(&self, problem: &Problem) -> bool {
        problem.difficulty().is_none() && self.arms.iter().any(|arm| arm.needs_difficulty())
    }
}

/// Arms that go first where time is short, with those that they are the control of.
const DISPENSABLE: [Arm; 7] = [
    Arm::SuperLoss,
    Arm::Focal,
    Arm::CoverageCentric,
    Arm::SelfPaced,
    Arm::KeepHardest,
    Arm::RandomPruning,
    Arm::RandomPacedHard,
];

/// What training takes, in seconds on one thread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    /// An update.
    pub(super) update: f64,
    /// A pass over the validation part of all examples.
    pub(super) validation: f64,
}

/// Examples of a training part.
pub(super) fn n_train(problem: &Problem, n_examples: Option<usize>) -> usize {
    let n = problem.data().n_examples();
    let Shares { train, validation } = Shares::default();
    let share = if problem.test().is_some() { train / (train + validation) } else { train };
    (share * n_examples.map_or(n, |drawn| drawn.min(n)) as f64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{compare::Options, problem::ReadOptions};

    #[test]
    fn less_time_leaves_more_out_and_says_so() {
        let problem = Problem::read("digits", &ReadOptions::default()).unwrap();
        let checked = Options::default().checked(&problem).unwrap();
        let whole = Plan::whole(&problem, &checked);
        assert_eq!((whole.batch_size, whole.n_updates_short, whole.arms.len()), (32, whole.n_updates / 10, 11));
        let cost = Cost { update: 2e-5, validation: 1e-3 };
        let within = |seconds| whole.clone().within(&problem, &checked, Duration::from_secs(seconds), cost, 2);
        assert!(within(100_000).unwrap() == whole);
        let mut last = f64::INFINITY;
        let mut n_told = 0;
        for seconds in [60, 30, 15, 8] {
            let Ok(plan) = within(seconds) else { break };
            let takes = plan.seconds(&problem, 0.5, cost, 6);
            assert!(takes <= last && plan.left_out.len() >= n_told, "{seconds}: {plan:?}");
            // What is judged and its control go together.
            assert!(plan.arms.iter().all(|arm| arm.control().is_none_or(|control| plan.arms.contains(&control))));
            (last, n_told) = (takes, plan.left_out.len());
        }
        let error = within(1).unwrap_err().to_string();
        assert!(error.contains("time-limit is 1 s, expected at least"), "{error}");
    }
}
