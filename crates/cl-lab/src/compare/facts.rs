use serde::{Deserialize, Serialize};

use crate::problem::{Problem, Task};

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
