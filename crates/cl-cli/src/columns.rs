//! Values of examples beside their features or scores: costs, groups, weights, and which are chosen already.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::{anyhow, bail};
use cl_data::Ids;
use cl_data::io::{
    Array, ArrayData, CellValues, Cells, NpyReader, NpzReader, Signature, TableOptions, TableReader, listed,
    read_lines,
};

/// Where the columns of `n` examples are looked for.
pub(crate) struct Columns<'a> {
    /// What the examples are read from: a table or an archive may have columns.
    pub(crate) of: &'a Path,
    /// A table that has them beside it.
    pub(crate) table: Option<&'a Path>,
    /// Their ids, by which a table with a column `id` is joined; all others go by position.
    pub(crate) ids: Option<&'a Ids>,
    pub(crate) n: usize,
}

/// What a cell must hold.
struct Wanted<T> {
    of_cell: fn(&Cells, usize) -> Option<T>,
    expected: &'static str,
}

impl Columns<'_> {
    /// A number of at least 0 for each example: of the column `name`, or of the .npy file that this is.
    pub(crate) fn amounts(&self, flag: &str, name: &str) -> anyhow::Result<Vec<f64>> {
        let of_cell = |cells: &Cells, row| cells.number(row).filter(|value| value.is_finite() && *value >= 0.0);
        self.read(flag, name, &Wanted { of_cell, expected: "a number of at least 0" })
    }

    /// A number for each example: of the column `name`, or of the .npy file that this is.
    pub(crate) fn numbers(&self, flag: &str, name: &str) -> anyhow::Result<Vec<f64>> {
        let of_cell = |cells: &Cells, row| cells.number(row).filter(|value| !value.is_nan());
        self.read(flag, name, &Wanted { of_cell, expected: "a number" })
    }

    /// The group of each example: those of the same value are one.
    pub(crate) fn groups(&self, flag: &str, name: &str) -> anyhow::Result<Vec<usize>> {
        let wanted = Wanted { of_cell: |cells, row| cells.text(row).map(Cow::into_owned), expected: "a group" };
        let names = self.read(flag, name, &wanted)?;
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        Ok(names
            .iter()
            .map(|name| {
                let next = numbers.len();
                *numbers.entry(name).or_insert(next)
            })
            .collect())
    }

    /// The examples whose value in this column is there and not -1: those that have a label.
    fn labelled(&self, flag: &str, name: &str) -> anyhow::Result<Vec<usize>> {
        let wanted = Wanted { of_cell: |cells, row| Some(is_labelled(cells, row)), expected: "a label" };
        let labelled = self.read(flag, name, &wanted)?;
        Ok((0..self.n).filter(|&example| labelled[example]).collect())
    }

    fn read<T: Clone>(&self, flag: &str, name: &str, wanted: &Wanted<T>) -> anyhow::Result<Vec<T>> {
        if name.ends_with(".npy") {
            let path = Path::new(name);
            return self.of_array(path, "element", NpyReader::open(path)?.into_array()?, wanted);
        }
        let mut known: Vec<String> = Vec::new();
        for path in self.table.into_iter().chain([self.of]) {
            match Signature::of(path)? {
                Signature::Npy => {}
                Signature::Npz => {
                    let mut archive = NpzReader::open(path)?;
                    if archive.names().iter().any(|member| member == name) {
                        let array = archive.read_at_most(name, self.n)?;
                        let place = format!("member `{name}`, element");
                        return self.of_array(path, &place, array, wanted);
                    }
                    known.extend(archive.names().iter().cloned());
                }
                _ => {
                    let table = TableReader::open(path, &TableOptions::default())?;
                    if let Some(column) = table.find(name) {
                        return self.of_table(&table, column, wanted);
                    }
                    known.extend(table.columns().iter().cloned());
                }
            }
        }
        let there = if known.is_empty() { "no columns".into() } else { listed(&known) };
        bail!("{flag}: no column `{name}` among {there}; expected a column of --table FILE, or a .npy file")
    }

    fn of_array<T>(&self, path: &Path, place: &str, array: Array, wanted: &Wanted<T>) -> anyhow::Result<Vec<T>> {
        let (shown, n) = (path.display(), self.n);
        if array.shape() != [n] {
            bail!("{shown}: shape {:?}, expected [{n}], one for each example", array.shape());
        }
        let cells = cells_of(path, array)?;
        let value = |row| {
            let wrong = || anyhow!("{shown}: {place} {row}: {}, expected {}", cells.shown(row), wanted.expected);
            (wanted.of_cell)(&cells, row).ok_or_else(wrong)
        };
        (0..n).map(value).collect()
    }

    fn of_table<T: Clone>(
        &self,
        table: &TableReader,
        column: usize,
        wanted: &Wanted<T>,
    ) -> anyhow::Result<Vec<T>> {
        let shown = table.path().display();
        let id = table.find("id").filter(|_| self.ids.is_some());
        let places = id.and(self.ids).map(places_of);
        let columns: Vec<usize> = [column].into_iter().chain(id).collect();
        let mut values: Vec<Option<T>> = vec![None; self.n];
        let (mut rows, mut n_rows) = (table.rows(&columns)?, 0);
        while let Some(batch) = rows.next_batch()? {
            for row in 0..batch.n_rows {
                let wrong = |at: usize, what: &str| {
                    let (place, name) = (batch.place(row), &table.columns()[columns[at]]);
                    anyhow!("{shown}: {place}, column `{name}`: {}, expected {what}", batch.columns[at].shown(row))
                };
                let example = match &places {
                    None if n_rows < self.n => n_rows,
                    None => {
                        bail!("{shown}: more than {n_rows} rows, expected one for each of {} examples", self.n)
                    }
                    // What is said of others is nothing to these.
                    Some(places) => {
                        let name = batch.columns[1].text(row).ok_or_else(|| wrong(1, "an id"))?;
                        n_rows += 1;
                        let Some(&example) = places.get(name.as_ref()) else { continue };
                        example
                    }
                };
                if places.is_none() {
                    n_rows += 1;
                }
                let value = (wanted.of_cell)(&batch.columns[0], row).ok_or_else(|| wrong(0, wanted.expected))?;
                if values[example].replace(value).is_some() {
                    return Err(wrong(1, "each id once"));
                }
            }
        }
        let missing = |example: usize| {
            let name = self.ids.and_then(|ids| ids.get(example)).map_or(example.to_string(), Cow::into_owned);
            anyhow!("{shown}: no row of example {name}, expected one for each of {} examples", self.n)
        };
        values.into_iter().enumerate().map(|(example, value)| value.ok_or_else(|| missing(example))).collect()
    }

    /// The examples that are chosen already: the ids or indices that a file names (.npy of indices, lines of ids, a table
    /// with `id` or `index`, of which rows count whose `label` is there and not -1, whose `kept` is 1); or those that have a
    /// label in the column `given`. Ascending, each once.
    pub(crate) fn start(&self, flag: &str, given: &str) -> anyhow::Result<Vec<usize>> {
        let path = Path::new(given);
        if !path.is_file() {
            return self.labelled(flag, given);
        }
        let mut chosen: Vec<usize> = match Signature::of(path)? {
            Signature::Npy => self.of_indices(path)?,
            Signature::Npz => bail!("{given}: an archive, expected .npy of indices, lines of ids, or a table"),
            _ if path.extension().is_some_and(|ending| ending == "txt") => self.of_lines(path)?,
            _ => self.of_rows(path)?,
        };
        chosen.sort_unstable();
        chosen.dedup();
        Ok(chosen)
    }

    fn of_indices(&self, path: &Path) -> anyhow::Result<Vec<usize>> {
        let (shown, n) = (path.display(), self.n);
        let cells = cells_of(path, NpyReader::open(path)?.into_array()?)?;
        let index = |row: usize| {
            let index =
                cells.integer(row).and_then(|index| usize::try_from(index).ok()).filter(|&index| index < n);
            index.ok_or_else(|| {
                anyhow!("{shown}: element {row}: {}, expected an index below {n}", cells.shown(row))
            })
        };
        (0..len(&cells)).map(index).collect()
    }

    fn of_lines(&self, path: &Path) -> anyhow::Result<Vec<usize>> {
        let (shown, of) = (path.display(), self.of.display());
        let ids = self.ids.cloned().unwrap_or_else(|| Ids::range(self.n));
        let places = places_of(&ids);
        let example = |(line, id): (usize, &String)| {
            let found = places.get(id.as_str()).copied();
            found.ok_or_else(|| anyhow!("{shown}: line {}: id {id}, expected one of {of}", line + 1))
        };
        read_lines(path)?.iter().enumerate().filter(|(_, id)| !id.is_empty()).map(example).collect()
    }

    fn of_rows(&self, path: &Path) -> anyhow::Result<Vec<usize>> {
        let (shown, of) = (path.display(), self.of.display());
        let table = TableReader::open(path, &TableOptions::default())?;
        let Some(name) = table.find("id").or_else(|| table.find("index")) else {
            bail!("{shown}: header: neither `id` nor `index`, the columns are {}", listed(table.columns()))
        };
        let ids = match table.columns()[name].as_str() {
            "id" => self.ids.cloned(),
            _ => None,
        };
        let ids = ids.unwrap_or_else(|| Ids::range(self.n));
        let places = places_of(&ids);
        let (label, kept) = (table.find("label"), table.find("kept"));
        let columns: Vec<usize> = [name].into_iter().chain(label).chain(kept).collect();
        let (mut chosen, mut rows) = (HashSet::new(), table.rows(&columns)?);
        while let Some(batch) = rows.next_batch()? {
            for row in 0..batch.n_rows {
                let wrong = |at: usize, what: String| {
                    let (place, name) = (batch.place(row), &table.columns()[columns[at]]);
                    anyhow!("{shown}: {place}, column `{name}`: {}, expected {what}", batch.columns[at].shown(row))
                };
                if label.is_some() && !is_labelled(&batch.columns[1], row) {
                    continue;
                }
                if kept.is_some() {
                    let at = columns.len() - 1;
                    if !batch.columns[at].flag(row).ok_or_else(|| wrong(at, "0 or 1".into()))? {
                        continue;
                    }
                }
                let id = batch.columns[0].text(row).ok_or_else(|| wrong(0, "an id".into()))?;
                let found = places.get(id.as_ref()).copied();
                chosen.insert(found.ok_or_else(|| wrong(0, format!("an example of {of}")))?);
            }
        }
        Ok(chosen.into_iter().collect())
    }
}

/// Whether there is a label: one that is not empty and not -1.
fn is_labelled(cells: &Cells, row: usize) -> bool {
    !cells.is_missing(row)
        && cells.number(row) != Some(-1.0)
        && cells.text(row).is_none_or(|text| !text.is_empty())
}

fn places_of(ids: &Ids) -> HashMap<Cow<'_, str>, usize> {
    ids.iter().enumerate().map(|(place, id)| (id, place)).collect()
}

fn len(cells: &Cells) -> usize {
    cells.values.len()
}

fn cells_of(path: &Path, array: Array) -> anyhow::Result<Cells> {
    let integers = |array: &Array| -> Option<Vec<i64>> {
        let values = array.to_f64().ok()?;
        values.into_iter().map(|value| (value.fract() == 0.0).then_some(value as i64)).collect()
    };
    Ok(Cells::full(match array.data() {
        ArrayData::I64(values) => CellValues::Integers(values.clone()),
        ArrayData::Text(texts) => {
            let mut own = cl_data::io::Texts::new(false);
            texts.iter().for_each(|text| own.push(text));
            CellValues::Texts(own)
        }
        ArrayData::F32(_) | ArrayData::F64(_) => CellValues::Numbers(array.to_f64()?),
        _ => match integers(&array) {
            Some(values) => CellValues::Integers(values),
            None => bail!("{}: {}, expected numbers or texts", path.display(), array.element_type()),
        },
    }))
}
