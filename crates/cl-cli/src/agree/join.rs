//! Score files row by row: by id, or, where a file has none, by the fingerprint of its data.

use std::borrow::Cow;
use std::collections::HashMap;

use anyhow::bail;
use cl_data::Fingerprint;

use crate::score_file::ScoreFile;

/// A column as a difficulty, its rows those of the first file with ids.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) name: String,
    pub(super) file: String,
    /// Whether the column was negated, so that high is hard.
    pub(super) negated: bool,
    pub(super) values: Vec<f64>,
}

/// The columns of all files, those named or all that are difficulties, over the same rows.
pub(super) fn join(files: &[ScoreFile], metrics: &[String]) -> anyhow::Result<Vec<Joined>> {
    let mut joined = Vec::new();
    let rows = Rows::of(files)?;
    for file in files {
        let order = rows.order(file)?;
        for column in &file.columns {
            let direction = file.higher_is_harder(&column.name);
            let wanted = match metrics.is_empty() {
                true => direction.is_some(),
                false => metrics.contains(&column.name),
            };
            if !wanted {
                continue;
            }
            let negated = direction == Some(false);
            let at = |row: usize| order.as_ref().map_or(row, |order| order[row]);
            let values = (0..column.values.len()).map(|row| column.values[at(row)]);
            let values = values.map(|value| if negated { -value } else { value }).collect();
            let file = file.path.display().to_string();
            joined.push(Joined { name: column.name.clone(), file, negated, values });
        }
    }
    if let Some(missing) = metrics.iter().find(|name| joined.iter().all(|column| column.name != **name)) {
        bail!("--metric: no file has a column `{missing}`");
    }
    Ok(joined)
}

/// The rows that all files must have.
struct Rows<'a> {
    /// The first file with ids, or the first of all.
    first: &'a ScoreFile,
    row_of: HashMap<Cow<'a, str>, usize>,
    fingerprint: Option<Fingerprint>,
}

fn fingerprint(file: &ScoreFile) -> Option<Fingerprint> {
    match (&file.ids, &file.labels, &file.sidecar) {
        (Some(ids), Some(labels), _) => Some(Fingerprint::of(ids, labels)),
        (_, _, sidecar) => sidecar.as_ref().map(|sidecar| sidecar.fingerprint),
    }
}

impl<'a> Rows<'a> {
    fn of(files: &'a [ScoreFile]) -> anyhow::Result<Self> {
        let Some(first) = files.iter().find(|file| file.ids.is_some()).or(files.first()) else {
            bail!("no file");
        };
        let ids = first.ids.iter().flat_map(|ids| ids.iter());
        let row_of = ids.enumerate().map(|(row, id)| (id, row)).collect();
        Ok(Self { first, row_of, fingerprint: fingerprint(first) })
    }

    /// For each row of the join, the file's own; `None` where they are the same.
    fn order(&self, file: &ScoreFile) -> anyhow::Result<Option<Vec<usize>>> {
        let (path, first) = (file.path.display(), self.first.path.display());
        let found = fingerprint(file);
        if found.is_some() && found == self.fingerprint {
            return Ok(None);
        }
        let Some(ids) = &file.ids else {
            let say = |fingerprint: Option<Fingerprint>| fingerprint.map_or("none".into(), |f| f.to_string());
            let (found, expected) = (say(found), say(self.fingerprint));
            bail!("{path}: of data with fingerprint {found}, expected {expected} as {first}");
        };
        let n = self.row_of.len();
        if ids.len() != n {
            bail!("{path}: {} examples, expected the {n} of {first}", ids.len());
        }
        let mut order = vec![0; n];
        for (own, id) in ids.iter().enumerate() {
            // Ids are unique in both files and as many, so that none of the first is left out.
            let Some(&row) = self.row_of.get(&id) else {
                bail!("{path}: id {id} does not occur in {first}, expected the same examples");
            };
            order[row] = own;
            if let (Some(labels), Some(expected)) = (&file.labels, &self.first.labels)
                && labels[own] != expected[row]
            {
                let (label, expected) = (labels[own], expected[row]);
                bail!("{path}: label {label} of id {id}, expected {expected} as in {first}: other data");
            }
        }
        Ok(Some(order))
    }
}
