//! What parts of the examples have chosen: the first round, read for the second.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use cl_data::io::{ArrayData, NpzReader, TableOptions, TableReader, listed, open};
use cl_prune::coreset::PartChoice;

use crate::dynamics::ids_of;
use crate::features::read_indices;

/// Reads a file of this command, `.npz` or a table, or a `.npy` file of indices, with its name.
pub(super) fn read(path: &Path) -> anyhow::Result<(String, PartChoice)> {
    let choice = match *open(path)?.read_up_to(6)? {
        [b'P', b'K', ..] => read_npz(path)?,
        [0x93, b'N', b'U', b'M', b'P', b'Y'] => {
            PartChoice::Indices { order: read_indices(path, "order")?, n_examples: None }
        }
        _ => read_table(path)?,
    };
    Ok((path.display().to_string(), choice))
}

fn read_npz(path: &Path) -> anyhow::Result<PartChoice> {
    let mut archive = NpzReader::open(path)?;
    let has = |name: &str| archive.names().iter().any(|known| known == name);
    let (has_ids, has_size) = (has("ids"), has(N_EXAMPLES));
    if has_ids {
        let ids = ids_of(path, archive.read("ids")?)?;
        return Ok(PartChoice::Ids(ids.iter().map(Into::into).collect()));
    }
    let place = |name: &str| format!("{}: member `{name}`", path.display());
    let n_examples = match has_size {
        true => {
            let array = archive.read(N_EXAMPLES)?.to_indices();
            array.with_context(|| place(N_EXAMPLES))?.first().copied()
        }
        false => None,
    };
    let order = archive.read("order")?;
    if order.shape().len() != 1 {
        bail!("{}: shape {:?}, expected one axis", place("order"), order.shape());
    }
    let order = order.to_indices().with_context(|| place("order"))?;
    Ok(PartChoice::Indices { order, n_examples })
}

/// The member of a `.npz` file that says how many examples the indices are of.
pub(super) const N_EXAMPLES: &str = "n_examples";

/// That member.
pub(super) fn n_examples_data(n_examples: usize) -> ArrayData {
    ArrayData::I64(vec![n_examples as i64])
}

fn read_table(path: &Path) -> anyhow::Result<PartChoice> {
    let shown = path.display();
    let table = TableReader::open(path, &TableOptions::default())?;
    let (column, is_id) = match (table.find("id"), table.find("index")) {
        (Some(column), _) => (column, true),
        (None, Some(column)) => (column, false),
        (None, None) => {
            bail!("{shown}: header: neither `id` nor `index`, the columns are {}", listed(table.columns()))
        }
    };
    let (mut ids, mut indices) = (Vec::new(), Vec::new());
    let mut rows = table.rows(&[column])?;
    while let Some(batch) = rows.next_batch()? {
        let cells = &batch.columns[0];
        for row in 0..batch.n_rows {
            let wrong = |what: &str| {
                let (place, name) = (batch.place(row), &table.columns()[column]);
                anyhow!("{shown}: {place}, column `{name}`: {}, expected {what}", cells.shown(row))
            };
            if is_id {
                ids.push(cells.text(row).ok_or_else(|| wrong("an id"))?.into_owned());
            } else {
                let index = cells.integer(row).and_then(|index| usize::try_from(index).ok());
                indices.push(index.ok_or_else(|| wrong("an integer from 0"))?);
            }
        }
    }
    Ok(if is_id { PartChoice::Ids(ids) } else { PartChoice::Indices { order: indices, n_examples: None } })
}
