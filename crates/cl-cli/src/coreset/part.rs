//! What parts of the examples have chosen: the first round, read for the second.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use cl_data::Ids;
use cl_data::io::{ArrayData, CsvRows, NpzReader, open};
use serde::Serialize;

use crate::dynamics::ids_of;
use crate::features::read_indices;

/// The examples that a part chose, in its order.
pub(super) struct Part {
    file: String,
    chosen: Chosen,
}

enum Chosen {
    /// Their names.
    Ids(Vec<String>),
    /// Their places in a file of features, and how many examples that has where it is known.
    Indices(Vec<usize>, Option<usize>),
}

/// How a part was joined.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Joined {
    pub(super) file: String,
    pub(super) n_chosen: usize,
    /// By `id` or by `index`.
    pub(super) by: &'static str,
}

impl Part {
    /// Reads a file of this command, `.npz` or `.csv`, or a `.npy` file of indices.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let place = || path.display().to_string();
        let chosen = match *open(path)?.read_up_to(6)? {
            [b'P', b'K', ..] => read_npz(path)?,
            [0x93, b'N', b'U', b'M', b'P', b'Y'] => Chosen::Indices(read_indices(path, "order")?, None),
            _ => read_csv(path)?,
        };
        Ok(Self { file: place(), chosen })
    }
}

fn read_npz(path: &Path) -> anyhow::Result<Chosen> {
    let mut archive = NpzReader::open(path)?;
    let has = |name: &str| archive.names().iter().any(|known| known == name);
    let (has_ids, has_size) = (has("ids"), has(N_EXAMPLES));
    if has_ids {
        let ids = ids_of(path, archive.read("ids")?)?;
        return Ok(Chosen::Ids(ids.iter().map(Into::into).collect()));
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
    Ok(Chosen::Indices(order.to_indices().with_context(|| place("order"))?, n_examples))
}

/// The member of a `.npz` file that says how many examples the indices are of.
pub(super) const N_EXAMPLES: &str = "n_examples";

/// That member.
pub(super) fn n_examples_data(n_examples: usize) -> ArrayData {
    ArrayData::I64(vec![n_examples as i64])
}

fn read_csv(path: &Path) -> anyhow::Result<Chosen> {
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
    Ok(if is_id { Chosen::Ids(ids) } else { Chosen::Indices(indices, None) })
}

/// The parts as indices into the `n_examples` of FEATURES: by id where a part has ids, never by chance.
pub(super) fn join(
    parts: Vec<Part>,
    features: &Path,
    n_examples: usize,
    ids: Option<&Ids>,
) -> anyhow::Result<(Vec<Vec<usize>>, Vec<Joined>)> {
    let features = features.display();
    let by_id = parts.iter().any(|part| matches!(part.chosen, Chosen::Ids(_)));
    let index_of: HashMap<_, usize> = match ids.filter(|_| by_id) {
        Some(ids) => ids.iter().enumerate().map(|(index, id)| (id, index)).collect(),
        None => HashMap::new(),
    };
    let mut chosen_by: HashMap<usize, usize> = HashMap::new();
    let (mut orders, mut joined): (Vec<Vec<usize>>, Vec<Joined>) = (Vec::new(), Vec::new());
    for Part { file, chosen } in parts {
        let (order, by) = match chosen {
            Chosen::Ids(_) if ids.is_none() => {
                bail!("{file}: its examples have ids, {features} has none; expected --ids FILE")
            }
            Chosen::Ids(names) => {
                let index = |id: String| {
                    let index = index_of.get(id.as_str()).copied();
                    index.ok_or_else(|| anyhow!("{file}: id {id} does not occur in {features}"))
                };
                (names.into_iter().map(index).collect::<anyhow::Result<_>>()?, "id")
            }
            Chosen::Indices(_, Some(found)) if found != n_examples => bail!(
                "{file}: indices of {found} examples, {features} has {n_examples}: other features, expected ids in both"
            ),
            Chosen::Indices(order, _) => (order, "index"),
        };
        for &index in &order {
            if index >= n_examples {
                bail!("{file}: index {index}, expected indices below {n_examples}, the examples of {features}");
            }
            if let Some(earlier) = chosen_by.insert(index, joined.len()) {
                let id = ids.and_then(|ids| ids.get(index)).map_or(index.to_string(), Into::into);
                let earlier = joined.get(earlier).map_or(&file, |part| &part.file);
                bail!(
                    "{file}: example {id} is there twice, in {earlier}, too; expected parts that share no example"
                );
            }
        }
        joined.push(Joined { file, n_chosen: order.len(), by });
        orders.push(order);
    }
    Ok((orders, joined))
}
