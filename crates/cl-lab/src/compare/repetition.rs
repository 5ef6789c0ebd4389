use cl_data::{Dataset, Sampler};
use cl_difficulty::model_based::{Recipe as Scoring, cross_validated_loss};
use cl_model::{Budget, CrossEntropy, Squared};
use cl_pacing::{
    Annealing, EasyFirst, HardFirst, HardSelfPaced, Linear, Order as _, PrefixSampler, Presentation, Random,
    SelfPacedSampler, ShuffleSampler,
};
use cl_prune::{Budget as Keep, CoverageCentric, KeepHardest, KeepRandom, SelectionRule};
use cl_study::Record;

use super::{
    arm::{Kept, Order, Strategy},
    plan::{DIFFICULTY_PART, N_FOLDS, Plan},
};
use crate::{
    error::LabError,
    metric::Metric,
    problem::{Problem, Task},
    recipe::{ModelKind, Recipe, TrainingLoss, evaluated},
    split::{Parts, by_groups},
};

/// Momentum of every run.
const MOMENTUM: f64 = 0.9;

/// Weight decay of every run.
const WEIGHT_DECAY: f64 = 1e-4;

/// Models behind a difficulty have seeds that no run shares.
const FIRST_SCORING_SEED: u64 = 3_000_000;

/// A repetition cuts the data anew, draws first weights and an order; every arm of it has the same.
pub(super) struct Repetition<'a> {
    pub(super) problem: &'a Problem,
    pub(super) plan: &'a Plan,
    pub(super) metric: Metric,
    pub(super) seed: u64,
    pub(super) parts: Parts,
}

impl<'a> Repetition<'a> {
    pub(super) fn new(problem: &'a Problem, plan: &'a Plan, metric: Metric, seed: u64) -> Result<Self, LabError> {
        let parts = problem.split(plan.shares, plan.n_examples, seed)?;
        Ok(Self { problem, plan, metric, seed, parts })
    }

    /// The loss of each training example under models that have not seen it, trained for a third of the budget: its
    /// difficulty.
    pub(super) fn difficulty(&self, learning_rate: f64) -> Result<Vec<f64>, LabError> {
        let n_updates = (self.plan.n_updates / DIFFICULTY_PART).max(1);
        let train = &self.parts.train;
        let scoring = Scoring {
            momentum: MOMENTUM,
            weight_decay: WEIGHT_DECAY,
            ..Scoring::plain(
                Budget::Updates(n_updates),
                self.batch_size(train.n_examples() / N_FOLDS),
                learning_rate,
            )
        };
        let seeds = [FIRST_SCORING_SEED + self.seed];
        let make = |seed| self.plan.model.make(self.problem, seed);
        let n_folds = N_FOLDS.min(train.n_examples());
        if let Some(groups) = self.problem.groups() {
            return self.difficulty_by_groups(&scoring, groups, n_folds);
        }
        Ok(match self.problem.task() {
            Task::Classification => cross_validated_loss(make, &scoring, &CrossEntropy, train, n_folds, &seeds)?,
            Task::Regression => cross_validated_loss(make, &scoring, &Squared, train, n_folds, &seeds)?,
        })
    }

    /// The same where groups are whole in each fold.
    fn difficulty_by_groups(
        &self,
        scoring: &Scoring,
        groups: &[usize],
        n_folds: usize,
    ) -> Result<Vec<f64>, LabError> {
        let train = &self.parts.train;
        let seed = FIRST_SCORING_SEED + self.seed;
        let groups: Vec<usize> = self.parts.examples.iter().map(|&example| groups[example]).collect();
        let all: Vec<usize> = (0..train.n_examples()).collect();
        let folds = by_groups(&groups, &all, &vec![1.0 / n_folds as f64; n_folds], seed);
        let mut losses = vec![0.0; train.n_examples()];
        for fold in folds.iter().filter(|fold| !fold.is_empty()) {
            let rest: Vec<usize> =
                all.iter().copied().filter(|example| fold.binary_search(example).is_err()).collect();
            let (rest, held_out) = (train.subset(&rest)?, train.subset(fold)?);
            let model = self.plan.model.make(self.problem, seed)?;
            let model = match self.problem.task() {
                Task::Classification => scoring.train(model, &CrossEntropy, &rest, seed)?,
                Task::Regression => scoring.train(model, &Squared, &rest, seed)?,
            };
            let of_fold = evaluated(self.problem.task(), &model, &held_out)?.losses;
            fold.iter().zip(of_fold).for_each(|(&example, loss)| losses[example] = loss);
        }
        Ok(losses)
    }

    /// Trains by `strategy` and reads the test part once.
    pub(super) fn run(
        &self,
        strategy: Strategy,
        difficulty: Option<&[f64]>,
        n_updates: u64,
        learning_rate: f64,
    ) -> Result<Record, LabError> {
        let train = &self.parts.train;
        let needed = || difficulty.ok_or_else(|| LabError::argument("difficulty", "none", "one of each example"));
        let loss = match strategy {
            Strategy::Focal { gamma } => TrainingLoss::Focal { gamma },
            Strategy::SuperLoss { lambda } => TrainingLoss::SuperLoss { lambda },
            _ => TrainingLoss::Plain,
        };
        let kept = match strategy {
            Strategy::Kept { rule, keep } => {
                // A random part asks for no difficulty.
                let zeros = vec![0.0; train.n_examples()];
                let scores = if rule == Kept::Random { &zeros } else { needed()? };
                let rule: Box<dyn SelectionRule> = match rule {
                    Kept::Hardest => Box::new(KeepHardest),
                    Kept::CoverageCentric { beta } => {
                        Box::new(CoverageCentric::new(beta, CoverageCentric::STRATA)?)
                    }
                    Kept::Random => Box::new(KeepRandom),
                };
                Some(train.subset(&rule.select(scores, Keep::Keep(keep), self.seed)?.kept)?)
            }
            _ => None,
        };
        let train = kept.as_ref().unwrap_or(train);
        let batch_size = self.batch_size(train.n_examples());
        let mut sampler = self.sampler(strategy, difficulty, train, batch_size, n_updates)?;
        let recipe = Recipe {
            model: self.plan.model.clone(),
            loss,
            batch_size,
            n_updates,
            learning_rate,
            momentum: MOMENTUM,
            weight_decay: WEIGHT_DECAY,
        };
        let fitted = recipe.fit(self.problem, train, &self.parts, self.metric, &mut *sampler, self.seed)?;
        let test =
            self.metric.of(&evaluated(self.problem.task(), &fitted.model, &self.parts.test)?, &self.parts.test);
        Ok(Record::new()
            .scalar("test", test)
            .scalar("validation", fitted.validation)
            .scalar("updates", fitted.n_updates as f64)
            .scalar("examples", fitted.n_presented as f64)
            .scalar("diverged", f64::from(u8::from(fitted.diverged))))
    }

    fn batch_size(&self, n: usize) -> usize {
        self.plan.batch_size.min(n).max(1)
    }

    fn sampler(
        &self,
        strategy: Strategy,
        difficulty: Option<&[f64]>,
        train: &Dataset<f32>,
        batch_size: usize,
        n_updates: u64,
    ) -> Result<Box<dyn Sampler>, LabError> {
        let (n, seed) = (train.n_examples(), self.seed);
        Ok(match strategy {
            Strategy::Ordered { order, a, b } => {
                let order = match (order, difficulty) {
                    (Order::Random, _) => Random::of(n, seed),
                    (Order::EasyFirst, Some(scores)) => EasyFirst.order(scores, seed)?,
                    (Order::HardFirst, Some(scores)) => HardFirst.order(scores, seed)?,
                    (_, None) => return Err(LabError::argument("difficulty", "none", "one of each example")),
                };
                Box::new(PrefixSampler::new(order, Linear::new(a, b)?, batch_size, n_updates, seed)?)
            }
            Strategy::SelfPaced { a, b } => {
                let n_epochs = n_updates.div_ceil(n.div_ceil(batch_size) as u64).max(1);
                let annealing = Annealing::quantile(Linear::new(a, b)?, n_epochs)?;
                let shuffled = Presentation::Shuffled { seed };
                // The age is set by the quantile, whatever it is at first.
                Box::new(SelfPacedSampler::of(HardSelfPaced::new(1.0)?, annealing, n, batch_size, shuffled)?)
            }
            _ => Box::new(ShuffleSampler::new(n, batch_size, seed)?),
        })
    }
}

/// What learns, in words.
pub(super) fn model_in_words(model: &ModelKind, task: Task) -> String {
    match (model, task) {
        (ModelKind::Linear, Task::Classification) => "softmax regression".into(),
        (ModelKind::Linear, Task::Regression) => "linear regression".into(),
        (ModelKind::Mlp { hidden }, _) => {
            let widths: Vec<String> = hidden.iter().map(usize::to_string).collect();
            format!("a perceptron with {} hidden units", widths.join(" and "))
        }
    }
}
