use cl_data::{Dataset, Sampler};
use cl_model::{
    Activation, Budget, Cosine, CrossEntropy, Evaluation, Focal, Initialization, Loss, Mlp, Model, ModelError,
    Observer, Sgd, Squared, SuperLoss, Threshold, Trainer, evaluate, softmax,
};
use serde::{Deserialize, Serialize};

use crate::{
    error::LabError,
    metric::Metric,
    problem::{Problem, Task},
    split::Parts,
};

/// What learns: dense layers, none hidden or some.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelKind {
    /// Softmax regression; of numbers, linear regression.
    Linear,
    /// A multilayer perceptron with rectified linear units.
    Mlp {
        /// The widths of its hidden layers.
        hidden: Vec<usize>,
    },
}

impl ModelKind {
    /// One with first weights from `seed`, for the problem's features and classes.
    ///
    /// # Errors
    /// Where a width is 0.
    pub fn make(&self, problem: &Problem, seed: u64) -> Result<Mlp<f32>, ModelError> {
        let data = problem.data();
        let n_outputs = match problem.task() {
            Task::Classification => data.n_classes(),
            Task::Regression => 1,
        };
        let hidden: &[usize] = match self {
            Self::Linear => &[],
            Self::Mlp { hidden } => hidden,
        };
        let widths = [&[data.n_features()], hidden, &[n_outputs]].concat();
        Mlp::new(&widths, Activation::Relu, Initialization::He, seed)
    }
}

/// What is minimised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrainingLoss {
    /// Cross-entropy; of numbers, the squared error.
    Plain,
    /// The focal loss, of classes alone.
    Focal {
        /// How much less the sure ones count.
        gamma: f64,
    },
    /// SuperLoss over the plain loss, its threshold the running mean of the losses.
    SuperLoss {
        /// How sharply it weights.
        lambda: f64,
    },
}

/// How a model is trained: all that arms share, and the loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// What learns.
    pub model: ModelKind,
    /// What is minimised.
    pub loss: TrainingLoss,
    /// Examples of a mini-batch.
    pub batch_size: usize,
    /// The budget.
    pub n_updates: u64,
    /// The learning rate at first; it falls to 0 by a cosine.
    pub learning_rate: f64,
    /// Momentum.
    pub momentum: f64,
    /// Weight decay.
    pub weight_decay: f64,
}

/// How often a run is validated, at equal distances.
pub(crate) const N_VALIDATIONS: u64 = 10;

/// A trained model: the weights that were best on the validation part.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// The model.
    pub model: Mlp<f32>,
    /// The metric on the validation part.
    pub validation: f64,
    /// Updates made.
    pub n_updates: u64,
    /// Examples shown, each time counted.
    pub n_presented: u64,
    /// Whether training diverged before the budget was spent.
    pub diverged: bool,
}

impl Recipe {
    /// Trains on the batches of `sampler`, over the training part or a part of it, and keeps the weights that were best on
    /// the validation part by `metric`: a run is validated ten times. One that diverges ends there, with the best it had.
    ///
    /// # Errors
    /// Where model, data and sampler do not fit, or the loss is one of classes and the data have none.
    pub fn fit(
        &self,
        problem: &Problem,
        train: &Dataset<f32>,
        parts: &Parts,
        metric: Metric,
        sampler: &mut dyn Sampler,
        seed: u64,
    ) -> Result<Fitted, LabError> {
        self.fit_observed(problem, train, parts, metric, sampler, seed, &mut [])
    }

    /// The same, watched.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    #[allow(clippy::too_many_arguments, reason = "each is one of the parts that a run brings together")]
    pub fn fit_observed(
        &self,
        problem: &Problem,
        train: &Dataset<f32>,
        parts: &Parts,
        metric: Metric,
        sampler: &mut dyn Sampler,
        seed: u64,
        observers: &mut [&mut dyn Observer<f32>],
    ) -> Result<Fitted, LabError> {
        let run = Fit { recipe: self, problem, train, validation: &parts.validation, metric, seed };
        match (problem.task(), self.loss) {
            (Task::Classification, TrainingLoss::Plain) => run.with(&CrossEntropy, sampler, observers),
            (Task::Classification, TrainingLoss::Focal { gamma }) => {
                run.with(&Focal::new(gamma, 1.0)?, sampler, observers)
            }
            (Task::Classification, TrainingLoss::SuperLoss { lambda }) => {
                run.with(&SuperLoss::new(CrossEntropy, Threshold::running_mean(), lambda)?, sampler, observers)
            }
            (Task::Regression, TrainingLoss::Plain) => run.with(&Squared, sampler, observers),
            (Task::Regression, TrainingLoss::SuperLoss { lambda }) => {
                run.with(&SuperLoss::new(Squared, Threshold::running_mean(), lambda)?, sampler, observers)
            }
            (Task::Regression, TrainingLoss::Focal { .. }) => Err(LabError::argument(
                "loss",
                "focal",
                "plain or superloss: the focal loss is one of classes, and what is to be predicted is a number",
            )),
        }
    }
}

/// Evaluates every example of `data` with the plain loss of the task.
///
/// # Errors
/// Where model and data do not fit.
pub(crate) fn evaluated(task: Task, model: &Mlp<f32>, data: &Dataset<f32>) -> Result<Evaluation<f32>, ModelError> {
    match task {
        Task::Classification => evaluate(model, &CrossEntropy, data),
        Task::Regression => evaluate(model, &Squared, data),
    }
}

/// The probabilities of an evaluation's outputs, `n_classes` per example.
pub(crate) fn probabilities(evaluation: &Evaluation<f32>, n_classes: usize) -> Vec<f64> {
    let logits: Vec<f64> = evaluation.outputs.iter().map(|&logit| f64::from(logit)).collect();
    let mut probabilities = vec![0.0; logits.len()];
    let c = n_classes.max(1);
    logits.chunks_exact(c).zip(probabilities.chunks_exact_mut(c)).for_each(|(logits, p)| softmax(logits, p));
    probabilities
}

/// One run, before it is known by which loss.
struct Fit<'a> {
    recipe: &'a Recipe,
    problem: &'a Problem,
    train: &'a Dataset<f32>,
    validation: &'a Dataset<f32>,
    metric: Metric,
    seed: u64,
}

impl Fit<'_> {
    fn with(
        &self,
        loss: &impl Loss<f32>,
        sampler: &mut dyn Sampler,
        observers: &mut [&mut dyn Observer<f32>],
    ) -> Result<Fitted, LabError> {
        let Recipe { n_updates, learning_rate, momentum, weight_decay, .. } = *self.recipe;
        let mut model = self.recipe.model.make(self.problem, self.seed)?;
        let mut sgd = Sgd::new(momentum, weight_decay)?;
        let trainer = Trainer::new(Budget::Updates(n_updates), Cosine::new(learning_rate, 0.0, n_updates)?)?;
        let validated = |model: &Mlp<f32>| -> Result<f64, ModelError> {
            let evaluation = evaluated(self.problem.task(), model, self.validation)?;
            Ok(self.metric.of(&evaluation, self.validation))
        };
        let mut best = (validated(&model)?, model.parameters().to_vec());
        let mut run = trainer.start(&model, loss, self.train, None, sampler)?;
        let mut diverged = false;
        'run: for check in 1..=N_VALIDATIONS {
            let until = n_updates * check / N_VALIDATIONS;
            if run.training().n_updates == until {
                continue;
            }
            while run.training().n_updates < until {
                match run.step(&mut model, loss, &mut sgd, sampler, observers) {
                    Err(ModelError::Diverged { .. }) => {
                        diverged = true;
                        break 'run;
                    }
                    step => step?,
                };
            }
            let value = validated(&model)?;
            // What is no number is never best.
            if best.0.is_nan() || self.metric.gain(value, best.0) > 0.0 {
                best = (value, model.parameters().to_vec());
            }
        }
        let training = run.training();
        model.parameters_mut().copy_from_slice(&best.1);
        let (n_updates, n_presented) = (training.n_updates, training.n_presented);
        Ok(Fitted { model, validation: best.0, n_updates, n_presented, diverged })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{problem::ReadOptions, split::Shares};
    use cl_pacing::ShuffleSampler;

    fn recipe(loss: TrainingLoss) -> Recipe {
        Recipe {
            model: ModelKind::Mlp { hidden: vec![16] },
            loss,
            batch_size: 32,
            n_updates: 300,
            learning_rate: 0.1,
            momentum: 0.9,
            weight_decay: 0.0,
        }
    }

    #[test]
    fn classes_and_numbers_are_learned() {
        let problem = Problem::read("digits", &ReadOptions::default()).unwrap();
        let parts = problem.split(Shares::default(), None, 1).unwrap();
        let sampler = || ShuffleSampler::new(parts.train.n_examples(), 32, 1).unwrap();
        for loss in
            [TrainingLoss::Plain, TrainingLoss::Focal { gamma: 1.0 }, TrainingLoss::SuperLoss { lambda: 1.0 }]
        {
            let fitted =
                recipe(loss).fit(&problem, &parts.train, &parts, Metric::Accuracy, &mut sampler(), 1).unwrap();
            let evaluation = evaluated(Task::Classification, &fitted.model, &parts.test).unwrap();
            assert!(evaluation.accuracy() > 0.85, "{loss:?}: {}", evaluation.accuracy());
            assert_eq!((fitted.n_updates, fitted.diverged), (300, false));
        }

        // y = 2 x_0 - x_1 without noise: all of the variance is explained.
        let features: Vec<f32> = (0..400).map(|at| ((at * 37) % 101) as f32 / 50.0 - 1.0).collect();
        let numbers: Vec<f32> = features.chunks_exact(2).map(|x| 2.0 * x[0] - x[1] + 5.0).collect();
        let data = Dataset::new(2, features, vec![0; 200], 1).unwrap().with_targets(1, numbers).unwrap();
        let problem = Problem::new("made", Task::Regression, data).unwrap();
        let parts = problem.split(Shares::default(), None, 1).unwrap();
        let linear = Recipe { model: ModelKind::Linear, ..recipe(TrainingLoss::Plain) };
        let mut sampler = ShuffleSampler::new(parts.train.n_examples(), 32, 1).unwrap();
        let fitted = linear.fit(&problem, &parts.train, &parts, Metric::R2, &mut sampler, 1).unwrap();
        let evaluation = evaluated(Task::Regression, &fitted.model, &parts.test).unwrap();
        assert!(Metric::R2.of(&evaluation, &parts.test) > 0.999);
        let focal = recipe(TrainingLoss::Focal { gamma: 2.0 });
        let refused = focal.fit(&problem, &parts.train, &parts, Metric::R2, &mut sampler, 1);
        assert!(refused.unwrap_err().to_string().contains("focal"));
    }

    #[test]
    fn a_run_that_diverges_keeps_its_best() {
        let problem = Problem::read("iris", &ReadOptions::default()).unwrap();
        let parts = problem.split(Shares::default(), None, 1).unwrap();
        let mut sampler = ShuffleSampler::new(parts.train.n_examples(), 32, 1).unwrap();
        let wild = Recipe { learning_rate: 1e30, ..recipe(TrainingLoss::Plain) };
        let fitted = wild.fit(&problem, &parts.train, &parts, Metric::Accuracy, &mut sampler, 1).unwrap();
        assert!(fitted.diverged && fitted.validation > 0.0);
    }
}
