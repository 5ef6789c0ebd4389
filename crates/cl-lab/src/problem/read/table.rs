use std::path::Path;

use cl_data::io::{TableOptions, TableReader, listed};

use super::{
    columns::Columns,
    content::Content,
    missing::note_of_filled,
    options::ReadOptions,
    roles::{Roles, name_of},
    scan::Scan,
    test_table::{Training, read_test},
};
use crate::{error::LabError, problem::FEWEST_EXAMPLES};

/// A table with a column of labels: CSV, JSON lines or Parquet.
///
/// It is read two times, a third time where columns hold texts: for what its columns hold, for the categories, for the
/// features. Memory holds the features (4 bytes each), labels and ids. O(cells).
pub(super) fn read_table(path: &Path, name: &str, options: &ReadOptions) -> Result<Content, LabError> {
    let table = TableReader::open(path, &TableOptions::default())?;
    let roles = Roles::of(&table, options)?;
    let Scan { labels, ids, groups, columns } = Scan::read(&table, &roles)?;
    let n = labels.len();
    if n < FEWEST_EXAMPLES {
        let problem = format!("{n} examples, expected at least {FEWEST_EXAMPLES} to compare anything on");
        return Err(LabError::problem(name, problem));
    }
    let target = labels.decide(options.task, path, &name_of(&table, roles.label))?;
    let mut columns = Columns::new(&table, &roles, columns);
    let ids = columns.ids(ids, n)?;
    let (encoder, places) = columns.encoder(options.imputation, n)?;
    if encoder.n_features() == 0 {
        return Err(LabError::problem(name, "no feature, expected at least one column beside the labels"));
    }
    let mut encoded = encoder.read(&table, name, &places, n)?;
    let filled = encoder.impute(&mut encoded, None);
    let data = target.data(encoder.n_features(), encoded.values)?.with_feature_names(encoder.feature_names())?;
    let mut content = Content::new(data.with_ids(ids)?, target.task, &target.column);
    columns.look_for_ids(&encoder, &content.data);
    content.notes.extend(roles.note.iter().chain(&target.note).cloned());
    content.notes.extend(note_of_filled(&filled));
    content.warnings.append(&mut columns.warnings);
    let late = table.late_keys();
    if !late.is_empty() {
        let warning = format!("keys that the first 64 rows lack are no columns and not read: {}", listed(&late));
        content.warnings.push(warning);
    }
    if let Some(test) = &options.test {
        let training = Training {
            table: &table,
            encoder: &encoder,
            target: &target,
            groups: roles.groups.zip(groups.as_ref()),
            values: content.data.features().as_slice(),
        };
        let test = read_test(test, name, options.imputation, &training)?;
        content.notes.extend(test.notes);
        content.warnings.extend(test.warnings);
        content.test = Some(test.data);
    }
    content.categories = encoder.categories();
    content.groups = groups.map(|groups| groups.of_example);
    Ok(content)
}
