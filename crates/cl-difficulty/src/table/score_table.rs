use std::path::{Path, PathBuf};

use cl_data::{Fingerprint, Ids};

use super::sidecar::{ColumnDescription, Sidecar, sidecar_path};
use crate::{dynamics::metrics, error::DifficultyError};

/// A column of scores, one value per example, none NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct TableColumn {
    /// Its name.
    pub name: String,
    /// Its values, as they stand in the file.
    pub values: Vec<f64>,
}

/// A table of scores, read.
#[derive(Debug)]
pub struct Table {
    /// The file.
    pub path: PathBuf,
    /// None in a `.npy` file, which knows its examples by the sidecar's fingerprint alone.
    pub ids: Option<Ids>,
    /// The label of each example, where the file has them.
    pub labels: Option<Vec<usize>>,
    /// The scores, at least one column.
    pub columns: Vec<TableColumn>,
    /// Where they come from, where that is known.
    pub sidecar: Option<Sidecar>,
}

impl Table {
    /// The same, once its scores are numbers and its sidecar is found to be its own.
    pub(super) fn checked(self) -> Result<Self, DifficultyError> {
        let wrong = |problem: String| Err(DifficultyError::malformed(&self.path, "", problem));
        if self.columns.is_empty() {
            return wrong("no column of scores".into());
        }
        for TableColumn { name, values } in &self.columns {
            if values.is_empty() {
                return wrong("0 examples, expected at least one".into());
            }
            if let Some(at) = values.iter().position(|value| value.is_nan()) {
                let id = self.ids.as_ref().and_then(|ids| ids.get(at)).map_or(at.to_string(), Into::into);
                return wrong(format!("{name} of example {id} is NaN, expected a number"));
            }
        }
        if let (Some(ids), Some(labels), Some(sidecar)) = (&self.ids, &self.labels, &self.sidecar) {
            let (found, expected) = (Fingerprint::of(ids, labels), sidecar.fingerprint);
            if found != expected {
                let sidecar = sidecar_path(&self.path);
                let says = format!("{} says {expected}", sidecar.display());
                let own = format!("its ids and labels have fingerprint {found}");
                return wrong(format!("{own}, {says}: they belong to other data"));
            }
        }
        Ok(self)
    }

    /// Of ids and labels, or as the sidecar says; `None` where neither tells.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        match (&self.ids, &self.labels, &self.sidecar) {
            (Some(ids), Some(labels), _) => Some(Fingerprint::of(ids, labels)),
            (_, _, sidecar) => sidecar.as_ref().map(|sidecar| sidecar.fingerprint),
        }
    }

    /// The column of this name.
    ///
    /// # Errors
    /// Where there is none, naming those that there are.
    pub fn column(&self, name: &str) -> Result<&TableColumn, DifficultyError> {
        self.columns.iter().find(|column| column.name == name).ok_or_else(|| {
            let problem = format!("no column `{name}`, the columns are {}", self.names());
            DifficultyError::malformed(&self.path, "", problem)
        })
    }

    /// The column that was named, or the only one.
    ///
    /// # Errors
    /// Where there is none of the name, or several and no name.
    pub fn chosen(&self, name: Option<&str>) -> Result<&TableColumn, DifficultyError> {
        match (name, &self.columns[..]) {
            (Some(name), _) => self.column(name),
            (None, [column]) => Ok(column),
            (None, columns) => {
                let (n, names) = (columns.len(), self.names());
                let problem = format!("{n} columns, expected option `column` with one of {names}");
                Err(DifficultyError::malformed(&self.path, "", problem))
            }
        }
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|column| column.name.as_str()).collect();
        names.join(", ")
    }

    /// What the sidecar says of a column.
    pub fn described(&self, name: &str) -> Option<&ColumnDescription> {
        self.sidecar.as_ref()?.columns.iter().find(|column| column.name == name)
    }

    /// Whether a high value means a hard example: as the sidecar says, else the catalogue of metrics; a column
    /// that neither knows is a difficulty, as scores are by convention. None where it is neither.
    pub fn higher_is_harder(&self, name: &str) -> Option<bool> {
        if let Some(column) = self.described(name) {
            return column.higher_is_harder;
        }
        let metric = metrics().iter().find(|metric| metric.method.name == name);
        metric.map_or(Some(true), |metric| metric.higher_is_harder)
    }

    /// A column's values as difficulties, higher = harder, by its [direction](Self::higher_is_harder) or that
    /// which is told.
    ///
    /// # Errors
    /// Where a high value is neither and no direction is told.
    pub fn difficulties(
        &self,
        column: &TableColumn,
        higher_is_harder: Option<bool>,
    ) -> Result<Vec<f64>, DifficultyError> {
        let name = &column.name;
        let Some(higher_is_harder) = higher_is_harder.or_else(|| self.higher_is_harder(name)) else {
            let problem =
                format!("a high {name} is neither hard nor easy, expected option `high_is` hard or easy");
            return Err(DifficultyError::malformed(&self.path, "", problem));
        };
        Ok(match higher_is_harder {
            true => column.values.clone(),
            false => column.values.iter().map(|value| -value).collect(),
        })
    }

    /// One difficulty per example, of which nothing else is known.
    pub(super) fn of_values(path: &Path, values: Vec<f64>) -> Result<Self, DifficultyError> {
        let columns = vec![TableColumn { name: "difficulty".into(), values }];
        Self { path: path.to_path_buf(), ids: None, labels: None, columns, sidecar: None }.checked()
    }
}
