use std::io::Write;
use std::path::PathBuf;

use cl_data::io::{csv_field, exact, write_atomically};
use cl_data::{Dataset, Sampler, Version};
use cl_model::{Budget, Mlp, Model, Observer, Presentation, Run, Trainer};
use cl_prune::Selection;

use super::assembly::{Ingredients, sampler};
use super::configuration::Configuration;
use super::difficulty_settings::By;
use super::dynamics::Dynamics;
use super::fault::named;
use super::folder::{CHECKPOINT, DIFFICULTY, DYNAMICS, Entry, Folder, HISTORY, KEPT, MODEL, RESULTS, RUN, WRONG};
use super::hardness::{difficulty, irreducible, name_of};
use super::history::{EpochRow, write_history};
use super::identity::Identity;
use super::loss::{Learned, TrainedLoss, loss_by_name};
use super::model_file::write_model;
use super::optimizer::{Stepper, optimizer_by_name};
use super::plan::Plan;
use super::pruning::{n_kept, selection};
use super::results::{Measured, Results};
use super::schedule::{Length, Made, SCHEDULE, Schedule, schedule_by_name};
use super::state::{Best, Prepared, Progress, State};
use super::training_settings::Criterion;
use crate::error::LabError;
use crate::metric::Metric;
use crate::problem::{Problem, Task};
use crate::recipe::evaluated;
use crate::split::Parts;

/// Where a run is written, and how far it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The folder: a new one, an empty one, or that of a run.
    pub folder: PathBuf,
    /// Epochs from one checkpoint to the next, at least 1.
    pub checkpoint_every: u64,
    /// Whether to go on with the run that the folder has.
    pub resume: bool,
    /// Whether a run that the folder has is written over.
    pub overwrite: bool,
    /// After how many epochs to break off, as if the run were killed then; never if `None`.
    pub stop_after: Option<u64>,
}

impl Options {
    /// A new run in this folder, with a checkpoint after every epoch.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), checkpoint_every: 1, resume: false, overwrite: false, stop_after: None }
    }
}

/// Someone who is told how a run goes.
pub trait Watcher {
    /// What is being done, before the first epoch.
    fn doing(&mut self, what: &str) {
        let _ = what;
    }

    /// An epoch has ended, of so many.
    fn epoch(&mut self, row: &EpochRow, n_epochs: u64) {
        let _ = (row, n_epochs);
    }
}

impl Watcher for () {}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It came to its end.
    Ended(Box<Results>),
    /// It was broken off after this epoch, as [`Options::stop_after`] asks.
    BrokenOff(u64),
}

/// Trains on a problem as a configuration says, and writes into a folder what came of it.
///
/// ```text
/// run.toml          the configuration in full
/// history.csv       an epoch a row: losses and the metric
/// dynamics/         labels.npy, ids.npy, logits_epoch_E.npy (losses_epoch_E.npy): what `curriculum score` reads
/// difficulty.csv    how hard each example of the training part is, where anything asks for it
/// kept.csv          which of them pruning kept, and why
/// wrong.txt         the ids whose labels were made wrong
/// model.json        the model that was best on the validation part, and what its inputs are standardised by
/// results.json      what came of it, the test part read once
/// checkpoint.json   where the run stands, while it has not ended
/// ```
///
/// Everything is checked before anything is trained. A run that is broken off goes on from its last checkpoint to the same
/// bytes. The same configuration and data give the same bytes, whatever the number of threads.
///
/// ```
/// use cl_data::bundled;
/// use cl_lab::training::{Configuration, Options, Outcome, train};
/// use cl_lab::{Problem, Task};
///
/// let iris = Problem::new("iris", Task::Classification, bundled::iris().cast()?)?;
/// let set = [("training.epochs", "3"), ("order.name", "easy-first"), ("sampler.name", "prefix"), ("pacing.name", "root"),
///     ("pacing.a", "0.8"), ("pacing.b", "0.2")].map(|(key, value)| (key.to_owned(), value.to_owned()));
/// let configuration = Configuration::read("".as_ref(), "", &set)?;
/// let folder = tempfile::tempdir().unwrap();
/// let Outcome::Ended(results) = train(&iris, &configuration, &Options::new(folder.path().join("run")), &mut ())? else {
///     panic!("it was broken off")
/// };
/// assert_eq!((results.n_epochs, results.n_train), (3, 90));
/// # Ok::<(), cl_lab::LabError>(())
/// ```
///
/// # Errors
/// Where the configuration does not go with the problem; where the folder may not be written to, or has nothing to resume,
/// or a run of another configuration or other data; where training diverges.
pub fn train(
    problem: &Problem,
    configuration: &Configuration,
    options: &Options,
    watcher: &mut dyn Watcher,
) -> Result<Outcome, LabError> {
    if options.checkpoint_every == 0 {
        return Err(LabError::argument("checkpoint_every", 0, "at least 1"));
    }
    let plan = configuration.plan(problem)?;
    let parts = match plan.data.noise > 0.0 {
        true => {
            problem.clone().with_label_noise(plan.data.noise)?.split(plan.data.shares, None, plan.data.seed)?
        }
        false => problem.split(plan.data.shares, None, plan.data.seed)?,
    };
    let given = parts.examples.iter().map(|&example| problem.data().labels()[example]);
    let is_wrong: Vec<bool> = given.zip(parts.train.labels()).map(|(given, &label)| given != label).collect();
    let entry = match (options.resume, options.overwrite) {
        (true, _) => Entry::Resume,
        (false, true) => Entry::Overwrite,
        (false, false) => Entry::New,
    };
    let folder = Folder::new(&options.folder, entry)?;
    let identity = Identity::of(&parts);
    let resolved = configuration.resolved();
    let saved = match entry {
        Entry::Resume => {
            let path = folder.path(CHECKPOINT);
            let state = State::read(&path)?;
            state.check(&path, &resolved, &identity)?;
            Some(state)
        }
        _ => None,
    };

    let bench = Bench { problem, configuration, plan: &plan, parts: &parts };
    bench.check()?;
    let (saved, prepared) = match saved {
        Some(state) => {
            let State { prepared, progress, loss, run, .. } = state;
            (Some((progress, loss, run)), prepared)
        }
        None => {
            let (prepared, selection) = bench.prepared(watcher)?;
            folder.clear()?;
            let toml = configuration.to_toml();
            write_atomically(folder.path(RUN), |writer| writer.write_all(toml.as_bytes()))?;
            bench.write_lists(&folder, &prepared, selection.as_ref(), &is_wrong)?;
            (None, prepared)
        }
    };
    let train = match &prepared.kept {
        Some(kept) => parts.train.subset(kept)?,
        None => parts.train.clone(),
    };
    let dynamics = Dynamics::new(folder.path(DYNAMICS), problem.task());
    let mut learner = bench.learner(&train, &prepared)?;
    let trainer = Trainer::new(Budget::Updates(learner.n_updates), learner.schedule.clone())?;
    let Learner { model, loss, optimizer, sampler, .. } = &mut learner;
    let (mut run, mut progress) = match saved {
        Some((progress, state, checkpoint)) => {
            loss.restore(state);
            dynamics.forget_after(progress.rows.len() as u64)?;
            let run = trainer.resume(checkpoint, model, &*loss, optimizer, &train, None, &mut **sampler)?;
            (run, progress)
        }
        None => {
            if plan.every > 0 {
                dynamics.begin(&train)?;
            }
            let progress = Progress { shown: vec![0; train.n_examples()], ..Progress::default() };
            (trainer.start(model, &*loss, &train, None, &**sampler)?, progress)
        }
    };
    if progress.shown.len() != train.n_examples() {
        let expected = format!("one count for each of {} examples trained on", train.n_examples());
        return Err(LabError::argument("checkpoint", progress.shown.len(), expected));
    }
    while !progress.stopped_early && run.training().n_updates < learner.n_updates {
        let epoch = progress.rows.len() as u64 + 1;
        let row = bench.epoch(&mut learner, &mut run, &mut progress)?;
        if plan.every > 0 && epoch.is_multiple_of(plan.every) {
            dynamics.record(epoch, &evaluated(problem.task(), &learner.model, &train)?)?;
        }
        write_history(&folder.path(HISTORY), &progress.rows)?;
        let has_ended = progress.stopped_early || run.training().n_updates >= learner.n_updates;
        if has_ended || epoch.is_multiple_of(options.checkpoint_every) {
            let state = State {
                configuration: resolved.clone(),
                data: identity.clone(),
                prepared: prepared.clone(),
                progress: progress.clone(),
                loss: learner.loss.state(),
                run: run.checkpoint(&learner.model, &learner.optimizer, &*learner.sampler)?,
            };
            state.write(&folder.path(CHECKPOINT))?;
        }
        watcher.epoch(&row, learner.n_epochs);
        if !has_ended && options.stop_after == Some(epoch) {
            return Ok(Outcome::BrokenOff(epoch));
        }
    }
    let training = run.finish(&mut learner.model);
    if let Some(best) = &progress.best {
        if best.parameters.len() != learner.model.parameters().len() {
            let expected = format!("{}, as many as the model has", learner.model.parameters().len());
            return Err(LabError::argument("parameters of the checkpoint", best.parameters.len(), expected));
        }
        learner.model.parameters_mut().copy_from_slice(&best.parameters);
    }
    write_model(&folder.path(MODEL), problem, &parts.examples, &learner.model)?;
    let results = Results {
        version: Version,
        data: problem.name().to_owned(),
        task: problem.task(),
        n_train: parts.train.n_examples(),
        n_kept: train.n_examples(),
        n_wrong: is_wrong.iter().filter(|&&is_wrong| is_wrong).count(),
        difficulty: prepared.difficulty.as_ref().map(|_| name_of(bench.by()).to_owned()),
        n_parameters: learner.model.parameters().len(),
        n_epochs: progress.rows.len() as u64,
        n_updates: training.n_updates,
        n_presented: training.n_presented,
        n_never_shown: progress.shown.iter().filter(|&&n| n == 0).count(),
        best_epoch: progress.best.as_ref().map(|best| best.epoch),
        stopped_early: progress.stopped_early,
        metric: bench.metric(),
        validation: bench.measured(&learner.model, &parts.validation)?,
        test: bench.measured(&learner.model, &parts.test)?,
    };
    results.write(&folder.path(RESULTS))?;
    folder.remove(&folder.path(CHECKPOINT))?;
    Ok(Outcome::Ended(Box::new(results)))
}

/// All that a run is made of.
struct Bench<'a> {
    problem: &'a Problem,
    configuration: &'a Configuration,
    plan: &'a Plan,
    parts: &'a Parts,
}

/// What learns, and all that drives it.
struct Learner {
    model: Mlp<f32>,
    loss: TrainedLoss,
    optimizer: Stepper,
    schedule: Schedule,
    sampler: Box<dyn Sampler>,
    n_updates: u64,
    n_epochs: u64,
    per_epoch: u64,
}

/// Sees what is shown, and what it cost.
struct Seen<'a> {
    shown: &'a mut [u32],
    loss: f64,
    n: u64,
}

impl Observer<f32> for Seen<'_> {
    fn presented(&mut self, presentation: &Presentation<'_, f32>) {
        presentation.indices.iter().for_each(|&index| self.shown[index] = self.shown[index].saturating_add(1));
        self.loss += presentation.losses.iter().sum::<f64>();
        self.n += presentation.losses.len() as u64;
    }
}

impl Bench<'_> {
    fn by(&self) -> By {
        self.plan.difficulty.by(self.problem.difficulty().is_some())
    }

    fn is_own(&self) -> bool {
        self.by() == By::Scores
    }

    fn metric(&self) -> Metric {
        self.plan.training.metric.unwrap_or_else(|| Metric::default_of(self.problem.task()))
    }

    /// That everything can be made, before models are trained to tell what is hard.
    fn check(&self) -> Result<(), LabError> {
        let n = n_kept(self.configuration, self.plan, self.parts.train.n_examples())?;
        let n_train = self.parts.train.n_examples();
        // From all over them, so that no class is left out that need not be.
        let kept: Vec<usize> = (0..n).map(|at| at * n_train / n).collect();
        let train = self.parts.train.subset(&kept)?;
        // No order that is known, so that none is mistaken for the one to come.
        let stand: Vec<f64> = (0..n).map(|example| example as f64 / n as f64).collect();
        let prepared = Prepared {
            difficulty: self.plan.needs_difficulty.then(|| stand.clone()),
            irreducible: self.plan.sampler.irreducible.then_some(stand),
            kept: None,
        };
        self.learner(&train, &prepared).map(drop)
    }

    /// How hard examples are, and which are trained on.
    fn prepared(&self, watcher: &mut dyn Watcher) -> Result<(Prepared, Option<Selection>), LabError> {
        let train = &self.parts.train;
        let task = self.problem.task();
        let difficulty = match self.plan.needs_difficulty {
            true => {
                watcher.doing(&format!("difficulty by {}", name_of(self.by())));
                Some(difficulty(self.plan, task, train, self.parts.difficulty.as_deref())?)
            }
            false => None,
        };
        let selection = selection(self.configuration, self.plan, train, difficulty.as_deref(), self.is_own())?;
        let kept = selection.as_ref().map(Selection::kept_sorted);
        let irreducible = match self.plan.sampler.irreducible {
            true => {
                watcher.doing("irreducible losses");
                let trained_on = match &kept {
                    Some(kept) => train.subset(kept)?,
                    None => train.clone(),
                };
                Some(irreducible(self.plan, task, &trained_on)?)
            }
            false => None,
        };
        Ok((Prepared { difficulty, irreducible, kept }, selection))
    }

    /// Writes what was found out of each example of the training part.
    fn write_lists(
        &self,
        folder: &Folder,
        prepared: &Prepared,
        selection: Option<&Selection>,
        is_wrong: &[bool],
    ) -> Result<(), LabError> {
        let ids = self.parts.train.ids();
        if let Some(difficulty) = &prepared.difficulty {
            write_atomically(folder.path(DIFFICULTY), |writer| {
                writeln!(writer, "id,difficulty")?;
                let mut rows = ids.iter().zip(difficulty);
                rows.try_for_each(|(id, score)| writeln!(writer, "{},{}", csv_field(&id), exact(*score)))
            })?;
        }
        if let Some(selection) = selection {
            write_atomically(folder.path(KEPT), |writer| {
                writeln!(writer, "id,kept,reason")?;
                ids.iter().enumerate().try_for_each(|(example, id)| {
                    let kept = selection.decisions.get(example).is_some_and(|decision| decision.kept);
                    let reason = selection.reason(example).unwrap_or_default();
                    writeln!(writer, "{},{},{}", csv_field(&id), u8::from(kept), csv_field(&reason))
                })
            })?;
        }
        if is_wrong.contains(&true) {
            write_atomically(folder.path(WRONG), |writer| {
                let mut wrong = ids.iter().zip(is_wrong).filter(|(_, is_wrong)| **is_wrong);
                wrong.try_for_each(|(id, _)| writeln!(writer, "{id}"))
            })?;
        }
        Ok(())
    }

    /// What learns from `train`, before its first update.
    fn learner(&self, train: &Dataset<f32>, prepared: &Prepared) -> Result<Learner, LabError> {
        let Self { configuration, plan, problem, .. } = self;
        let (task, training) = (problem.task(), &plan.training);
        let n = train.n_examples();
        let (n_updates, per_epoch) = (training.n_updates(n), training.updates_per_epoch(n));
        let n_outputs = if task == Task::Regression { 1 } else { train.n_classes() };
        let of = Learned { task, n_classes: train.n_classes() };
        let mut own = configuration.options(&SCHEDULE, &[]).map_err(named)?;
        let length = Length { learning_rate: training.learning_rate, n_updates, per_epoch };
        let parameters = configuration.parameters("schedule");
        let Made { schedule, plateau } =
            schedule_by_name(configuration.chosen("schedule"), &parameters, &mut own, length)?;
        let parameters = configuration.parameters("optimizer");
        let optimizer = optimizer_by_name(configuration.chosen("optimizer"), &parameters, plateau)?;
        let all = prepared.difficulty.as_deref();
        let kept: Option<Vec<f64>> = match (&prepared.kept, all) {
            (Some(kept), Some(all)) => kept.iter().map(|&example| all.get(example).copied()).collect(),
            _ => None,
        };
        let ingredients = Ingredients {
            n_examples: n,
            classes: (task == Task::Classification).then_some(train.labels()),
            difficulty: kept.as_deref().or(all),
            own: self.is_own(),
            irreducible: prepared.irreducible.as_deref(),
        };
        Ok(Learner {
            model: plan.model.make(train.n_features(), n_outputs, training.seed)?,
            loss: loss_by_name(configuration.chosen("loss"), &configuration.parameters("loss"), of)?,
            optimizer,
            schedule,
            sampler: sampler(configuration, plan, &ingredients)?,
            n_updates,
            n_epochs: training.n_epochs(n),
            per_epoch,
        })
    }

    /// So many updates as a pass over the examples takes, and what validation says after them.
    fn epoch(
        &self,
        learner: &mut Learner,
        run: &mut Run<'_, f32, Mlp<f32>, Schedule>,
        progress: &mut Progress,
    ) -> Result<EpochRow, LabError> {
        let Learner { model, loss, optimizer, sampler, n_updates, per_epoch, .. } = learner;
        let epoch = progress.rows.len() as u64 + 1;
        let until = per_epoch.saturating_mul(epoch).min(*n_updates);
        let mut seen = Seen { shown: &mut progress.shown, loss: 0.0, n: 0 };
        while run.training().n_updates < until {
            run.step(model, &*loss, optimizer, &mut **sampler, &mut [&mut seen])?;
        }
        let (sum, n) = (seen.loss, seen.n);
        let measured = self.measured(model, &self.parts.validation)?;
        let metric = self.metric();
        let value = match (self.plan.training.criterion, measured.metric) {
            (Criterion::Loss, _) => Some(-measured.loss).filter(|value| value.is_finite()),
            (Criterion::Metric, value) => value.map(|value| metric.gain(value, 0.0)),
        };
        if let Some(plateau) = &optimizer.plateau {
            plateau.observe(measured.loss);
        }
        if let Some(value) = value {
            sampler.validated(value).map_err(cl_model::ModelError::from)?;
        }
        // What is no number is never best.
        let is_best = value.is_some_and(|value| progress.best.as_ref().is_none_or(|best| value > best.value));
        if let (true, Some(value)) = (is_best, value) {
            progress.best = Some(Best { value, epoch, parameters: model.parameters().to_vec() });
            progress.epochs_since_best = 0;
        } else {
            progress.epochs_since_best += 1;
        }
        let patience = self.plan.training.patience;
        progress.stopped_early = patience > 0 && progress.epochs_since_best >= patience;
        let training = run.training();
        let row = EpochRow {
            epoch,
            n_updates: training.n_updates,
            n_presented: training.n_presented,
            train_loss: (n > 0).then(|| sum / n as f64),
            validation_loss: Some(measured.loss).filter(|loss| loss.is_finite()),
            validation_metric: measured.metric,
            is_best,
        };
        progress.rows.push(row);
        Ok(row)
    }

    fn measured(&self, model: &Mlp<f32>, part: &Dataset<f32>) -> Result<Measured, LabError> {
        let evaluation = evaluated(self.problem.task(), model, part)?;
        let metric = Some(self.metric().of(&evaluation, part)).filter(|value| value.is_finite());
        Ok(Measured { n_examples: part.n_examples(), loss: evaluation.mean_loss(), metric })
    }
}
