use std::io::Write;
use std::path::Path;

use cl_data::io::{csv_field, exact, write_atomically};
use cl_data::{DataError, Ids};
use serde::Serialize;

use super::confident_learning::ConfidentLearning;
use super::issues::IssueFilter;
use super::quality::{confidence_weighted_entropy, normalized_margin};
use crate::error::DifficultyError;

/// One example and its label's quality (low = probably wrong).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelIssue {
    /// The example.
    pub id: String,
    /// Its given label.
    pub label: usize,
    /// The most probable class, the first of equal ones.
    pub predicted: usize,
    /// The probability of the label.
    pub self_confidence: f64,
    /// [`normalized_margin`].
    pub normalized_margin: f64,
    /// [`confidence_weighted_entropy`].
    pub confidence_weighted_entropy: f64,
    /// Whether the filter holds the label for wrong.
    pub issue: bool,
}

impl LabelIssue {
    /// Of every example, wrong or not; `probabilities` and `labels` are those of [`ConfidentLearning::fit`]. O(n C).
    ///
    /// # Errors
    /// As [`ConfidentLearning::issues`], and where there are not as many ids.
    pub fn of_all(
        learned: &ConfidentLearning,
        probabilities: &[f64],
        ids: &Ids,
        labels: &[usize],
        filter: IssueFilter,
    ) -> Result<Vec<Self>, DifficultyError> {
        let issues = learned.issues(probabilities, labels, filter)?;
        if ids.len() != labels.len() {
            let (found, expected) = (ids.len(), labels.len());
            return Err(DifficultyError::LengthMismatch { what: "ids", found, expected });
        }
        let probabilities = probabilities.chunks_exact(learned.n_classes());
        let rows = probabilities.zip(labels).zip(ids.iter()).zip(issues);
        let of = rows.map(|(((p, &label), id), issue)| Self {
            id: id.into_owned(),
            label,
            predicted: (0..p.len()).fold(0, |best, class| if p[class] > p[best] { class } else { best }),
            self_confidence: p[label],
            normalized_margin: normalized_margin(p, label),
            confidence_weighted_entropy: confidence_weighted_entropy(p, label, false),
            issue,
        });
        Ok(of.collect())
    }

    /// Writes a CSV file of a row per example, whole or not at all.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub fn write_csv(path: impl AsRef<Path>, rows: &[Self]) -> Result<(), DataError> {
        write_atomically(path, |writer| {
            writeln!(
                writer,
                "id,label,predicted,self_confidence,normalized_margin,confidence_weighted_entropy,issue"
            )?;
            for row in rows {
                let qualities = [row.self_confidence, row.normalized_margin, row.confidence_weighted_entropy];
                let [own, margin, entropy] = qualities.map(exact);
                let (id, issue) = (csv_field(&row.id), u8::from(row.issue));
                writeln!(writer, "{id},{},{},{own},{margin},{entropy},{issue}", row.label, row.predicted)?;
            }
            Ok(())
        })
    }
}
