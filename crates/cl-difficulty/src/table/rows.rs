use std::path::Path;

use cl_data::io::{LabelBook, LabelOptions, TableReader, malformed};
use cl_data::{DataError, Ids};

use super::column_builder::ColumnBuilder;
use super::read_options::ReadOptions;
use super::roles::Roles;
use super::score_table::Table;

/// Reads a table of rows: CSV, JSON lines or Parquet. O(cells).
pub(super) fn read_rows(table: &mut Table, options: &ReadOptions) -> Result<(), DataError> {
    let path = table.path.clone();
    let reader = TableReader::open(&path, &options.table)?;
    let names = reader.columns();
    let told = options.id_column.as_deref().map(|name| reader.column(name)).transpose()?;
    let roles = Roles::of(names, |name| reader.find(name), told, |name| table.described(name).is_some());
    let places: Vec<usize> = roles.scores.iter().copied().chain(roles.label).chain(roles.id).collect();
    let n_scores = roles.scores.len();
    let mut columns: Vec<ColumnBuilder> = roles.scores.iter().map(|_| ColumnBuilder::default()).collect();
    let (mut ids, mut labels, mut n_rows) = (Vec::new(), LabelColumn::default(), 0);
    let mut rows = reader.rows_of_any_type(&places)?;
    while let Some(batch) = rows.next_batch()? {
        let (scores, others) = batch.columns.split_at(n_scores);
        for ((column, cells), &at) in columns.iter_mut().zip(scores).zip(&roles.scores) {
            column.push(cells, &batch, &names[at]);
        }
        let mut others = others.iter();
        if let (Some(at), Some(cells)) = (roles.label, roles.label.and_then(|_| others.next())) {
            let place = |row: usize| format!("{}, column `{}`", batch.place(row), names[at]);
            (0..batch.n_rows).for_each(|row| labels.push(cells.text(row).as_deref(), || place(row)));
        }
        if let (Some(at), Some(cells)) = (roles.id, roles.id.and_then(|_| others.next())) {
            for row in 0..batch.n_rows {
                let id = cells.text(row).ok_or_else(|| {
                    let place = format!("{}, column `{}`", batch.place(row), names[at]);
                    let problem =
                        format!("{}, expected an id; option `id_column` names another", cells.shown(row));
                    malformed(&path, place, problem)
                })?;
                ids.push(id.into_owned());
            }
        }
        n_rows += batch.n_rows;
    }
    let ids = match roles.id {
        None => Ids::range(n_rows),
        Some(at) => Ids::texts(ids).map_err(|error| duplicate(&path, &names[at], &error))?,
    };
    if roles.label.is_some() {
        match labels.classes() {
            Ok(Classes { of_rows, names }) => (table.labels, table.label_names) = (Some(of_rows), names),
            Err(problem) => table.label_problem = Some(problem),
        }
    }
    for (column, &at) in columns.into_iter().zip(&roles.scores) {
        table.take(names[at].clone(), column, &ids);
    }
    table.hint = reader.separator_hint();
    (table.n_rows, table.by_position) = (n_rows, roles.id.is_none());
    table.ids = Some(ids);
    Ok(())
}

fn duplicate(path: &Path, column: &str, error: &DataError) -> DataError {
    let place = format!("column `{column}`");
    malformed(path, place, format!("{error}; option `id_column` names another column"))
}

struct Classes {
    of_rows: Vec<usize>,
    names: Option<Vec<String>>,
}

/// Labels on their way: those of a column that holds no classes are no obstacle to what needs none.
#[derive(Default)]
struct LabelColumn {
    book: LabelBook,
    codes: Vec<u32>,
    /// The first row of each different label.
    places: Vec<String>,
    problem: Option<(String, String)>,
}

impl LabelColumn {
    fn push(&mut self, label: Option<&str>, place: impl Fn() -> String) {
        let Some(label) = label else {
            self.problem.get_or_insert_with(|| (place(), "empty, expected a label".into()));
            return;
        };
        let code = self.book.code(label);
        if code as usize == self.places.len() {
            self.places.push(place());
        }
        self.codes.push(code);
    }

    /// The classes, or where there is none and why.
    fn classes(self) -> Result<Classes, (String, String)> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let classes = self.book.classes(&LabelOptions::default()).map_err(|problem| {
            (self.places.get(problem.code as usize).cloned().unwrap_or_default(), problem.problem)
        })?;
        // None is left out without an option that says which.
        let of_rows = self.codes.iter().filter_map(|&code| classes.of_code[code as usize]).collect();
        Ok(Classes { of_rows, names: classes.names })
    }
}
