use cl_data::{Dataset, Sampler, Scalar};

use crate::{
    error::ModelError,
    loss::Loss,
    model::Model,
    observer::Observer,
    optimizer::Optimizer,
    plan::{Budget, Criterion, LearningRate, Plan, Training, Validation},
    run::{Checkpoint, Run},
};

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
/// #     fn batch(&mut self, _: u64, batch: &mut cl_data::Batch) -> Result<(), cl_data::SamplerError> {
/// #         batch.clear();
/// #         batch.indices.extend(0..120);
/// #         Ok(())
/// #     }
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
    plan: Plan<R>,
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
        let validation = Validation { criterion: Criterion::Loss, patience: None };
        Ok(Self { plan: Plan { budget, learning_rate, validation } })
    }

    /// The same with another way of validating.
    pub fn with_validation(self, validation: Validation) -> Self {
        Self { plan: Plan { validation, ..self.plan } }
    }

    /// Trains `model` until the budget is spent.
    ///
    /// # Errors
    /// Where model, data and sampler do not fit or the sampler fails, and [`ModelError::Diverged`] at the first loss
    /// that is not finite; the model keeps the parameters it had then.
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
        Run::new(&self.plan, model, loss, data, held_out, sampler)
    }

    /// Goes on where a checkpoint was taken: sets the parameters of `model`, `optimizer` and `sampler` to what
    /// they were, and continues bit for bit as the uninterrupted run would have.
    ///
    /// # Errors
    /// As [`start`](Self::start), [`ModelError::OtherCheckpoint`] where the checkpoint is of other data, of a model
    /// with another number of parameters or of another budget, and [`ModelError::Sampler`] where it is of another
    /// sampler.
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
