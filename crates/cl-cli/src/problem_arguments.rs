//! One's own data as a problem: what the commands that train have in common.

use std::path::{Path, PathBuf};

use cl_lab::{
    Metric, ModelKind, Problem, Task,
    problem::{Imputation, ReadOptions},
};
use clap::{Args, ValueEnum};

use crate::difficulty::Direction;
use crate::output::note;

/// How data are read.
#[derive(Args)]
pub(crate) struct ProblemOptions {
    /// The column to predict [a column called label, target, class or y]
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// The column that names each example
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// A column of groups (patients, users, sessions): none is in both the training and the test part
    #[arg(long, value_name = "COLUMN")]
    groups: Option<String>,
    /// A test set, of the same columns; without, each repetition cuts one from DATA
    #[arg(long, value_name = "FILE")]
    test: Option<PathBuf>,
    /// A difficulty of your own, as `curriculum score` writes it
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,
    /// The column of the scores, where there are several
    #[arg(long, value_name = "NAME", requires = "scores")]
    score_column: Option<String>,
    /// What a high score means, where its file does not say
    #[arg(long, value_enum, value_name = "WHAT", requires = "scores")]
    high_is: Option<Direction>,
    /// What is predicted [decided from the label column]
    #[arg(long, value_enum)]
    task: Option<TaskArgument>,
    /// Fill missing values in: numbers by the median, words as a category of their own
    #[arg(long)]
    impute: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TaskArgument {
    /// A class
    Classification,
    /// A number
    Regression,
}

impl ProblemOptions {
    /// Reads the data, and tells how on standard error.
    pub(crate) fn read(&self, data: &str) -> anyhow::Result<Problem> {
        let options = ReadOptions {
            label: self.label.clone(),
            id: self.id.clone(),
            groups: self.groups.clone(),
            test: self.test.clone(),
            scores: self.scores.clone(),
            score_column: self.score_column.clone(),
            high_is: Direction::told(self.high_is),
            task: self.task.map(|task| match task {
                TaskArgument::Classification => Task::Classification,
                TaskArgument::Regression => Task::Regression,
            }),
            imputation: if self.impute { Imputation::Impute } else { Imputation::Refuse },
        };
        let problem = Problem::read(data, &options)?;
        problem.notes().iter().for_each(|text| note(text));
        problem.warnings().iter().for_each(|text| note(&format!("warning: {text}")));
        Ok(problem)
    }

    /// The scores, their column, and whether a high one means hard, as far as these were given.
    pub(crate) fn scores(&self) -> Option<(&Path, Option<&str>, Option<bool>)> {
        Some((self.scores.as_deref()?, self.score_column.as_deref(), Direction::told(self.high_is)))
    }

    /// The options that were given, as they stand on a command line.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut words = Vec::new();
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        for (flag, value) in [
            ("--label", self.label.clone()),
            ("--id", self.id.clone()),
            ("--groups", self.groups.clone()),
            ("--test", path(&self.test)),
            ("--scores", path(&self.scores)),
            ("--score-column", self.score_column.clone()),
            ("--high-is", name(self.high_is)),
            ("--task", name(self.task)),
        ] {
            words.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
        }
        words.extend(self.impute.then(|| "--impute".to_owned()));
        words
    }

    /// The files that are read beside the data.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.test.iter().chain(&self.scores).cloned().collect()
    }
}

/// A value as it is given on a command line.
fn name(value: Option<impl ValueEnum>) -> Option<String> {
    Some(value?.to_possible_value()?.get_name().to_owned())
}

/// A kind of model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModelArgument {
    /// Softmax or linear regression
    Linear,
    /// A perceptron with hidden layers
    Mlp,
}

impl ModelArgument {
    /// With hidden layers of these widths.
    pub(crate) fn with(self, hidden: &[usize]) -> ModelKind {
        match self {
            Self::Linear => ModelKind::Linear,
            Self::Mlp => ModelKind::Mlp { hidden: hidden.to_vec() },
        }
    }
}

/// A metric by its name.
pub(crate) fn metric(name: &str) -> Result<Metric, String> {
    name.parse().map_err(|error: cl_lab::LabError| error.to_string())
}

/// A margin in points, or in nats of the log loss, as the library has it.
pub(crate) fn margin(given: Option<f64>, metric: Option<Metric>) -> Option<f64> {
    let scale = metric.map_or(100.0, |metric| metric.unit().1);
    given.map(|margin| margin / scale)
}

/// The path of data, where it is one.
pub(crate) fn data_path(data: &str) -> PathBuf {
    PathBuf::from(data)
}
