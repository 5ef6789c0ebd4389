use cl_data::{Batch, Dataset, Sampler, Scalar};

use crate::evaluate::{check_fit, forward_all, gather, target};
use crate::{EpochEnd, Examples, Loss, Mode, Model, ModelError, Observer, Optimizer, Presentation, Target};

/// How long a run lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

impl LearningRate for f64 {
    fn at(&self, _step: u64) -> f64 {
        *self
    }
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Training {
    /// Updates made; steps at which the sampler showed nothing are not counted.
    pub n_updates: u64,
    /// Steps of the sampler taken.
    pub n_steps: u64,
    /// Examples presented, each presentation counted.
    pub n_presented: u64,
}

/// Drives a model: takes batches from a sampler, updates the parameters, tells sampler and observers.
///
/// The gradient of an update is the batch mean of the weighted losses, (1/b) sum_i w_i dL_i: weights that
/// average 1 over the data keep the learning rate's meaning.
#[derive(Debug, Clone)]
pub struct Trainer<R = f64> {
    budget: Budget,
    learning_rate: R,
}

impl<R: LearningRate> Trainer<R> {
    /// A trainer with this budget and learning rate.
    ///
    /// # Errors
    /// Where the first learning rate is not a positive finite number.
    pub fn new(budget: Budget, learning_rate: R) -> Result<Self, ModelError> {
        let first = learning_rate.at(0);
        if !(first.is_finite() && first > 0.0) {
            return Err(ModelError::argument("learning_rate", first, "a finite number above 0"));
        }
        Ok(Self { budget, learning_rate })
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
        check_fit(model, loss, data)?;
        if sampler.n_examples() != data.n_examples() {
            return Err(ModelError::argument(
                "sampler",
                format!("made for {} examples", sampler.n_examples()),
                "a sampler made for the number of examples in the data",
            ));
        }
        let mut run = Run::new(model);
        let mut training = Training { n_updates: 0, n_steps: 0, n_presented: 0 };
        let mut epoch_loss = (0.0, 0u64);
        let mut empty_steps = 0;
        loop {
            let step = training.n_steps;
            let epoch = sampler.epoch(step);
            if match self.budget {
                Budget::Updates(updates) => training.n_updates >= updates,
                Budget::Examples(examples) => training.n_presented >= examples,
                Budget::Epochs(epochs) => epoch.index >= epochs,
            } {
                break;
            }
            run.tell_wanted(model, loss, data, sampler, step)?;
            // How long an epoch is may follow from the losses just told.
            let epoch = sampler.epoch(step);
            sampler.batch(step, &mut run.batch);
            run.check_batch(data, step)?;
            let b = run.batch.indices.len();
            if let Budget::Examples(examples) = self.budget {
                if training.n_presented + b as u64 > examples {
                    break;
                }
            }
            training.n_steps += 1;
            empty_steps = if b > 0 { 0 } else { empty_steps + 1 };
            if empty_steps > LONGEST_SILENCE {
                return Err(ModelError::NothingShown { step, n_steps: empty_steps });
            }
            if b > 0 {
                run.forward(model, loss, data, step)?;
                sampler.feedback(step, &run.batch.indices, &run.losses);
                let presentation = Presentation {
                    step,
                    epoch,
                    indices: &run.batch.indices,
                    labels: &run.labels,
                    outputs: &run.outputs[..b * model.n_outputs()],
                    losses: &run.losses,
                };
                observers.iter_mut().for_each(|observer| observer.presented(&presentation));
                epoch_loss = (epoch_loss.0 + run.losses.iter().sum::<f64>(), epoch_loss.1 + b as u64);
                let d = data.n_features();
                let examples = Examples::new(&run.features[..b * d], d);
                let deltas = &run.deltas[..b * model.n_outputs()];
                model.backward(examples, deltas, &mut run.workspace, &mut run.gradient);
                optimizer.update(model.parameters_mut(), &run.gradient, self.learning_rate.at(step));
                training.n_updates += 1;
                training.n_presented += b as u64;
            }
            if epoch.step + 1 >= epoch.n_steps {
                end_epoch(observers, epoch.index, &training, &mut epoch_loss);
            }
        }
        if epoch_loss.1 > 0 {
            let last = training.n_steps.saturating_sub(1);
            end_epoch(observers, sampler.epoch(last).index, &training, &mut epoch_loss);
        }
        Ok(training)
    }
}

/// How many steps in a row a sampler may show nothing, as a self-paced one does until something is easy enough,
/// before a run that would never end is stopped.
const LONGEST_SILENCE: u64 = 100_000;

fn end_epoch<T: Scalar>(
    observers: &mut [&mut dyn Observer<T>],
    epoch: u64,
    training: &Training,
    epoch_loss: &mut (f64, u64),
) {
    let (sum, count) = std::mem::take(epoch_loss);
    let end = EpochEnd {
        epoch,
        n_updates: training.n_updates,
        n_presented: training.n_presented,
        mean_loss: sum / count as f64,
    };
    observers.iter_mut().for_each(|observer| observer.epoch_ended(&end));
}

/// The memory of a run, made once and grown only by a larger batch.
struct Run<'d, T: Scalar, M: Model<T>> {
    batch: Batch,
    capacity: usize,
    workspace: M::Workspace,
    features: Vec<T>,
    outputs: Vec<T>,
    deltas: Vec<T>,
    gradient: Vec<T>,
    labels: Vec<usize>,
    losses: Vec<f64>,
    wanted: Vec<usize>,
    targets: Vec<Target<'d, T>>,
}

impl<'d, T: Scalar, M: Model<T>> Run<'d, T, M> {
    fn new(model: &M) -> Self {
        Self {
            batch: Batch::default(),
            capacity: 0,
            workspace: model.workspace(0),
            features: Vec::new(),
            outputs: Vec::new(),
            deltas: Vec::new(),
            gradient: vec![T::zero(); model.parameters().len()],
            labels: Vec::new(),
            losses: Vec::new(),
            wanted: Vec::new(),
            targets: Vec::new(),
        }
    }

    /// Evaluates the examples whose losses the sampler wants to know before it gives its next batch.
    fn tell_wanted(
        &mut self,
        model: &M,
        loss: &impl Loss<T>,
        data: &Dataset<T>,
        sampler: &mut dyn Sampler,
        step: u64,
    ) -> Result<(), ModelError> {
        sampler.wanted(step, &mut self.wanted);
        if self.wanted.is_empty() {
            return Ok(());
        }
        check_indices(&self.wanted, data, step)?;
        let mut outputs = Vec::new();
        forward_all(model, data, &self.wanted, &mut outputs);
        let columns = outputs.chunks_exact(model.n_outputs()).zip(&self.wanted);
        self.losses.clear();
        self.losses.extend(columns.map(|(outputs, &index)| loss.loss(outputs, target(data, index))));
        check_losses(&self.losses, &self.wanted, step)?;
        sampler.feedback(step, &self.wanted, &self.losses);
        Ok(())
    }

    fn check_batch(&self, data: &Dataset<T>, step: u64) -> Result<(), ModelError> {
        let Batch { indices, weights } = &self.batch;
        check_indices(indices, data, step)?;
        if !weights.is_empty() && weights.len() != indices.len() {
            let weight = format!("list of {} for {} examples", weights.len(), indices.len());
            return Err(ModelError::SamplerWeight { weight, step });
        }
        match weights.iter().find(|weight| !weight.is_finite()) {
            Some(weight) => Err(ModelError::SamplerWeight { weight: weight.to_string(), step }),
            None => Ok(()),
        }
    }

    /// Outputs, losses and the gradient of the mean weighted loss with respect to the outputs.
    fn forward(
        &mut self,
        model: &M,
        loss: &impl Loss<T>,
        data: &'d Dataset<T>,
        step: u64,
    ) -> Result<(), ModelError> {
        let (b, c, d) = (self.batch.indices.len(), model.n_outputs(), data.n_features());
        if b > self.capacity {
            self.capacity = b;
            self.workspace = model.workspace(b);
            self.features.resize(b * d, T::zero());
            self.outputs.resize(b * c, T::zero());
            self.deltas.resize(b * c, T::zero());
        }
        gather(data, &self.batch.indices, &mut self.features);
        let examples = Examples::new(&self.features[..b * d], d);
        model.forward(examples, Mode::Training { step }, &mut self.workspace, &mut self.outputs[..b * c]);
        self.labels.clear();
        self.labels.extend(self.batch.indices.iter().map(|&index| data.labels()[index]));
        let deltas = &mut self.deltas[..b * c];
        self.targets.clear();
        self.targets.extend(self.batch.indices.iter().map(|&index| target(data, index)));
        loss.losses_and_gradients(&self.outputs[..b * c], &self.targets, &mut self.losses, deltas);
        for (i, delta) in deltas.chunks_exact_mut(c).enumerate() {
            let weight = self.batch.weights.get(i).copied().unwrap_or(1.0);
            let scale = T::of_f64(weight / b as f64);
            delta.iter_mut().for_each(|delta| *delta *= scale);
        }
        check_losses(&self.losses, &self.batch.indices, step)
    }
}

fn check_indices<T: Scalar>(indices: &[usize], data: &Dataset<T>, step: u64) -> Result<(), ModelError> {
    let n_examples = data.n_examples();
    match indices.iter().find(|&&index| index >= n_examples) {
        Some(&index) => Err(ModelError::SamplerIndex { index, step, n_examples }),
        None => Ok(()),
    }
}

fn check_losses(losses: &[f64], indices: &[usize], step: u64) -> Result<(), ModelError> {
    match losses.iter().position(|loss| !loss.is_finite()) {
        Some(at) => Err(ModelError::Diverged { step, example: indices[at], loss: losses[at] }),
        None => Ok(()),
    }
}
