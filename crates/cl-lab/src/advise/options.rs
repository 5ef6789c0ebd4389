use std::time::Duration;

use super::plan::Plan;
use crate::{
    error::LabError,
    metric::Metric,
    problem::{Problem, Task},
    recipe::ModelKind,
};

/// How advice is sought.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long it may take; none for as long as it takes. Two minutes unless something else is said.
    pub time_limit: Option<Duration>,
    /// Threads; none for one per core.
    pub jobs: Option<usize>,
    /// What pruning and orders are compared by; none for accuracy, of numbers r2.
    pub metric: Option<Metric>,
    /// The largest difference that is not worth naming; none for half a point.
    pub margin: Option<f64>,
    /// What learns.
    pub model: ModelKind,
    /// The plan of an earlier advice, which is then followed whatever time it takes; none to make one.
    pub plan: Option<Plan>,
    /// What names the data on a command line, so that the commands of the advice can be run: the file and its options. None
    /// for the problem's name alone.
    pub arguments: Option<Vec<String>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            time_limit: Some(Duration::from_secs(120)),
            jobs: None,
            metric: None,
            margin: None,
            model: ModelKind::Mlp { hidden: vec![64] },
            plan: None,
            arguments: None,
        }
    }
}

impl Options {
    /// The metric, where it fits the task.
    pub(super) fn metric(&self, problem: &Problem) -> Result<Metric, LabError> {
        let metric = self.metric.unwrap_or(Metric::default_of(problem.task()));
        if metric.task() != problem.task() {
            let expected = match problem.task() {
                Task::Classification => "one of classes: accuracy, balanced-accuracy, log-loss or auc",
                Task::Regression => "one of numbers: r2",
            };
            return Err(LabError::argument("metric", metric, expected));
        }
        Ok(metric)
    }

    /// The margin, where it is one.
    pub(super) fn margin(&self, metric: Metric) -> Result<f64, LabError> {
        let margin = self.margin.unwrap_or(metric.default_margin());
        if !(margin.is_finite() && margin > 0.0) {
            return Err(LabError::argument("margin", margin, "a finite number above 0"));
        }
        Ok(margin)
    }

    /// A pool of as many threads as were asked for.
    pub(super) fn pool(&self) -> Result<rayon::ThreadPool, LabError> {
        if self.jobs == Some(0) {
            return Err(LabError::argument("jobs", 0, "at least 1"));
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.jobs.unwrap_or(0)).build();
        pool.map_err(|error| {
            let threads = self.jobs.map_or("one thread per core".into(), |jobs| jobs.to_string());
            LabError::argument("jobs", threads, format!("as many as can be started ({error})"))
        })
    }
}
