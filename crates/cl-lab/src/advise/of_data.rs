use std::time::{Duration, Instant};

use cl_difficulty::log;
use cl_study::Progress;

use super::{
    advice::{Advice, HeldOutExamples, LogFacts, Parts},
    balance::Balance,
    commands::{Named, commands_of_data},
    duplicates::Duplicates,
    folds::drawn,
    forgetting::Forgetting,
    held_out::{Asked, CrossValidation},
    keep::{Keep, Pruning},
    learned::nothing_learned,
    noise::{Noise, Suspect},
    of_files::log_facts,
    options::Options,
    order::OrderAdvice,
    outliers::Outliers,
    plan::{Cost, MOST_CHOICE_MODELS, N_RULES, NoisePlan, Plan},
    sentence::CannotSay,
    tuning::{Grid, Tuning},
};
use crate::{
    compare::DataFacts,
    error::LabError,
    metric::Metric,
    problem::{Problem, Task},
};

/// Advice on one's data.
///
/// The same for any number of threads, given its [plan](super::Plan).
///
/// ```
/// use cl_lab::{Problem, advise::{Options, advise}, problem::ReadOptions};
/// use cl_study::Quiet;
/// use std::time::Duration;
///
/// let wine = Problem::read("wine", &ReadOptions::default())?;
/// let options = Options { time_limit: Some(Duration::from_secs(5)), ..Options::default() };
/// let advice = advise(&wine, &options, &Quiet)?;
/// assert_eq!((advice.version, advice.balance.classes.len()), (1, 3));
/// assert!(advice.noise.rate.unwrap() < 0.1);
/// println!("{advice}");
/// # Ok::<(), cl_lab::LabError>(())
/// ```
///
/// # Errors
/// Where options do not fit the data, or these cannot be split or trained on.
pub fn advise(problem: &Problem, options: &Options, progress: &dyn Progress) -> Result<Advice, LabError> {
    advised(problem, None, options, progress)
}

/// The same with a log of one's own model, which tells what it forgets.
///
/// # Errors
/// As [`advise`], and where the log cannot be read.
pub fn advise_with_log(
    problem: &Problem,
    runs: &mut [Box<dyn log::Source>],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Advice, LabError> {
    let forgetting = Forgetting::of_log(runs)?;
    advised(problem, Some((log_facts(runs), forgetting)), options, progress)
}

fn advised(
    problem: &Problem,
    log: Option<(LogFacts, Forgetting)>,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Advice, LabError> {
    let metric = options.metric(problem)?;
    let margin = options.margin(metric)?;
    if let Some(limit) = options.time_limit
        && limit < Duration::from_secs(1)
    {
        return Err(LabError::argument("time-limit", format!("{limit:?}"), "at least a second"));
    }
    let pool = options.pool()?;
    let began = Instant::now();
    let threads = pool.current_num_threads();
    let advisor = Advisor { problem, options, metric, margin, began, threads, progress };
    pool.install(|| advisor.advice(log))
}

/// The share of the limit after which no repetition of pruning begins; what is left is for orders.
const KEEP_UNTIL: f64 = 0.72;

/// The share of the limit at which orders are to end.
const ORDER_UNTIL: f64 = 0.93;

struct Advisor<'a> {
    problem: &'a Problem,
    options: &'a Options,
    metric: Metric,
    margin: f64,
    began: Instant,
    threads: usize,
    progress: &'a dyn Progress,
}

/// What models that had not seen the examples say of them.
struct Asking {
    noise: Noise,
    suspects: Vec<Suspect>,
    outliers: Option<Outliers>,
    held_out: Option<HeldOutExamples>,
    /// Why nothing is learned.
    nothing: Option<CannotSay>,
}

impl Advisor<'_> {
    fn advice(&self, log: Option<(LogFacts, Forgetting)>) -> Result<Advice, LabError> {
        let Self { problem, options, metric, margin, progress, .. } = *self;
        let mut plan = self.plan()?;
        let balance = Balance::of(problem)?;
        let duplicates = Duplicates::of(problem)?;
        progress.started(self.n_runs(&plan, log.is_some()));
        let Asking { noise, suspects, outliers, held_out, nothing } = self.asking(&plan)?;

        // What trains by the metric shares the settings that are best for plain shuffling.
        let baseline = plan.keep.as_ref().map(|keep| {
            let tuning = Tuning {
                n_examples: keep.examples,
                metric,
                epochs: plan.epochs,
                batch_size: plan.batch_size,
                n_splits: keep.choice_splits,
            };
            keep.grid.best(problem, &tuning, progress)
        });
        let baseline = baseline.transpose()?;
        let (log, forgetting) = match log {
            Some((facts, forgetting)) => (Some(facts), forgetting),
            None => (None, self.forgetting(&plan)?),
        };

        let keep = match (&plan.keep, &baseline, &nothing) {
            (_, _, Some(nothing)) => Keep::unknown(metric, margin, Some(nothing.clone())),
            (Some(keep), Some(recipe), None) => {
                let pruning = Pruning {
                    problem,
                    plan: keep,
                    recipe,
                    epochs: plan.epochs,
                    metric,
                    margin,
                    noise_rate: noise.rate.unwrap_or(0.0),
                    deadline: self.deadline(KEEP_UNTIL),
                    progress,
                };
                pruning.tried()?
            }
            _ => {
                let why = "pruning is left out by the plan";
                Keep::unknown(metric, margin, Some(CannotSay::because(why, "a plan that has it, or more time")))
            }
        };
        // What was run is what the plan says.
        if let Some(of_keep) = plan.keep.as_mut().filter(|_| keep.repetitions > 0)
            && keep.repetitions < of_keep.repetitions
        {
            let told = format!(
                "time for pruning ended after {} of {} repetitions",
                keep.repetitions, of_keep.repetitions
            );
            plan.left_out.push(told);
            of_keep.repetitions = keep.repetitions;
        }
        let order = match (&plan.order, &nothing) {
            (_, Some(nothing)) => OrderAdvice::unknown(metric, margin, nothing.clone()),
            (Some(order), None) => {
                let within = (order.repetitions, self.deadline(ORDER_UNTIL));
                OrderAdvice::of(problem, options, metric, margin, within, progress)?
            }
            (None, None) => {
                let why = "comparing orders is left out by the plan";
                OrderAdvice::unknown(metric, margin, CannotSay::because(why, "a plan that has it"))
            }
        };
        if let Some(of_order) = plan.order.as_mut().filter(|_| order.repetitions > 0) {
            of_order.repetitions = order.repetitions;
        }
        progress.finished();

        let arguments = options.arguments.clone().unwrap_or_else(|| vec![problem.name().to_owned()]);
        let scores = scores_among(&arguments);
        let named = Named {
            data: &arguments,
            scores: scores.as_deref(),
            time_limit: plan.time_limit,
            all_asked: held_out.is_some() && plan.noise.as_ref().is_some_and(|noise| noise.examples.is_none()),
            n_examples: problem.data().n_examples(),
        };
        let commands = commands_of_data(named, &noise, &keep, &order);
        let parts = Parts {
            data: Some(DataFacts::of(problem)),
            log,
            scores: None,
            plan: Some(plan),
            balance,
            duplicates,
            noise,
            suspects,
            outliers,
            forgetting,
            keep,
            order,
            commands,
            held_out,
        };
        Ok(parts.advice())
    }

    fn plan(&self) -> Result<Plan, LabError> {
        if let Some(plan) = &self.options.plan {
            return Ok(plan.clone());
        }
        let whole = Plan::whole(self.problem, &self.options.model, self.options.time_limit);
        match self.options.time_limit {
            None => Ok(whole),
            Some(limit) => {
                let cost = Cost::measured(self.problem, &self.options.model, whole.batch_size)?;
                Ok(whole.within(self.problem, &self.options.model, limit, cost, self.threads))
            }
        }
    }

    /// When something is to end; a plan of an earlier advice is followed to its end.
    fn deadline(&self, share: f64) -> Option<Instant> {
        let limit = self.options.time_limit.filter(|_| self.options.plan.is_none())?;
        Some(self.began + limit.mul_f64(share))
    }

    /// Trainings, but for those of the comparison of orders, which tells its own.
    fn n_runs(&self, plan: &Plan, with_log: bool) -> usize {
        let asked = plan.noise.as_ref().map_or(0, |noise| {
            noise.grid.n_settings() * noise.tuning_splits + noise.folds * noise.seeds * noise.rounds
        });
        let pruned = plan.keep.as_ref().map_or(0, |keep| {
            let fractions = keep.fractions.len();
            keep.grid.n_settings() * keep.choice_splits
                + keep.choice_splits * N_RULES * fractions * keep.models.min(MOST_CHOICE_MODELS)
                + keep.repetitions * keep.models * (1 + 2 * fractions)
        });
        asked + pruned + if with_log { 0 } else { plan.forgetting_seeds }
    }

    fn asking(&self, plan: &Plan) -> Result<Asking, LabError> {
        let Self { problem, progress, .. } = *self;
        let Some(of_noise) = &plan.noise else {
            let cannot_say =
                || CannotSay::because("asking models is left out by the plan", "a plan that has it, or more time");
            return Ok(Asking {
                noise: Noise::unknown(cannot_say()),
                suspects: Vec::new(),
                outliers: (problem.task() == Task::Regression).then(|| Outliers::unknown(cannot_say())),
                held_out: None,
                nothing: None,
            });
        };
        let (part, _) = match of_noise.examples {
            Some(n_examples) => drawn(problem, n_examples, 0)?,
            None => (problem.clone(), Vec::new()),
        };
        let metric = if problem.task() == Task::Classification { Metric::LogLoss } else { Metric::R2 };
        let NoisePlan { folds, seeds, rounds, tuning_splits, grid, .. } = of_noise;
        let tuning = Tuning {
            n_examples: None,
            metric,
            epochs: plan.epochs,
            batch_size: plan.batch_size,
            n_splits: *tuning_splits,
        };
        let recipe = grid.best(&part, &tuning, progress)?;
        let validation =
            CrossValidation { recipe: &recipe, epochs: plan.epochs, metric, n_folds: *folds, n_seeds: *seeds };
        let (noise, suspects, outliers, held_out) = match problem.task() {
            Task::Classification => {
                let (noise, suspects, held_out) = Noise::of(&part, &validation, *rounds, progress)?;
                (noise, suspects, None, held_out)
            }
            Task::Regression => {
                let held_out = validation.held_out(Asked::all(&part), None, progress)?;
                let outliers = Outliers::of(&part, &held_out.numbers)?;
                let cannot_say = CannotSay::because(
                    "what is predicted is a number, which is never wrong by name; see the outliers",
                    "a class to predict",
                );
                (Noise::unknown(cannot_say), Vec::new(), Some(outliers), held_out)
            }
        };
        let nothing = nothing_learned(&part, &held_out.probabilities, &noise, outliers.as_ref());
        let data = part.data();
        let held_out = HeldOutExamples {
            ids: data.ids().clone(),
            labels: data.labels().to_vec(),
            n_classes: data.n_classes(),
            probabilities: held_out.probabilities,
            losses: held_out.losses,
        };
        Ok(Asking { noise, suspects, outliers, held_out: Some(held_out), nothing })
    }

    fn forgetting(&self, plan: &Plan) -> Result<Forgetting, LabError> {
        let Self { problem, progress, .. } = *self;
        let drawn_of = plan.noise.as_ref().and_then(|noise| noise.examples);
        if plan.forgetting_seeds == 0 {
            let why = "watching trainings is left out by the plan";
            return Ok(Forgetting::unknown(CannotSay::because(why, "a plan that has it, or more time")));
        }
        let part = match drawn_of {
            Some(n_examples) => drawn(problem, n_examples, 0)?.0,
            None => problem.clone(),
        };
        // Plainly trained, as a model of these data would be: neither held back from learning by heart nor by one rate.
        let grid = Grid::rates(&self.options.model);
        let tuning = Tuning {
            n_examples: None,
            metric: Metric::default_of(problem.task()),
            epochs: plan.epochs,
            batch_size: plan.batch_size,
            n_splits: 1,
        };
        let recipe = grid.best(&part, &tuning, &cl_study::Quiet)?;
        Forgetting::of(&part, &recipe, plan.epochs, plan.forgetting_seeds, progress)
    }
}

/// The file of scores among what names the data, with its options as `prune` and `order` have them.
fn scores_among(arguments: &[String]) -> Option<Vec<String>> {
    let value = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1).cloned()
    };
    let mut scores = vec![value("--scores")?];
    if let Some(column) = value("--score-column") {
        scores.extend(["--column".to_owned(), column]);
    }
    if let Some(which) = value("--high-is") {
        scores.extend(["--high-is".to_owned(), which]);
    }
    Some(scores)
}
