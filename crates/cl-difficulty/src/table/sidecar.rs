use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use cl_data::io::{io_error, is_standard, malformed, with_expected, write_atomically};
use cl_data::{DataError, Fingerprint, Version};
use serde::{Deserialize, Serialize};

use crate::{
    dynamics::Column,
    log::{Contents, Note, OutputKind, Scored},
    scores::Provenance,
};

/// Where a table of scores comes from: the JSON file beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sidecar {
    /// The version of what computed the scores.
    pub version: String,
    /// The command line, where there was one.
    pub command: Vec<String>,
    /// The log, or what else was scored.
    pub input: String,
    /// The log that second-split forgetting is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_split: Option<String>,
    /// The layout of the input.
    pub format: String,
    /// What the numbers of the input are, where it is a log of outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<OutputKind>,
    /// How many examples have scores.
    pub n_examples: usize,
    /// How many classes they are of; 0 where the input has no labels.
    pub n_classes: usize,
    /// The epochs of the input.
    pub epochs: Vec<u64>,
    /// Of ids and labels.
    pub fingerprint: Fingerprint,
    /// Of the same, whatever their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_fingerprint: Option<Fingerprint>,
    /// The label of each class, where these are not the integers themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<Vec<String>>,
    /// Over how many runs the scores are means.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub n_runs: usize,
    /// Examples that were right in no epoch; null where the input does not tell what was right.
    pub n_never_learned: Option<usize>,
    /// What was not plain about the input, and what was done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// What each column holds.
    pub columns: Vec<ColumnDescription>,
    /// Metrics of all that the input does not allow.
    pub skipped: Vec<Skipped>,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnDescription {
    /// Its name.
    pub name: String,
    /// The metric.
    pub metric: String,
    /// The metric's options.
    pub options: BTreeMap<String, String>,
    /// Null where the column is neither.
    pub higher_is_harder: Option<bool>,
    /// Model, epochs and seeds, where the column was written from [`Scores`](crate::Scores).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
}

impl ColumnDescription {
    pub(super) fn of(column: &Column) -> Self {
        Self {
            name: column.name.clone(),
            metric: column.metric.name.clone(),
            options: column.metric.options.clone(),
            higher_is_harder: column.higher_is_harder,
            provenance: None,
        }
    }
}

/// A metric that was not computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The metric.
    pub metric: String,
    /// Why.
    pub reason: String,
}

fn one() -> usize {
    1
}

// The signature is serde's.
fn is_one(n: &usize) -> bool {
    *n == 1
}

/// The version of the form, which stands beside the fields of the sidecar; files without one are of the first.
#[derive(Default, Serialize, Deserialize)]
struct Form {
    #[serde(default)]
    form: Version<1>,
}

#[derive(Serialize)]
struct Saved<'a> {
    #[serde(flatten)]
    form: Form,
    #[serde(flatten)]
    sidecar: &'a Sidecar,
}

impl Sidecar {
    /// Of the scores of a log.
    pub fn of_log(contents: &Contents, scored: &Scored) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            command: Vec::new(),
            input: contents.path.display().to_string(),
            second_split: None,
            format: contents.format.into(),
            outputs: Some(contents.outputs),
            n_examples: scored.ids.len(),
            n_classes: if contents.labels.is_empty() { 0 } else { contents.n_classes },
            epochs: contents.epochs.clone(),
            fingerprint: Fingerprint::of(&scored.ids, &scored.labels),
            set_fingerprint: Some(Fingerprint::of_set(&scored.ids, &scored.labels)),
            classes: contents.class_names.clone(),
            n_runs: scored.n_runs,
            n_never_learned: scored.n_never_learned,
            notes: scored.notes.clone(),
            columns: scored.columns.iter().map(ColumnDescription::of).collect(),
            skipped: Vec::new(),
        }
    }

    /// Reads the sidecar of a table; `None` where there is none, as beside standard input.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Malformed`] where it is no sidecar, or one of another version.
    pub fn read(table: &Path) -> Result<Option<Self>, DataError> {
        let path = sidecar_path(table);
        if is_standard(table) || !path.exists() {
            return Ok(None);
        }
        let bytes = std::fs::read(&path).map_err(|error| io_error(&path, error))?;
        let parsed = serde_json::from_slice::<Form>(&bytes).and_then(|_| serde_json::from_slice(&bytes));
        let expected = "what is written beside scores";
        parsed.map(Some).map_err(|error| malformed(&path, "", with_expected(error, expected)))
    }

    /// Writes it beside its table, whole or not at all; nowhere beside standard output.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub fn write(&self, table: &Path) -> Result<(), DataError> {
        if is_standard(table) {
            return Ok(());
        }
        let mut sidecar = self.clone();
        sidecar.notes.retain(|note| note.what != Note::REPAIRED);
        write_atomically(sidecar_path(table), |writer| {
            serde_json::to_writer_pretty(&mut *writer, &Saved { form: Form::default(), sidecar: &sidecar })?;
            writeln!(writer)
        })
    }
}

/// The path of a table's sidecar: its own with `.json` behind.
pub fn sidecar_path(table: &Path) -> PathBuf {
    let mut name = table.as_os_str().to_owned();
    name.push(".json");
    PathBuf::from(name)
}
