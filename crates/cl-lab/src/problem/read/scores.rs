use std::collections::HashMap;
use std::path::Path;

use cl_data::io::{NpzReader, Signature, TableOptions, TableReader, malformed};
use cl_data::{Dataset, Fingerprint, Ids};
use cl_difficulty::DifficultyError;
use cl_difficulty::data_based::{Direction, user_column};
use cl_difficulty::table::{DirectionSource, ReadOptions as ScoreOptions, Table};

use super::options::ReadOptions;
use crate::{
    error::LabError,
    problem::{Problem, Task},
};

/// The problem with a difficulty of each of its examples, where a table of scores is told: joined by id, higher = harder.
///
/// Scores of which a sidecar says whose they are must be of these ids and labels. +inf, as of what was never learned,
/// becomes a number above all others.
pub(super) fn with_scores(problem: Problem, options: &ReadOptions) -> Result<Problem, LabError> {
    let Some(path) = &options.scores else {
        return match (&options.score_column, options.high_is) {
            (Some(column), _) => {
                Err(LabError::argument("--score-column", column, "--scores with the file it is of"))
            }
            (None, Some(high_is)) => {
                let told = if high_is { "hard" } else { "easy" };
                Err(LabError::argument("--high-is", told, "--scores with the file it is said of"))
            }
            (None, None) => Ok(problem),
        };
    };
    let id_column = options.id.clone().filter(|id| has_column(path, id));
    let table = Table::read_plain_with(path, &ScoreOptions { id_column, ..ScoreOptions::default() })?;
    let column = table.chosen(options.score_column.as_deref())?;
    let direction = table.needed_direction(&column.name, options.high_is)?;
    let mut values = table.difficulties(column, options.high_is)?;
    let n_infinite = cap(&mut values);
    expect_same_data(&table, problem.data(), problem.task())?;
    let values = joined(&table, values, problem.data())?;
    let high = if direction.higher_is_harder { "hard" } else { "easy" };
    let by = match direction.from {
        DirectionSource::Sidecar => "as the JSON file beside the scores says",
        DirectionSource::Metric => "as the metric defines it",
        DirectionSource::Name => "by its name",
        DirectionSource::Convention => "by convention",
        _ => "as told",
    };
    let note = format!("the difficulty is `{}` of {}: high is {high} ({by})", column.name, path.display());
    let mut problem = problem.with_difficulty(values)?.with_note(note);
    if n_infinite > 0 {
        problem = problem.with_note(format!("infinite scores count as harder than all others: {n_infinite}"));
    }
    if let Some((n, of)) = table.part_of_sidecar() {
        let note = format!("{}: {n} of {of} examples of its sidecar, not checked against it", path.display());
        problem = problem.with_note(note);
    }
    Ok(problem)
}

/// Whether a file of scores has the column that holds the ids of the data.
fn has_column(path: &Path, name: &str) -> bool {
    match Signature::of(path) {
        Ok(Signature::Npz) => {
            NpzReader::open(path).is_ok_and(|archive| archive.names().iter().any(|own| own == name))
        }
        Ok(Signature::Npy) | Err(_) => false,
        Ok(_) => TableReader::open(path, &TableOptions::default()).is_ok_and(|table| table.find(name).is_some()),
    }
}

/// Puts a number above all others in the place of +inf; how many there were.
fn cap(values: &mut [f64]) -> usize {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let largest = finite().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return 0;
    }
    let spread = largest - finite().fold(f64::INFINITY, f64::min);
    let above = largest + if spread > 0.0 { spread } else { 1.0 };
    let mut n = 0;
    for value in values.iter_mut().filter(|value| **value == f64::INFINITY) {
        *value = above;
        n += 1;
    }
    n
}

/// The value of each example: by id, of a file without ids by position.
fn joined(table: &Table, values: Vec<f64>, data: &Dataset<f32>) -> Result<Vec<f64>, LabError> {
    let (path, n, n_scores) = (&table.path, data.n_examples(), values.len());
    let positions = Ids::range(n);
    // What has no ids has as many scores as examples, for a part of them would be other examples.
    if n_scores != n && (table.ids.is_none() || *data.ids() == positions) {
        let problem = format!(
            "{n_scores} scores, expected {n}, one for each example, or a column of ids in both files, --id where its \
             name does not tell"
        );
        return Err(malformed(path, "", problem).into());
    }
    let Some(ids) = &table.ids else { return Ok(values) };
    user_column(ids, &values, data, Direction::HigherIsHarder).map_err(|error| match error {
        DifficultyError::MissingId { id, example } => {
            let problem = format!(
                "no score for id {id} of example {example}, expected one for each; --id names the column of ids"
            );
            malformed(path, "", problem).into()
        }
        error => DifficultyError::InFile { path: path.clone(), source: Box::new(error) }.into(),
    })
}

/// Refuses scores of other data, as far as sidecar or labels tell.
fn expect_same_data(table: &Table, data: &Dataset<f32>, task: Task) -> Result<(), LabError> {
    if table.n_examples() != data.n_examples() {
        return Ok(());
    }
    let Some(order) = order_of(table, data) else { return Ok(()) };
    let spellings = spellings(table, data);
    let ids = table.ids.as_ref().unwrap_or(data.ids());
    let in_order = |labels: &Vec<usize>| -> Vec<usize> {
        order.iter().filter_map(|&example| labels.get(example).copied()).collect()
    };
    if let Some(sidecar) = &table.sidecar {
        if table.part_of_sidecar().is_some() {
            return Ok(());
        }
        let is_same = |labels: &Vec<usize>| {
            let labels = in_order(labels);
            Fingerprint::of(ids, &labels) == sidecar.fingerprint
                || sidecar.set_fingerprint == Some(Fingerprint::of_set(ids, &labels))
        };
        if spellings.iter().any(is_same) {
            return Ok(());
        }
        let error = DifficultyError::OtherData { scores: sidecar.fingerprint, data: data.fingerprint() };
        return Err(DifficultyError::InFile { path: table.path.clone(), source: Box::new(error) }.into());
    }
    let Some(labels) = table.labels.as_ref().filter(|_| task == Task::Classification) else { return Ok(()) };
    let known: Vec<Vec<usize>> = spellings.iter().filter(|labels| !labels.is_empty()).map(in_order).collect();
    if known.contains(labels) {
        return Ok(());
    }
    let row = known.first().and_then(|known| known.iter().zip(labels).position(|(own, other)| own != other));
    let row = row.unwrap_or(0);
    let class = |label: usize| data.class_names().get(label).cloned().unwrap_or_else(|| label.to_string());
    let own = known.first().and_then(|known| known.get(row)).map_or_else(String::new, |&label| class(label));
    let problem = format!(
        "the label of id {} is not that of the data, {own}: other data, expected scores of the same examples",
        ids.get(row).unwrap_or_default()
    );
    Err(malformed(&table.path, "", problem).into())
}

/// Which example each row of a table is of; `None` where some row is of none.
fn order_of(table: &Table, data: &Dataset<f32>) -> Option<Vec<usize>> {
    let Some(ids) = &table.ids else { return Some((0..data.n_examples()).collect()) };
    if ids == data.ids() {
        return Some((0..data.n_examples()).collect());
    }
    let places: HashMap<_, usize> = data.ids().iter().zip(0..).collect();
    ids.iter().map(|id| places.get(&id).copied()).collect()
}

/// The labels of the data as others may have numbered them: by class; by the integers that are the classes' names; by the
/// classes of the sidecar; not at all.
fn spellings(table: &Table, data: &Dataset<f32>) -> Vec<Vec<usize>> {
    let by = |number: &dyn Fn(&String) -> Option<usize>| -> Option<Vec<usize>> {
        let numbers: Vec<Option<usize>> = data.class_names().iter().map(number).collect();
        data.labels().iter().map(|&label| numbers.get(label).copied().flatten()).collect()
    };
    let integers = by(&|name: &String| name.parse().ok());
    let named = table.sidecar.as_ref().and_then(|sidecar| sidecar.classes.as_ref());
    let of_sidecar = named.and_then(|classes| by(&|name: &String| classes.iter().position(|class| class == name)));
    [Some(data.labels().to_vec()), integers, of_sidecar, Some(Vec::new())].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinite_scores_are_above_all_others() {
        let mut values = [1.0, f64::INFINITY, -3.0, f64::INFINITY];
        assert_eq!((cap(&mut values), values), (2, [1.0, 5.0, -3.0, 5.0]));
        let mut equal = [2.0, f64::INFINITY, 2.0];
        assert_eq!((cap(&mut equal), equal), (1, [2.0, 3.0, 2.0]));
        let mut none = [2.0, 1.0];
        assert_eq!((cap(&mut none), none), (0, [2.0, 1.0]));
    }
}
