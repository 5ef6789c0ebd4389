//! Files of scores: what `curriculum score` writes and the other commands read.

#[cfg(feature = "parquet")]
mod parquet_table;

#[cfg(feature = "parquet")]
pub(crate) use parquet_table::integer;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use cl_data::io::{Array, ArrayData, CsvRows, NpzReader, open, read_npy, write_atomically, write_npy, write_npz};
use cl_data::{Fingerprint, Ids};
use cl_difficulty::{Column, ColumnValues, metrics};
use serde::{Deserialize, Serialize};

use crate::dynamics::{OutputKind, ids_of};
use crate::output::{csv_field, exact};

/// A column of scores, one value per example.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ScoreColumn {
    pub(crate) name: String,
    pub(crate) values: Vec<f64>,
}

/// Where a file of scores comes from: the JSON file beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sidecar {
    pub(crate) version: String,
    pub(crate) command: Vec<String>,
    pub(crate) input: String,
    /// The log that second-split forgetting is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) second_split: Option<String>,
    pub(crate) format: String,
    pub(crate) outputs: OutputKind,
    pub(crate) n_examples: usize,
    pub(crate) n_classes: usize,
    pub(crate) epochs: Vec<u64>,
    /// Of ids and labels.
    pub(crate) fingerprint: Fingerprint,
    /// Examples that were right in no epoch.
    pub(crate) n_never_learned: usize,
    pub(crate) columns: Vec<ColumnDescription>,
    /// Metrics of `all` that the input does not allow.
    pub(crate) skipped: Vec<Skipped>,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ColumnDescription {
    pub(crate) name: String,
    pub(crate) metric: String,
    pub(crate) options: BTreeMap<String, String>,
    /// Null where the column is neither.
    pub(crate) higher_is_harder: Option<bool>,
}

/// A metric that was not computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Skipped {
    pub(crate) metric: String,
    pub(crate) reason: String,
}

/// The format of a file of scores, by its ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScoreFormat {
    Csv,
    Npy,
    Npz,
    #[cfg(feature = "parquet")]
    Parquet,
}

impl ScoreFormat {
    pub(crate) fn of(path: &Path) -> anyhow::Result<Self> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => Ok(Self::Csv),
            Some("npy") => Ok(Self::Npy),
            Some("npz") => Ok(Self::Npz),
            #[cfg(feature = "parquet")]
            Some("parquet") => Ok(Self::Parquet),
            #[cfg(not(feature = "parquet"))]
            Some("parquet") => {
                bail!("{}: .parquet takes a build with the feature `parquet`", path.display())
            }
            _ => bail!("{}: unknown ending, expected .csv, .npy or .npz", path.display()),
        }
    }
}

/// The sidecar's path.
pub(crate) fn sidecar_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".json");
    PathBuf::from(name)
}

/// Writes scores and their sidecar, each whole or not at all.
pub(crate) fn write_scores(
    path: &Path,
    ids: &Ids,
    labels: &[usize],
    columns: Vec<Column>,
    sidecar: &Sidecar,
) -> anyhow::Result<()> {
    write_columns(path, ids, Some(labels), columns)?;
    let json = serde_json::to_vec_pretty(sidecar)?;
    Ok(write_atomically(sidecar_path(path), |writer| {
        writer.write_all(&json)?;
        writeln!(writer)
    })?)
}

/// Writes scores without a sidecar, whole or not at all.
pub(crate) fn write_columns(
    path: &Path,
    ids: &Ids,
    labels: Option<&[usize]>,
    columns: Vec<Column>,
) -> anyhow::Result<()> {
    let n = ids.len();
    let array = |values: ColumnValues| {
        let data = match values {
            ColumnValues::Float(values) => ArrayData::F64(values),
            ColumnValues::Integer(values) => ArrayData::I64(values),
            ColumnValues::Flag(values) => ArrayData::Bool(values),
        };
        Array::new(vec![n], data)
    };
    match ScoreFormat::of(path)? {
        ScoreFormat::Csv => write_atomically(path, |writer| {
            let names: Vec<_> = columns.iter().map(|column| csv_field(&column.name)).collect();
            writeln!(writer, "id,{}{}", if labels.is_some() { "label," } else { "" }, names.join(","))?;
            for (example, id) in ids.iter().enumerate() {
                write!(writer, "{}", csv_field(&id))?;
                if let Some(labels) = labels {
                    write!(writer, ",{}", labels[example])?;
                }
                for column in &columns {
                    match &column.values {
                        ColumnValues::Float(values) => write!(writer, ",{}", exact(values[example]))?,
                        ColumnValues::Integer(values) => write!(writer, ",{}", values[example])?,
                        ColumnValues::Flag(values) => write!(writer, ",{}", u8::from(values[example]))?,
                    }
                }
                writeln!(writer)?;
            }
            Ok(())
        })?,
        #[cfg(feature = "parquet")]
        ScoreFormat::Parquet => {
            let missing =
                || format!("{}: a .parquet file has a column of labels, expected labels", path.display());
            parquet_table::write_parquet(path, ids, labels.with_context(missing)?, &columns)?;
        }
        ScoreFormat::Npy => {
            let [column] = <[Column; 1]>::try_from(columns).map_err(|columns| {
                let (path, n) = (path.display(), columns.len());
                anyhow!("{path}: a .npy file holds one column, expected one metric, not {n}")
            })?;
            write_npy(path, &array(column.values)?)?;
        }
        ScoreFormat::Npz => {
            let mut members = vec![("ids".to_owned(), Array::new(vec![n], ids_data(ids))?)];
            if let Some(labels) = labels {
                let labels = ArrayData::I64(labels.iter().map(|&label| label as i64).collect());
                members.push(("labels".to_owned(), Array::new(vec![n], labels)?));
            }
            for column in columns {
                members.push((column.name, array(column.values)?));
            }
            write_npz(path, members.iter().map(|(name, array)| (name, array)))?;
        }
    }
    Ok(())
}

/// Integers where every id is the plain text of one, else texts.
fn ids_data(ids: &Ids) -> ArrayData {
    let integer = |id: &str| id.parse().ok().filter(|value: &i64| value.to_string() == id);
    match ids.iter().map(|id| integer(&id)).collect() {
        Some(integers) => ArrayData::I64(integers),
        None => ArrayData::Text(ids.iter().map(Into::into).collect()),
    }
}

/// A file of scores, read.
#[derive(Debug)]
pub(crate) struct ScoreFile {
    pub(crate) path: PathBuf,
    /// None in a `.npy` file, which knows its examples by the sidecar's fingerprint alone.
    pub(crate) ids: Option<Ids>,
    pub(crate) labels: Option<Vec<usize>>,
    pub(crate) columns: Vec<ScoreColumn>,
    pub(crate) sidecar: Option<Sidecar>,
}

impl ScoreFile {
    /// Reads a file of scores, CSV or Parquet (with a column `id`), `.npz` (with `ids`) or `.npy` (with a sidecar).
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let head = open(path)?.read_up_to(6)?;
        let mut file = Self {
            path: path.to_path_buf(),
            ids: None,
            labels: None,
            columns: Vec::new(),
            sidecar: read_sidecar(path)?,
        };
        match *head {
            [0x93, b'N', b'U', b'M', b'P', b'Y'] => file.read_npy()?,
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => file.read_npz()?,
            #[cfg(feature = "parquet")]
            [b'P', b'A', b'R', b'1', ..] => parquet_table::read_parquet(&mut file)?,
            #[cfg(not(feature = "parquet"))]
            [b'P', b'A', b'R', b'1', ..] => {
                bail!("{}: a Parquet file, which takes a build with the feature `parquet`", path.display())
            }
            _ => file.read_csv()?,
        }
        file.check()?;
        Ok(file)
    }

    /// One difficulty per example, of which nothing else is known.
    pub(crate) fn of_values(path: &Path, values: Vec<f64>) -> anyhow::Result<Self> {
        let columns = vec![ScoreColumn { name: "difficulty".into(), values }];
        let file = Self { path: path.to_path_buf(), ids: None, labels: None, columns, sidecar: None };
        file.check()?;
        Ok(file)
    }

    fn read_npy(&mut self) -> anyhow::Result<()> {
        let path = self.path.display();
        let Some(sidecar) = &self.sidecar else {
            let sidecar = sidecar_path(&self.path);
            bail!("{path}: a .npy file has no ids, expected {} to tell its examples", sidecar.display());
        };
        let [column] = &sidecar.columns[..] else {
            bail!("{}: {} columns, expected one", sidecar_path(&self.path).display(), sidecar.columns.len());
        };
        let array = read_npy(&self.path)?;
        if array.shape() != [sidecar.n_examples] {
            bail!("{path}: shape {:?}, expected [{}] as in its sidecar", array.shape(), sidecar.n_examples);
        }
        self.columns = vec![ScoreColumn { name: column.name.clone(), values: array.to_f64()? }];
        Ok(())
    }

    fn read_npz(&mut self) -> anyhow::Result<()> {
        let path = self.path.clone();
        let mut archive = NpzReader::open(&path)?;
        let ids = ids_of(&path, archive.read("ids")?)?;
        for name in archive.names().to_vec() {
            let place = || format!("{}: member `{name}`", path.display());
            let array = archive.read(&name)?;
            if array.shape() != [ids.len()] {
                bail!("{}: shape {:?}, expected [{}] as `ids`", place(), array.shape(), ids.len());
            }
            match name.as_str() {
                "ids" => {}
                "labels" => self.labels = Some(array.to_indices().with_context(place)?),
                _ => {
                    let values = array.to_f64().with_context(place)?;
                    self.columns.push(ScoreColumn { name, values });
                }
            }
        }
        self.ids = Some(ids);
        Ok(())
    }

    fn read_csv(&mut self) -> anyhow::Result<()> {
        let path = self.path.display();
        let mut rows = CsvRows::open(&self.path, b',')?;
        if !rows.advance()? {
            bail!("{path}: line 1: the file is empty, expected a header");
        }
        let names: Vec<String> = rows.fields().map(Into::into).collect();
        if let Some(at) = (1..names.len()).find(|&at| names[..at].contains(&names[at])) {
            bail!("{path}: header: column `{}` occurs twice", names[at]);
        }
        let Some(id) = names.iter().position(|name| name == "id") else {
            bail!("{path}: header: no column `id`, the columns are {}", names.join(", "));
        };
        let label = names.iter().position(|name| name == "label");
        let (mut ids, mut labels) = (Vec::new(), Vec::new());
        let mut columns: Vec<ScoreColumn> = Vec::new();
        let is_score = |at: usize| at != id && Some(at) != label;
        for (_, name) in names.iter().enumerate().filter(|(at, _)| is_score(*at)) {
            columns.push(ScoreColumn { name: name.clone(), values: Vec::new() });
        }
        while rows.advance()? {
            let mut column = columns.iter_mut();
            for (at, field) in rows.fields().enumerate() {
                let wrong = |expected: &str| {
                    anyhow!("{path}: line {}, column `{}`: {field:?}, expected {expected}", rows.line(), names[at])
                };
                if at == id {
                    ids.push(field.to_owned());
                } else if Some(at) == label {
                    labels.push(field.parse().map_err(|_| wrong("a class, an integer from 0"))?);
                } else if let Some(column) = column.next() {
                    column.values.push(field.parse().map_err(|_| wrong("a number"))?);
                }
            }
        }
        self.ids = Some(Ids::texts(ids).with_context(|| path.to_string())?);
        self.labels = label.map(|_| labels);
        self.columns = columns;
        Ok(())
    }

    fn check(&self) -> anyhow::Result<()> {
        let path = self.path.display();
        if self.columns.is_empty() {
            bail!("{path}: no column of scores");
        }
        for ScoreColumn { name, values } in &self.columns {
            if values.is_empty() {
                bail!("{path}: 0 examples, expected at least one");
            }
            if let Some(at) = values.iter().position(|value| value.is_nan()) {
                let id = self.ids.as_ref().and_then(|ids| ids.get(at)).map_or(at.to_string(), Into::into);
                bail!("{path}: {name} of example {id} is NaN, expected a number");
            }
        }
        if let (Some(ids), Some(labels), Some(sidecar)) = (&self.ids, &self.labels, &self.sidecar) {
            let found = Fingerprint::of(ids, labels);
            if found != sidecar.fingerprint {
                let (sidecar, expected) = (sidecar_path(&self.path), sidecar.fingerprint);
                let sidecar = sidecar.display();
                bail!(
                    "{path}: its ids and labels have fingerprint {found}, {sidecar} says {expected}: they belong \
                     to other data"
                );
            }
        }
        Ok(())
    }

    /// The column of this name.
    pub(crate) fn column(&self, name: &str) -> anyhow::Result<&ScoreColumn> {
        self.columns.iter().find(|column| column.name == name).ok_or_else(|| {
            let known: Vec<_> = self.columns.iter().map(|column| column.name.as_str()).collect();
            anyhow!("{}: no column `{name}`, the columns are {}", self.path.display(), known.join(", "))
        })
    }

    /// What the sidecar says of a column.
    pub(crate) fn described(&self, name: &str) -> Option<&ColumnDescription> {
        self.sidecar.as_ref()?.columns.iter().find(|column| column.name == name)
    }

    /// Whether a high value means a hard example: as the sidecar says, else the catalogue of metrics; a column
    /// that neither knows is a difficulty, as scores are by convention. None where it is neither.
    pub(crate) fn higher_is_harder(&self, name: &str) -> Option<bool> {
        if let Some(column) = self.described(name) {
            return column.higher_is_harder;
        }
        let metric = metrics().iter().find(|metric| metric.method.name == name);
        metric.map_or(Some(true), |metric| metric.higher_is_harder)
    }
}

fn read_sidecar(path: &Path) -> anyhow::Result<Option<Sidecar>> {
    let path = sidecar_path(path);
    if !path.exists() {
        return Ok(None);
    }
    let place = || path.display().to_string();
    let bytes = std::fs::read(&path).with_context(place)?;
    Ok(Some(serde_json::from_slice(&bytes).with_context(place)?))
}
