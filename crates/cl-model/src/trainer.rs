use cl_data::{Dataset, Sampler, Scalar};
use serde::{Deserialize, Serialize};

use crate::run::{Checkpoint, Run};
use crate::{Loss, Model, ModelError, Observer, Optimizer};

/// How long a run lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Budget {
    /// This many updates.
    Updates(u64),
    /// As many updates as show at most this many examples, each presentation counted.
    Examples(u64),
    /// This many epochs of the sampler.
    Epochs(u64),
}

/// The learning rate as a function of the update; a plain `f64` is a constant one.
pub trait LearningRate: Send + Sync {
    /// The learning rate of update `step`, counted from 0.
    fn at(&self, step: u64) -> f64;

    /// Tells a schedule that reacts to it the mean loss on the validation set.
    fn validated(&mut self, loss: f64) {
        let _ = loss;
    }
}

impl LearningRate for f64 {
    fn at(&self, _step: u64) -> f64 {
        *self
    }
}

/// What is best on the validation set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Criterion {
    /// The lowest mean loss.
    Loss,
    /// The highest accuracy; of equal ones, the first.
    Accuracy,
}

/// How a run is validated: at the end of every epoch, on data that it does not train on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validation {
    /// What is best.
    pub criterion: Criterion,
    /// After how many epochs without a new best the run stops; never if `None`.
    pub patience: Option<u64>,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// Updates made; steps at which the sampler showed nothing are not counted.
    pub n_updates: u64,
    /// Steps of the sampler taken.
    pub n_steps: u64,
    /// Examples presented, each presentation counted.
    pub n_presented: u64,
    /// Updates made when the validation set was best; the model keeps the parameters it had then.
    pub best_at: Option<u64>,
    /// Whether patience ended the run before its budget.
    pub stopped_early: bool,
}

/// Drives a model: takes batches from a sampler, updates the parameters, tells sampler and observers.
///
/// The gradient of an update is the batch mean of the weighted losses, (1/b) sum_i w_i dL_i: weights that
/// average 1 over the data keep the learning rate's meaning. A large batch is split over threads in parts that
/// depend on its size alone, so that results are the same for any number of threads.
///
/// ```
/// use cl_data::{bundled, stratified_split};
/// use cl_model::{Budget, Criterion, CrossEntropy, Sgd, SoftmaxRegression, Trainer, Validation};
/// # struct Whole;
/// # impl cl_data::Sampler for Whole {
/// #     fn n_examples(&self) -> usize { 120 }
/// #     fn batch(&mut self, _: u64, batch: &mut cl_data::Batch) { batch.clear(); batch.indices.extend(0..120); }
/// #     fn epoch(&self, step: u64) -> cl_data::Epoch { cl_data::Epoch { index: step, step: 0, n_steps: 1 } }
/// # }
/// # let mut sampler = Whole;
/// let iris = bundled::iris();
/// let parts = stratified_split(iris.labels(), &[0.8, 0.2], 0)?;
/// let (train, held_out) = (iris.subset(&parts[0])?, iris.subset(&parts[1])?);
/// let validation = Validation { criterion: Criterion::Loss, patience: Some(5) };
/// let trainer = Trainer::new(Budget::Epochs(200), 0.1)?.with_validation(validation);
/// let mut model = SoftmaxRegression::<f64>::zeros(4, 3);
/// let training = trainer.train_validated(
///     &mut model, &CrossEntropy, &mut Sgd::plain(), &train, &held_out, &mut sampler, &mut [])?;
/// assert!(training.best_at.is_some());
/// # Ok::<(), cl_model::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Trainer<R = f64> {
    pub(crate) budget: Budget,
    pub(crate) learning_rate: R,
    pub(crate) validation: Validation,
}

impl<R: LearningRate + Clone> Trainer<R> {
    /// A trainer with this budget and learning rate.
    ///
    /// # Errors
    /// Where the first learning rate is not a finite number of at least 0.
    pub fn new(budget: Budget, learning_rate: R) -> Result<Self, ModelError> {
        let first = learning_rate.at(0);
        if !(first.is_finite() && first >= 0.0) {
            return Err(ModelError::argument("learning_rate", first, "a finite number of at least 0"));
        }
        Ok(Self { budget, learning_rate, validation: Validation { criterion: Criterion::Loss, patience: None } })
    }

    /// The same with another way of validating.
    pub fn with_validation(self, validation: Validation) -> Self {
        Self { validation, ..self }
    }

    /// Trains `model` until the budget is spent.
    ///
    /// # Errors
    /// Where model, data and sampler do not fit, and [`ModelError::Diverged`] at the first loss that is not
    /// finite; the model keeps the parameters it had then.
    pub fn train<T: Scalar, M: Model<T>>(
        &self,
        model: &mut M,
        loss: &impl Loss<T>,
        optimizer: &mut impl Optimizer<T>,
        data: &Dataset<T>,
        sampler: &mut dyn Sampler,
        observers: &mut [&mut dyn Observer<T>],
    ) -> Result<Training, ModelError> {
        let mut run = self.start(model, loss, data, None, sampler)?;
        while run.step(model, loss, optimizer, sampler, observers)? {}
        Ok(run.finish(model))
    }

    /// Trains `model` until the budget is spent or patience is, validating at the end of every epoch; the model
    /// ends with the parameters that were best on `held_out`.
    ///
    /// # Errors
    /// As [`train`](Self::train), and where the held-out data do not fit the model or are none.
    #[allow(clippy::too_many_arguments, reason = "each is one of the parts that the trainer brings together")]
    pub fn train_validated<T: Scalar, M: Model<T>>(
        &self,
        model: &mut M,
        loss: &impl Loss<T>,
        optimizer: &mut impl Optimizer<T>,
        data: &Dataset<T>,
        held_out: &Dataset<T>,
        sampler: &mut dyn Sampler,
        observers: &mut [&mut dyn Observer<T>],
    ) -> Result<Training, ModelError> {
        let mut run = self.start(model, loss, data, Some(held_out), sampler)?;
        while run.step(model, loss, optimizer, sampler, observers)? {}
        Ok(run.finish(model))
    }

    /// A run to be driven step by step, saved and resumed.
    ///
    /// # Errors
    /// Where model, data and sampler do not fit.
    pub fn start<'d, T: Scalar, M: Model<T>>(
        &self,
        model: &M,
        loss: &impl Loss<T>,
        data: &'d Dataset<T>,
        held_out: Option<&'d Dataset<T>>,
        sampler: &dyn Sampler,
    ) -> Result<Run<'d, T, M, R>, ModelError> {
        Run::new(self, model, loss, data, held_out, sampler)
    }

    /// Goes on where a checkpoint was taken: sets the parameters of `model`, `optimizer` and `sampler` to what
    /// they were, and continues bit for bit as the uninterrupted run would have.
    ///
    /// # Errors
    /// As [`start`](Self::start), and [`ModelError::OtherCheckpoint`] where the checkpoint is of other data, of
    /// a model with another number of parameters, of another budget, or of another kind of sampler.
    #[allow(clippy::too_many_arguments, reason = "each is one of the parts that the trainer brings together")]
    pub fn resume<'d, T: Scalar, M: Model<T>, O: Optimizer<T>>(
        &self,
        checkpoint: Checkpoint<T, O, R>,
        model: &mut M,
        loss: &impl Loss<T>,
        optimizer: &mut O,
        data: &'d Dataset<T>,
        held_out: Option<&'d Dataset<T>>,
        sampler: &mut dyn Sampler,
    ) -> Result<Run<'d, T, M, R>, ModelError> {
        let mut run = self.start(model, loss, data, held_out, sampler)?;
        run.restore(checkpoint, model, optimizer, sampler)?;
        Ok(run)
    }
}
