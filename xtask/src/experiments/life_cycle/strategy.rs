//! What comes before maturity and what after it, and one run of the two.

use anyhow::Result;
use cl_data::{Dataset, Sampler};
use cl_model::{Activation, Budget, CrossEntropy, Initialization, Mlp, Model, ModelError, Sgd, Trainer, evaluate};
use cl_pacing::{EasyFirst, Linear, Order, PrefixSampler, Random, ShuffleSampler};
use cl_prune::{LifeCycleSampler, Maturity, Retirement};
use cl_study::Record;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{noisy_split::NoisySplit, teacher::Teacher};

/// Epochs after which the network that tells what is easy stops.
pub(super) const TEACHER_EPOCHS: u64 = 4;

/// The part of the data that a paced order begins with.
pub(super) const FIRST_PART: f64 = 0.3;

/// Validations in a row without improvement after which a model has matured; one validation for every pass's worth of
/// updates.
pub(super) const PATIENCE: u32 = 3;

/// How examples are shown before maturity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// All of them, shuffled.
    Shuffled,
    /// A growing part, easy ones first.
    EasyFirst,
    /// A part that grows as fast, in random order.
    RandomOrder,
}

/// What is pruned at maturity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    Nothing,
    /// What was learned and never forgotten, of lowest loss first.
    Mastered,
    /// As many at random.
    Random,
}

/// One arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Strategy {
    pub(super) name: &'static str,
    pub(super) before: Before,
    pub(super) after: After,
}

const fn strategy(name: &'static str, before: Before, after: After) -> Strategy {
    Strategy { name, before, after }
}

impl Strategy {
    /// Whether it begins with a part of the data.
    pub(super) fn is_paced(self) -> bool {
        self.before != Before::Shuffled
    }

    pub(super) fn prunes(self) -> bool {
        self.after != After::Nothing
    }
}

pub(super) const NEITHER: Strategy = strategy("neither", Before::Shuffled, After::Nothing);
pub(super) const CURRICULUM: Strategy = strategy("curriculum only", Before::EasyFirst, After::Nothing);
pub(super) const PRUNING: Strategy = strategy("pruning only", Before::Shuffled, After::Mastered);
pub(super) const BOTH: Strategy = strategy("both", Before::EasyFirst, After::Mastered);
pub(super) const CURRICULUM_CONTROL: Strategy =
    strategy("paced random order only", Before::RandomOrder, After::Nothing);
pub(super) const PRUNING_CONTROL: Strategy = strategy("random pruning only", Before::Shuffled, After::Random);

/// What `both` is held against beside the single ones: its order random, its pruning random, both random.
pub(super) const CONTROLS: [Strategy; 3] = [
    strategy("both, random order", Before::RandomOrder, After::Mastered),
    strategy("both, random pruning", Before::EasyFirst, After::Random),
    strategy("both random", Before::RandomOrder, After::Random),
];

/// What is chosen on the validation parts of other seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Settings {
    /// The part of the budget after which all examples are available.
    pub(super) full_at: f64,
    /// The largest part of the data that is pruned.
    pub(super) at_most: f64,
}

/// What is equal for all arms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Equal {
    Updates,
    /// Examples presented or scored, those of the network that tells what is easy included.
    Examples,
    /// Epochs of whatever is shown, which is cheaper where that is less.
    Epochs,
}

impl Equal {
    pub(super) const ALL: [Self; 3] = [Self::Updates, Self::Examples, Self::Epochs];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Updates => "equal updates",
            Self::Examples => "equal examples",
            Self::Epochs => "equal epochs",
        }
    }
}

/// A perceptron with one hidden layer and its plain gradient descent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recipe {
    pub(super) n_hidden: usize,
    pub(super) batch_size: usize,
    pub(super) n_epochs: u64,
    pub(super) learning_rate: f64,
}

impl Recipe {
    pub(super) fn settings(&self) -> Value {
        json!({
            "hidden": self.n_hidden, "batch_size": self.batch_size, "epochs": self.n_epochs,
            "rate": self.learning_rate, "teacher_epochs": TEACHER_EPOCHS, "first_part": FIRST_PART,
            "patience": PATIENCE,
        })
    }

    fn network(&self, data: &Dataset<f32>, seed: u64) -> Result<Mlp<f32>> {
        let widths = [data.n_features(), self.n_hidden, data.n_classes()];
        Ok(Mlp::new(&widths, Activation::Relu, Initialization::He, seed)?)
    }

    /// Losses under a network of other first weights, after a few epochs.
    fn difficulty(&self, data: &Dataset<f32>, seed: u64) -> Result<Vec<f64>> {
        let Self { batch_size, learning_rate, .. } = *self;
        let teacher = Teacher { batch_size, n_epochs: TEACHER_EPOCHS, learning_rate };
        teacher.losses(data, seed, |seed| self.network(data, seed))
    }

    /// Trains by one strategy; the test part is read with the last weights and with those that validated best.
    pub(super) fn train(
        &self,
        split: &NoisySplit,
        strategy: Strategy,
        settings: Settings,
        equal: Equal,
        seed: u64,
    ) -> Result<Record> {
        let data = &split.train;
        let (n, b) = (data.n_examples(), self.batch_size);
        let per_epoch = n.div_ceil(b) as u64;
        let (n_updates, n_examples) = (self.n_epochs * per_epoch, self.n_epochs * n as u64);
        let (difficulty, mut n_scored) = match strategy.before {
            Before::EasyFirst => (self.difficulty(data, seed)?, (TEACHER_EPOCHS + 1) * n as u64),
            Before::Shuffled | Before::RandomOrder => (vec![0.0; n], 0),
        };
        let n_steps = match equal {
            Equal::Updates | Equal::Epochs => n_updates,
            Equal::Examples => n_examples.saturating_sub(n_scored).div_ceil(b as u64),
        };
        let paced = |order: Vec<usize>| -> Result<Box<dyn Sampler + Send>> {
            let pacing = Linear::new(settings.full_at, FIRST_PART)?;
            Ok(Box::new(PrefixSampler::new(order, pacing, b, n_steps, seed)?))
        };
        let before = match strategy.before {
            Before::Shuffled => Box::new(ShuffleSampler::new(n, b, seed)?),
            Before::EasyFirst => paced(EasyFirst.order(&difficulty, seed)?)?,
            Before::RandomOrder => paced(Random.order(&difficulty, seed)?)?,
        };
        let plateau = Maturity::Plateau { patience: PATIENCE, min_delta: 0.0 };
        let at_most = settings.at_most;
        let (maturity, retirement) = match strategy.after {
            // Never: a curriculum goes on as it was.
            After::Nothing => (Maturity::Epoch(u64::MAX), Retirement::Nothing),
            After::Mastered => (plateau, Retirement::Mastered { at_most }),
            After::Random => (plateau, Retirement::RandomlyMatched { at_most }),
        };
        let mut sampler = LifeCycleSampler::new(before, maturity, retirement, b, seed)?;

        let mut network = self.network(data, seed)?;
        let mut sgd = Sgd::plain();
        let trainer = Trainer::new(Budget::Updates(u64::MAX), self.learning_rate)?;
        let mut run = trainer.start(&network, &CrossEntropy, data, None, &sampler)?;
        let mut best = (0.0, 0, network.parameters().to_vec());
        let mut curve = Vec::new();
        let mut validated_at = 0;
        let mut wanted = Vec::new();
        loop {
            let training = run.training();
            let goes_on = match equal {
                Equal::Updates => training.n_updates < n_updates,
                Equal::Examples => training.n_presented + n_scored + b as u64 <= n_examples,
                Equal::Epochs => sampler.epoch(training.n_steps).index < self.n_epochs,
            };
            if goes_on {
                sampler.wanted(training.n_steps, &mut wanted);
                n_scored += wanted.len() as u64;
                run.step(&mut network, &CrossEntropy, &mut sgd, &mut sampler, &mut [])?;
            }
            let n_updates = run.training().n_updates;
            if n_updates > validated_at && (!goes_on || n_updates.is_multiple_of(per_epoch)) {
                validated_at = n_updates;
                let accuracy = evaluate(&network, &CrossEntropy, &split.validation)?.accuracy();
                sampler.validated(accuracy)?;
                curve.push(accuracy);
                if accuracy > best.0 {
                    best = (accuracy, n_updates, network.parameters().to_vec());
                }
            }
            if !goes_on {
                break;
            }
        }
        let training = run.training();
        let test =
            |network: &Mlp<f32>| Ok::<_, ModelError>(evaluate(network, &CrossEntropy, &split.test)?.accuracy());
        let at_the_end = test(&network)?;
        network.parameters_mut().copy_from_slice(&best.2);
        let record = Record::new()
            .scalar("test", at_the_end)
            .scalar("test, best validated", test(&network)?)
            .scalar("validation", curve.last().copied().unwrap_or(0.0))
            .scalar("updates", training.n_updates as f64)
            .scalar("examples", training.n_presented as f64)
            .scalar("scored", n_scored as f64)
            .curve("validations", curve);
        let Some(switch) = sampler.switch() else {
            return Ok(record.scalar("matured", 0.0));
        };
        let wrong = switch.kept.iter().filter(|&&example| split.mislabelled[example]).count();
        Ok(record
            .scalar("matured", 1.0)
            .scalar("matured_at", switch.step as f64 / per_epoch as f64)
            .scalar("best after pruning", f64::from(u8::from(best.1 > switch.step)))
            .scalar("kept", switch.kept.len() as f64 / n as f64)
            .scalar("wrong", wrong as f64 / switch.kept.len() as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noisy_split::Pool;
    use cl_model::{Criterion, Validation};

    const SETTINGS: Settings = Settings { full_at: 0.5, at_most: 0.6 };
    const RECIPE: Recipe = Recipe { n_hidden: 16, batch_size: 32, n_epochs: 40, learning_rate: 0.1 };

    fn split() -> NoisySplit {
        Pool::digits().unwrap().split(0.2, 1).unwrap()
    }

    #[test]
    fn budgets_are_equal_and_controls_prune_as_many() {
        let split = split();
        let n = split.train.n_examples() as f64;
        let of = |strategy, equal| RECIPE.train(&split, strategy, SETTINGS, equal, 1).unwrap().scalars;
        let updates = 40.0 * (n / 32.0).ceil();
        for strategy in [NEITHER, CURRICULUM, PRUNING, BOTH, CURRICULUM_CONTROL, PRUNING_CONTROL] {
            assert_eq!(of(strategy, Equal::Updates)["updates"], updates, "{}", strategy.name);
            let paid = of(strategy, Equal::Examples);
            let spent = paid["examples"] + paid["scored"];
            assert!(spent <= 40.0 * n && spent > 40.0 * n - 32.0, "{} {spent}", strategy.name);
        }
        for (own, control) in [(PRUNING, PRUNING_CONTROL), (BOTH, CONTROLS[1])] {
            let (own, control) = (of(own, Equal::Updates), of(control, Equal::Updates));
            assert_eq!(own["matured"], 1.0);
            assert_eq!((own["kept"], own["matured_at"]), (control["kept"], control["matured_at"]));
            // What is pruned at random is as wrong as the whole; what stays of the mastered pruned is more so.
            assert!(own["wrong"] > control["wrong"], "{own:?} {control:?}");
        }
        assert!(of(PRUNING, Equal::Epochs)["examples"] < of(NEITHER, Equal::Epochs)["examples"]);
    }

    #[test]
    fn a_trainer_tells_it_when_the_model_has_matured() {
        let split = split();
        let n = split.train.n_examples();
        let plateau = Maturity::Plateau { patience: PATIENCE, min_delta: 0.0 };
        let before = Box::new(ShuffleSampler::new(n, 32, 5).unwrap());
        let mut sampler =
            LifeCycleSampler::new(before, plateau, Retirement::Mastered { at_most: 0.5 }, 32, 5).unwrap();
        let mut network = RECIPE.network(&split.train, 5).unwrap();
        let validation = Validation { criterion: Criterion::Accuracy, patience: None };
        let trainer = Trainer::new(Budget::Epochs(40), 0.1).unwrap().with_validation(validation);
        let mut sgd = Sgd::plain();
        let data = (&split.train, &split.validation);
        trainer
            .train_validated(&mut network, &CrossEntropy, &mut sgd, data.0, data.1, &mut sampler, &mut [])
            .unwrap();
        let switch = sampler.switch().unwrap();
        assert!(switch.epoch > u64::from(PATIENCE) && switch.kept.len() < n, "{switch:?}");
    }

    #[test]
    fn neither_is_plain_training() {
        let split = split();
        let record = RECIPE.train(&split, NEITHER, SETTINGS, Equal::Updates, 5).unwrap();
        let mut network = RECIPE.network(&split.train, 5).unwrap();
        let mut sampler = ShuffleSampler::new(split.train.n_examples(), 32, 5).unwrap();
        let trainer = Trainer::new(Budget::Epochs(40), 0.1).unwrap();
        let mut sgd = Sgd::plain();
        trainer.train(&mut network, &CrossEntropy, &mut sgd, &split.train, &mut sampler, &mut []).unwrap();
        let accuracy = evaluate(&network, &CrossEntropy, &split.validation).unwrap().accuracy();
        assert_eq!(record.curves["validations"].last(), Some(&accuracy));
    }
}
