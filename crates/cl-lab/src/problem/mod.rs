//! A prediction problem: features, what is to be predicted, and what repetitions must respect; read from files.

mod read;

use cl_data::Dataset;
use serde::{Deserialize, Serialize};

pub use read::{BUNDLED, Imputation, ReadOptions};

use crate::error::LabError;

/// What is to be predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// A class.
    Classification,
    /// A number.
    Regression,
}

/// Data to learn from: features as they are (a repetition standardises them by what it trains on), a class or a number for
/// each example, and what every split must respect.
///
/// Of a regression the labels are all 0 and the numbers are the data's one target.
///
/// ```
/// use cl_lab::{Problem, Task, problem::ReadOptions};
///
/// let digits = Problem::read("digits", &ReadOptions::default())?;
/// assert_eq!((digits.task(), digits.data().n_examples()), (Task::Classification, 1797));
/// # Ok::<(), cl_lab::LabError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Problem {
    name: String,
    task: Task,
    data: Dataset<f32>,
    target: String,
    groups: Option<Vec<usize>>,
    test: Option<Dataset<f32>>,
    difficulty: Option<Vec<f64>>,
    label_noise: f64,
    notes: Vec<String>,
    warnings: Vec<String>,
}

/// The fewest examples that are compared on.
pub const FEWEST_EXAMPLES: usize = 20;

impl Problem {
    /// A problem of data in memory, named `name`, whose label or number is called `target`.
    ///
    /// # Errors
    /// Where there are fewer than [`FEWEST_EXAMPLES`] examples, one class, more classes than examples, no feature, or a
    /// regression whose data have not one target each, not all the same.
    pub fn new(name: impl Into<String>, task: Task, data: Dataset<f32>) -> Result<Self, LabError> {
        let name = name.into();
        let refuse = |problem: String| Err(LabError::problem(&name, problem));
        let n = data.n_examples();
        if n < FEWEST_EXAMPLES {
            return refuse(format!("{n} examples, expected at least {FEWEST_EXAMPLES} to compare anything on"));
        }
        if data.n_features() == 0 {
            return refuse("no feature, expected at least one beside the label".into());
        }
        match task {
            Task::Classification => {
                let counts = data.class_counts();
                let present = counts.iter().filter(|&&count| count > 0).count();
                if present < 2 {
                    let only = counts.iter().position(|&count| count > 0).unwrap_or(0);
                    let class = &data.class_names()[only];
                    return refuse(format!("every label is {class}, expected at least two classes"));
                }
                if present * 2 > n {
                    return refuse(format!(
                        "{present} classes of {n} examples, expected fewer than half as many classes as examples; a \
                         number is predicted with --task regression"
                    ));
                }
            }
            Task::Regression => {
                if data.n_targets() != 1 {
                    return refuse(format!("{} targets per example, expected one number", data.n_targets()));
                }
                let first = data.targets(0)[0];
                if (0..n).all(|example| data.targets(example)[0] == first) {
                    return refuse(format!(
                        "every number to predict is {first}, expected at least two different ones"
                    ));
                }
            }
        }
        Ok(Self {
            name,
            task,
            data,
            target: "label".into(),
            groups: None,
            test: None,
            difficulty: None,
            label_noise: 0.0,
            notes: Vec::new(),
            warnings: Vec::new(),
        })
    }

    /// The same whose label or number has this name.
    pub fn with_target(self, target: impl Into<String>) -> Self {
        Self { target: target.into(), ..self }
    }

    /// The same whose examples belong to groups, none of which is cut apart.
    ///
    /// # Errors
    /// Unless there is one group per example, and ten groups at least.
    pub fn with_groups(self, groups: Vec<usize>) -> Result<Self, LabError> {
        const FEWEST: usize = 10;
        if groups.len() != self.data.n_examples() {
            let expected = format!("one per example, {}", self.data.n_examples());
            return Err(LabError::argument("groups", groups.len(), expected));
        }
        let mut distinct = groups.clone();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() < FEWEST {
            let expected = format!("at least {FEWEST} groups, so that each part of a split has some");
            return Err(LabError::argument("groups", distinct.len(), expected));
        }
        Ok(Self { groups: Some(groups), ..self })
    }

    /// The same tested on these examples alone, of the same features and classes.
    ///
    /// # Errors
    /// Where features or classes are others, or there is no example.
    pub fn with_test(self, test: Dataset<f32>) -> Result<Self, LabError> {
        let own = (self.data.n_features(), self.data.n_classes(), self.data.n_targets());
        let others = (test.n_features(), test.n_classes(), test.n_targets());
        if own != others || test.n_examples() == 0 {
            let shape = |(features, classes, targets): (usize, usize, usize)| {
                format!("{features} features, {classes} classes and {targets} numbers to predict")
            };
            let found = format!("{} examples of {}", test.n_examples(), shape(others));
            return Err(LabError::argument("test", found, format!("some of {}", shape(own))));
        }
        Ok(Self { test: Some(test), ..self })
    }

    /// The same with a difficulty of each example, higher = harder.
    ///
    /// # Errors
    /// Unless there is one finite number per example, not all the same.
    pub fn with_difficulty(self, difficulty: Vec<f64>) -> Result<Self, LabError> {
        if difficulty.len() != self.data.n_examples() {
            let expected = format!("one per example, {}", self.data.n_examples());
            return Err(LabError::argument("scores", difficulty.len(), expected));
        }
        if let Some(at) = difficulty.iter().position(|score| !score.is_finite()) {
            let value = format!("{} for example {at}", difficulty[at]);
            return Err(LabError::argument("scores", value, "finite numbers"));
        }
        if difficulty.iter().all(|score| *score == difficulty[0]) {
            let value = format!("{} for every example", difficulty[0]);
            return Err(LabError::argument("scores", value, "some that differ, for equal ones order nothing"));
        }
        Ok(Self { difficulty: Some(difficulty), ..self })
    }

    /// The same where a share of the labels is made wrong in the training and the validation part of every split, each by
    /// another class ([`symmetric_noise`](cl_data::symmetric_noise)); test parts stay as they are.
    ///
    /// # Errors
    /// Unless the share is in [0, 1), and for numbers.
    pub fn with_label_noise(self, share: f64) -> Result<Self, LabError> {
        if !(0.0..1.0).contains(&share) {
            return Err(LabError::argument("noise", share, "a share of the labels in [0, 1)"));
        }
        if self.task == Task::Regression && share > 0.0 {
            return Err(LabError::argument("noise", share, "0: numbers have no wrong class"));
        }
        Ok(Self { label_noise: share, ..self })
    }

    /// The same with something to tell of how it was read.
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The same with something that is likely wrong with it.
    pub fn with_warning(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }

    /// How the data are called: their file's name, or that of a bundled set.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is to be predicted.
    pub fn task(&self) -> Task {
        self.task
    }

    /// All examples that parts are cut from.
    pub fn data(&self) -> &Dataset<f32> {
        &self.data
    }

    /// The name of what is to be predicted.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The group of each example; none of them is cut apart.
    pub fn groups(&self) -> Option<&[usize]> {
        self.groups.as_deref()
    }

    /// What every repetition is tested on, where it was given.
    pub fn test(&self) -> Option<&Dataset<f32>> {
        self.test.as_ref()
    }

    /// A difficulty of one's own, higher = harder.
    pub fn difficulty(&self) -> Option<&[f64]> {
        self.difficulty.as_deref()
    }

    /// The share of the labels that is made wrong where a model learns from them.
    pub fn label_noise(&self) -> f64 {
        self.label_noise
    }

    /// How it was read.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What is likely wrong with it.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}
