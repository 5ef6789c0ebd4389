//! Tables of scores row by row: by id, or, where one has none, by the fingerprint of its data.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use cl_data::{Fingerprint, catalogue::CatalogueError};

use crate::{
    error::DifficultyError,
    table::{Direction, Pointing, Table, TableColumn, UnusableColumn},
};

/// A column as a difficulty, its rows those that all tables have, in the order of the first with ids.
#[derive(Debug, Clone, PartialEq)]
pub struct JoinedColumn {
    /// Its name.
    pub name: String,
    /// The table's file.
    pub path: PathBuf,
    /// Whether it was negated, so that high is hard.
    pub negated: bool,
    /// Which way it points; `None` where a high value is neither hard nor easy.
    pub direction: Option<Direction>,
    /// One value for each row.
    pub values: Vec<f64>,
}

/// More columns than these are compared only where they are named: the matrix has a place for each two.
const MAX_COLUMNS: usize = 256;

/// The columns of all tables over the examples that all have: those of these names, or without a name all that are difficulties;
/// `higher_is_harder` of those of which nothing else tells. O(n) expected per column.
///
/// # Errors
/// Without a table; where tables have fewer than 2 examples in common, or another label for one; where none has a column of a name, or
/// one that cannot be used; without names where there are very many columns; where a column's direction is not known.
pub fn join(
    tables: &[Table],
    names: &[String],
    higher_is_harder: Option<bool>,
) -> Result<Vec<JoinedColumn>, DifficultyError> {
    let mut joined: Vec<JoinedColumn> = Vec::new();
    if let Some(table) = tables.iter().find(|table| names.is_empty() && table.columns.len() > MAX_COLUMNS) {
        let n = table.columns.len();
        let problem =
            format!("{n} columns to compare, expected at most {MAX_COLUMNS}, or option `metric` to name some");
        return Err(DifficultyError::malformed(&table.path, "", problem));
    }
    for (table, rows) in tables.iter().zip(common_rows(tables)?) {
        // What holds numbers and a NaN is a difficulty that cannot be compared, and so is one by its name with a text
        // among its numbers; a column of texts is none.
        let meant = |column: &&UnusableColumn| match (names.is_empty(), table.pointing(&column.name)) {
            (true, Pointing::Neither) => false,
            (true, Pointing::Known(_)) => column.n_numbers > 0 || column.problem.starts_with("mixed types"),
            (true, Pointing::Unknown) => column.numeric,
            (false, _) => names.contains(&column.name),
        };
        if let Some(unusable) = table.unusable.iter().find(meant) {
            return Err(table.refusal(unusable));
        }
        if let (true, Some(unusable)) = (table.columns.is_empty(), table.unusable.first()) {
            return Err(table.refusal(unusable));
        }
        for TableColumn { name, values } in &table.columns {
            let wanted = names.is_empty() || names.contains(name);
            if !wanted {
                continue;
            }
            let direction = match table.pointing(name) {
                Pointing::Known(direction) => Some(direction),
                Pointing::Neither if names.is_empty() => continue,
                Pointing::Neither => None,
                Pointing::Unknown => Some(table.needed_direction(name, higher_is_harder)?),
            };
            let negated = direction.is_some_and(|direction| !direction.higher_is_harder);
            let values = match &rows {
                Some(rows) => rows.iter().map(|&row| values[row]).collect(),
                None => values.clone(),
            };
            let values = values.into_iter().map(|value| if negated { -value } else { value }).collect();
            joined.push(JoinedColumn { name: name.clone(), path: table.path.clone(), negated, direction, values });
        }
    }
    if let Some(missing) = names.iter().find(|name| joined.iter().all(|column| column.name != **name)) {
        let columns = tables.iter().flat_map(|table| &table.columns).map(|column| &column.name);
        return Err(CatalogueError::unknown("column", missing.as_str(), columns).into());
    }
    Ok(joined)
}

/// The rows that all tables have: for each table its own, `None` where they are all of it in its order.
fn common_rows(tables: &[Table]) -> Result<Vec<Option<Vec<usize>>>, DifficultyError> {
    let Some(first) = tables.iter().find(|table| table.ids.is_some()).or(tables.first()) else {
        return Err(DifficultyError::argument("tables", "empty", "at least one"));
    };
    let fingerprints: Vec<Option<Fingerprint>> = tables.iter().map(Table::fingerprint).collect();
    let of_first = first.fingerprint();
    let alike = |found: Option<Fingerprint>| found.is_some() && found == of_first;
    if fingerprints.iter().all(|&found| alike(found)) || tables.len() == 1 {
        return Ok(vec![None; tables.len()]);
    }
    // The places of a part are not those of the whole.
    let largest = tables.iter().max_by_key(|table| table.n_examples()).unwrap_or(first);
    let is_short = |table: &&Table| table.is_by_position() && table.n_examples() < largest.n_examples();
    if let Some(short) = tables.iter().find(is_short) {
        let (n, path) = (largest.n_examples(), largest.path.display());
        let found = format!("{} examples without ids, expected the {n} of {path}", short.n_examples());
        let problem = format!("{found}, or a column of ids, option `id_column`");
        return Err(DifficultyError::malformed(&short.path, "", problem));
    }
    let ids = first.ids.iter().flat_map(|ids| ids.iter());
    let row_of: HashMap<Cow<'_, str>, usize> = ids.enumerate().map(|(row, id)| (id, row)).collect();
    let mut own_rows = Vec::with_capacity(tables.len());
    let mut is_common = vec![true; first.n_examples()];
    for (table, &found) in tables.iter().zip(&fingerprints) {
        if alike(found) {
            own_rows.push(None);
            continue;
        }
        // A file without ids has those of another of the same data.
        let same = || fingerprints.iter().position(|&other| found.is_some() && other == found);
        let with_ids = if table.ids.is_some() { Some(table) } else { same().map(|at| &tables[at]) };
        let Some(ids) = with_ids.and_then(|table| table.ids.as_ref()) else {
            let say = |fingerprint: Option<Fingerprint>| fingerprint.map_or("none".into(), |f| f.to_string());
            let (found, expected) = (say(found), say(of_first));
            let problem =
                format!("of data with fingerprint {found}, expected {expected} as {}", first.path.display());
            return Err(DifficultyError::malformed(&table.path, "", problem));
        };
        let mut own = vec![None; first.n_examples()];
        for (at, id) in ids.iter().enumerate() {
            if let Some(&row) = row_of.get(&id) {
                own[row] = Some(at);
                check_label(first, row, table, at, &id)?;
            }
        }
        is_common.iter_mut().zip(&own).for_each(|(common, own)| *common &= own.is_some());
        let n = own.iter().flatten().count();
        if n < 2 {
            return Err(too_few(table, n, &first.path));
        }
        own_rows.push(Some(own));
    }
    let rows: Vec<usize> = (0..is_common.len()).filter(|&row| is_common[row]).collect();
    if rows.len() < 2 {
        return Err(too_few(first, rows.len(), Path::new("all other files")));
    }
    let whole = rows.len() == is_common.len();
    let of_table = |own: Option<Vec<Option<usize>>>| match own {
        None if whole => None,
        None => Some(rows.clone()),
        Some(own) => Some(rows.iter().filter_map(|&row| own[row]).collect()),
    };
    Ok(own_rows.into_iter().map(of_table).collect())
}

fn too_few(table: &Table, n: usize, other: &Path) -> DifficultyError {
    let problem = format!("{n} examples in common with {}, expected at least 2: other data", other.display());
    DifficultyError::malformed(&table.path, "", problem)
}

/// Refuses an example that has one label here and another there.
fn check_label(first: &Table, row: usize, table: &Table, at: usize, id: &str) -> Result<(), DifficultyError> {
    let (Some(expected), Some(labels)) = (&first.labels, &table.labels) else { return Ok(()) };
    let (expected, label) = (expected[row], labels[at]);
    // Classes of a part may have other numbers than those of the whole.
    let names = first.label_names().zip(table.label_names());
    let [expected, label] = match names {
        Some((of_first, own)) if of_first.get(expected) == own.get(label) => return Ok(()),
        None if expected == label => return Ok(()),
        Some((of_first, own)) => {
            [of_first.get(expected), own.get(label)].map(|name| name.cloned().unwrap_or_default())
        }
        None => [expected, label].map(|class| class.to_string()),
    };
    let first = first.path.display();
    let problem = format!("label {label} of id {id}, expected {expected} as in {first}: other data");
    Err(DifficultyError::malformed(&table.path, "", problem))
}
