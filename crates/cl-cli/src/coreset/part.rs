//! What parts of the examples have chosen: the first round, read for the second.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use cl_data::io::{ArrayData, CsvRows, NpzReader, open};
use cl_prune::coreset::PartChoice;

use crate::dynamics::ids_of;
use crate::features::read_indices;

/// Reads a file of this command, `.npz` or `.csv`, or a `.npy` file of indices, with its name.
pub(super) fn read(path: &Path) -> anyhow::Result<(String, PartChoice)> {
    let choice = match *open(path)?.read_up_to(6)? {
        [b'P', b'K', ..] => read_npz(path)?,
        [0x93, b'N', b'U', b'M', b'P', b'Y'] => {
            PartChoice::Indices { order: read_indices(path, "order")?, n_examples: None }
        }
        _ => read_csv(path)?,
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

fn read_csv(path: &Path) -> anyhow::Result<PartChoice> {
    let shown = path.display();
    let mut rows = CsvRows::open(path, b',')?;
    if !rows.advance()? {
        bail!("{shown}: line 1: the file is empty, expected a header");
    }
    let names: Vec<String> = rows.fields().map(Into::into).collect();
    let place = |name: &str| names.iter().position(|column| column == name);
    let (at, is_id) = match (place("id"), place("index")) {
        (Some(at), _) => (at, true),
        (None, Some(at)) => (at, false),
        (None, None) => {
            bail!("{shown}: header: neither `id` nor `index`, the columns are {}", names.join(", "))
        }
    };
    let (mut ids, mut indices) = (Vec::new(), Vec::new());
    while rows.advance()? {
        let field = rows.fields().nth(at).unwrap_or_default();
        if is_id {
            ids.push(field.to_owned());
            continue;
        }
        let line = rows.line();
        let index = field.parse();
        let expected = "expected an integer from 0";
        indices.push(index.map_err(|_| anyhow!("{shown}: line {line}, column `index`: {field:?}, {expected}"))?);
    }
    Ok(if is_id { PartChoice::Ids(ids) } else { PartChoice::Indices { order: indices, n_examples: None } })
}
