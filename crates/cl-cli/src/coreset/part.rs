//! What parts of the examples have chosen: the first round, read for the second.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use cl_data::io::{ArrayData, NpyReader, NpzReader, Signature, TableOptions, TableReader, indices_of, listed};
use cl_prune::coreset::PartChoice;

use crate::dynamics::ids_of;

/// What a file says was chosen.
pub(super) struct Part {
    pub(super) file: String,
    pub(super) choice: PartChoice,
    /// How many of how many rows its column `kept` keeps: a choice of `curriculum prune`, by a score and in no order.
    pub(super) kept: Option<(usize, usize)>,
}

/// Reads a file of this command or of `prune`, `.npz` or a table, or a `.npy` file of indices into so many examples.
pub(super) fn read(path: &Path, n_examples: usize) -> anyhow::Result<Part> {
    let mut kept = None;
    let choice = match Signature::of(path)? {
        Signature::Npz => read_npz(path, n_examples)?,
        Signature::Npy => {
            let reader = NpyReader::open(path)?;
            if let Some(n) = reader.shape().first().filter(|&&n| n > n_examples) {
                bail!("{}: {n} indices, expected at most one for each of {n_examples} examples", path.display());
            }
            let order = indices_of(path, "order", &reader.into_array()?)?;
            PartChoice::Indices { order, n_examples: None }
        }
        _ => {
            let choice;
            (choice, kept) = read_table(path)?;
            choice
        }
    };
    Ok(Part { file: path.display().to_string(), choice, kept })
}

fn read_npz(path: &Path, n: usize) -> anyhow::Result<PartChoice> {
    let mut archive = NpzReader::open(path)?;
    let has = |name: &str| archive.names().iter().any(|known| known == name);
    let (has_ids, has_size) = (has("ids"), has(N_EXAMPLES));
    if has_ids {
        let ids = ids_of(path, archive.read_at_most("ids", n)?)?;
        return Ok(PartChoice::Ids(ids.iter().map(Into::into).collect()));
    }
    let place = |name: &str| format!("{}: member `{name}`", path.display());
    let n_examples = match has_size {
        true => {
            let array = archive.read_at_most(N_EXAMPLES, 1)?.to_indices();
            array.with_context(|| place(N_EXAMPLES))?.first().copied()
        }
        false => None,
    };
    let order = archive.read_at_most("order", n)?;
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

/// The rows of a table, of which, where it has a column `kept`, those with 1 alone are chosen.
fn read_table(path: &Path) -> anyhow::Result<(PartChoice, Option<(usize, usize)>)> {
    let shown = path.display();
    let table = TableReader::open(path, &TableOptions::default())?;
    let (column, is_id) = match (table.find("id"), table.find("index")) {
        (Some(column), _) => (column, true),
        (None, Some(column)) => (column, false),
        (None, None) => {
            bail!("{shown}: header: neither `id` nor `index`, the columns are {}", listed(table.columns()))
        }
    };
    let columns: Vec<usize> = [column].into_iter().chain(table.find("kept")).collect();
    let (mut ids, mut indices, mut n_rows) = (Vec::new(), Vec::new(), 0);
    let mut rows = table.rows(&columns)?;
    while let Some(batch) = rows.next_batch()? {
        n_rows += batch.n_rows;
        for row in 0..batch.n_rows {
            let wrong = |at: usize, what: &str| {
                let (place, name) = (batch.place(row), &table.columns()[columns[at]]);
                anyhow!("{shown}: {place}, column `{name}`: {}, expected {what}", batch.columns[at].shown(row))
            };
            if let Some(kept) = batch.columns.get(1)
                && !kept.flag(row).ok_or_else(|| wrong(1, "0 or 1"))?
            {
                continue;
            }
            let cells = &batch.columns[0];
            if is_id {
                ids.push(cells.text(row).ok_or_else(|| wrong(0, "an id"))?.into_owned());
            } else {
                let index = cells.integer(row).and_then(|index| usize::try_from(index).ok());
                indices.push(index.ok_or_else(|| wrong(0, "an integer from 0"))?);
            }
        }
    }
    let kept = (columns.len() > 1).then_some((ids.len() + indices.len(), n_rows));
    if let Some((0, n_rows)) = kept {
        bail!("{shown}: column `kept`: 0 in all {n_rows} rows, expected 1 for those that were kept");
    }
    let choice =
        if is_id { PartChoice::Ids(ids) } else { PartChoice::Indices { order: indices, n_examples: None } };
    Ok((choice, kept))
}
