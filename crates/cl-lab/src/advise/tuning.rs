use cl_pacing::ShuffleSampler;
use cl_study::Progress;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    error::LabError,
    metric::Metric,
    problem::Problem,
    recipe::{ModelKind, Recipe, TrainingLoss},
    split::{Parts, Shares},
};

/// Splits that settings are chosen on are counted from here; those judged are counted from 0.
pub(super) const FIRST_TUNING_SEED: u64 = 1_000_000;

/// Momentum of every run.
const MOMENTUM: f64 = 0.9;

/// Settings that are tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// What learns.
    pub models: Vec<ModelKind>,
    /// The learning rates at first.
    pub learning_rates: Vec<f64>,
    /// The weight decays.
    pub weight_decays: Vec<f64>,
}

/// How settings are tried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tuning {
    /// Examples that a split draws; none for all.
    pub(super) n_examples: Option<usize>,
    /// By what they are compared.
    pub(super) metric: Metric,
    /// Passes over the training part.
    pub(super) epochs: u64,
    pub(super) batch_size: usize,
    pub(super) n_splits: usize,
}

impl Grid {
    /// What is tried so that probabilities are those of a model that does not learn wrong labels by heart: of weight decays
    /// also large ones, and a linear model beside the other.
    pub(super) fn wide(model: &ModelKind) -> Self {
        let mut models = vec![ModelKind::Linear];
        if *model != ModelKind::Linear {
            models.push(model.clone());
        }
        Self { models, learning_rates: vec![0.01, 0.03, 0.1, 0.3], weight_decays: vec![0.0, 1e-3, 1e-2] }
    }

    /// The same in short.
    pub(super) fn narrow(model: &ModelKind) -> Self {
        Self { models: vec![model.clone()], learning_rates: vec![0.03, 0.1], weight_decays: vec![1e-3, 1e-2] }
    }

    /// What is tried for the baseline of comparisons, whose settings all share.
    pub(super) fn rates(model: &ModelKind) -> Self {
        Self {
            models: vec![model.clone()],
            learning_rates: vec![0.005, 0.01, 0.02, 0.05, 0.1, 0.2],
            weight_decays: vec![1e-4],
        }
    }

    /// How many settings there are.
    pub(super) fn n_settings(&self) -> usize {
        self.models.len() * self.learning_rates.len() * self.weight_decays.len()
    }

    fn recipes(&self, batch_size: usize) -> Vec<Recipe> {
        let mut recipes = Vec::with_capacity(self.n_settings());
        for model in &self.models {
            for &learning_rate in &self.learning_rates {
                for &weight_decay in &self.weight_decays {
                    recipes.push(Recipe {
                        model: model.clone(),
                        loss: TrainingLoss::Plain,
                        batch_size,
                        n_updates: 1,
                        learning_rate,
                        momentum: MOMENTUM,
                        weight_decay,
                    });
                }
            }
        }
        recipes
    }

    /// The recipe that is best by `metric` on the validation parts of some splits of `problem`, with plain shuffling; of
    /// equal ones the first.
    ///
    /// # Errors
    /// Where the data cannot be split.
    pub(super) fn best(
        &self,
        problem: &Problem,
        tuning: &Tuning,
        progress: &dyn Progress,
    ) -> Result<Recipe, LabError> {
        let Tuning { n_examples, metric, epochs, batch_size, n_splits } = *tuning;
        let splits: Vec<Parts> = (0..n_splits as u64)
            .map(|split| problem.split(Shares::default(), n_examples, FIRST_TUNING_SEED + split))
            .collect::<Result<_, _>>()?;
        let recipes = self.recipes(batch_size);
        let runs: Vec<(usize, usize)> =
            (0..recipes.len()).flat_map(|recipe| (0..n_splits).map(move |split| (recipe, split))).collect();
        let run = |&(recipe, split): &(usize, usize)| -> Result<f64, LabError> {
            let parts = &splits[split];
            let recipe = for_epochs(&recipes[recipe], parts.train.n_examples(), epochs);
            let seed = FIRST_TUNING_SEED + split as u64;
            let mut sampler = ShuffleSampler::new(parts.train.n_examples(), recipe.batch_size, seed)?;
            let fitted = recipe.fit(problem, &parts.train, parts, metric, &mut sampler, seed)?;
            progress.advanced();
            Ok(fitted.validation)
        };
        let values: Vec<Result<f64, LabError>> = runs.par_iter().map(run).collect();
        let values = values.into_iter().collect::<Result<Vec<f64>, LabError>>()?;
        let mean = |recipe: usize| values[recipe * n_splits..][..n_splits].iter().sum::<f64>() / n_splits as f64;
        let best = (1..recipes.len()).fold(0, |best, recipe| {
            let gain = metric.gain(mean(recipe), mean(best));
            if gain > 0.0 || (mean(best).is_nan() && !mean(recipe).is_nan()) { recipe } else { best }
        });
        Ok(recipes[best].clone())
    }
}

/// The recipe for so many passes over a training part of `n_train` examples.
pub(super) fn for_epochs(recipe: &Recipe, n_train: usize, epochs: u64) -> Recipe {
    let batch_size = recipe.batch_size.min(n_train).max(1);
    let n_updates = epochs.saturating_mul(n_train.div_ceil(batch_size) as u64).max(1);
    Recipe { batch_size, n_updates, ..recipe.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::ReadOptions;
    use cl_study::Quiet;

    #[test]
    fn what_validates_best_is_chosen() {
        let problem = Problem::read("iris", &ReadOptions::default()).unwrap();
        let model = ModelKind::Mlp { hidden: vec![8] };
        let grid = Grid { models: vec![model.clone()], learning_rates: vec![1e-7, 0.1], weight_decays: vec![0.0] };
        let tuning = Tuning { n_examples: None, metric: Metric::LogLoss, epochs: 20, batch_size: 16, n_splits: 2 };
        let best = grid.best(&problem, &tuning, &Quiet).unwrap();
        assert_eq!((best.learning_rate, grid.n_settings()), (0.1, 2));
        assert_eq!(Grid::wide(&ModelKind::Linear).n_settings() * 2, Grid::wide(&model).n_settings());
    }

    #[test]
    fn epochs_are_passes() {
        let recipe = Grid::rates(&ModelKind::Linear).recipes(32).remove(0);
        let fitted = for_epochs(&recipe, 100, 5);
        assert_eq!((fitted.n_updates, fitted.batch_size), (20, 32));
        assert_eq!(for_epochs(&recipe, 7, 5).batch_size, 7);
    }
}
