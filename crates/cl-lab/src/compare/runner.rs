use std::time::Instant;

use cl_study::{Better, Choice, EndedRun, Metric as Scalar, Outcome, Progress, Record, Study, StudyResults};
use serde_json::json;

use super::{
    arm::{Arm, Strategy},
    facts::DataFacts,
    findings::{BudgetValues, Values},
    options::{Checked, Options},
    plan::Plan,
    repetition::Repetition,
    saved::Saved,
    whole::Whole,
};
use crate::{error::LabError, judging::FEWEST_SEEDS, problem::Problem};

/// Seeds of the splits that settings are chosen on; those judged are counted from 0.
pub(super) const FIRST_TUNING_SEED: u64 = 1_000_000;

/// A budget: its name, its updates, and the learning rate that was best for shuffling.
struct BudgetChoice {
    name: &'static str,
    n_updates: u64,
    learning_rate: f64,
    at_end: bool,
    /// Of each arm: its settings and how they validated.
    arms: Vec<(Strategy, f64)>,
}

pub(super) struct Runner<'a> {
    pub(super) problem: &'a Problem,
    pub(super) content: &'a str,
    pub(super) plan: &'a Plan,
    pub(super) checked: &'a Checked,
    pub(super) options: &'a Options,
    pub(super) progress: &'a dyn Progress,
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

/// Values by budget, the judged runs, and repetitions.
pub(super) type Ran = (Vec<BudgetValues>, Vec<EndedRun>, usize);

impl Runner<'_> {
    /// Chooses settings, then runs a repetition after another, until time ends where there is a limit.
    pub(super) fn run(&self, kept: Saved, deadline: Option<Instant>) -> Result<Ran, LabError> {
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
            let enough = judged.len() >= FEWEST_SEEDS.min(wanted);
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
