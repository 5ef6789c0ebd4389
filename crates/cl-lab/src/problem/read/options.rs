use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{error::LabError, problem::Task};

/// The data sets that travel with the program.
pub const BUNDLED: [&str; 4] = ["digits", "iris", "wine", "breast-cancer"];

/// What is said of data that their file does not tell.
///
/// ```
/// use cl_lab::{Problem, problem::ReadOptions};
///
/// let file = tempfile::NamedTempFile::with_suffix(".csv")?;
/// let rows: String = (0..40).map(|row| format!("r{row},{},{}\n", row * row % 7, row % 2)).collect();
/// std::fs::write(file.path(), format!("name,x,outcome\n{rows}"))?;
/// let options =
///     ReadOptions { label: Some("outcome".into()), id: Some("name".into()), ..ReadOptions::default() };
/// let problem = Problem::read(&file.path().to_string_lossy(), &options)?;
/// assert_eq!(problem.data().feature_names(), ["x"]);
/// assert_eq!(problem.data().ids().get(7).unwrap(), "r7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The column (of an archive, the member) of labels, where its name is not to decide.
    pub label: Option<String>,
    /// That of ids.
    pub id: Option<String>,
    /// That of groups, none of which is on both sides of a split.
    pub groups: Option<String>,
    /// What every repetition is tested on, read as the data are.
    pub test: Option<PathBuf>,
    /// A table of scores: a difficulty of one's own for each example, joined by id.
    pub scores: Option<PathBuf>,
    /// The column of scores, where there are several.
    pub score_column: Option<String>,
    /// Whether a high score means a hard example, where neither sidecar nor name tell or what they tell is wrong.
    pub high_is: Option<bool>,
    /// What is to be predicted, where the labels are not to decide.
    pub task: Option<Task>,
    /// What becomes of missing cells.
    pub imputation: Imputation,
}

/// What becomes of cells that are missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Imputation {
    /// The data are refused, every column named.
    #[default]
    Refuse,
    /// Of numbers the median of all rows stands in, of texts a category of its own, `missing`.
    Impute,
}

impl ReadOptions {
    /// Refuses what can be said of columns alone, of data that have none.
    pub(super) fn expect_no_columns(&self, what: &str) -> Result<(), LabError> {
        let told = [("--label", &self.label), ("--id", &self.id), ("--groups", &self.groups)];
        match told.into_iter().find_map(|(option, name)| Some((option, name.as_ref()?))) {
            Some((option, name)) => {
                Err(LabError::argument(option, name, format!("none, for {what} has no columns to name")))
            }
            None if self.task == Some(Task::Regression) => Err(LabError::argument(
                "--task",
                "regression",
                format!("classification, for {what} holds classes"),
            )),
            None => Ok(()),
        }
    }
}
