use std::path::Path;

use cl_data::DataError;
use cl_data::io::{Signature, is_standard, malformed, read_npy};

use super::archive::read_archive;
use super::array_values::array_values;
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
    /// Ids are those of the surest of [`ID_COLUMNS`](cl_data::io::ID_COLUMNS) or of the index that pandas wrote; a table without has its rows by
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
            Signature::Npz => read_archive(&mut table, options)?,
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
        Self::read_plain_as("difficulty", path, options)
    }

    /// The same, where a `.npy` file without a sidecar holds something else than difficulties, such as losses: its
    /// column is called `what`.
    ///
    /// # Errors
    /// As [`read_with`](Self::read_with).
    pub fn read_plain_as(
        what: &str,
        path: impl AsRef<Path>,
        options: &ReadOptions,
    ) -> Result<Self, DifficultyError> {
        let path = path.as_ref();
        let beside = !is_standard(path) && sidecar_path(path).exists();
        if signature(path, options)? != Signature::Npy || beside {
            return Self::read_with(path, options);
        }
        let array = read_npy(path)?;
        if array.shape().len() != 1 {
            let problem = format!("shape {:?}, expected one {what} per example, [N]", array.shape());
            return Err(DifficultyError::malformed(path, "", problem));
        }
        let mut table = Self::new(path, None);
        table.by_convention = true;
        table.take_array(what.into(), array_values(path, "", array.data())?);
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
