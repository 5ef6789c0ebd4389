//! The honest comparison of orders, weightings and pruning with plain shuffling, on one's own data.

mod arm;
mod facts;
mod findings;
mod options;
mod page;
mod plan;
mod repetition;
mod runner;
mod saved;
mod whole;
mod words;

use std::time::Instant;

use cl_study::{EndedRun, Progress};
use serde::{Deserialize, Serialize};

pub use arm::{Arm, ArmKind, Kept, Order, Strategy};
pub use facts::DataFacts;
pub use findings::{ArmFindings, BudgetFindings, Difference};
pub use options::Options;
pub use plan::Plan;

pub use crate::judging::{Count, Decision};

use crate::{
    error::LabError,
    metric::Metric,
    problem::Problem,
    recipe::{N_VALIDATIONS, evaluated},
};
use findings::Judging;
use options::Checked;
use plan::Cost;
use repetition::{Repetition, model_in_words};
use runner::{FIRST_TUNING_SEED, Runner};
use saved::{Saved, content};

/// What a comparison came to: `results.json`, version 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The version of this form.
    pub version: u32,
    /// `compare`.
    pub command: String,
    /// The answer in plain sentences; each number of it stands below.
    pub verdict: Vec<String>,
    /// The data.
    pub data: DataFacts,
    /// What is compared.
    pub metric: Metric,
    /// The unit of means, differences and intervals.
    pub unit: String,
    /// The largest difference that is not worth naming, in that unit.
    pub margin: f64,
    /// What learns, in words.
    pub model: String,
    /// How much of everything was run.
    pub plan: Plan,
    /// Repetitions judged.
    pub repetitions: usize,
    /// Whether time ended before all repetitions that were asked for.
    pub stopped_by_time: bool,
    /// Examples tested on for each other one, by which intervals are widened; 0 where a test set was given.
    pub test_to_train: f64,
    /// The arms at the full budget.
    pub arms: Vec<ArmFindings>,
    /// Of the arms that are better than shuffling at the full budget, the one that validated best.
    pub winner: Option<Arm>,
    /// The least gain that no arm would have hidden at the full budget.
    pub detectable: Option<f64>,
    /// Everything by budget, the full one first.
    pub budgets: Vec<BudgetFindings>,
    /// Every judged run.
    pub runs: Vec<EndedRun>,
}

/// Compares arms with shuffling: draws a split per repetition, chooses the learning rate for shuffling and each arm's own
/// settings on the validation parts of splits that are not judged, trains every arm at the full budget and at a tenth of it on
/// fresh splits, and judges all gains at once.
///
/// ```text
/// gain of an arm     metric(arm) - metric(shuffling) on the same split, with the same first weights and updates
/// interval           Nadeau and Bengio's, over repetitions that cut the same data anew
/// verdict            better, worse, no difference (within the margin), undecided: by cl_study::verdict::judge_all
/// ```
///
/// The same for any number of threads; with a folder it can be killed and goes on.
///
/// ```
/// use cl_lab::{Problem, compare::{Arm, Options, compare}, problem::ReadOptions};
/// use cl_study::Quiet;
///
/// let iris = Problem::read("iris", &ReadOptions::default())?;
/// let options = Options { arms: Some(vec![Arm::SelfPaced]), n_seeds: 6, epochs: Some(5), ..Options::default() };
/// let comparison = compare(&iris, &options, &Quiet)?;
/// assert_eq!((comparison.repetitions, comparison.arms.len(), comparison.budgets.len()), (6, 1, 2));
/// # Ok::<(), cl_lab::LabError>(())
/// ```
///
/// # Errors
/// Where options do not fit the data, the time limit is too short for anything, a run fails, or the folder holds another
/// comparison.
pub fn compare(problem: &Problem, options: &Options, progress: &dyn Progress) -> Result<Comparison, LabError> {
    let began = Instant::now();
    let checked = options.checked(problem)?;
    let facts = DataFacts::of(problem);
    let content = content(problem);
    let kept = match options.folder.as_deref().map(Saved::read).transpose()?.flatten() {
        Some(kept) => kept.expect(&facts, &content, &checked, options.time_limit)?,
        None => {
            let plan = Plan::whole(problem, &checked);
            let plan = match options.time_limit {
                Some(limit) => {
                    let jobs = options.jobs.unwrap_or_else(rayon::current_num_threads);
                    plan.within(problem, &checked, limit, measured_cost(problem, &checked)?, jobs)?
                }
                None => plan,
            };
            let kept = Saved {
                version: 1,
                data: facts.clone(),
                content: content.clone(),
                checked: checked.clone(),
                time_limit: options.time_limit,
                plan,
                ended_at: None,
            };
            if let Some(folder) = &options.folder {
                kept.write(folder)?;
            }
            kept
        }
    };
    let deadline = options.time_limit.and_then(|limit| began.checked_add(limit));
    let plan = kept.plan.clone();
    let runner = Runner { problem, content: &content, plan: &plan, checked: &checked, options, progress };
    let (budgets, runs, repetitions) = runner.run(kept, deadline)?;
    let judging = Judging {
        metric: checked.metric,
        margin: checked.margin,
        test_to_train: plan.shares.test_to_train(problem),
    };
    let budgets = judging.judged(&budgets)?;
    let (unit, scale) = checked.metric.unit();
    let full = &budgets[0];
    let mut comparison = Comparison {
        version: 1,
        command: "compare".into(),
        verdict: Vec::new(),
        data: facts,
        metric: checked.metric,
        unit: unit.into(),
        margin: scale * checked.margin,
        model: model_in_words(&plan.model, problem.task()),
        repetitions,
        stopped_by_time: repetitions < plan.n_seeds,
        test_to_train: judging.test_to_train,
        arms: full.arms.clone(),
        winner: full.winner,
        detectable: full.detectable,
        budgets,
        runs,
        plan,
    };
    comparison.verdict = comparison.in_words();
    Ok(comparison)
}

/// What an update and a validation take on one thread, from a short training.
fn measured_cost(problem: &Problem, checked: &Checked) -> Result<Cost, LabError> {
    const UPDATES: u64 = 60;
    let plan = Plan::whole(problem, checked);
    let repetition = Repetition::new(problem, &plan, checked.metric, FIRST_TUNING_SEED)?;
    let seconds = |work: &dyn Fn() -> Result<(), LabError>| -> Result<f64, LabError> {
        let began = Instant::now();
        work()?;
        Ok(began.elapsed().as_secs_f64())
    };
    let run = |n_updates: u64| {
        let rate = plan.learning_rates[0];
        seconds(&|| repetition.run(Strategy::Shuffling, None, n_updates, rate).map(drop))
    };
    let model = plan.model.make(problem, 0)?;
    let validate = || seconds(&|| Ok(evaluated(problem.task(), &model, &repetition.parts.validation).map(drop)?));
    // The first of each also warms up what is measured.
    validate()?;
    run(1)?;
    let (validation, few, many) = (validate()?, run(1)?, run(UPDATES)?);
    // The long run validates nine times more often.
    let update = (many - few - (N_VALIDATIONS - 1) as f64 * validation) / (UPDATES - 1) as f64;
    Ok(Cost { update: update.max(1e-6), validation: validation.max(1e-6) })
}
