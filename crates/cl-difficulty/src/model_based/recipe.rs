use cl_data::{Batch, Dataset, Epoch, Sampler, Scalar, random};
use cl_model::{Budget, Loss, Model, ModelError, Sgd, Trainer};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::DifficultyError;

/// How the models behind a score are trained: shuffled epochs, stochastic gradient descent, a constant learning
/// rate. It belongs to the provenance of the score.
///
/// ```
/// use cl_data::bundled;
/// use cl_difficulty::model_based::{Recipe, teacher_loss};
/// use cl_model::{Budget, CrossEntropy, SoftmaxRegression};
///
/// let recipe = Recipe { momentum: 0.9, ..Recipe::plain(Budget::Epochs(5), 32, 0.01) };
/// let iris = bundled::iris();
/// let models = recipe.train_all(|_seed| Ok(SoftmaxRegression::zeros(4, 3)), &CrossEntropy, &iris, &[1, 2])?;
/// assert_eq!(teacher_loss(&models, &CrossEntropy, &iris)?.len(), 150);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// How long a run lasts.
    pub budget: Budget,
    /// Examples of a mini-batch; an epoch's last one may be shorter.
    pub batch_size: usize,
    /// The learning rate of every update.
    pub learning_rate: f64,
    /// Momentum, 0 for none.
    pub momentum: f64,
    /// Weight decay, 0 for none.
    pub weight_decay: f64,
}

impl Recipe {
    /// Without momentum or weight decay.
    pub fn plain(budget: Budget, batch_size: usize, learning_rate: f64) -> Self {
        Self { budget, batch_size, learning_rate, momentum: 0.0, weight_decay: 0.0 }
    }

    /// Trains `model` on shuffled epochs of `data`, whose orders follow from `seed`.
    ///
    /// # Errors
    /// Where the recipe is out of its domain, model and data do not fit, or the run diverges.
    pub fn train<T: Scalar, M: Model<T>>(
        &self,
        model: M,
        loss: &impl Loss<T>,
        data: &Dataset<T>,
        seed: u64,
    ) -> Result<M, DifficultyError> {
        if self.batch_size == 0 {
            return Err(DifficultyError::argument("batch_size", 0, "at least 1"));
        }
        let n_examples = data.n_examples();
        if n_examples == 0 {
            return Err(DifficultyError::argument("data", "empty", "at least one example to train on"));
        }
        let mut sampler = Shuffled { n_examples, batch_size: self.batch_size, seed, order: None };
        self.train_with(model, loss, data, &mut sampler)
    }

    /// Trains `model` with another sampler, such as one that follows a curriculum; its batches are its own.
    ///
    /// # Errors
    /// As [`train`](Self::train), and where the sampler does not fit the data.
    pub fn train_with<T: Scalar, M: Model<T>>(
        &self,
        mut model: M,
        loss: &impl Loss<T>,
        data: &Dataset<T>,
        sampler: &mut dyn Sampler,
    ) -> Result<M, DifficultyError> {
        let mut sgd = Sgd::new(self.momentum, self.weight_decay)?;
        let trainer = Trainer::new(self.budget, self.learning_rate)?;
        trainer.train(&mut model, loss, &mut sgd, data, sampler, &mut [])?;
        Ok(model)
    }

    /// Trains one model per seed, in parallel: model `make(seed)` on the orders of `seed`.
    ///
    /// # Errors
    /// As [`train`](Self::train), and where a model cannot be made.
    pub fn train_all<T: Scalar, M: Model<T>>(
        &self,
        make: impl Fn(u64) -> Result<M, ModelError> + Sync,
        loss: &impl Loss<T>,
        data: &Dataset<T>,
        seeds: &[u64],
    ) -> Result<Vec<M>, DifficultyError> {
        let runs = seeds.par_iter().map(|&seed| self.train(make(seed)?, loss, data, seed));
        first_error(runs.collect())
    }
}

/// All results, or the first error in order: which error is told must not depend on the threads.
pub(super) fn first_error<R>(results: Vec<Result<R, DifficultyError>>) -> Result<Vec<R>, DifficultyError> {
    results.into_iter().collect()
}

/// Epochs that each show every example once, in an order of their own.
struct Shuffled {
    n_examples: usize,
    batch_size: usize,
    seed: u64,
    order: Option<(u64, Vec<usize>)>,
}

impl Sampler for Shuffled {
    fn n_examples(&self) -> usize {
        self.n_examples
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) {
        let epoch = self.epoch(step);
        let order = match self.order.take() {
            Some((index, order)) if index == epoch.index => order,
            _ => random::permutation(&mut random::stream(self.seed, "recipe", epoch.index), self.n_examples),
        };
        let start = epoch.step as usize * self.batch_size;
        batch.clear();
        batch.indices.extend_from_slice(&order[start..self.n_examples.min(start + self.batch_size)]);
        self.order = Some((epoch.index, order));
    }

    fn epoch(&self, step: u64) -> Epoch {
        let n_steps = self.n_examples.div_ceil(self.batch_size) as u64;
        Epoch { index: step / n_steps, step: step % n_steps, n_steps }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_shows_every_example_once() {
        let mut sampler = Shuffled { n_examples: 10, batch_size: 4, seed: 3, order: None };
        let mut batch = Batch::default();
        let mut epochs = [Vec::new(), Vec::new()];
        for step in 0..6 {
            sampler.batch(step, &mut batch);
            epochs[sampler.epoch(step).index as usize].extend_from_slice(&batch.indices);
        }
        assert_ne!(epochs[0], epochs[1]);
        for mut epoch in epochs {
            epoch.sort_unstable();
            assert!(epoch.into_iter().eq(0..10));
        }
    }
}
