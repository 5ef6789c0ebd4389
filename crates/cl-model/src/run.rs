use cl_data::{Dataset, Fingerprint, Sampler, Scalar, seal::Sealed};
use serde::{Deserialize, Serialize, Serializer};

use crate::{
    batch_memory::{BatchMemory, check_indices, check_losses},
    error::ModelError,
    evaluate::{check_fit, evaluate, forward_all, target},
    loss::Loss,
    model::{Model, learned, restore_learned},
    observer::{EpochEnd, Observer, Presentation, Validated},
    optimizer::Optimizer,
    plan::{Budget, Criterion, LearningRate, Plan, Training},
};

/// How many steps in a row a sampler may show nothing, as a self-paced one does until something is easy enough,
/// before a run that would never end is stopped.
const LONGEST_SILENCE: u64 = 100_000;

/// A training run in progress: stepped by [`step`](Self::step), saved by [`checkpoint`](Self::checkpoint) after
/// any step, resumed by [`Trainer::resume`](crate::Trainer::resume).
///
/// Model, loss, optimiser and sampler stay the caller's and are handed to every step.
pub struct Run<'d, T: Scalar, M: Model<T>, R> {
    plan: Plan<R>,
    data: &'d Dataset<T>,
    held_out: Option<&'d Dataset<T>>,
    progress: Progress<T>,
    memory: BatchMemory<'d, T, M>,
    wanted: Vec<usize>,
}

/// Where a run stands, apart from model, optimiser, schedule and sampler.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound = "")]
struct Progress<T: Scalar> {
    training: Training,
    epoch_loss: f64,
    epoch_presented: u64,
    empty_steps: u64,
    best: Option<Best<T>>,
    epochs_since_best: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound = "")]
struct Best<T: Scalar> {
    score: f64,
    /// And statistics.
    parameters: Vec<T>,
}

/// Everything that a run needs to go on, serialisable, with its version and a [checksum](cl_data::seal); a loss that
/// learns (a running threshold, say) is saved beside it.
#[derive(Debug, Clone, Deserialize)]
#[serde(
    try_from = "Sealed<2, Content<T, O, R>>",
    bound(deserialize = "O: Serialize + Deserialize<'de>, R: Serialize + Deserialize<'de>")
)]
pub struct Checkpoint<T: Scalar, O, R>(Content<T, O, R>);

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound(
    serialize = "O: Serialize, R: Serialize",
    deserialize = "O: Deserialize<'de>, R: Deserialize<'de>"
))]
struct Content<T: Scalar, O, R> {
    data: Fingerprint,
    budget: Budget,
    /// And statistics.
    parameters: Vec<T>,
    optimizer: O,
    learning_rate: R,
    sampler: String,
    progress: Progress<T>,
}

impl<T: Scalar, O, R> Checkpoint<T, O, R> {
    /// How far the run was.
    pub fn training(&self) -> Training {
        self.0.progress.training
    }
}

impl<T: Scalar, O: Serialize, R: Serialize> Serialize for Checkpoint<T, O, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Sealed::<2, _>::new(&self.0).serialize(serializer)
    }
}

impl<T: Scalar, O, R> TryFrom<Sealed<2, Content<T, O, R>>> for Checkpoint<T, O, R> {
    type Error = ModelError;

    fn try_from(sealed: Sealed<2, Content<T, O, R>>) -> Result<Self, ModelError> {
        let content = sealed.into_inner();
        content.progress.check()?;
        Ok(Self(content))
    }
}

/// No run gets so far, and no sum of two such counts overflows.
const MOST: u64 = 1 << 62;

impl<T: Scalar> Progress<T> {
    /// Whether this, read from a file, is how far a run can be.
    fn check(&self) -> Result<(), ModelError> {
        let Training { n_updates, n_steps, n_presented, best_at, .. } = self.training;
        let counts = [
            ("n_steps", n_steps, MOST),
            ("n_updates", n_updates, n_steps),
            ("empty_steps", self.empty_steps, n_steps - n_updates.min(n_steps) + 1),
            ("n_presented", n_presented, MOST),
            ("epoch_presented", self.epoch_presented, n_presented),
            ("epochs_since_best", self.epochs_since_best, n_steps),
            ("best_at", best_at.unwrap_or(0), n_updates),
        ];
        match counts.into_iter().find(|(_, count, most)| count > most) {
            Some((what, count, _)) => {
                Err(ModelError::argument(what, count, "no more than the steps of a run allow"))
            }
            None if self.epoch_loss.is_nan() => Err(ModelError::argument("epoch_loss", f64::NAN, "a number")),
            None if self.best.as_ref().is_some_and(|best| best.score.is_nan()) => {
                Err(ModelError::argument("score", f64::NAN, "a number"))
            }
            None => Ok(()),
        }
    }
}

impl<'d, T: Scalar, M: Model<T>, R: LearningRate + Clone> Run<'d, T, M, R> {
    pub(crate) fn new(
        plan: &Plan<R>,
        model: &M,
        loss: &impl Loss<T>,
        data: &'d Dataset<T>,
        held_out: Option<&'d Dataset<T>>,
        sampler: &dyn Sampler,
    ) -> Result<Self, ModelError> {
        check_fit(model, loss, data)?;
        if let Some(held_out) = held_out {
            check_fit(model, loss, held_out)?;
            if held_out.n_examples() == 0 {
                return Err(ModelError::argument("held_out", "empty", "at least one example to validate on"));
            }
        }
        if sampler.n_examples() != data.n_examples() {
            return Err(ModelError::argument(
                "sampler",
                format!("made for {} examples", sampler.n_examples()),
                "a sampler made for the number of examples in the data",
            ));
        }
        let progress = Progress {
            training: Training::default(),
            epoch_loss: 0.0,
            epoch_presented: 0,
            empty_steps: 0,
            best: None,
            epochs_since_best: 0,
        };
        let memory = BatchMemory::new(model);
        Ok(Self { plan: plan.clone(), data, held_out, progress, memory, wanted: Vec::new() })
    }

    /// How far the run is.
    pub fn training(&self) -> Training {
        self.progress.training
    }

    /// Takes one step of the sampler: at most one update. Returns whether there is more to do.
    ///
    /// # Errors
    /// Where the sampler fails or gives what the data does not have, or the loss is no longer finite.
    pub fn step(
        &mut self,
        model: &mut M,
        loss: &impl Loss<T>,
        optimizer: &mut impl Optimizer<T>,
        sampler: &mut dyn Sampler,
        observers: &mut [&mut dyn Observer<T>],
    ) -> Result<bool, ModelError> {
        let step = self.progress.training.n_steps;
        if self.is_spent(sampler.epoch(step).index) {
            return self.end(model, loss, observers, sampler);
        }
        self.tell_wanted(model, loss, sampler, step)?;
        // How long an epoch is may follow from the losses just told.
        let epoch = sampler.epoch(step);
        self.memory.draw(self.data, sampler, step)?;
        let b = self.memory.batch.indices.len() as u64;
        if matches!(self.plan.budget, Budget::Examples(n) if self.progress.training.n_presented + b > n) {
            return self.end(model, loss, observers, sampler);
        }
        if b == 0 {
            self.progress.empty_steps += 1;
            if self.progress.empty_steps > LONGEST_SILENCE {
                return Err(ModelError::NothingShown { step, n_steps: self.progress.empty_steps });
            }
        } else {
            self.progress.empty_steps = 0;
            let memory = &mut self.memory;
            memory.forward(model, loss, self.data, step)?;
            sampler.feedback(step, &memory.batch.indices, &memory.losses)?;
            let presentation = Presentation {
                step,
                epoch,
                indices: &memory.batch.indices,
                labels: &memory.labels,
                outputs: memory.outputs(model),
                losses: &memory.losses,
            };
            observers.iter_mut().for_each(|observer| observer.presented(&presentation));
            memory.backward(model);
            let learning_rate = self.plan.learning_rate.at(self.progress.training.n_updates);
            optimizer.update(model.parameters_mut(), memory.gradient(), learning_rate);
            memory.update_statistics(model);
            self.progress.epoch_loss += memory.losses.iter().sum::<f64>();
            self.progress.epoch_presented += b;
            self.progress.training.n_updates += 1;
            self.progress.training.n_presented += b;
        }
        self.progress.training.n_steps += 1;
        if epoch.step + 1 >= epoch.n_steps {
            self.end_epoch(model, loss, observers, sampler, epoch.index)?;
        }
        Ok(!self.progress.training.stopped_early)
    }

    /// Ends the run: the model gets the parameters that were best on the held-out data, if there were any.
    pub fn finish(self, model: &mut M) -> Training {
        if let Some(best) = &self.progress.best {
            restore_learned(model, &best.parameters);
        }
        self.progress.training
    }

    /// Everything needed to go on from here, after any step.
    ///
    /// # Errors
    /// Where the sampler has no state for it, because it was asked for steps of its own accord.
    pub fn checkpoint<O: Clone>(
        &self,
        model: &M,
        optimizer: &O,
        sampler: &dyn Sampler,
    ) -> Result<Checkpoint<T, O, R>, ModelError> {
        Ok(Checkpoint(Content {
            data: self.data.fingerprint(),
            budget: self.plan.budget,
            parameters: learned(model),
            optimizer: optimizer.clone(),
            learning_rate: self.plan.learning_rate.clone(),
            sampler: sampler.save(self.progress.training.n_steps)?,
            progress: self.progress.clone(),
        }))
    }

    pub(crate) fn restore<O>(
        &mut self,
        Checkpoint(checkpoint): Checkpoint<T, O, R>,
        model: &mut M,
        optimizer: &mut O,
        sampler: &mut dyn Sampler,
    ) -> Result<(), ModelError> {
        let other = |what, found: String, expected: String| ModelError::OtherCheckpoint { what, found, expected };
        let data = self.data.fingerprint();
        if checkpoint.data != data {
            return Err(other("data", checkpoint.data.to_string(), data.to_string()));
        }
        if checkpoint.budget != self.plan.budget {
            let budgets = (format!("{:?}", checkpoint.budget), format!("{:?}", self.plan.budget));
            return Err(other("budget", budgets.0, budgets.1));
        }
        let (found, expected) = (checkpoint.parameters.len(), learned(model).len());
        if found != expected || checkpoint.progress.best.as_ref().is_some_and(|b| b.parameters.len() != expected) {
            return Err(other("number of parameters", found.to_string(), expected.to_string()));
        }
        let (found, expected) = (sampler.restore(&checkpoint.sampler)?, checkpoint.progress.training.n_steps);
        if found != expected {
            return Err(other("number of steps of the sampler", found.to_string(), expected.to_string()));
        }
        restore_learned(model, &checkpoint.parameters);
        *optimizer = checkpoint.optimizer;
        self.plan.learning_rate = checkpoint.learning_rate;
        self.progress = checkpoint.progress;
        Ok(())
    }

    fn is_spent(&self, epoch: u64) -> bool {
        let training = &self.progress.training;
        training.stopped_early
            || match self.plan.budget {
                Budget::Updates(n_updates) => training.n_updates >= n_updates,
                Budget::Examples(n_examples) => training.n_presented >= n_examples,
                Budget::Epochs(n_epochs) => epoch >= n_epochs,
            }
    }

    /// Evaluates the examples whose losses the sampler wants to know before it gives its next batch.
    fn tell_wanted(
        &mut self,
        model: &M,
        loss: &impl Loss<T>,
        sampler: &mut dyn Sampler,
        step: u64,
    ) -> Result<(), ModelError> {
        sampler.wanted(step, &mut self.wanted);
        if self.wanted.is_empty() {
            return Ok(());
        }
        check_indices(&self.wanted, self.data.n_examples(), step)?;
        let mut outputs = Vec::new();
        forward_all(model, self.data, &self.wanted, &mut outputs);
        let columns = outputs.chunks_exact(model.n_outputs()).zip(&self.wanted);
        let losses: Vec<f64> = columns.map(|(z, &index)| loss.loss(z, target(self.data, index))).collect();
        check_losses(&losses, &self.wanted, step)?;
        Ok(sampler.feedback(step, &self.wanted, &losses)?)
    }

    /// The budget is spent: closes an epoch that it cut short.
    fn end(
        &mut self,
        model: &M,
        loss: &impl Loss<T>,
        observers: &mut [&mut dyn Observer<T>],
        sampler: &mut dyn Sampler,
    ) -> Result<bool, ModelError> {
        if self.progress.epoch_presented > 0 {
            let last = self.progress.training.n_steps.saturating_sub(1);
            let epoch = sampler.epoch(last).index;
            self.end_epoch(model, loss, observers, sampler, epoch)?;
        }
        Ok(false)
    }

    fn end_epoch(
        &mut self,
        model: &M,
        loss: &impl Loss<T>,
        observers: &mut [&mut dyn Observer<T>],
        sampler: &mut dyn Sampler,
        epoch: u64,
    ) -> Result<(), ModelError> {
        let progress = &mut self.progress;
        let end = EpochEnd {
            epoch,
            n_updates: progress.training.n_updates,
            n_presented: progress.training.n_presented,
            mean_loss: progress.epoch_loss / progress.epoch_presented as f64,
        };
        (progress.epoch_loss, progress.epoch_presented) = (0.0, 0);
        observers.iter_mut().for_each(|observer| observer.epoch_ended(&end));
        let Some(held_out) = self.held_out else { return Ok(()) };

        let evaluation = evaluate(model, loss, held_out)?;
        let (mean_loss, accuracy) = (evaluation.mean_loss(), evaluation.accuracy());
        self.plan.learning_rate.validated(mean_loss);
        let score = match self.plan.validation.criterion {
            Criterion::Loss => -mean_loss,
            Criterion::Accuracy => accuracy,
        };
        sampler.validated(score)?;
        // A NaN is never best.
        let is_best = progress.best.as_ref().map_or(!score.is_nan(), |best| score > best.score);
        if is_best {
            progress.best = Some(Best { score, parameters: learned(model) });
            progress.epochs_since_best = 0;
            progress.training.best_at = Some(end.n_updates);
        } else {
            progress.epochs_since_best += 1;
        }
        let patience = self.plan.validation.patience;
        progress.training.stopped_early = patience.is_some_and(|patience| progress.epochs_since_best >= patience);
        let validated = Validated { epoch, n_updates: end.n_updates, mean_loss, accuracy, is_best };
        observers.iter_mut().for_each(|observer| observer.validated(&validated));
        Ok(())
    }
}
