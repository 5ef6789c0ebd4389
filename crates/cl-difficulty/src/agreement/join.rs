//! Tables of scores row by row: by id, or, where one has none, by the fingerprint of its data.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;

use cl_data::{Fingerprint, catalogue::CatalogueError};

use crate::{
    error::DifficultyError,
    table::{Table, TableColumn},
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
    /// One value for each row.
    pub values: Vec<f64>,
}

/// The columns of all tables over the same rows: those of these names, or without a name all that are difficulties. O(n)
/// expected per column.
///
/// # Errors
/// Without a table; where a table is of other examples or has another label for one; where none has a column of a name.
pub fn join(tables: &[Table], names: &[String]) -> Result<Vec<JoinedColumn>, DifficultyError> {
    let mut joined: Vec<JoinedColumn> = Vec::new();
    let rows = Rows::of(tables)?;
    for table in tables {
        let order = rows.order(table)?;
        for TableColumn { name, values } in &table.columns {
            let direction = table.higher_is_harder(name);
            let wanted = match names.is_empty() {
                true => direction.is_some(),
                false => names.contains(name),
            };
            if !wanted {
                continue;
            }
            let negated = direction == Some(false);
            let at = |row: usize| order.as_ref().map_or(row, |order| order[row]);
            let values = (0..values.len()).map(|row| values[at(row)]);
            let values = values.map(|value| if negated { -value } else { value }).collect();
            joined.push(JoinedColumn { name: name.clone(), path: table.path.clone(), negated, values });
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
