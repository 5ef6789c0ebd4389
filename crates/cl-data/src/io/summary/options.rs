use std::path::Path;

use crate::{
    error::DataError,
    io::{TableOptions, listed, malformed},
};

/// Which columns of a table mean what, and how it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SummaryOptions {
    /// The column, by name or by index from 0, whose values are the classes. Then a column that holds numbers and a
    /// text is an error that names the line.
    pub label: Option<String>,
    /// The column, by name or index, that names the rows; without it `id`, where there is one.
    pub id: Option<String>,
    /// How the table is read.
    pub table: TableOptions,
}

impl SummaryOptions {
    /// The places of the columns of labels and of ids.
    pub(super) fn places(&self, path: &Path, names: &[String]) -> Result<[Option<usize>; 2], DataError> {
        let find = |wanted: &str, role: &str| {
            let by_index = || wanted.parse().ok().filter(|&column: &usize| column < names.len());
            names.iter().position(|name| name == wanted).or_else(by_index).ok_or_else(|| {
                let problem = format!("no {role} column `{wanted}`, the columns are {}", listed(names));
                malformed(path, "header", problem)
            })
        };
        let label = self.label.as_deref().map(|label| find(label, "label")).transpose()?;
        let id = match &self.id {
            Some(id) => Some(find(id, "id")?),
            None => names.iter().position(|name| name == "id"),
        };
        Ok([label, id])
    }
}
