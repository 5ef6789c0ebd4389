use std::path::Path;

use cl_data::io::{ArrayData, ID_COLUMNS, NpzReader, Signature, ids_of, is_standard, malformed, read_npy};
use cl_data::{DataError, Ids};

use super::column_builder::ColumnBuilder;
use super::read_options::ReadOptions;
use super::rows::read_rows;
use super::score_table::Table;
use super::sidecar::{Sidecar, sidecar_path};
use crate::error::DifficultyError;

impl Table {
    /// Reads a table of scores: CSV, JSON lines or Parquet, `.npz` or `.npy` (with a sidecar). As
    /// [`read_with`](Self::read_with) without options.
    ///
    /// # Errors
    /// As [`read_with`](Self::read_with).
    pub fn read(path: impl AsRef<Path>) -> Result<Self, DifficultyError> {
        Self::read_with(path, &ReadOptions::default())
    }

    /// Reads a table of scores, `-` from standard input. O(cells).
    ///
    /// Ids are those of the surest of [`ID_COLUMNS`] or of the index that pandas wrote; a table without has its rows by
    /// position. Labels are those of the first of [`LABEL_COLUMNS`](cl_data::io::LABEL_COLUMNS), integers or texts. All
    /// other columns may be scores: what is none is an error only when it is [asked for](Self::column).
    ///
    /// ```
    /// use cl_data::io::TableOptions;
    /// use cl_difficulty::table::{ReadOptions, Table};
    ///
    /// let file = tempfile::NamedTempFile::with_suffix(".csv")?;
    /// std::fs::write(file.path(), ";id;perplexity;text\n0;doc-0;1,5;a cat\n1;doc-1;2,5;a dog\n")?;
    /// let table = TableOptions { decimal_comma: true, ..TableOptions::default() };
    /// let scores = Table::read_with(file.path(), &ReadOptions { table, id_column: None })?;
    /// assert_eq!(scores.ids.as_ref().unwrap().get(1).unwrap(), "doc-1");
    /// assert_eq!(scores.chosen(None)?.values, [1.5, 2.5]);
    /// assert!(scores.column("text").unwrap_err().to_string().contains("line 2, column `text`: \"a cat\""));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Naming file and place: where it cannot be read, an id is missing or there twice, and where it is not the table, or
    /// a part of the table, that its sidecar describes.
    pub fn read_with(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, DifficultyError> {
        let path = path.as_ref();
        let mut table = Self::new(path, Sidecar::read(path)?);
        match signature(path, options)? {
            Signature::Npy => read_one(&mut table)?,
            Signature::Npz => read_archive(&mut table)?,
            _ => read_rows(&mut table, options)?,
        }
        table.checked()
    }

    /// As [`read`](Self::read), but a `.npy` file needs no sidecar: without one it holds a difficulty per example, by
    /// index.
    ///
    /// # Errors
    /// As [`read_with`](Self::read_with).
    pub fn read_plain(path: impl AsRef<Path>) -> Result<Self, DifficultyError> {
        Self::read_plain_with(path, &ReadOptions::default())
    }

    /// As [`read_plain`](Self::read_plain), with options.
    ///
    /// # Errors
    /// As [`read_with`](Self::read_with).
    pub fn read_plain_with(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, DifficultyError> {
        let path = path.as_ref();
        let beside = !is_standard(path) && sidecar_path(path).exists();
        if signature(path, options)? != Signature::Npy || beside {
            return Self::read_with(path, options);
        }
        let array = read_npy(path)?;
        if array.shape().len() != 1 {
            let problem = format!("shape {:?}, expected one score per example, [N]", array.shape());
            return Err(DifficultyError::malformed(path, "", problem));
        }
        let mut table = Self::new(path, None);
        table.by_convention = true;
        table.take_array("difficulty".into(), array_values(path, "", array.data())?);
        table.checked()
    }
}

/// What a file is, where it is not told.
fn signature(path: &Path, options: &ReadOptions) -> Result<Signature, DataError> {
    match options.table.format {
        Some(_) => Ok(Signature::Other),
        None => Signature::of(path),
    }
}

fn array_values(path: &Path, place: &str, data: &ArrayData) -> Result<Vec<f64>, DataError> {
    let mut values = Vec::new();
    data.append_floats(&mut values).map_err(|error| malformed(path, place, error.to_string()))?;
    Ok(values)
}

fn read_one(table: &mut Table) -> Result<(), DataError> {
    let (path, beside) = (table.path.clone(), sidecar_path(&table.path));
    let Some(sidecar) = &table.sidecar else {
        let problem = format!("a .npy file has no ids, expected {} to tell its examples", beside.display());
        return Err(malformed(&path, "", problem));
    };
    let [column] = &sidecar.columns[..] else {
        return Err(malformed(&beside, "", format!("{} columns, expected one", sidecar.columns.len())));
    };
    let array = read_npy(&path)?;
    if array.shape() != [sidecar.n_examples] {
        let (found, expected) = (array.shape(), sidecar.n_examples);
        return Err(malformed(&path, "", format!("shape {found:?}, expected [{expected}] as in its sidecar")));
    }
    let name = column.name.clone();
    table.take_array(name, array_values(&path, "", array.data())?);
    Ok(())
}

fn read_archive(table: &mut Table) -> Result<(), DataError> {
    let path = table.path.clone();
    let mut archive = NpzReader::open(&path)?;
    let names = archive.names().to_vec();
    let id = ID_COLUMNS.iter().find(|&&known| {
        ["id", "ids"].contains(&known)
            && table.described(known).is_none()
            && names.iter().any(|name| name == known)
    });
    let ids = match id {
        Some(name) => Some(ids_of(&path, archive.read(name)?)?),
        None => None,
    };
    let mut columns = Vec::new();
    for name in names.into_iter().filter(|name| Some(&name.as_str()) != id) {
        let member = format!("member `{name}`");
        let array = archive.read(&name)?;
        let n = ids.as_ref().map_or(*array.shape().first().unwrap_or(&0), Ids::len);
        if name == "labels" && array.shape() != [n] {
            table.label_problem = Some((member, format!("shape {:?}, expected [{n}]", array.shape())));
            continue;
        }
        if array.shape() != [n] {
            let expected = if ids.is_some() { " as `ids`" } else { "" };
            let problem = format!("shape {:?}, expected [{n}]{expected}", array.shape());
            columns.push((name, ColumnBuilder::none(member, problem)));
            continue;
        }
        table.n_rows = table.n_rows.max(n);
        if name == "labels" {
            match array.to_indices() {
                Ok(labels) => table.labels = Some(labels),
                Err(error) => table.label_problem = Some((member, error.to_string())),
            }
            continue;
        }
        columns.push(match array_values(&path, &member, array.data()) {
            Ok(values) => {
                (name, ColumnBuilder::of_values(values, |element| format!("{member}, element {element}")))
            }
            Err(_) => {
                let problem = format!("{} values, expected numbers", array.element_type());
                (name, ColumnBuilder::none(member, problem))
            }
        });
    }
    let ids = ids.unwrap_or_else(|| Ids::range(table.n_rows));
    table.n_rows = ids.len();
    for (name, column) in columns {
        table.take(name, column, &ids);
    }
    let n = ids.len();
    if table.labels.as_ref().is_some_and(|labels| labels.len() != n) {
        return Err(malformed(&path, "member `labels`", format!("expected {n} as the longest member")));
    }
    if let Some(column) = table.columns.iter().find(|column| column.values.len() != n) {
        let problem = format!("{} values, expected {n} as the longest member", column.values.len());
        return Err(malformed(&path, format!("member `{}`", column.name), problem));
    }
    table.ids = Some(ids);
    Ok(())
}
