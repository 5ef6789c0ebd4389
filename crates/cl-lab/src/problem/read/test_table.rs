use std::collections::BTreeSet;
use std::path::Path;

use cl_data::Dataset;
use cl_data::io::{TableOptions, TableReader, listed, malformed};

use super::{
    cell::text,
    encoding::Encoder,
    missing::{note_of_filled, refusal},
    options::Imputation,
    scan::Groups,
    target::{Labels, Target},
};
use crate::error::LabError;

/// The table that a test table must be like.
pub(super) struct Training<'a> {
    pub(super) table: &'a TableReader,
    pub(super) encoder: &'a Encoder,
    pub(super) target: &'a Target,
    /// The column of groups, and the groups.
    pub(super) groups: Option<(usize, &'a Groups)>,
    /// Its features, example by example.
    pub(super) values: &'a [f32],
}

/// A test table, read.
pub(super) struct TestTable {
    pub(super) data: Dataset<f32>,
    pub(super) notes: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// Reads a test table as the training table was: its columns by name, in any order; a category that the training table
/// lacks is none. O(cells).
pub(super) fn read_test(
    path: &Path,
    name: &str,
    imputation: Imputation,
    training: &Training<'_>,
) -> Result<TestTable, LabError> {
    let Training { table: known, encoder, target, groups, values } = *training;
    let table = TableReader::open(path, &TableOptions::default())?;
    let places = places(&table, training)?;
    let mut notes = Vec::new();
    let more: Vec<&String> = table.columns().iter().filter(|column| known.find(column).is_none()).collect();
    if !more.is_empty() {
        let (test, of) = (path.display(), known.path().display());
        notes.push(format!("columns of {test} that {of} lacks are not read: {}", listed(&more)));
    }
    let own_groups = groups.and_then(|(column, groups)| Some((table.find(known.columns().get(column)?)?, groups)));
    let (labels, seen) = labels_and_groups(&table, target, own_groups)?;
    if labels.len() == 0 {
        return Err(malformed(path, "", "0 examples, expected some to test on").into());
    }
    let mut encoded = encoder.read(&table, name, &places, labels.len())?;
    match imputation {
        Imputation::Refuse => {
            let columns = encoder.columns.iter().map(|column| column.name.as_str()).zip(&encoded.missing);
            refusal(path, columns).map_or(Ok(()), Err)?;
        }
        Imputation::Impute => {
            let filled = encoder.impute(&mut encoded, Some(values));
            notes.extend(note_of_filled(&filled).map(|note| format!("test set: {note}")));
        }
    }
    let unknown: Vec<String> = encoder
        .columns
        .iter()
        .zip(&encoded.unknown)
        .filter(|(_, n)| **n > 0)
        .map(|(column, n)| format!("`{}` {n}", column.name))
        .collect();
    if !unknown.is_empty() {
        let of = known.path().display();
        notes.push(format!(
            "cells of the test set hold categories that {of} lacks, and count as none: {}",
            listed(&unknown)
        ));
    }
    let mut warnings = Vec::new();
    if !seen.is_empty() {
        let shown: Vec<&String> = seen.iter().collect();
        warnings.push(format!("groups of the test set are trained on, too: {}", listed(&shown)));
    }
    let data = target.test_data(&labels, path, known.path(), encoder.n_features(), encoded.values)?;
    Ok(TestTable { data: data.with_feature_names(encoder.feature_names())?, notes, warnings })
}

/// The places of the columns that become features.
fn places(table: &TableReader, training: &Training<'_>) -> Result<Vec<usize>, LabError> {
    let headers = || training.encoder.columns.iter().map(|column| &column.header);
    let needed = headers().chain([&training.target.column]);
    let lacking: Vec<&String> = needed.filter(|header| table.find(header).is_none()).collect();
    if lacking.is_empty() {
        return Ok(headers().filter_map(|header| table.find(header)).collect());
    }
    let problem = format!(
        "no column {}, expected all those of {}; the columns are {}",
        listed(&lacking),
        training.table.path().display(),
        listed(table.columns())
    );
    Err(malformed(table.path(), "", problem).into())
}

/// All labels, and which of these groups are there.
fn labels_and_groups(
    table: &TableReader,
    target: &Target,
    groups: Option<(usize, &Groups)>,
) -> Result<(Labels, BTreeSet<String>), LabError> {
    let label = table.column(&target.column)?;
    let columns: Vec<usize> = [Some(label), groups.map(|(column, _)| column)].into_iter().flatten().collect();
    let (mut labels, mut seen) = (Labels::default(), BTreeSet::new());
    let mut rows = table.rows(&columns)?;
    while let Some(batch) = rows.next_batch()? {
        for row in 0..batch.n_rows {
            let text_of = |at: usize| batch.columns.get(at).and_then(|cells| text(cells, row));
            labels.push(text_of(0).as_deref(), || batch.place(row));
            let known =
                text_of(1).filter(|group| groups.is_some_and(|(_, known)| known.names.contains_key(&**group)));
            seen.extend(known.map(|group| group.into_owned()));
        }
    }
    Ok((labels, seen))
}
