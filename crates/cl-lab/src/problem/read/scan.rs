use std::collections::HashMap;
use std::path::Path;

use cl_data::io::{Batch, Cells, TableReader, malformed};

use super::{
    cell::{Cell, text},
    missing::MissingCells,
    roles::{Roles, name_of},
    target::Labels,
};
use crate::error::LabError;

/// What the first reading of a table tells: what its columns hold, and all of labels, ids and groups. Features are read
/// once it is known what becomes of them, so that memory holds no more than these.
pub(super) struct Scan {
    pub(super) labels: Labels,
    /// Of the column that is told, each.
    pub(super) ids: Option<Vec<String>>,
    /// The group of each example, in order of their first ones, and the names of the groups.
    pub(super) groups: Option<Groups>,
    /// Of the columns without another role.
    pub(super) columns: Vec<ColumnScan>,
}

/// Groups by number.
#[derive(Default)]
pub(super) struct Groups {
    pub(super) of_example: Vec<usize>,
    pub(super) names: HashMap<String, usize>,
}

/// What a column holds.
#[derive(Debug)]
pub(super) struct ColumnScan {
    pub(super) name: String,
    pub(super) missing: MissingCells,
    pub(super) n_numbers: usize,
    /// Place and text of the first cell that is no number.
    pub(super) text: Option<(String, String)>,
    /// That of the first number that is not finite in single precision.
    infinite: Option<(String, f64)>,
    are_whole: bool,
    increase: bool,
    last: f64,
    smallest: f64,
    largest: f64,
}

impl Scan {
    /// Reads a table once. O(cells).
    pub(super) fn read(table: &TableReader, roles: &Roles) -> Result<Self, LabError> {
        let path = table.path();
        let special = [Some(roles.label), roles.id, roles.groups].into_iter().flatten();
        let places: Vec<usize> = roles.others.iter().copied().chain(special).collect();
        let name = |column: &usize| name_of(table, *column);
        let mut scan = Self {
            labels: Labels::default(),
            ids: roles.id.map(|_| Vec::new()),
            groups: roles.groups.map(|_| Groups::default()),
            columns: roles.others.iter().map(|column| ColumnScan::new(name(column))).collect(),
        };
        let mut rows = table.rows(&places)?;
        while let Some(batch) = rows.next_batch()? {
            let (others, special) = batch.columns.split_at(scan.columns.len());
            for (column, cells) in scan.columns.iter_mut().zip(others) {
                column.push(cells, &batch, path)?;
            }
            let mut special = special.iter();
            if let Some(cells) = special.next() {
                for row in 0..batch.n_rows {
                    scan.labels.push(text(cells, row).as_deref(), || batch.place(row));
                }
            }
            if let (Some(ids), Some(column)) = (&mut scan.ids, &roles.id) {
                let (cells, column) = (special.next(), name(column));
                for row in 0..batch.n_rows {
                    ids.push(needed(cells, row, &batch, path, &column, "an id")?);
                }
            }
            if let (Some(groups), Some(column)) = (&mut scan.groups, &roles.groups) {
                let (cells, column) = (special.next(), name(column));
                for row in 0..batch.n_rows {
                    groups.push(needed(cells, row, &batch, path, &column, "a group")?);
                }
            }
        }
        Ok(scan)
    }
}

/// The text of a cell that must not be missing.
fn needed(
    cells: Option<&Cells>,
    row: usize,
    batch: &Batch,
    path: &Path,
    column: &str,
    expected: &str,
) -> Result<String, LabError> {
    match cells.and_then(|cells| text(cells, row)) {
        Some(text) => Ok(text.into_owned()),
        None => {
            let found = cells.map_or("empty".into(), |cells| cells.shown(row));
            let place = format!("{}, column `{column}`", batch.place(row));
            Err(malformed(path, place, format!("{found}, expected {expected} in every row")).into())
        }
    }
}

impl Groups {
    pub(super) fn push(&mut self, name: String) {
        let next = self.names.len();
        self.of_example.push(*self.names.entry(name).or_insert(next));
    }
}

impl ColumnScan {
    fn new(name: String) -> Self {
        Self {
            name,
            missing: MissingCells::default(),
            n_numbers: 0,
            text: None,
            infinite: None,
            are_whole: true,
            increase: true,
            last: f64::NEG_INFINITY,
            smallest: f64::INFINITY,
            largest: f64::NEG_INFINITY,
        }
    }

    fn push(&mut self, cells: &Cells, batch: &Batch, path: &Path) -> Result<(), LabError> {
        for row in 0..batch.n_rows {
            match Cell::of(cells, row) {
                Cell::Missing => self.missing.add(|| batch.place(row)),
                Cell::Number(value) => self.push_number(value, || batch.place(row)),
                Cell::Category => {
                    if self.text.is_none() {
                        self.text = Some((batch.place(row), cells.shown(row)));
                    }
                }
                Cell::List(n) => {
                    let place = format!("{}, column `{}`", batch.place(row), self.name);
                    let problem = format!(
                        "a list of {n} numbers, expected a number or a text; lists are read as `X` of an .npz with `y`"
                    );
                    return Err(malformed(path, place, problem).into());
                }
            }
        }
        Ok(())
    }

    fn push_number(&mut self, value: f64, place: impl FnOnce() -> String) {
        self.n_numbers += 1;
        if !(value as f32).is_finite() && self.infinite.is_none() {
            self.infinite = Some((place(), value));
        }
        self.are_whole &= value.fract() == 0.0;
        self.increase &= value > self.last;
        self.last = value;
        self.smallest = self.smallest.min(value);
        self.largest = self.largest.max(value);
    }

    /// Whether it holds texts, some or all.
    pub(super) fn is_text(&self) -> bool {
        self.text.is_some()
    }

    /// Whether every cell is missing.
    pub(super) fn is_empty(&self) -> bool {
        self.n_numbers == 0 && self.text.is_none()
    }

    /// Whether its numbers increase from row to row and are whole, as those of ids do.
    pub(super) fn counts_up(&self) -> bool {
        self.is_whole() && self.increase
    }

    /// The first of as many whole numbers side by side as there are rows, which are each there once where they differ.
    pub(super) fn range(&self) -> Option<f64> {
        let is_range = self.is_whole() && self.largest - self.smallest == self.n_numbers as f64 - 1.0;
        is_range.then_some(self.smallest)
    }

    fn is_whole(&self) -> bool {
        self.are_whole && self.missing.n == 0 && self.text.is_none() && self.n_numbers > 1
    }

    /// Refuses numbers that are not finite in a column of numbers.
    pub(super) fn expect_finite(&self, path: &Path) -> Result<(), LabError> {
        let Some((place, value)) = self.infinite.as_ref().filter(|_| !self.is_text()) else { return Ok(()) };
        let expected =
            if value.is_finite() { "a number of single precision, at most 3.4e38" } else { "a finite number" };
        let place = format!("{place}, column `{}`", self.name);
        Err(malformed(path, place, format!("{value:?}, expected {expected}")).into())
    }
}

#[cfg(test)]
mod tests {
    use cl_data::io::TableOptions;

    use super::super::options::ReadOptions;
    use super::*;

    fn scan(table: &str, options: &ReadOptions) -> Result<Scan, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), table).unwrap();
        let table = TableReader::open(file.path(), &TableOptions::default()).unwrap();
        let roles = Roles::of(&table, options).unwrap();
        Scan::read(&table, &roles).map_err(|error| {
            let name = format!("{}: ", file.path().display());
            error.to_string().strip_prefix(&name).unwrap().to_owned()
        })
    }

    #[test]
    fn columns_are_told_by_their_cells() {
        let table = "n,counted,mixed,y\n1.5, 3,7,a\n?,5,red,b\n-2,9,,a\n";
        let found = scan(table, &ReadOptions::default()).unwrap();
        let [n, counted, mixed] = &found.columns[..] else { panic!("three columns") };
        assert_eq!((n.n_numbers, n.missing.n, n.missing.first()), (2, 1, "line 3"));
        assert!(!n.is_text() && !n.counts_up() && counted.counts_up() && counted.range().is_none());
        assert_eq!(mixed.text, Some(("line 3".to_owned(), "\"red\"".to_owned())));
        assert_eq!((found.labels.len(), mixed.missing.n), (3, 1));
    }

    #[test]
    fn ranges_in_any_order_are_seen() {
        let found = scan("a,b,y\n7,1,0\n5,2,1\n6,4,0\n", &ReadOptions::default()).unwrap();
        assert_eq!((found.columns[0].range(), found.columns[0].counts_up()), (Some(5.0), false));
        assert_eq!((found.columns[1].range(), found.columns[1].counts_up()), (None, true));
    }

    #[test]
    fn ids_and_groups_are_each_there() {
        let options = ReadOptions { id: Some("k".into()), groups: Some("g".into()), ..ReadOptions::default() };
        let found = scan("k,g,x,y\nr1,B,1,0\nr2,A,2,1\nr3,B,3,0\n", &options).unwrap();
        assert_eq!(found.ids.unwrap(), ["r1", "r2", "r3"]);
        assert_eq!(found.groups.unwrap().of_example, [0, 1, 0]);
        let refusal = |table: &str| scan(table, &options).map(|_| ()).unwrap_err();
        assert_eq!(refusal("k,g,x,y\n,B,1,0\n"), "line 2, column `k`: empty, expected an id in every row");
        assert_eq!(refusal("k,g,x,y\na,?,1,0\n"), "line 2, column `g`: \"?\", expected a group in every row");
    }

    #[test]
    fn numbers_beyond_single_precision_are_refused_in_columns_of_numbers() {
        let found = scan("a,b,c,y\n1,inf,1e39,0\n2,x,3,1\n", &ReadOptions::default()).unwrap();
        let refused =
            |column: usize| found.columns[column].expect_finite(Path::new("f.csv")).map_err(|e| e.to_string());
        assert_eq!((refused(0), refused(1)), (Ok(()), Ok(())));
        assert!(
            refused(2).unwrap_err().starts_with("f.csv: line 2, column `c`: 1e39, expected a number of single")
        );
        let infinite = scan("a,y\n-inf,0\n", &ReadOptions::default()).unwrap();
        let refused = infinite.columns[0].expect_finite(Path::new("f.csv")).unwrap_err().to_string();
        assert_eq!(refused, "f.csv: line 2, column `a`: -inf, expected a finite number");
    }

    #[test]
    fn lists_are_refused() {
        let lists = "{\"x\": [1, 2], \"y\": 0}\n";
        assert!(
            scan(lists, &ReadOptions::default())
                .map(|_| ())
                .unwrap_err()
                .contains("a list of 2 numbers, expected")
        );
    }
}
