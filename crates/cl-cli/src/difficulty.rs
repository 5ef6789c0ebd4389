//! A difficulty per example, from a file of scores: what the commands that use scores have in common.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use cl_data::Ids;
use cl_data::io::{CsvRows, open, read_npy};
use clap::ValueEnum;

use crate::score_file::{ScoreColumn, ScoreFile, sidecar_path};

/// What a high value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Direction {
    Hard,
    Easy,
}

/// A file of scores, or a plain `.npy` of one difficulty per example, by index.
pub(crate) fn read_scores(path: &Path) -> anyhow::Result<ScoreFile> {
    let head = open(path)?.read_up_to(6)?;
    if *head != [0x93, b'N', b'U', b'M', b'P', b'Y'] || sidecar_path(path).exists() {
        return ScoreFile::read(path);
    }
    let shown = path.display();
    let array = read_npy(path)?;
    if array.shape().len() != 1 {
        bail!("{shown}: shape {:?}, expected one score per example, [N]", array.shape());
    }
    let values = array.to_f64().with_context(|| shown.to_string())?;
    ScoreFile::of_values(path, values)
}

/// The column that was named, or the only one.
pub(crate) fn chosen_column<'a>(file: &'a ScoreFile, name: Option<&str>) -> anyhow::Result<&'a ScoreColumn> {
    match (name, &file.columns[..]) {
        (Some(name), _) => file.column(name),
        (None, [column]) => Ok(column),
        (None, columns) => {
            let known: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
            Err(anyhow!(
                "{}: {} columns, expected --column with one of {}",
                file.path.display(),
                columns.len(),
                known.join(", ")
            ))
        }
    }
}

/// The scores, higher = harder.
pub(crate) fn difficulties(
    file: &ScoreFile,
    column: &ScoreColumn,
    high_is: Option<Direction>,
) -> anyhow::Result<Vec<f64>> {
    let higher_is_harder = match high_is {
        Some(direction) => direction == Direction::Hard,
        None => file.higher_is_harder(&column.name).ok_or_else(|| {
            let (path, name) = (file.path.display(), &column.name);
            anyhow!("{path}: a high {name} is neither hard nor easy, expected --high-is hard or easy")
        })?,
    };
    Ok(match higher_is_harder {
        true => column.values.clone(),
        false => column.values.iter().map(|value| -value).collect(),
    })
}

/// Labels by position (.npy) or by id (.csv).
pub(crate) fn read_labels(path: &Path, ids: &Ids) -> anyhow::Result<Vec<usize>> {
    let shown = path.display();
    let head = open(path)?.read_up_to(6)?;
    if *head == [0x93, b'N', b'U', b'M', b'P', b'Y'] {
        let array = read_npy(path)?;
        if array.shape() != [ids.len()] {
            bail!("{shown}: labels of shape {:?}, expected [{}] as the scores", array.shape(), ids.len());
        }
        return array.to_indices().with_context(|| shown.to_string());
    }
    let mut rows = CsvRows::open(path, b',')?;
    if !rows.advance()? {
        bail!("{shown}: line 1: the file is empty, expected a header");
    }
    let names: Vec<String> = rows.fields().map(Into::into).collect();
    let place = |name: &str| {
        let missing = || anyhow!("{shown}: header: no column `{name}`, the columns are {}", names.join(", "));
        names.iter().position(|column| column == name).ok_or_else(missing)
    };
    let (id_at, label_at) = (place("id")?, place("label")?);
    let mut label_of = BTreeMap::new();
    while rows.advance()? {
        let fields: Vec<&str> = rows.fields().collect();
        let (id, label) = (fields[id_at], fields[label_at]);
        let line = rows.line();
        let label: usize = label.parse().map_err(|_| {
            anyhow!("{shown}: line {line}, column `label`: {label:?}, expected a class, an integer from 0")
        })?;
        if label_of.insert(id.to_owned(), label).is_some() {
            bail!("{shown}: line {line}: id {id} is there twice");
        }
    }
    let label = |id: std::borrow::Cow<'_, str>| {
        label_of.get(id.as_ref()).copied().ok_or_else(|| anyhow!("{shown}: no label for id {id}"))
    };
    ids.iter().map(label).collect()
}
