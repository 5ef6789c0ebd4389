use std::path::Path;

use cl_data::io::{CsvRows, NpzReader, Signature, ids_of, malformed, read_npy};
use cl_data::{DataError, Ids};

#[cfg(feature = "parquet")]
use super::parquet_table::read_parquet;
use super::score_table::{Table, TableColumn};
use super::sidecar::{Sidecar, sidecar_path};
use crate::error::DifficultyError;

impl Table {
    /// Reads a table of scores: CSV or Parquet (with a column `id`), `.npz` (with `ids`) or `.npy` (with a sidecar).
    ///
    /// # Errors
    /// Naming file and place: where it cannot be read, a score is no number, an id is there twice, and where ids and
    /// labels are not those of the sidecar's fingerprint.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, DifficultyError> {
        let path = path.as_ref();
        let signature = Signature::of(path)?;
        let mut table = Self {
            path: path.to_path_buf(),
            ids: None,
            labels: None,
            columns: Vec::new(),
            sidecar: Sidecar::read(path)?,
        };
        match signature {
            Signature::Npy => read_one(&mut table)?,
            Signature::Npz => read_archive(&mut table)?,
            #[cfg(feature = "parquet")]
            Signature::Parquet => read_parquet(&mut table)?,
            #[cfg(not(feature = "parquet"))]
            Signature::Parquet => {
                let problem = "a Parquet file, which takes a build with the feature `parquet`";
                return Err(DifficultyError::malformed(path, "", problem));
            }
            _ => read_csv(&mut table)?,
        }
        table.checked()
    }

    /// As [`read`](Self::read), but a `.npy` file needs no sidecar: without one it holds a difficulty per example, by
    /// index.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_plain(path: impl AsRef<Path>) -> Result<Self, DifficultyError> {
        let path = path.as_ref();
        if Signature::of(path)? != Signature::Npy || sidecar_path(path).exists() {
            return Self::read(path);
        }
        let array = read_npy(path)?;
        if array.shape().len() != 1 {
            let problem = format!("shape {:?}, expected one score per example, [N]", array.shape());
            return Err(DifficultyError::malformed(path, "", problem));
        }
        let values = array.to_f64().map_err(|error| malformed(path, "", error.to_string()))?;
        Self::of_values(path, values)
    }
}

fn read_one(table: &mut Table) -> Result<(), DataError> {
    let (path, beside) = (&table.path, sidecar_path(&table.path));
    let Some(sidecar) = &table.sidecar else {
        let problem = format!("a .npy file has no ids, expected {} to tell its examples", beside.display());
        return Err(malformed(path, "", problem));
    };
    let [column] = &sidecar.columns[..] else {
        return Err(malformed(&beside, "", format!("{} columns, expected one", sidecar.columns.len())));
    };
    let array = read_npy(path)?;
    if array.shape() != [sidecar.n_examples] {
        let (found, expected) = (array.shape(), sidecar.n_examples);
        return Err(malformed(path, "", format!("shape {found:?}, expected [{expected}] as in its sidecar")));
    }
    table.columns = vec![TableColumn { name: column.name.clone(), values: array.to_f64()? }];
    Ok(())
}

fn read_archive(table: &mut Table) -> Result<(), DataError> {
    let path = &table.path;
    let mut archive = NpzReader::open(path)?;
    let ids = ids_of(path, archive.read("ids")?)?;
    for name in archive.names().to_vec() {
        let wrong = |problem: String| malformed(path, format!("member `{name}`"), problem);
        let array = archive.read(&name)?;
        if array.shape() != [ids.len()] {
            return Err(wrong(format!("shape {:?}, expected [{}] as `ids`", array.shape(), ids.len())));
        }
        match name.as_str() {
            "ids" => {}
            "labels" => table.labels = Some(array.to_indices().map_err(|error| wrong(error.to_string()))?),
            _ => {
                let values = array.to_f64().map_err(|error| wrong(error.to_string()))?;
                table.columns.push(TableColumn { name, values });
            }
        }
    }
    table.ids = Some(ids);
    Ok(())
}

fn read_csv(table: &mut Table) -> Result<(), DataError> {
    let path = &table.path;
    let mut rows = CsvRows::open(path, b',')?;
    let names = rows.header()?;
    if let Some(at) = (1..names.len()).find(|&at| names[..at].contains(&names[at])) {
        return Err(malformed(path, "header", format!("column `{}` occurs twice", names[at])));
    }
    let id = rows.column(&names, "id")?;
    let label = names.iter().position(|name| name == "label");
    let (mut ids, mut labels) = (Vec::new(), Vec::new());
    let scores = names.iter().enumerate().filter(|(at, _)| *at != id && Some(*at) != label);
    let mut columns: Vec<_> =
        scores.map(|(_, name)| TableColumn { name: name.clone(), values: Vec::new() }).collect();
    while rows.advance()? {
        let mut column = columns.iter_mut();
        for (at, field) in rows.fields().enumerate() {
            let wrong = |expected| rows.unexpected(&names[at], field, expected);
            if at == id {
                ids.push(field.to_owned());
            } else if Some(at) == label {
                labels.push(field.parse().map_err(|_| wrong("a class, an integer from 0"))?);
            } else if let Some(column) = column.next() {
                column.values.push(field.parse().map_err(|_| wrong("a number"))?);
            }
        }
    }
    table.ids = Some(Ids::texts(ids).map_err(|error| malformed(path, "", error.to_string()))?);
    table.labels = label.map(|_| labels);
    table.columns = columns;
    Ok(())
}
