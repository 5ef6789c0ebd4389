//! Teachers, learners and how they are trained.

use anyhow::{Result, anyhow};
use cl_data::{Dataset, Fingerprint, Sampler};
use cl_difficulty::model_based::{MadeSampler, Recipe, bootstrapped, self_taught, teacher_uncertainty};
use cl_difficulty::spearman;
use cl_model::{Activation, Budget, CrossEntropy, Initialization, Mlp, ModelError, Sgd, Trainer, evaluate};
use cl_pacing::{
    ClassBalanced, EasyFirst, FixedExponential, HardFirst, MiniBatchSampler, Order, PacingError, Random,
    ShuffleSampler,
};
use cl_study::{Better, Choice, Metric, Record};
use serde_json::{Value, json};

use super::source::{Parts, Source};
use crate::{experiment::Context, stepwise};

/// The learner's own ranking at the end.
pub(super) const OWN_END: &str = "the learner's own at the end";

/// The name of the curve of the learner's agreement with a ranking.
pub(super) fn agreement_with(name: &str) -> String {
    format!("agreement with {name}")
}

/// Who says what is hard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scoring {
    /// A teacher of another architecture.
    Transfer,
    /// The learner's architecture, trained in random order.
    SelfTaught,
    /// The learner's architecture, trained with a curriculum by the self-taught score.
    Bootstrapped,
}

impl Scoring {
    pub(super) const ALL: [Self; 3] = [Self::Transfer, Self::SelfTaught, Self::Bootstrapped];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::SelfTaught => "self-taught",
            Self::Bootstrapped => "bootstrapped",
        }
    }
}

/// In which order a learner is shown its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arm {
    /// All data from the start, shuffled.
    Vanilla,
    /// Easy first, classes in turn.
    Curriculum(Scoring),
    /// Easy first by the transfer teacher, classes as they come.
    Unbalanced,
    /// Hard first by the transfer teacher, classes in turn.
    Anti,
    /// The control: random order, paced as a curriculum.
    Random,
}

impl Arm {
    pub(super) const ALL: [Self; 7] = [
        Self::Vanilla,
        Self::Random,
        Self::Curriculum(Scoring::Transfer),
        Self::Curriculum(Scoring::SelfTaught),
        Self::Curriculum(Scoring::Bootstrapped),
        Self::Unbalanced,
        Self::Anti,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Vanilla => "vanilla",
            Self::Random => "random order, same pacing",
            Self::Curriculum(Scoring::Transfer) => "curriculum, transfer",
            Self::Curriculum(Scoring::SelfTaught) => "curriculum, self-taught",
            Self::Curriculum(Scoring::Bootstrapped) => "curriculum, bootstrapped",
            Self::Unbalanced => "curriculum, transfer, unbalanced",
            Self::Anti => "anti-curriculum, transfer",
        }
    }
}

/// One data set, and how networks are trained on it.
pub(super) struct Task {
    pub(super) key: &'static str,
    pub(super) name: &'static str,
    /// The name of its first figure's file.
    pub(super) figure: &'static str,
    pub(super) size: &'static str,
    pub(super) n_train: usize,
    pub(super) n_validation: usize,
    pub(super) n_epochs: u64,
    learner: &'static [usize],
    teacher: &'static [usize],
}

const BATCH_SIZE: usize = 32;
const RATES: [f64; 5] = [0.01, 0.03, 0.1, 0.3, 1.0];
const N_TUNING_SEEDS: u64 = 3;
/// The paper's share at first and factor of an increase.
const START: f64 = 0.04;
const INCREASE: f64 = 1.9;
/// Increases before all data are available.
const N_INCREASES: u64 = 6;
/// A run holds this many times the mini-batches between two increases: 3,500 and 100 in the paper.
const STEPS_PER_RUN: u64 = 35;

impl Task {
    pub(super) fn digits(context: &Context<'_>) -> Self {
        Self {
            key: "digits",
            name: "UCI digits",
            figure: "transfer",
            size: if context.quick { "quick" } else { "usual" },
            n_train: 1078,
            n_validation: 360,
            n_epochs: if context.quick { 8 } else { 40 },
            learner: &[64, 32, 10],
            teacher: &[64, 128, 128, 10],
        }
    }

    pub(super) fn fashion(context: &Context<'_>) -> Self {
        let (size, n_train, n_epochs) = if context.quick { ("quick", 320, 4) } else { ("usual", 2_000, 30) };
        Self {
            key: "fashion-mnist",
            name: "Fashion-MNIST",
            figure: "transfer-fashion-mnist",
            size,
            n_train,
            n_validation: n_train / 2,
            n_epochs,
            learner: &[784, 32, 10],
            teacher: &[784, 128, 128, 10],
        }
    }

    /// What repetitions share where it is measured on the test part: digits are cut by every seed, images drawn by it.
    pub(super) fn test_to_train(&self) -> f64 {
        if self.is_cut() { 0.25 } else { self.shared_training() }
    }

    /// The same where it is measured on the training part: two of a share f have f in common.
    pub(super) fn shared_training(&self) -> f64 {
        let share = if self.is_cut() { 0.6 } else { self.n_train as f64 / 60_000.0 };
        share / (1.0 - share)
    }

    /// Whether training and test part are cut from one set.
    fn is_cut(&self) -> bool {
        self.key == "digits"
    }

    fn per_epoch(&self) -> u64 {
        self.n_train.div_ceil(BATCH_SIZE) as u64
    }

    fn n_updates(&self) -> u64 {
        self.n_epochs * self.per_epoch()
    }

    /// Mini-batches between two increases.
    fn step_length(&self) -> u64 {
        (self.n_updates() / STEPS_PER_RUN).max(1)
    }

    /// The update from which on all data are available.
    pub(super) fn full_at(&self) -> u64 {
        (N_INCREASES * self.step_length()).min(self.n_updates())
    }

    pub(super) fn conditions(&self) -> String {
        let widths = |widths: &[usize]| widths.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
        format!(
            "{}, about {} training images, learner {}, teacher {}, {} updates",
            self.name,
            self.n_train,
            widths(self.learner),
            widths(self.teacher),
            self.n_updates()
        )
    }

    pub(super) fn note(&self, rate: f64) -> String {
        format!(
            "On {}: rectified units, plain SGD in batches of {BATCH_SIZE}, {} updates ({} epochs of the training \
             set), learning rate {rate}, the best of {RATES:?} for vanilla by validation accuracy on {N_TUNING_SEEDS} \
             seeds of its own. Pacing: {START} of the data at first, {INCREASE} times as much every {} updates, all \
             from update {} on. Every seed has its own split, teachers and first weights, the same for all arms.",
            self.name,
            self.n_updates(),
            self.n_epochs,
            self.step_length(),
            self.full_at(),
        )
    }

    /// All that the numbers depend on besides the seed.
    pub(super) fn settings(&self, rate: f64, data: Fingerprint) -> Value {
        json!({
            "data": data.to_string(),
            "learner": self.learner,
            "teacher": self.teacher,
            "n_train": self.n_train,
            "n_validation": self.n_validation,
            "n_updates": self.n_updates(),
            "batch_size": BATCH_SIZE,
            "learning_rate": rate,
            "pacing": {"start": START, "increase": INCREASE, "step_length": self.step_length()},
        })
    }

    /// Trains teachers and ranks the training set by them. `between_teachers` is the correlation with the ranking by
    /// teachers from other seeds.
    pub(super) fn score(&self, scoring: Scoring, parts: &Parts, rate: f64, seed: u64) -> Result<Record> {
        let recipe = Recipe::plain(Budget::Updates(self.n_updates()), BATCH_SIZE, rate);
        let make = |widths: &'static [usize]| {
            move |seed: u64| -> Result<Mlp<f32>, ModelError> {
                Mlp::new(widths, Activation::Relu, Initialization::He, seed)
            }
        };
        let train = &parts.train;
        let by = |teacher: u64| -> Result<Vec<f64>> {
            let seeds = [3_000_000 + 2 * seed + teacher];
            Ok(match scoring {
                Scoring::Transfer => {
                    let teachers = recipe.train_all(make(self.teacher), &CrossEntropy, train, &seeds)?;
                    teacher_uncertainty(&teachers, train)?
                }
                Scoring::SelfTaught => self_taught(make(self.learner), &recipe, &CrossEntropy, train, &seeds)?,
                Scoring::Bootstrapped => {
                    let curriculum = |difficulty: &[f64], seed: u64| -> MadeSampler {
                        Ok(self.paced(in_turn(EasyFirst, train).order(difficulty, seed)?, seed)?)
                    };
                    let make = make(self.learner);
                    let rounds = bootstrapped(make, &recipe, &CrossEntropy, train, &seeds, 1, curriculum)?;
                    rounds.into_iter().last().unwrap_or_default()
                }
            })
        };
        let (difficulty, other) = (by(0)?, by(1)?);
        let between = spearman(&difficulty, &other)?.ok_or_else(|| anyhow!("a teacher ranks nothing"))?;
        Ok(Record::new().scalar("between_teachers", between).curve("difficulty", difficulty))
    }

    /// Mini-batches from the part of the order that the pacing makes available.
    fn paced(&self, order: Vec<usize>, seed: u64) -> Result<Box<dyn Sampler>, PacingError> {
        let pacing = FixedExponential::new(START, INCREASE, self.step_length(), self.n_updates())?;
        Ok(Box::new(MiniBatchSampler::new(order, pacing, BATCH_SIZE, self.n_updates(), seed)?))
    }

    /// One learner: its validation accuracy epoch by epoch, its test accuracy at the end, and for the vanilla arm how
    /// far its losses agree with the rankings.
    pub(super) fn learn(
        &self,
        arm: Arm,
        parts: &Parts,
        difficulties: &[&[f64]; 3],
        rate: f64,
        seed: u64,
    ) -> Result<Record> {
        let Parts { train, validation, test } = parts;
        let n = train.n_examples();
        let by = |scoring: Scoring| difficulties[Scoring::ALL.iter().position(|s| *s == scoring).unwrap_or(0)];
        let mut sampler: Box<dyn Sampler> = match arm {
            Arm::Vanilla => Box::new(ShuffleSampler::new(n, BATCH_SIZE, seed)?),
            Arm::Curriculum(scoring) => self.paced(in_turn(EasyFirst, train).order(by(scoring), seed)?, seed)?,
            Arm::Unbalanced => self.paced(EasyFirst.order(by(Scoring::Transfer), seed)?, seed)?,
            Arm::Anti => self.paced(in_turn(HardFirst, train).order(by(Scoring::Transfer), seed)?, seed)?,
            Arm::Random => self.paced(Random::of(n, seed), seed)?,
        };
        let mut model = Mlp::new(self.learner, Activation::Relu, Initialization::He, seed)?;
        let per_epoch = self.per_epoch();
        let trainer = Trainer::new(Budget::Updates(per_epoch), rate)?;
        let (mut accuracy, mut updates, mut n_presented) = (Vec::new(), Vec::new(), 0);
        let mut losses = Vec::new();
        for epoch in 0..=self.n_epochs {
            accuracy.push(evaluate(&model, &CrossEntropy, validation)?.accuracy());
            updates.push((epoch * per_epoch) as f64);
            if arm == Arm::Vanilla {
                losses.push(evaluate(&model, &CrossEntropy, train)?.losses);
            }
            if epoch < self.n_epochs {
                let mut sampler = stepwise::From { sampler: sampler.as_mut(), first_step: epoch * per_epoch };
                let training =
                    trainer.train(&mut model, &CrossEntropy, &mut Sgd::plain(), train, &mut sampler, &mut [])?;
                n_presented += training.n_presented;
            }
        }
        let quarter = &accuracy[1..=(self.n_epochs as usize).div_ceil(4)];
        let mut record = Record::new()
            .scalar("early", quarter.iter().sum::<f64>() / quarter.len() as f64)
            .scalar("final", evaluate(&model, &CrossEntropy, test)?.accuracy())
            .scalar("final_validation", accuracy[accuracy.len() - 1])
            .scalar("updates", self.n_updates() as f64)
            .scalar("examples", n_presented as f64)
            .curve("accuracy", accuracy)
            .curve("updates", updates);
        if let Some(end) = losses.last() {
            let rankings = Scoring::ALL.map(|scoring| (scoring.name(), by(scoring)));
            for (name, ranking) in rankings.into_iter().chain([(OWN_END, &end[..])]) {
                let agreement: Vec<f64> = losses
                    .iter()
                    .map(|losses| Ok(spearman(losses, ranking)?.unwrap_or(f64::NAN)))
                    .collect::<Result<_>>()?;
                record = record.curve(agreement_with(name), agreement);
            }
        }
        Ok(record)
    }

    /// The learning rate of the best mean validation accuracy for vanilla, on seeds of its own.
    pub(super) fn tuned(&self, source: &Source, context: &Context<'_>) -> Result<f64> {
        let seeds: Vec<u64> = (1_000_000..1_000_000 + N_TUNING_SEEDS).collect();
        let name = format!("transfer-{}", self.key);
        let choice = Choice::new(name, seeds, Metric::scalar("validation"), Better::Higher)
            .settings(source.fingerprint().to_string().into());
        let chosen = context.choose(&choice, &RATES, &context.seeds, |&rate, seed| {
            let Parts { train, validation, .. } = self.parts(source, seed)?;
            let mut model = Mlp::new(self.learner, Activation::Relu, Initialization::He, seed)?;
            let mut sampler = ShuffleSampler::new(train.n_examples(), BATCH_SIZE, seed)?;
            let trainer = Trainer::new(Budget::Updates(self.n_updates()), rate)?;
            trainer.train(&mut model, &CrossEntropy, &mut Sgd::plain(), &train, &mut sampler, &mut [])?;
            let accuracy = evaluate(&model, &CrossEntropy, &validation)?.accuracy();
            Ok(Record::new().scalar("validation", accuracy))
        })?;
        Ok(chosen.candidate)
    }

    /// What a run of this seed trains, validates and tests on.
    pub(super) fn parts(&self, source: &Source, seed: u64) -> Result<Parts> {
        source.parts(self.n_train, self.n_validation, seed)
    }
}

/// The order within classes, one example of each class in turn.
fn in_turn<O: Order>(order: O, data: &Dataset<f32>) -> ClassBalanced<O> {
    ClassBalanced::round_robin(order, data.labels().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pacing_has_all_data_after_six_increases() {
        let task = Task { n_epochs: 40, ..TASK };
        let mut sampler = MiniBatchSampler::new(
            (0..task.n_train).collect(),
            FixedExponential::new(START, INCREASE, task.step_length(), task.n_updates()).unwrap(),
            BATCH_SIZE,
            task.n_updates(),
            0,
        )
        .unwrap();
        assert_eq!(sampler.n_available(task.full_at()), task.n_train);
        assert!(sampler.n_available(task.full_at() - 1) < task.n_train);
        assert_eq!(sampler.n_available(0), (START * task.n_train as f64).ceil() as usize);
        let mut batch = cl_data::Batch::default();
        sampler.batch(0, &mut batch).unwrap();
        assert_eq!(batch.indices.len(), BATCH_SIZE);
    }

    const TASK: Task = Task {
        key: "digits",
        name: "UCI digits",
        figure: "transfer",
        size: "usual",
        n_train: 1078,
        n_validation: 360,
        n_epochs: 8,
        learner: &[64, 32, 10],
        teacher: &[64, 128, 128, 10],
    };
}
