//! What is written of a choice.

use std::path::Path;

use cl_data::Ids;
use cl_data::io::{Array, ArrayData, ids_data, write_npy, write_npz};
use cl_prune::coreset::Coreset;

use super::part::{N_EXAMPLES, n_examples_data};
use crate::output_format::OutputFormat;
use crate::rows::{Field, write_rows};

pub(super) fn write(
    path: &Path,
    format: OutputFormat,
    coreset: &Coreset,
    n_examples: usize,
    ids: Option<&Ids>,
) -> anyhow::Result<()> {
    let Coreset { order, gains, weights } = coreset;
    let n = order.len();
    let name = |index: usize| ids.and_then(|ids| ids.get(index)).map(String::from);
    let indices = || Array::new(vec![n], ArrayData::I64(order.iter().map(|&index| index as i64).collect()));
    match format {
        OutputFormat::Npy => write_npy(path, &indices()?)?,
        OutputFormat::Npz => {
            let mut members = vec![
                ("order", indices()?),
                ("gains", Array::new(vec![n], ArrayData::F64(gains.clone()))?),
                (N_EXAMPLES, Array::new(vec![1], n_examples_data(n_examples))?),
            ];
            if let Some(weights) = weights {
                members.push(("weights", Array::new(vec![n], ArrayData::F64(weights.clone()))?));
            }
            if ids.is_some() {
                let ids: Vec<String> = order.iter().filter_map(|&index| name(index)).collect();
                members.push(("ids", Array::new(vec![n], ids_data(&ids))?));
            }
            write_npz(path, members.iter().map(|(name, array)| (*name, array)))?;
        }
        _ => {
            let first = if ids.is_some() { "id" } else { "index" };
            let names = [first, "rank", "gain", "weight"];
            let n_names = if weights.is_some() { 4 } else { 3 };
            let rows = order.iter().zip(gains).enumerate().map(|(rank, (&index, &gain))| {
                let id = name(index).map_or(index.into(), |id| Field::Text(id.into()));
                let weight = weights.as_ref().map(|weights| weights[rank].into());
                [id, rank.into(), gain.into()].into_iter().chain(weight).collect()
            });
            write_rows(path, format, &names[..n_names], rows)?;
        }
    }
    Ok(())
}
