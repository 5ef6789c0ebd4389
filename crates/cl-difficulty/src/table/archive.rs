use std::path::Path;

use cl_data::io::{LabelOptions, Labels, NpzReader, ids_of, listed, malformed};
use cl_data::{DataError, Ids};

use super::array_values::array_values;
use super::column_builder::ColumnBuilder;
use super::read_options::ReadOptions;
use super::roles::Roles;
use super::score_table::Table;

/// Reads a table whose columns are the members of a `.npz` archive, which have the roles that columns of rows have. Shapes
/// are looked at first: an archive of outputs is large, and no table. O(cells).
pub(super) fn read_archive(table: &mut Table, options: &ReadOptions) -> Result<(), DataError> {
    let path = table.path.clone();
    let mut archive = NpzReader::open(&path)?;
    let names = archive.names().to_vec();
    let shapes = names.iter().map(|name| Ok(archive.stream(name)?.shape().to_vec()));
    let shapes = shapes.collect::<Result<Vec<_>, DataError>>()?;
    let find = |name: &str| names.binary_search_by(|known| known.as_str().cmp(name)).ok();
    let told = options.id_column.as_deref().map(|name| {
        let problem = || format!("no member `{name}`, the archive has {}", listed(&names));
        find(name).ok_or_else(|| malformed(&path, "", problem()))
    });
    let roles = Roles::of(&names, find, told.transpose()?, |name| table.described(name).is_some());
    let member = |at: usize| format!("member `{}`", names[at]);
    let ids = match roles.id {
        Some(at) => Some(read_ids(&path, &mut archive, &names[at], &shapes[at])?),
        None => None,
    };
    let longest = roles.scores.iter().filter(|&&at| shapes[at].len() == 1).map(|&at| shapes[at][0]).max();
    let n = ids.as_ref().map_or(longest.unwrap_or(0), Ids::len);
    if let Some(at) = roles.label {
        match read_labels(&path, &mut archive, &names[at], &shapes[at], n) {
            Ok((labels, names)) => (table.labels, table.label_names) = (Some(labels), names),
            Err(DataError::Malformed { place, problem, .. }) => {
                let place = if place.is_empty() { member(at) } else { place };
                table.label_problem = Some((place, problem));
            }
            Err(error) => return Err(error),
        }
    }
    let mut columns = Vec::new();
    for &at in &roles.scores {
        let shape = &shapes[at];
        if shape[..] != [n] {
            let as_ids = roles.id.map_or_else(String::new, |id| format!(" as `{}`", names[id]));
            let problem = match (&ids, longest) {
                (None, None) => format!("shape {shape:?}, expected one score per example, [N]"),
                _ => format!("shape {shape:?}, expected [{n}]{as_ids}"),
            };
            if ids.is_none() && shape.len() == 1 {
                return Err(malformed(&path, member(at), format!("{problem} as the longest member")));
            }
            columns.push((at, ColumnBuilder::none(member(at), problem)));
            continue;
        }
        let array = archive.read(&names[at])?;
        columns.push(match array_values(&path, &member(at), array.data()) {
            Ok(values) => {
                let place = |element: usize| format!("{}, element {element}", member(at));
                (at, ColumnBuilder::of_values(values, place))
            }
            Err(_) => {
                let problem = format!("{} values, expected numbers", array.element_type());
                (at, ColumnBuilder::none(member(at), problem))
            }
        });
    }
    let ids = ids.unwrap_or_else(|| Ids::range(n));
    for (at, column) in columns {
        table.take(names[at].clone(), column, &ids);
    }
    (table.n_rows, table.by_position) = (n, roles.id.is_none());
    table.ids = Some(ids);
    Ok(())
}

fn read_ids(path: &Path, archive: &mut NpzReader, name: &str, shape: &[usize]) -> Result<Ids, DataError> {
    let hint = "option `id_column` names another member";
    let place = || format!("member `{name}`");
    if shape.len() != 1 {
        return Err(malformed(path, place(), format!("ids of shape {shape:?}, expected one axis; {hint}")));
    }
    ids_of(path, archive.read(name)?).map_err(|error| match error {
        DataError::Malformed { problem, .. } => malformed(path, place(), format!("{problem}; {hint}")),
        error => error,
    })
}

fn read_labels(
    path: &Path,
    archive: &mut NpzReader,
    name: &str,
    shape: &[usize],
    n: usize,
) -> Result<(Vec<usize>, Option<Vec<String>>), DataError> {
    if shape.first() != Some(&n) || shape.len() > 2 {
        return Err(malformed(path, "", format!("shape {shape:?}, expected [{n}]")));
    }
    let mut labels = Labels::of_array(path, name, archive.read(name)?, &LabelOptions::default())?;
    let names = labels.names.take();
    Ok((labels.all()?, names))
}
