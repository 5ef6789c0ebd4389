//! Tables column by column, and columns that are none.

use std::path::PathBuf;

use cl_data::io::{CellValues, SummaryOptions, TableOptions, TableReader, summarize};
use cl_data::{Fingerprint, Ids};

struct Folder(tempfile::TempDir);

impl Folder {
    fn text(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

const MIXED: &str =
    "{\"a\":1,\"b\":{\"k\":1},\"c\":1}\n{\"a\":2,\"b\":2,\"c\":\"x\"}\n{\"a\":3,\"b\":3,\"c\":2}\n";

#[test]
fn a_column_that_cannot_be_read_is_an_obstacle_only_where_it_is_asked_for() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let table = TableReader::open(folder.text("t.jsonl", MIXED), &TableOptions::default()).unwrap();
    let batch = table.rows(&[0]).unwrap().next_batch().unwrap().unwrap();
    assert_eq!(batch.columns[0].values, CellValues::Integers(vec![1, 2, 3]));
    for (column, expected) in [
        (1, "line 1, column `b`: an object, expected a number"),
        (2, "line 2, column `c`: mixed types: a text here"),
    ] {
        let error = table.rows(&[0, column]).unwrap().next_batch().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        let error = table.rows_of_part(0, &[column]).unwrap().next_batch().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let batch = table.rows_of_any_type(&[0, 1, 2]).unwrap().next_batch().unwrap().unwrap();
    assert_eq!(batch.columns[0].number(2), Some(3.0));
    let CellValues::Other(other) = &batch.columns[2].values else { panic!("{:?}", batch.columns[2]) };
    assert_eq!((other.n, other.row), (3, 1));
    assert_eq!((batch.columns[2].number(0), batch.columns[2].text(0)), (None, None));
}

#[test]
fn numbers_as_python_writes_them() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let lines = "{\"a\": Infinity, \"t\": \"NaN, Infinity\", \"l\": [1, -Infinity, NaN]}\n{\"a\": NaN, \"t\": \"\", \"l\": [2]}\n";
    let table = TableReader::open(folder.text("t.jsonl", lines), &TableOptions::default()).unwrap();
    let batch = table.rows(&[0, 1, 2]).unwrap().next_batch().unwrap().unwrap();
    assert_eq!(batch.columns[0].number(0), Some(f64::INFINITY));
    assert!(batch.columns[0].number(1).unwrap().is_nan());
    assert_eq!(batch.columns[1].text(0).unwrap(), "NaN, Infinity");
    let list = batch.columns[2].list(0).unwrap();
    assert!(list[..2] == [1.0, f64::NEG_INFINITY] && list[2].is_nan());
}

#[test]
fn tables_of_types_are_summarized() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let found = summarize(folder.text("t.jsonl", MIXED), &SummaryOptions::default()).unwrap();
    assert_eq!((found.format, found.n_rows, found.n_duplicate_rows), ("JSON lines", Some(3), Some(0)));
    let types: Vec<&str> = found.parts.iter().map(|part| part.element_type.as_str()).collect();
    assert_eq!(types, ["integer", "an object", "mixed types"]);
    assert_eq!((found.parts[0].mean, found.parts[1].mean), (Some(2.0), None));
    let comma = TableOptions { decimal_comma: true, ..TableOptions::default() };
    let options = SummaryOptions { table: comma, ..SummaryOptions::default() };
    let found = summarize(folder.text("t.csv", "id;a\n1;0,5\n2;1,5\n"), &options).unwrap();
    assert_eq!((found.parts[1].mean, found.parts[1].element_type.as_str()), (Some(1.0), "number"));
}

#[test]
fn the_fingerprint_of_a_set_knows_no_order() {
    let ids = |ids: &[&str]| Ids::texts(ids.iter().map(|&id| id.to_owned()).collect()).unwrap();
    let whole = Fingerprint::of_set(&ids(&["a", "b", "c"]), &[0, 1, 1]);
    assert_eq!(whole, Fingerprint::of_set(&ids(&["c", "a", "b"]), &[1, 0, 1]));
    for (other, labels) in
        [(["a", "b", "d"], [0, 1, 1]), (["a", "b", "c"], [1, 0, 1]), (["ab", "", "c"], [0, 1, 1])]
    {
        assert_ne!(whole, Fingerprint::of_set(&ids(&other), &labels));
    }
    assert_ne!(whole, Fingerprint::of(&ids(&["a", "b", "c"]), &[0, 1, 1]));
}
