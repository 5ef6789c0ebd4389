//! The honest comparison of orders, weightings and pruning with plain shuffling, on one's own data.

mod arm;
mod findings;
mod options;
mod page;
mod plan;
mod repetition;
mod whole;
mod words;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use cl_data::{FingerprintBuilder, io::write_atomically};
use cl_study::{Better, Choice, EndedRun, Metric as Scalar, Outcome, Progress, Record, Study, StudyResults};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::io::Write as _;

pub use arm::{Arm, ArmKind, Kept, Order, Strategy};
pub use findings::{ArmFindings, BudgetFindings, Count, Decision, Difference};
pub use options::Options;
pub use plan::Plan;

use crate::{
    error::LabError,
    metric::Metric,
    problem::{Problem, Task},
    recipe::{N_VALIDATIONS, evaluated},
};
use findings::{BudgetValues, Judging, Values};
use options::Checked;
use plan::Cost;
use repetition::{Repetition, model_in_words};
use whole::Whole;

/// Seeds of the splits that settings are chosen on; those judged are counted from 0.
const FIRST_TUNING_SEED: u64 = 1_000_000;

/// The data that were compared on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataFacts {
    /// Their name.
    pub name: String,
    /// What is predicted.
    pub task: Task,
    /// What that is called.
    pub target: String,
    /// Examples.
    pub examples: usize,
    /// Features.
    pub features: usize,
    /// Classes; 0 of numbers.
    pub classes: usize,
    /// Examples of a test set that was given; 0 where each repetition cuts its own.
    pub test_examples: usize,
    /// Whether groups are kept on one side.
    pub grouped: bool,
    /// The share of labels that was made wrong.
    pub label_noise: f64,
    /// The hash of ids and labels.
    pub fingerprint: String,
    /// How they were read.
    pub notes: Vec<String>,
    /// What is likely wrong with them.
    pub warnings: Vec<String>,
}

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

/// What is kept beside the journals, by which a comparison that goes on is known to be the same one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Saved {
    version: u32,
    data: DataFacts,
    content: String,
    checked: Checked,
    time_limit: Option<Duration>,
    plan: Plan,
    /// Repetitions run, once time has ended.
    ended_at: Option<usize>,
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

impl DataFacts {
    pub(crate) fn of(problem: &Problem) -> Self {
        let data = problem.data();
        Self {
            name: problem.name().into(),
            task: problem.task(),
            target: problem.target().into(),
            examples: data.n_examples(),
            features: data.n_features(),
            classes: if problem.task() == Task::Classification { data.n_classes() } else { 0 },
            test_examples: problem.test().map_or(0, |test| test.n_examples()),
            grouped: problem.groups().is_some(),
            label_noise: problem.label_noise(),
            fingerprint: data.fingerprint().to_string(),
            notes: problem.notes().to_vec(),
            warnings: problem.warnings().to_vec(),
        }
    }
}

/// The hash of all that decides a run and that ids and labels do not tell: numbers, groups, scores and the test set.
fn content(problem: &Problem) -> String {
    let mut hash = FingerprintBuilder::default();
    for data in std::iter::once(problem.data()).chain(problem.test()) {
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<u32>>();
        hash.add_u32s(&bits(data.features().as_slice()));
        (0..data.n_examples()).for_each(|example| hash.add_u32s(&bits(data.targets(example))));
        hash.add(data.labels().iter().map(|&label| label as u64));
    }
    hash.add(problem.groups().unwrap_or_default().iter().map(|&group| group as u64));
    hash.add(problem.difficulty().unwrap_or_default().iter().map(|score| score.to_bits()));
    hash.fingerprint().to_string()
}

impl Saved {
    const NAME: &'static str = "plan.json";

    fn read(folder: &Path) -> Result<Option<Self>, LabError> {
        let path = folder.join(Self::NAME);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|source| LabError::Io { path: path.clone(), source })?,
        };
        let kept = serde_json::from_str(&text).map_err(|problem| LabError::Configuration {
            path,
            problem: format!("{problem}, expected the plan of a comparison; remove the folder to begin anew"),
        })?;
        Ok(Some(kept))
    }

    fn write(&self, folder: &Path) -> Result<(), LabError> {
        let path = folder.join(Self::NAME);
        let failed = |source| LabError::Io { path: path.clone(), source };
        std::fs::create_dir_all(folder.join("journals")).map_err(failed)?;
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(error.into()))?;
        Ok(write_atomically(&path, |file| file.write_all(text.as_bytes()))?)
    }

    /// The same, where it is of the same data and options.
    fn expect(
        self,
        data: &DataFacts,
        content: &str,
        checked: &Checked,
        time_limit: Option<Duration>,
    ) -> Result<Self, LabError> {
        let other = |what: &str, found: String, expected: String| {
            let value = format!("of a comparison with {what} {found}");
            let expected = format!("one with {expected}, or another folder");
            Err(LabError::argument("folder", value, expected))
        };
        if self.data != *data {
            let name =
                |data: &DataFacts| format!("{} ({} examples, {})", data.name, data.examples, data.fingerprint);
            return other("data", name(&self.data), name(data));
        }
        if self.content != content {
            let what = "other features, numbers to predict, groups, scores or test examples";
            return other("data of", what.into(), "these".into());
        }
        if self.checked != *checked {
            return other("options", format!("{:?}", self.checked), format!("{checked:?}"));
        }
        if self.time_limit != time_limit {
            return other("time limit", format!("{:?}", self.time_limit), format!("{time_limit:?}"));
        }
        Ok(self)
    }
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

/// A budget: its name, its updates, and the learning rate that was best for shuffling.
struct BudgetChoice {
    name: &'static str,
    n_updates: u64,
    learning_rate: f64,
    at_end: bool,
    /// Of each arm: its settings and how they validated.
    arms: Vec<(Strategy, f64)>,
}

struct Runner<'a> {
    problem: &'a Problem,
    content: &'a str,
    plan: &'a Plan,
    checked: &'a Checked,
    options: &'a Options,
    progress: &'a dyn Progress,
}

/// The splits that settings are chosen on.
struct Tuning<'a> {
    seeds: Vec<u64>,
    prepared: Vec<Repetition<'a>>,
}

impl<'a> Tuning<'a> {
    fn of(&self, seed: u64) -> Result<&Repetition<'a>, LabError> {
        self.prepared.iter().find(|repetition| repetition.seed == seed).ok_or_else(|| unknown(seed))
    }
}

fn unknown(seed: u64) -> LabError {
    LabError::argument("seed", seed, "that of a split that was prepared")
}

type Ran = (Vec<BudgetValues>, Vec<EndedRun>, usize);

impl Runner<'_> {
    fn run(&self, kept: Saved, deadline: Option<Instant>) -> Result<Ran, LabError> {
        let wanted = kept.ended_at.unwrap_or(self.plan.n_seeds);
        let whole = Whole::new(self.progress);
        let n_candidates: usize = self.plan.n_candidates(self.checked.keep);
        let n_tuning = self.plan.n_tuning_seeds * 2 * (n_candidates - 1 + self.plan.learning_rates.len());
        let n_scored =
            if self.plan.needs_difficulty(self.problem) { self.plan.n_tuning_seeds + wanted } else { 0 };
        self.progress.started(n_tuning + n_scored + wanted * 2 * self.plan.arms.len());
        let tuning: Vec<u64> = (0..self.plan.n_tuning_seeds as u64).map(|at| FIRST_TUNING_SEED + at).collect();

        let prepared = tuning.iter().map(|&seed| self.repetition_of(seed)).collect::<Result<Vec<_>, _>>()?;
        let tuning = &Tuning { seeds: tuning, prepared };

        // Learning rates by shuffling, which needs no difficulty; then the difficulty, by the rate of the full budget.
        let rates = [("full", self.plan.n_updates), ("short", self.plan.n_updates_short)]
            .map(|(name, n_updates)| self.rate(name, n_updates, tuning, &whole));
        let [full, short] = rates;
        let mut budgets = [full?, short?];
        let of_tuning: Vec<&Repetition<'_>> = tuning.prepared.iter().collect();
        let scores = self.scores(&of_tuning, budgets[0].learning_rate, &whole)?;
        for budget in &mut budgets {
            self.choose(budget, tuning, &scores, &whole)?;
        }

        // A repetition at a time, each with all arms, so that whenever time ends all arms have as many.
        let mut judged: Vec<StudyResults> = Vec::new();
        for seed in 0..wanted as u64 {
            let began = Instant::now();
            let repetition = self.repetition_of(seed)?;
            let scores = self.scores(&[&repetition], budgets[0].learning_rate, &whole)?;
            judged.push(self.repetition(&repetition, &budgets, &scores, &whole)?);
            let enough = judged.len() >= options::FEWEST_SEEDS.min(wanted);
            let late = deadline.is_some_and(|deadline| Instant::now() + began.elapsed() > deadline);
            // A comparison that goes on has what it had.
            if enough && late && kept.ended_at.is_none() {
                break;
            }
        }
        self.progress.finished();
        let repetitions = judged.len();
        if let Some(folder) = &self.options.folder
            && kept.ended_at.is_none()
        {
            Saved { ended_at: Some(repetitions), ..kept }.write(folder)?;
        }
        let runs: Vec<EndedRun> = judged.iter().flat_map(|results| results.runs.iter().cloned()).collect();
        let values = budgets.iter().map(|budget| self.values(budget, &judged)).collect::<Result<_, _>>()?;
        Ok((values, runs, repetitions))
    }

    fn journal(&self, name: &str) -> Option<std::path::PathBuf> {
        Some(self.options.folder.as_ref()?.join("journals").join(format!("{name}.jsonl")))
    }

    /// All that decides a run beside its arm and seed.
    fn settings(&self) -> serde_json::Value {
        json!({
            "data": DataFacts::of(self.problem), "content": self.content, "plan": self.plan, "metric": self.checked.metric,
        })
    }

    fn better(&self) -> Better {
        if self.checked.metric.higher_is_better() { Better::Higher } else { Better::Lower }
    }

    fn repetition_of(&self, seed: u64) -> Result<Repetition<'_>, LabError> {
        Repetition::new(self.problem, self.plan, self.checked.metric, seed)
    }

    /// The learning rate that validates best with shuffling.
    fn rate(
        &self,
        name: &'static str,
        n_updates: u64,
        tuning: &Tuning<'_>,
        whole: &Whole<'_>,
    ) -> Result<BudgetChoice, LabError> {
        let title = format!("learning rate, {name} budget");
        let choice = Choice::new(title, &tuning.seeds[..], Scalar::scalar("validation"), self.better())
            .settings(self.settings());
        let journal = self.journal(&format!("rate-{name}"));
        let judged: Vec<u64> = (0..self.plan.n_seeds as u64).collect();
        let chosen = choice.choose(
            &self.plan.learning_rates,
            &judged,
            self.options.jobs,
            journal.as_deref(),
            whole,
            |&rate, seed| {
                let run = || tuning.of(seed)?.run(Strategy::Shuffling, None, n_updates, rate);
                run().map(usable).map_err(|error| error.to_string())
            },
        )?;
        let validation = chosen.means.iter().flatten().copied().fold(f64::NAN, |best, mean| {
            if best.is_nan() || self.checked.metric.gain(mean, best) > 0.0 { mean } else { best }
        });
        Ok(BudgetChoice {
            name,
            n_updates,
            learning_rate: chosen.candidate,
            at_end: !chosen.at_ends.is_empty(),
            arms: vec![(Strategy::Shuffling, validation)],
        })
    }

    /// The difficulty of the training examples of each of these splits; none where no arm asks for one.
    fn scores(
        &self,
        repetitions: &[&Repetition<'_>],
        rate: f64,
        whole: &Whole<'_>,
    ) -> Result<Vec<Option<Vec<f64>>>, LabError> {
        if self.problem.difficulty().is_some() {
            return Ok(repetitions.iter().map(|repetition| repetition.parts.difficulty.clone()).collect());
        }
        if !self.plan.needs_difficulty(self.problem) {
            return Ok(vec![None; repetitions.len()]);
        }
        let seeds: Vec<u64> = repetitions.iter().map(|repetition| repetition.seed).collect();
        let first = seeds.first().copied().unwrap_or(0);
        let study = Study::new(format!("difficulty from seed {first}"), &seeds[..])
            .arm("cross-validated loss", json!({ "learning_rate": rate }))
            .setting("all", self.settings());
        let journal = self.journal(&format!("difficulty-{first}"));
        let results = study.run(self.options.jobs, journal.as_deref(), whole, |run| {
            let repetition = repetitions.iter().find(|repetition| repetition.seed == run.seed);
            let scores = repetition.ok_or_else(|| unknown(run.seed)).and_then(|one| one.difficulty(rate));
            scores.map(|scores| Record::new().curve("difficulty", scores)).map_err(|error| error.to_string())
        })?;
        let of = |run: EndedRun| match run.outcome {
            Outcome::Record(mut record) => Ok(record.curves.remove("difficulty")),
            Outcome::Failed(why) => Err(failed("the difficulty of the examples", &run.arm, run.seed, &why)),
        };
        results.runs.into_iter().map(of).collect()
    }

    /// The settings of each arm that validate best, at the learning rate of shuffling.
    fn choose(
        &self,
        budget: &mut BudgetChoice,
        tuning: &Tuning<'_>,
        scores: &[Option<Vec<f64>>],
        whole: &Whole<'_>,
    ) -> Result<(), LabError> {
        let judged: Vec<u64> = (0..self.plan.n_seeds as u64).collect();
        let mut chosen: Vec<(Arm, Strategy, f64)> = Vec::new();
        for &arm in &self.plan.arms[1..] {
            let controlled =
                |of: Arm| chosen.iter().find(|(arm, ..)| *arm == of).map(|&(_, strategy, _)| strategy);
            let candidates = match arm {
                Arm::RandomPaced => controlled(Arm::EasyFirst).map(Strategy::at_random).into_iter().collect(),
                Arm::RandomPacedHard => controlled(Arm::HardFirst).map(Strategy::at_random).into_iter().collect(),
                _ => arm.candidates(self.checked.keep),
            };
            let title = format!("{arm}, {} budget", budget.name);
            let metric = Scalar::scalar("validation");
            let choice = Choice::new(title, &tuning.seeds[..], metric, self.better())
                .settings(json!({ "all": self.settings(), "learning_rate": budget.learning_rate }));
            let journal = self.journal(&format!("{arm}-{}", budget.name));
            let best = choice.choose(
                &candidates,
                &judged,
                self.options.jobs,
                journal.as_deref(),
                whole,
                |&strategy, seed| {
                    let place = tuning.seeds.iter().position(|&other| other == seed);
                    let scores = place.and_then(|at| scores[at].as_deref());
                    let run = || tuning.of(seed)?.run(strategy, scores, budget.n_updates, budget.learning_rate);
                    run().map(Some).map_err(|error| error.to_string())
                },
            )?;
            let at = candidates.iter().position(|&candidate| candidate == best.candidate);
            let validation = at.and_then(|at| best.means[at]).unwrap_or(f64::NAN);
            chosen.push((arm, best.candidate, validation));
        }
        budget.arms.extend(chosen.into_iter().map(|(_, strategy, validation)| (strategy, validation)));
        Ok(())
    }

    /// Every arm at both budgets on a fresh split.
    fn repetition(
        &self,
        repetition: &Repetition<'_>,
        budgets: &[BudgetChoice; 2],
        scores: &[Option<Vec<f64>>],
        whole: &Whole<'_>,
    ) -> Result<StudyResults, LabError> {
        let seed = repetition.seed;
        let mut study = Study::new(format!("repetition {seed}"), [seed]);
        for arm in &self.plan.arms {
            study = study.arm(arm.name(), serde_json::Value::Null);
        }
        for budget in budgets {
            let strategies: Vec<&Strategy> = budget.arms.iter().map(|(strategy, _)| strategy).collect();
            let settings = json!({
                "all": self.settings(), "n_updates": budget.n_updates, "learning_rate": budget.learning_rate,
                "strategies": strategies,
            });
            study = study.setting(budget.name, settings);
        }
        let scores = scores.first().and_then(|scores| scores.as_deref());
        let journal = self.journal(&format!("repetition-{seed}"));
        let results = study.run(self.options.jobs, journal.as_deref(), whole, |run| {
            let budget = &budgets[run.setting_place];
            let (strategy, _) = budget.arms[run.arm_place];
            let ran = repetition.run(strategy, scores, budget.n_updates, budget.learning_rate);
            ran.map_err(|error| error.to_string())
        })?;
        let told = results.failed().next().map(|run| match &run.outcome {
            Outcome::Failed(why) => failed("training", &format!("{}, {} budget", run.arm, run.setting), seed, why),
            Outcome::Record(_) => failed("training", &run.arm, seed, "without a reason"),
        });
        told.map_or(Ok(results), Err)
    }

    /// The values of one budget, repetition by repetition.
    fn values(&self, budget: &BudgetChoice, judged: &[StudyResults]) -> Result<BudgetValues, LabError> {
        let arms = self.plan.arms.iter().zip(&budget.arms).map(|(&arm, &(strategy, validation))| {
            let mut values =
                Values { arm, strategy, validation, test: Vec::new(), examples: Vec::new(), diverged: 0 };
            for results in judged {
                for record in results.records(budget.name, arm.name())?.into_iter().flatten() {
                    let scalar = |name: &str| record.scalars.get(name).copied().unwrap_or(f64::NAN);
                    values.test.push(scalar("test"));
                    values.examples.push(scalar("examples"));
                    values.diverged += usize::from(scalar("diverged") == 1.0);
                }
            }
            Ok(values)
        });
        let arms = arms.collect::<Result<Vec<Values>, LabError>>()?;
        Ok(BudgetValues {
            name: budget.name.into(),
            n_updates: budget.n_updates,
            epochs: self.plan.epochs as f64 * budget.n_updates as f64 / self.plan.n_updates as f64,
            learning_rate: budget.learning_rate,
            learning_rate_at_end: budget.at_end,
            arms,
        })
    }
}

/// A rate with which training diverged is out.
fn usable(record: Record) -> Option<Record> {
    (record.scalars.get("diverged") != Some(&1.0)).then_some(record)
}

fn failed(what: &str, arm: &str, seed: u64, why: &str) -> LabError {
    LabError::argument(what, format!("{arm}, repetition {seed}: {why}"), "runs that end")
}
