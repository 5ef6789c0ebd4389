//! Tables of scores row by row: by id, or, where one has none, by the fingerprint of its data.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;

use cl_data::{Fingerprint, catalogue::CatalogueError};

use crate::{
    error::DifficultyError,
    table::{Direction, Pointing, Table, TableColumn, UnusableColumn},
};

/// A column as a difficulty, its rows those of the first table with ids.
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

/// The columns of all tables over the same rows: those of these names, or without a name all that are difficulties;
/// `higher_is_harder` of those of which nothing else tells. O(n) expected per column.
///
/// # Errors
/// Without a table; where a table is of other examples or has another label for one; where none has a column of a name, or
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
    let rows = Rows::of(tables)?;
    for table in tables {
        let order = rows.order(table)?;
        // What holds numbers and a NaN is a difficulty that cannot be compared; a column of texts is none.
        let meant = |column: &&UnusableColumn| match names.is_empty() {
            true => column.numeric && table.pointing(&column.name) != Pointing::Neither,
            false => names.contains(&column.name),
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
            let at = |row: usize| order.as_ref().map_or(row, |order| order[row]);
            let values = (0..values.len()).map(|row| values[at(row)]);
            let values = values.map(|value| if negated { -value } else { value }).collect();
            joined.push(JoinedColumn { name: name.clone(), path: table.path.clone(), negated, direction, values });
        }
    }
    if let Some(missing) = names.iter().find(|name| joined.iter().all(|column| column.name != **name)) {
        let columns = tables.iter().flat_map(|table| &table.columns).map(|column| &column.name);
        return Err(CatalogueError::unknown("column", missing.as_str(), columns).into());
    }
    Ok(joined)
}

/// The rows that all tables must have.
struct Rows<'a> {
    /// The first table with ids, or the first of all.
    first: &'a Table,
    row_of: HashMap<Cow<'a, str>, usize>,
    fingerprint: Option<Fingerprint>,
}

impl<'a> Rows<'a> {
    fn of(tables: &'a [Table]) -> Result<Self, DifficultyError> {
        let Some(first) = tables.iter().find(|table| table.ids.is_some()).or(tables.first()) else {
            return Err(DifficultyError::argument("tables", "empty", "at least one"));
        };
        let ids = first.ids.iter().flat_map(|ids| ids.iter());
        let row_of = ids.enumerate().map(|(row, id)| (id, row)).collect();
        Ok(Self { first, row_of, fingerprint: first.fingerprint() })
    }

    /// For each row of the join, the table's own; `None` where they are the same.
    fn order(&self, table: &Table) -> Result<Option<Vec<usize>>, DifficultyError> {
        let first = self.first.path.display();
        let wrong = |problem: String| Err(DifficultyError::malformed(&table.path, "", problem));
        let found = table.fingerprint();
        if found.is_some() && found == self.fingerprint {
            return Ok(None);
        }
        let Some(ids) = &table.ids else {
            let say = |fingerprint: Option<Fingerprint>| fingerprint.map_or("none".into(), |f| f.to_string());
            let (found, expected) = (say(found), say(self.fingerprint));
            return wrong(format!("of data with fingerprint {found}, expected {expected} as {first}"));
        };
        let n = self.row_of.len();
        if ids.len() != n {
            return wrong(format!("{} examples, expected the {n} of {first}", ids.len()));
        }
        let mut order = vec![0; n];
        for (own, id) in ids.iter().enumerate() {
            // Ids are unique in both tables and as many, so that none of the first is left out.
            let Some(&row) = self.row_of.get(&id) else {
                return wrong(format!("id {id} does not occur in {first}, expected the same examples"));
            };
            order[row] = own;
            if let (Some(labels), Some(expected)) = (&table.labels, &self.first.labels)
                && labels[own] != expected[row]
            {
                let (label, expected) = (labels[own], expected[row]);
                return wrong(format!("label {label} of id {id}, expected {expected} as in {first}: other data"));
            }
        }
        Ok(Some(order))
    }
}
