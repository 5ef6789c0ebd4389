use std::collections::HashSet;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::check_sample;
use crate::journal::Journal;
use crate::runs::in_parallel;
use crate::{Progress, Record, StudyError, StudyResults};

/// One way of training that is compared with others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Its name in tables and figures.
    pub name: String,
    /// All that distinguishes it, as data.
    pub settings: Value,
}

/// One world in which all arms are compared: a data set, a noise level, a budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Its name in tables and figures.
    pub name: String,
    /// All that distinguishes it, as data.
    pub settings: Value,
}

/// A comparison declared as data: every arm in every setting with every seed.
///
/// ```
/// use cl_study::{Metric, Quiet, Record, Study};
/// use serde_json::json;
///
/// let study = Study::new("demo", [1, 2, 3]).arm("random", json!({"gain": 0.0})).arm("easy", json!({"gain": 0.1}));
/// let results = study.run(None, None, &Quiet, |run| {
///     let gain = run.arm.settings["gain"].as_f64().ok_or("no gain")?;
///     Ok::<_, &str>(Record::new().scalar("accuracy", gain + run.seed as f64 / 10.0))
/// })?;
/// let paired = results.paired("all", "easy", "random", &Metric::scalar("accuracy"))?;
/// assert!((paired.mean_difference - 0.1).abs() < 1e-12);
/// # Ok::<(), cl_study::StudyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// What the study is called.
    pub name: String,
    /// The arms compared.
    pub arms: Vec<Arm>,
    /// The settings they are compared in; none declared stands for one, named `all`, without content.
    pub settings: Vec<Setting>,
    /// The seeds, the same for every arm, which makes comparisons paired.
    pub seeds: Vec<u64>,
}

/// One run of a study: what the closure that runs it is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run<'a> {
    /// The setting.
    pub setting: &'a Setting,
    /// The arm.
    pub arm: &'a Arm,
    /// The seed.
    pub seed: u64,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// With a record.
    Record(Record),
    /// With an error or a panic, in its own words.
    Failed(String),
}

/// One run that has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndedRun {
    /// The name of the setting.
    pub setting: String,
    /// The name of the arm.
    pub arm: String,
    /// The seed.
    pub seed: u64,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl Study {
    /// A study without arms yet.
    pub fn new(name: impl Into<String>, seeds: impl Into<Vec<u64>>) -> Self {
        Self { name: name.into(), arms: Vec::new(), settings: Vec::new(), seeds: seeds.into() }
    }

    /// The same with one more arm.
    pub fn arm(mut self, name: impl Into<String>, settings: Value) -> Self {
        self.arms.push(Arm { name: name.into(), settings });
        self
    }

    /// The same with one more setting.
    pub fn setting(mut self, name: impl Into<String>, settings: Value) -> Self {
        self.settings.push(Setting { name: name.into(), settings });
        self
    }

    /// Runs what is not yet in the journal, on `jobs` threads (`None`: one per core).
    ///
    /// A run that gives an error or panics is recorded as failed, and the others go on. Each run is written to
    /// the journal as it ends: a study that was killed goes on where it was, and of one that is finished
    /// nothing runs. The results are in the order of the declaration (settings, arms, seeds), and byte for byte
    /// the same for any number of threads and after any interruption, as long as each run depends on its
    /// [`Run`] alone. A failed run counts as ended; a study without its journal runs it again.
    ///
    /// # Errors
    /// Where names or seeds repeat or are missing, the journal is of another study, in use by another process or
    /// corrupt (a torn last line is no corruption, but where the killed run was), or it cannot be written.
    pub fn run<E: Display>(
        &self,
        jobs: Option<usize>,
        journal: Option<&Path>,
        progress: &dyn Progress,
        run: impl Fn(&Run<'_>) -> Result<Record, E> + Sync,
    ) -> Result<StudyResults, StudyError> {
        let study = self.validated()?;
        let runs = study.runs();
        let (journal, mut ended) = match journal {
            Some(path) => Journal::open(path, &study).map(|(journal, ended)| (Some(journal), ended))?,
            None => (None, vec![None; runs.len()]),
        };
        let waiting: Vec<usize> = (0..runs.len()).filter(|&at| ended[at].is_none()).collect();
        progress.started(runs.len());
        progress.resumed(runs.len() - waiting.len());
        let new = in_parallel(&waiting, jobs, |&at| {
            let outcome = match catch_unwind(AssertUnwindSafe(|| run(&runs[at]))) {
                Ok(Ok(record)) => Outcome::Record(record),
                Ok(Err(error)) => Outcome::Failed(error.to_string()),
                Err(panic) => Outcome::Failed(format!("panicked: {}", panic_message(&*panic))),
            };
            let Run { setting, arm, seed } = runs[at];
            let run = EndedRun { setting: setting.name.clone(), arm: arm.name.clone(), seed, outcome };
            if let Some(journal) = &journal {
                journal.append(&run)?;
            }
            progress.advanced();
            Ok(run)
        })?;
        for (at, run) in waiting.into_iter().zip(new) {
            ended[at] = Some(run);
        }
        progress.finished();
        let ended = ended.into_iter().flatten().collect();
        drop(runs);
        Ok(StudyResults { study, runs: ended })
    }

    /// Every run, in the order of the declaration.
    pub fn runs(&self) -> Vec<Run<'_>> {
        let arms_and_seeds = |setting| {
            self.arms.iter().flat_map(move |arm| self.seeds.iter().map(move |&seed| Run { setting, arm, seed }))
        };
        self.settings.iter().flat_map(arms_and_seeds).collect()
    }

    fn validated(&self) -> Result<Self, StudyError> {
        for (what, n) in [("arms of the study", self.arms.len()), ("seeds of the study", self.seeds.len())] {
            check_sample(what, &vec![0.0; n], 1)?;
        }
        expect_unique("arms", self.arms.iter().map(|arm| &arm.name))?;
        expect_unique("settings", self.settings.iter().map(|setting| &setting.name))?;
        expect_unique("seeds", &self.seeds)?;
        let study = self.clone();
        Ok(if study.settings.is_empty() { study.setting("all", Value::Null) } else { study })
    }
}

fn expect_unique<T: Display + Eq + std::hash::Hash>(
    what: &'static str,
    names: impl IntoIterator<Item = T>,
) -> Result<(), StudyError> {
    let mut seen = HashSet::new();
    for name in names {
        let text = name.to_string();
        if !seen.insert(name) {
            return Err(StudyError::Duplicate { what, name: text });
        }
    }
    Ok(())
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}
