use std::path::Path;

use cl_data::{Fingerprint, Ids};

use super::score_table::Table;
use super::sidecar::{ColumnDescription, Sidecar};
use super::write::write;
use crate::{
    dynamics::{Column, ColumnValues},
    error::DifficultyError,
    scores::{Metric, Provenance, Scores},
};

/// Writes scores of the same data as a table with its sidecar, a column each under its metric's name; `ids` are those of
/// the data. [`Table::scores`] reads them back.
///
/// # Errors
/// Without scores; [`DifficultyError::OtherData`] where some are not of examples with these ids; where two are of the
/// same metric; as [`write_columns`](super::write_columns).
pub fn write_scores(path: impl AsRef<Path>, ids: &Ids, scores: &[&Scores]) -> Result<(), DifficultyError> {
    let Some(first) = scores.first() else {
        return Err(DifficultyError::argument("scores", "empty", "at least one"));
    };
    let (labels, mut columns, mut descriptions) = (first.labels(), Vec::new(), Vec::<ColumnDescription>::new());
    let fingerprint = Fingerprint::of(ids, labels);
    for scores in scores {
        if scores.fingerprint() != fingerprint {
            return Err(DifficultyError::OtherData { scores: scores.fingerprint(), data: fingerprint });
        }
        let (metric, values) = (scores.metric().clone(), ColumnValues::Float(scores.values().to_vec()));
        if ["id", "ids", "label", "labels"].contains(&metric.name.as_str()) {
            return Err(DifficultyError::argument(
                "scores",
                &metric.name,
                "no name that ids or labels have in tables",
            ));
        }
        if columns.iter().any(|column: &Column| column.name == metric.name) {
            return Err(DifficultyError::argument("scores", format!("{} twice", metric.name), "each metric once"));
        }
        columns.push(Column { name: metric.name.clone(), values, higher_is_harder: Some(true), metric });
        let provenance = Some(scores.provenance().clone());
        descriptions.extend(
            columns.last().map(|column| ColumnDescription { provenance, ..ColumnDescription::of(column) }),
        );
    }
    let infinite = |scores: &&Scores| scores.values().iter().filter(|value| value.is_infinite()).count();
    let sidecar = Sidecar {
        version: env!("CARGO_PKG_VERSION").into(),
        command: Vec::new(),
        input: first.provenance().model.clone(),
        second_split: None,
        format: "scores".into(),
        outputs: None,
        n_examples: labels.len(),
        n_classes: labels.iter().max().map_or(0, |&label| label.saturating_add(1)),
        epochs: first.provenance().epochs.clone(),
        fingerprint,
        set_fingerprint: Some(Fingerprint::of_set(ids, labels)),
        // An infinite score is of an example that was never learned; nothing else tells.
        n_never_learned: Some(scores.iter().map(infinite).max().unwrap_or(0)),
        classes: None,
        n_runs: 1,
        notes: Vec::new(),
        columns: descriptions,
        skipped: Vec::new(),
    };
    write(path.as_ref(), ids, Some(labels), columns, &sidecar)
}

impl Table {
    /// A column, or the only one, as scores: higher = harder, tied to the ids and labels of the table, with the metric
    /// and the provenance that the sidecar tells.
    ///
    /// # Errors
    /// As [`chosen`](Self::chosen) and [`difficulties`](Self::difficulties); where the table has no ids or labels; and
    /// where a score is -inf.
    pub fn scores(&self, name: Option<&str>, higher_is_harder: Option<bool>) -> Result<Scores, DifficultyError> {
        let column = self.chosen(name)?;
        let values = self.difficulties(column, higher_is_harder)?;
        let (Some(ids), Some(labels)) = (&self.ids, self.needed_labels()?) else {
            let problem = "no ids or no labels, to which scores are tied; expected both";
            return Err(DifficultyError::malformed(&self.path, "", problem));
        };
        let (mut metric, mut provenance) = (Metric::new(&column.name), Provenance::default());
        if let Some((described, sidecar)) = self.described(&column.name).zip(self.sidecar.as_ref()) {
            metric = Metric { name: described.metric.clone(), options: described.options.clone() };
            let of_log = Provenance { epochs: sidecar.epochs.clone(), ..Provenance::default() };
            provenance = described.provenance.clone().unwrap_or(of_log);
        }
        let scores = Scores::of_examples(metric, values, ids, labels.to_vec(), provenance);
        scores.map_err(|error| error.in_file(&self.path))
    }
}
