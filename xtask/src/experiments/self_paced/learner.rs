//! Self-paced learning on digits with label noise: choose the weights for fixed parameters, train for fixed weights,
//! get older.

use std::fmt;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use cl_data::{
    Batch, Dataset, Epoch, NoisyLabels, Sampler, SamplerError, Standardization, random, stratified_split,
    symmetric_noise,
};
use cl_model::{Activation, Budget, CrossEntropy, Initialization, Mlp, Model, ModelError, Sgd, Trainer, evaluate};
use cl_pacing::{
    HardSelfPaced, LinearSelfPaced, LogarithmicSelfPaced, LogisticSelfPaced, Mixture, Mixture2,
    PolynomialSelfPaced, SelfPaced, SelfPacedDiversity,
};
use cl_study::{Record, quantile};
use serde::{Deserialize, Serialize};

pub(super) const BATCH_SIZE: usize = 32;
pub(super) const N_HIDDEN: usize = 32;
/// How often a run is validated within its updates.
pub(super) const N_CHECKS: u64 = 20;
/// The factor by which lambda grows each epoch, as in the article.
pub(super) const MU: f64 = 1.3;
/// The share of the examples admitted first where lambda is a quantile.
pub(super) const FIRST_SHARE: f64 = 0.4;
/// The oldest a logarithmic regulariser gets. Its age ends at 1, where its weights fall off so steeply that hardly an
/// example counts half: a quantile of the losses above 1 must stop before.
pub(super) const OLDEST_LOGARITHMIC: f64 = 0.95;
/// An example counts as left out where its weight is below this.
pub(super) const LEFT_OUT: f64 = 0.5;

/// A self-paced regulariser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Regularizer {
    Hard,
    Linear,
    Logarithmic,
    Mixture,
    Mixture2,
    Polynomial,
    Logistic,
    Diversity,
}

impl Regularizer {
    pub(super) const ALL: [Self; 8] = [
        Self::Hard,
        Self::Linear,
        Self::Logarithmic,
        Self::Mixture,
        Self::Mixture2,
        Self::Polynomial,
        Self::Logistic,
        Self::Diversity,
    ];

    /// At an age that will be set before it is used; groups are the classes given.
    fn young(self, labels: &[usize]) -> Result<Arc<dyn SelfPaced>> {
        Ok(match self {
            Self::Hard => Arc::new(HardSelfPaced::new(0.5)?),
            Self::Linear => Arc::new(LinearSelfPaced::new(0.5)?),
            Self::Logarithmic => Arc::new(LogarithmicSelfPaced::new(0.5)?),
            Self::Mixture => Arc::new(Mixture::new(0.5, 0.25)?),
            Self::Mixture2 => Arc::new(Mixture2::new(1.0, 0.5)?),
            Self::Polynomial => Arc::new(PolynomialSelfPaced::new(0.5, 3.0)?),
            Self::Logistic => Arc::new(LogisticSelfPaced::new(0.5)?),
            Self::Diversity => Arc::new(SelfPacedDiversity::new(0.5, 0.5, labels.to_vec())?),
        })
    }
}

impl fmt::Display for Regularizer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Hard => "hard",
            Self::Linear => "linear",
            Self::Logarithmic => "logarithmic",
            Self::Mixture => "mixture",
            Self::Mixture2 => "mixture2",
            Self::Polynomial => "polynomial",
            Self::Logistic => "logistic",
            Self::Diversity => "SPLD",
        })
    }
}

/// How lambda goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Pace {
    /// From the one that admits half of the examples, times mu each epoch.
    Value,
    /// The one that admits a share of the examples, which grows to the last share at half of the updates.
    Quantile,
}

/// A way of training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Arm {
    /// On everything.
    Plain,
    /// On as many examples as the quantile admits, at random anew each epoch.
    Random,
    /// Self-paced.
    Paced(Regularizer, Pace),
}

impl Arm {
    pub(super) fn all() -> Vec<Self> {
        let paced = [Pace::Quantile, Pace::Value].into_iter();
        let paced = paced.flat_map(|pace| Regularizer::ALL.map(|regularizer| Self::Paced(regularizer, pace)));
        [Self::Plain, Self::Random].into_iter().chain(paced).collect()
    }
}

impl fmt::Display for Arm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain => formatter.write_str("plain"),
            Self::Random => formatter.write_str("as many at random"),
            Self::Paced(regularizer, Pace::Quantile) => write!(formatter, "{regularizer}, quantile"),
            Self::Paced(regularizer, Pace::Value) => write!(formatter, "{regularizer}, growing value"),
        }
    }
}

/// Digits split and mislabelled by a seed: 60 % to train on, 20 % to validate on, 20 % to test on.
pub(super) struct Problem {
    train: Dataset<f32>,
    validation: Dataset<f32>,
    test: Dataset<f32>,
    /// Which training labels are wrong.
    mislabelled: Vec<bool>,
}

impl Problem {
    /// With another label for a share of the training and validation examples; the test part is clean.
    pub(super) fn new(digits: &Dataset<f32>, noise: f64, seed: u64) -> Result<Self> {
        let parts = stratified_split(digits.labels(), &[0.6, 0.2, 0.2], seed)?;
        let part = |at: usize| digits.subset(&parts[at]);
        let noisy = |part: &Dataset<f32>, at: u64| -> Result<NoisyLabels> {
            Ok(symmetric_noise(part.labels(), part.n_classes(), noise, 2 * seed + at)?)
        };
        let (train, validation) = (part(0)?, part(1)?);
        let (of_train, of_validation) = (noisy(&train, 0)?, noisy(&validation, 1)?);
        let standardization = Standardization::fit(&train)?;
        Ok(Self {
            train: standardization.apply(of_train.apply(train)?)?,
            validation: standardization.apply(of_validation.apply(validation)?)?,
            test: standardization.apply(part(2)?)?,
            mislabelled: of_train.changed,
        })
    }

    pub(super) fn n_train(&self) -> usize {
        self.train.n_examples()
    }
}

/// What every arm shares under one noise.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Recipe {
    pub(super) n_epochs: u64,
    pub(super) learning_rate: f64,
    /// The share of the examples that the quantile admits at last.
    pub(super) last_share: f64,
}

/// The examples of an epoch as shown, and how much each counts.
struct Shown {
    n_examples: usize,
    first_step: u64,
    order: Vec<usize>,
    weights: Vec<f64>,
}

impl Sampler for Shown {
    fn n_examples(&self) -> usize {
        self.n_examples
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        batch.clear();
        let start = ((step - self.first_step) as usize * BATCH_SIZE).min(self.order.len());
        batch.indices.extend_from_slice(&self.order[start..(start + BATCH_SIZE).min(self.order.len())]);
        batch.weights.extend(batch.indices.iter().map(|&example| self.weights[example]));
        Ok(())
    }

    fn epoch(&self, step: u64) -> Epoch {
        Epoch { index: 0, step: step - self.first_step, n_steps: self.order.len().div_ceil(BATCH_SIZE) as u64 }
    }
}

/// Chooses the weights of an epoch.
struct Chooser {
    arm: Arm,
    regularizer: Option<Arc<dyn SelfPaced>>,
    recipe: Recipe,
    seed: u64,
}

impl Chooser {
    /// The weight of each example, given its loss, at `progress` of the updates.
    fn choose(&mut self, epoch: u64, progress: f64, losses: &[f64]) -> Result<Vec<f64>> {
        let n = losses.len();
        // Untrained, a network has nothing to go by.
        if epoch == 0 || self.arm == Arm::Plain {
            return Ok(vec![1.0; n]);
        }
        let last = self.recipe.last_share;
        let first = FIRST_SHARE.min(last);
        let share = first + (last - first) * (2.0 * progress).min(1.0);
        if self.arm == Arm::Random {
            let mut weights = vec![0.0; n];
            let mut rng = random::stream(self.seed, "random selection", epoch);
            let n_chosen = (share * n as f64 + 0.5).floor() as usize;
            random::choose(&mut rng, n, n_chosen).into_iter().for_each(|example| weights[example] = 1.0);
            return Ok(weights);
        }
        let regularizer = self.regularizer.as_ref().ok_or_else(|| anyhow!("{} has no regulariser", self.arm))?;
        let lambda = match self.arm {
            Arm::Paced(_, Pace::Value) if epoch > 1 => regularizer.lambda() * MU,
            Arm::Paced(_, Pace::Value) => regularizer.lambda_admitting(quantile(losses, 0.5)?),
            _ => regularizer.lambda_admitting(quantile(losses, share)?),
        };
        let oldest = match self.arm {
            Arm::Paced(Regularizer::Logarithmic, _) => OLDEST_LOGARITHMIC,
            _ => regularizer.largest_lambda(),
        };
        let older = regularizer.with_lambda(lambda.min(oldest))?;
        let mut weights = vec![0.0; n];
        older.weights(losses, &mut weights)?;
        self.regularizer = Some(older);
        Ok(weights)
    }
}

/// What a selection leaves out.
#[derive(Debug, Clone, Copy)]
struct Omitted {
    all: f64,
    mislabelled: f64,
}

impl Omitted {
    fn by(weights: &[f64], mislabelled: &[bool]) -> Self {
        let left_out = || weights.iter().zip(mislabelled).filter(|(weight, _)| **weight < LEFT_OUT);
        let n_mislabelled = left_out().filter(|(_, mislabelled)| **mislabelled).count();
        Self { all: left_out().count() as f64, mislabelled: n_mislabelled as f64 }
    }
}

impl Recipe {
    /// Updates of `n_epochs` passes over everything.
    pub(super) fn n_updates(&self, problem: &Problem) -> u64 {
        self.n_epochs * problem.n_train().div_ceil(BATCH_SIZE) as u64
    }

    /// Trains until both budgets are spent: the updates of plain training, and the examples that it shows.
    ///
    /// Parameters are those of the best validation accuracy within a budget. Weights are scaled to a mean of 1 over the
    /// examples shown, so that arms do not differ in their learning rates.
    pub(super) fn train(&self, problem: &Problem, arm: Arm, seed: u64) -> Result<Record> {
        let (train, n) = (&problem.train, problem.n_train());
        let (n_updates, n_examples) = (self.n_updates(problem), self.n_epochs * n as u64);
        let mut model = Mlp::new(
            &[train.n_features(), N_HIDDEN, train.n_classes()],
            Activation::Relu,
            Initialization::He,
            seed,
        )?;
        let regularizer = match arm {
            Arm::Paced(regularizer, _) => Some(regularizer.young(train.labels())?),
            _ => None,
        };
        let mut chooser = Chooser { arm, regularizer, recipe: *self, seed };
        let mut shown = Shown { n_examples: n, first_step: 0, order: Vec::new(), weights: vec![1.0; n] };
        let mut run = Trainer::new(Budget::Updates(u64::MAX), self.learning_rate)?.start(
            &model,
            &CrossEntropy,
            train,
            None,
            &shown,
        )?;
        let mut sgd = Sgd::plain();
        let mut best = (f64::NEG_INFINITY, model.parameters().to_vec());
        let mut record =
            Record::new().scalar("mislabelled", problem.mislabelled.iter().filter(|&&is| is).count() as f64);
        let (mut omitted, mut in_updates) = (Vec::new(), true);
        let mut epoch = 0;
        'epochs: loop {
            let progress = run.training().n_updates as f64 / n_updates as f64;
            let weights = chooser.choose(epoch, progress, &evaluate(&model, &CrossEntropy, train)?.losses)?;
            shown.first_step = run.training().n_steps;
            shown.order = (0..n).filter(|&example| weights[example] > 0.0).collect();
            random::shuffle(&mut random::stream(seed, "self-paced epoch", epoch), &mut shown.order);
            let mean = weights.iter().sum::<f64>() / shown.order.len().max(1) as f64;
            shown.weights = weights.iter().map(|weight| weight / mean).collect();
            epoch += 1;
            for _ in 0..shown.order.len().div_ceil(BATCH_SIZE) {
                run.step(&mut model, &CrossEntropy, &mut sgd, &mut shown, &mut [])?;
                let training = run.training();
                let examples_spent = training.n_presented >= n_examples;
                if training.n_updates.is_multiple_of((n_updates / N_CHECKS).max(1))
                    || training.n_updates == n_updates
                    || examples_spent
                {
                    let accuracy = evaluate(&model, &CrossEntropy, &problem.validation)?.accuracy();
                    if accuracy > best.0 {
                        best = (accuracy, model.parameters().to_vec());
                    }
                    if in_updates {
                        omitted.push(Omitted::by(&weights, &problem.mislabelled));
                    }
                }
                if training.n_updates == n_updates {
                    in_updates = false;
                    record = record
                        .scalar("validation", best.0)
                        .scalar("test", self.test(&model, &best.1, problem)?)
                        .scalar("test_last", self.test(&model, model.parameters(), problem)?)
                        .scalar("examples", training.n_presented as f64)
                        .scalar("updates", training.n_updates as f64);
                }
                if examples_spent && training.n_updates >= n_updates {
                    record = record
                        .scalar("test_at_equal_examples", self.test(&model, &best.1, problem)?)
                        .scalar("updates_at_equal_examples", training.n_updates as f64);
                    break 'epochs;
                }
            }
        }
        let curve = |value: &dyn Fn(&Omitted) -> f64| omitted.iter().map(value).collect::<Vec<f64>>();
        Ok(record.curve("left_out", curve(&|o| o.all)).curve("left_out_mislabelled", curve(&|o| o.mislabelled)))
    }

    fn test(&self, model: &Mlp<f32>, parameters: &[f32], problem: &Problem) -> Result<f64, ModelError> {
        let mut model = model.clone();
        model.parameters_mut().copy_from_slice(parameters);
        Ok(evaluate(&model, &CrossEntropy, &problem.test)?.accuracy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cl_data::bundled;

    fn chooser(arm: Arm, labels: &[usize], last_share: f64) -> Chooser {
        let regularizer = match arm {
            Arm::Paced(regularizer, _) => Some(regularizer.young(labels).unwrap()),
            _ => None,
        };
        let recipe = Recipe { n_epochs: 1, learning_rate: 0.1, last_share };
        Chooser { arm, regularizer, recipe, seed: 1 }
    }

    /// Whatever its weights, a regulariser paced by the quantile leaves out the rest, the hardest: SPLD and the
    /// logistic one about as many, the logarithmic one no fewer, whose age ends at 1.
    #[test]
    fn a_quantile_leaves_out_the_hardest() {
        let losses: Vec<f64> = (0..200).map(|i| f64::from(i * 37 % 200) / 250.0).collect();
        let labels: Vec<usize> = (0..200).map(|i| i % 10).collect();
        for regularizer in Regularizer::ALL {
            let arm = Arm::Paced(regularizer, Pace::Quantile);
            let mut chooser = chooser(arm, &labels, 0.7);
            assert_eq!(chooser.choose(0, 0.0, &losses).unwrap(), [1.0; 200]);
            let weights = chooser.choose(1, 1.0, &losses).unwrap();
            let counted = weights.iter().filter(|&&weight| weight > 0.0).count();
            match regularizer {
                Regularizer::Logistic => assert_eq!(counted, 200),
                Regularizer::Diversity => assert!((140..=190).contains(&counted), "{counted}"),
                _ => assert!((139..=141).contains(&counted), "{regularizer}: {counted}"),
            }
            let of_loss = |loss: f64| weights[losses.iter().position(|&other| other == loss).unwrap()];
            // (1 + exp(-0.56)) / (1 + exp(0.796 - 0.56)) = 0.69: the logistic weight falls slowly.
            let hardest = if regularizer == Regularizer::Logistic { 0.7 } else { 0.0 };
            let (easy, hard) = (of_loss(0.0), of_loss(199.0 / 250.0));
            assert!((easy - 1.0).abs() < 1e-12 && hard <= hardest, "{regularizer}: {easy} {hard}");
        }
        let mut random = chooser(Arm::Random, &labels, 0.7);
        let weights = random.choose(1, 1.0, &losses).unwrap();
        assert_eq!(weights.iter().sum::<f64>(), 140.0);
        assert_ne!(weights, random.choose(2, 1.0, &losses).unwrap());
    }

    /// As a value, lambda admits half at first and grows by mu, however the losses move.
    #[test]
    fn a_value_grows() {
        let losses: Vec<f64> = (0..101).map(|i| 0.01 * f64::from(i)).collect();
        let mut chooser = chooser(Arm::Paced(Regularizer::Hard, Pace::Value), &[], 0.7);
        let mut counts = Vec::new();
        for epoch in 1..5 {
            counts.push(chooser.choose(epoch, 0.0, &losses).unwrap().iter().sum::<f64>());
        }
        // Lambda is the next number above 0.5 and its multiples: 0.5 and 0.65 count, too, 0.845 and 1.0985 are no losses.
        assert_eq!(counts, [51.0, 66.0, 85.0, 101.0]);
    }

    /// Plain training spends both budgets at once; a selection spends its examples later than its updates.
    #[test]
    fn budgets_are_equal() {
        let digits = bundled::digits().cast::<f32>().unwrap();
        let problem = Problem::new(&digits, 0.4, 3).unwrap();
        let share = problem.mislabelled.iter().filter(|&&is| is).count() as f64 / problem.n_train() as f64;
        assert!((share - 0.4).abs() < 0.001);
        let recipe = Recipe { n_epochs: 4, learning_rate: 0.1, last_share: 0.6 };
        let plain = recipe.train(&problem, Arm::Plain, 3).unwrap();
        let paced = recipe.train(&problem, Arm::Paced(Regularizer::Hard, Pace::Quantile), 3).unwrap();
        assert_eq!(plain.scalars["updates"], paced.scalars["updates"]);
        assert_eq!(plain.scalars["updates"], plain.scalars["updates_at_equal_examples"]);
        assert_eq!(plain.scalars["examples"], 4.0 * problem.n_train() as f64);
        assert!(paced.scalars["updates_at_equal_examples"] >= paced.scalars["updates"]);
        assert!(plain.curves["left_out"].iter().all(|&n| n == 0.0));
        // 40 % of the examples are left out at last, most of them mislabelled.
        let (all, wrong) = (paced.curves["left_out"].last(), paced.curves["left_out_mislabelled"].last());
        let (all, wrong) = (*all.unwrap(), *wrong.unwrap());
        assert!((all / problem.n_train() as f64 - 0.4).abs() < 0.06 && wrong / all > 0.6, "{all} {wrong}");
    }
}
