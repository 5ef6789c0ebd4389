use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use super::arm::Arm;
use crate::{
    error::LabError,
    judging::{FEWEST_SEEDS, MOST_SEEDS},
    metric::Metric,
    problem::{Problem, Task},
    recipe::ModelKind,
};

/// What is compared, and how thoroughly.
#[derive(Debug, Clone)]
pub struct Options {
    /// The arms beside shuffling; none for all that suit the task.
    pub arms: Option<Vec<Arm>>,
    /// Repetitions, each with a split, first weights and order of its own.
    pub n_seeds: usize,
    /// The full budget in passes over the training part; none for what gives some thousand updates.
    pub epochs: Option<u64>,
    /// What is compared; none for accuracy, of numbers r2.
    pub metric: Option<Metric>,
    /// What learns; none for a perceptron with one hidden layer of 64.
    pub model: Option<ModelKind>,
    /// What pruning keeps, as a share.
    pub keep: f64,
    /// The largest difference that is not worth naming; none for half a point.
    pub margin: Option<f64>,
    /// How long it may take; none for as long as it takes.
    pub time_limit: Option<Duration>,
    /// Threads; none for one per core.
    pub jobs: Option<usize>,
    /// Where journals and the plan are kept, to go on from; none for nowhere.
    pub folder: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            arms: None,
            n_seeds: 20,
            epochs: None,
            metric: None,
            model: None,
            keep: 0.5,
            margin: None,
            time_limit: None,
            jobs: None,
            folder: None,
        }
    }
}

/// More passes or threads than anybody means.
const MOST_EPOCHS: u64 = 100_000;
const MOST_JOBS: usize = 1_024;

/// The options of one comparison, checked, with all that was left open filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Checked {
    pub(super) arms: Vec<Arm>,
    pub(super) n_seeds: usize,
    pub(super) epochs: Option<u64>,
    pub(super) metric: Metric,
    pub(super) model: ModelKind,
    pub(super) keep: f64,
    pub(super) margin: f64,
}

impl Options {
    pub(super) fn checked(&self, problem: &Problem) -> Result<Checked, LabError> {
        let task = problem.task();
        let metric = self.metric.unwrap_or(Metric::default_of(task));
        if metric.task() != task {
            let what = match task {
                Task::Classification => "classes: accuracy, balanced-accuracy, log-loss or auc",
                Task::Regression => "numbers: r2",
            };
            return Err(LabError::argument("metric", metric, format!("one of {what}")));
        }
        if !(FEWEST_SEEDS..=MOST_SEEDS).contains(&self.n_seeds) {
            let expected =
                format!("at least {FEWEST_SEEDS}, for fewer repetitions decide nothing, and at most {MOST_SEEDS}");
            return Err(LabError::argument("seeds", self.n_seeds, expected));
        }
        if let Some(jobs) = self.jobs
            && !(1..=MOST_JOBS).contains(&jobs)
        {
            return Err(LabError::argument("jobs", jobs, format!("from 1 to {MOST_JOBS} threads")));
        }
        if !(self.keep > 0.0 && self.keep < 1.0) {
            return Err(LabError::argument("keep", self.keep, "a share in (0, 1)"));
        }
        if let Some(epochs) = self.epochs
            && !(1..=MOST_EPOCHS).contains(&epochs)
        {
            let expected = format!("from 1 to {MOST_EPOCHS} passes over the training part");
            return Err(LabError::argument("budget", epochs, expected));
        }
        let margin = self.margin.unwrap_or(metric.default_margin());
        if !(margin.is_finite() && margin >= 0.0) {
            return Err(LabError::argument("margin", margin, "a finite number of at least 0"));
        }
        if let Some(limit) = self.time_limit
            && limit < Duration::from_secs(1)
        {
            return Err(LabError::argument("time-limit", format!("{limit:?}"), "at least a second"));
        }
        let mut asked = match &self.arms {
            None => Arm::ALL.into_iter().filter(|arm| arm.suits(task)).collect(),
            Some(arms) => {
                if let Some(arm) = arms.iter().find(|arm| !arm.suits(task)) {
                    let expected = "arms for numbers: the focal loss is one of classes";
                    return Err(LabError::argument("arms", arm, expected));
                }
                arms.clone()
            }
        };
        if asked.iter().all(|&arm| arm == Arm::Shuffling) {
            return Err(LabError::argument("arms", "shuffling alone", "at least one arm to compare with it"));
        }
        // The baseline always runs, and each arm with what it is told apart from.
        asked.push(Arm::Shuffling);
        let controls: Vec<Arm> = asked.iter().filter_map(|arm| arm.control()).collect();
        asked.extend(controls);
        // A control takes its pacing from its arm.
        for (control, arm) in [(Arm::RandomPaced, Arm::EasyFirst), (Arm::RandomPacedHard, Arm::HardFirst)] {
            if asked.contains(&control) {
                asked.push(arm);
            }
        }
        let arms = Arm::ALL.into_iter().filter(|arm| asked.contains(arm)).collect();
        let model = self.model.clone().unwrap_or(ModelKind::Mlp { hidden: vec![64] });
        Ok(Checked { arms, n_seeds: self.n_seeds, epochs: self.epochs, metric, model, keep: self.keep, margin })
    }
}
