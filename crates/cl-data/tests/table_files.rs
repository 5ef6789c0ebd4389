//! Tables column by column, and columns that are none.

use std::path::PathBuf;

use cl_data::io::{CellValues, LabelOptions, Labels, SummaryOptions, TableOptions, TableReader, summarize};
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
    // Integers count as the texts they stand for.
    let integers = vec![i64::MIN, -10, -1, 0, 1, 10, 100, 2, i64::MAX];
    let texts: Vec<String> = integers.iter().map(i64::to_string).collect();
    let labels = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    let (integers, texts) = (Ids::integers(integers).unwrap(), Ids::texts(texts).unwrap());
    assert_eq!(Fingerprint::of_set(&integers, &labels), Fingerprint::of_set(&texts, &labels));
}

fn jsonl(folder: &Folder, lines: &str) -> TableReader {
    TableReader::open(folder.text("t.jsonl", lines), &TableOptions::default()).unwrap()
}

#[test]
fn integers_of_all_sizes_are_one_type() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let table = jsonl(&folder, "{\"a\":-3}\n{}\n{\"a\":18446744073709551615}\n{\"a\":9007199254740993}\n");
    let batch = table.rows(&[0]).unwrap().next_batch().unwrap().unwrap();
    let texts: Vec<_> = (0..4).map(|row| batch.columns[0].text(row)).collect();
    let expected = [Some("-3"), None, Some("18446744073709551615"), Some("9007199254740993")];
    assert_eq!(texts.iter().map(|text| text.as_deref()).collect::<Vec<_>>(), expected);
    assert_eq!(
        (batch.columns[0].values.kind(), batch.columns[0].shown(2)),
        ("integers", expected[2].unwrap().into())
    );
    // Beyond the first rows, too, which were of small ones.
    let many: String = (0..20_000).map(|id| format!("{{\"a\":{id}}}\n")).collect();
    let table = jsonl(&folder, &format!("{many}{{\"a\":18446744073709551615}}\n"));
    let (mut rows, mut last) = (table.rows(&[0]).unwrap(), None);
    while let Some(batch) = rows.next_batch().unwrap() {
        last = batch.columns[0].text(batch.n_rows - 1).map(|text| text.into_owned());
    }
    assert_eq!(last.as_deref(), expected[2]);
    for text in ["{\"a\":18446744073709551615}\n{\"a\":\"x\"}\n", "{\"a\":\"x\"}\n{\"a\":18446744073709551615}\n"]
    {
        let error = jsonl(&folder, text).rows(&[0]).unwrap().next_batch().unwrap_err().to_string();
        assert!(error.contains("line 2, column `a`: mixed types"), "{error}");
    }
}

#[test]
fn keys_that_are_many_late_or_twice() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let wide: String = (0..100).map(|key| format!("\"k{key}\":{key},")).collect();
    let table = jsonl(&folder, &format!("{{{wide}\"z\":1}}\n"));
    assert_eq!(table.columns().len(), 101);
    let batch = table.rows(&[99, 0]).unwrap().next_batch().unwrap().unwrap();
    assert_eq!((batch.columns[0].integer(0), batch.columns[1].integer(0)), (Some(99), Some(0)));
    let late = format!("{}{{\"a\":1,\"late\":2}}\n", "{\"a\":1,\"b\":2}\n".repeat(64));
    let table = jsonl(&folder, &late);
    assert_eq!((table.columns(), table.late_keys()), (&["a".to_owned(), "b".to_owned()][..], Vec::new()));
    assert_eq!(table.rows(&[0]).unwrap().next_batch().unwrap().unwrap().n_rows, 65);
    assert_eq!(table.late_keys(), ["late"]);
    let table = jsonl(&folder, "{\"a\":1}\n{\"a\":1,\"a\":2}\n");
    // Rows before the one that is wrong come first.
    let mut rows = table.rows(&[0]).unwrap();
    assert_eq!(rows.next_batch().unwrap().unwrap().n_rows, 1);
    let error = rows.next_batch().unwrap_err().to_string();
    assert!(error.contains("t.jsonl: line 2: key `a` is there twice"), "{error}");
}

#[test]
fn lists_of_json() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let table = jsonl(&folder, "{\"a\":[[1,2]]}\n{\"a\":[]}\n{\"a\":null}\n{\"a\":[null,true]}\n");
    let batch = table.rows(&[0]).unwrap().next_batch().unwrap().unwrap();
    let cells = &batch.columns[0];
    assert_eq!((cells.list(0), cells.list(1), cells.list(2)), (Some(&[1.0, 2.0][..]), Some(&[][..]), None));
    assert!(cells.list(3).is_some_and(|list| list[0].is_nan() && list[1] == 1.0));
    for list in ["[[1],[2]]", "[1,[2]]", "[[2],1]", "[\"x\"]", "[{}]"] {
        let table = jsonl(&folder, &format!("{{\"a\":[1]}}\n{{\"a\":{list}}}\n"));
        let error = table.rows(&[0]).unwrap().next_batch().unwrap_err().to_string();
        assert!(error.contains("line 2, column `a`"), "{list}: {error}");
    }
}

/// Of two files that disagree both are named, and the option that may be wrong.
#[test]
fn labels_name_the_file_that_they_do_not_fit() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let classes = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    let told = LabelOptions { classes: Some(classes), ignore: None };
    let path = folder.text("labels.csv", "id,label\nx,a\ny,d\n");
    let labels = || Labels::read(&path, &told).unwrap();
    let ids = |texts: [&str; 2]| Ids::texts(texts.map(str::to_owned).to_vec()).unwrap();
    let error = labels().for_ids(&ids(["x", "z"]), "log.npy").unwrap_err().to_string();
    assert!(error.ends_with("labels.csv: no label for id z of log.npy, expected one of each example"), "{error}");
    let error = labels().check(3, "log.npy").unwrap_err().to_string();
    let expected = "id y: label 3 is out of range, expected 0..3, the classes of the outputs of log.npy; option \
                    `classes` has 4 names";
    assert!(error.ends_with(expected), "{error}");
    assert!(labels().check(4, "log.npy").is_ok());
    let path = folder.text("few.csv", "label\na\n");
    let error = Labels::read(&path, &told).unwrap().for_ids(&ids(["x", "y"]), "log.npy").unwrap_err().to_string();
    assert!(error.ends_with("few.csv: 1 labels for 2 examples of log.npy, expected one each"), "{error}");
}

#[test]
fn labels_by_id_may_be_lists() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let ids = Ids::texts(vec!["b".into(), "a".into()]).unwrap();
    let read = |text: &str| Labels::read(folder.text("labels.jsonl", text), &LabelOptions::default());
    let labels = read("{\"id\":\"a\",\"label\":[0,1]}\n{\"id\":\"b\",\"label\":[1,0]}\n").unwrap();
    assert_eq!(labels.for_ids(&ids, "log.npy").unwrap().classes, [Some(0), Some(1)]);
    let labels = read("{\"id\":\"a\",\"label\":[0.2,0.8]}\n{\"id\":\"b\",\"label\":[0.5,0.5]}\n").unwrap();
    let labels = labels.for_ids(&ids, "log.npy").unwrap();
    assert_eq!(
        (labels.soft.as_deref(), &labels.classes[..]),
        (Some(&[0.5, 0.5, 0.2, 0.8][..]), &[Some(0), Some(1)][..])
    );
    let error = labels.check(3, "labels.npy").unwrap_err().to_string();
    assert!(error.contains("labels.jsonl") && error.contains("soft labels of 2 classes, expected 3"), "{error}");
    let error = read("{\"id\":\"a\",\"label\":[0,1]}\n{\"id\":\"b\",\"label\":[1]}\n").unwrap_err().to_string();
    assert!(error.contains("labels.jsonl: line 2, column `label`: 1 numbers, expected 2"), "{error}");
    let error = read("{\"id\":\"a\",\"label\":[1,1]}\n").unwrap_err().to_string();
    assert!(error.contains("multi-label"), "{error}");
}

#[test]
fn an_array_of_objects_is_read_as_rows() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let rows = |text: &str| {
        let table = TableReader::open(folder.text("t.json", text), &TableOptions::default())?;
        let batch = table.rows(&[0, 1])?.next_batch()?.unwrap();
        let row = |row| (batch.columns[0].text(row).map(|id| id.into_owned()), batch.columns[1].number(row));
        Ok::<_, cl_data::DataError>((0..batch.n_rows).map(row).collect::<Vec<_>>())
    };
    let expected = vec![(Some("a, ]} \"".to_owned()), Some(1.5)), (Some("b".to_owned()), Some(f64::INFINITY))];
    for text in [
        r#"[{"id":"a, ]} \"","loss":1.5},{"id":"b","loss":Infinity}]"#,
        "\u{feff} [\n {\"id\": \"a, ]} \\\"\",\n  \"loss\": 1.5}\n, {\"loss\": Infinity, \"id\": \"b\"}\n]\n",
    ] {
        assert_eq!(rows(text).unwrap(), expected, "{text}");
    }
    let many: Vec<String> = (0..20_000).map(|at| format!("{{\"id\":{at},\"l\":[{at},0]}}")).collect();
    let path = folder.text("many.json", &format!("[{}]", many.join(",")));
    let table = TableReader::open(&path, &TableOptions::default()).unwrap();
    let (mut batches, mut n) = (table.rows(&[1, 0]).unwrap(), 0);
    while let Some(batch) = batches.next_batch().unwrap() {
        n += batch.n_rows;
        let last = batch.n_rows - 1;
        assert_eq!(batch.place(last), format!("row {}", n - 1));
        assert_eq!(batch.columns[0].list(last).unwrap()[0], (n - 1) as f64);
    }
    assert_eq!(n, 20_000);
    assert_eq!(summarize(&path, &SummaryOptions::default()).unwrap().n_rows, Some(20_000));
    for (text, expected) in [
        ("[{\"a\":1},{\"a\":2}", "t.json: row 2: the file ends within a JSON array"),
        ("[{\"a\":1} {\"a\":2}]", "row 1: '{', expected a comma"),
        ("[{\"a\":1},2]", "row 1: '2', expected an object: a JSON array of objects"),
        ("[{\"a\":1}]x", "row 1: 'x', expected nothing after"),
        ("[{\"a\":1},{\"a\":}]", "row 1: expected value"),
        ("[]", "no rows"),
    ] {
        // Rows before a broken one are read.
        let table = TableReader::open(folder.text("t.json", text), &TableOptions::default());
        let read = table.and_then(|table| {
            let mut rows = table.rows(&[0])?;
            while rows.next_batch()?.is_some() {}
            Ok(())
        });
        let error = read.unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn a_first_line_may_tell_the_separator() {
    let folder = Folder(tempfile::tempdir().unwrap());
    for (text, line) in [
        ("sep=;\r\nid;loss, or so\r\na;1\r\n", 3),
        ("\u{feff}sep=|\nid|loss, or so\na|1\n", 3),
        ("sep=\t\nid\tloss, or so\na\t1\n", 3),
        ("sep=,\n\nid,\"loss, or so\"\na,1\n", 4),
    ] {
        let path = folder.text("t.csv", text);
        let table = TableReader::open(&path, &TableOptions::default()).unwrap();
        assert_eq!(table.columns(), ["id", "loss, or so"], "{text:?}");
        let batch = table.rows(&[1]).unwrap().next_batch().unwrap().unwrap();
        assert_eq!((batch.columns[0].number(0), batch.place(0)), (Some(1.0), format!("line {line}")));
        assert_eq!(summarize(&path, &SummaryOptions::default()).unwrap().n_rows, Some(1));
    }
}

#[test]
fn a_header_in_one_piece_hints_at_the_separator() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let missing = |header: &str| {
        let path = folder.text("t.csv", &format!("{header}\na\n"));
        TableReader::open(path, &TableOptions::default()).unwrap().column("loss").unwrap_err().to_string()
    };
    assert!(missing("id|loss").ends_with("option `separator` reads others than , ; and tabs, such as |"));
    assert!(missing("id loss").ends_with("such as a blank"));
    assert!(missing("id").ends_with("the columns are id"));
}

#[test]
fn what_is_no_utf8_is_told_by_line() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let path = folder.0.path().join("t.jsonl");
    std::fs::write(&path, b"{\"a\":1}\n{\"a\":\"\xff\"}\n").unwrap();
    let table = TableReader::open(&path, &TableOptions::default()).unwrap();
    let mut rows = table.rows(&[0]).unwrap();
    assert_eq!(rows.next_batch().unwrap().unwrap().n_rows, 1);
    let error = rows.next_batch().unwrap_err().to_string();
    assert!(error.contains("t.jsonl: line 2, byte 7: no UTF-8 (Latin-1?), expected text in UTF-8"), "{error}");
    for (bytes, expected) in [
        (&b"id,loss\na\xe9,1\n"[..], "t.csv: line 2: no UTF-8 (Latin-1?), expected text in UTF-8"),
        (b"\xff\xfei\0d\0\n\0", "t.csv: line 1: no UTF-8 (UTF-16?), expected text in UTF-8"),
        (b"\xfe\xff\0i\0d\0\n", "t.csv: line 1: no UTF-8 (UTF-16?), expected text in UTF-8"),
    ] {
        let path = folder.0.path().join("t.csv");
        std::fs::write(&path, bytes).unwrap();
        let table = TableReader::open(&path, &TableOptions::default());
        let error = table.and_then(|table| table.rows(&[0])?.next_batch().map(drop)).unwrap_err().to_string();
        assert!(error.ends_with(expected), "{error}");
    }
}
