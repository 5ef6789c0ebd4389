//! Labels in files: one-hot and soft ones, those that are told, and columns by name.

use std::path::PathBuf;

use cl_data::io::{Array, ArrayData, LabelOptions, LabelTable, Labels, RowFormat, TableOptions, write_npy};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn text(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn rows(&self, c: usize, values: &[f64]) -> PathBuf {
        let path = self.0.path().join("labels.npy");
        let array = Array::new(vec![values.len() / c, c], ArrayData::F64(values.to_vec())).unwrap();
        write_npy(&path, &array).unwrap();
        path
    }
}

fn options(classes: Option<&[&str]>, ignore: Option<&str>) -> LabelOptions {
    let classes = classes.map(|names| names.iter().map(|&name| name.to_owned()).collect());
    LabelOptions { classes, ignore: ignore.map(Into::into) }
}

#[test]
fn one_hot_labels_are_named_and_left_out() {
    let folder = Folder::new();
    let path = folder.rows(3, &[1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
    let read = |classes: Option<&[&str]>, ignore: Option<&str>| Labels::read(&path, &options(classes, ignore));
    let named = read(Some(&["x", "y", "z"]), Some("z")).unwrap();
    assert_eq!((&named.classes[..], named.n_classes), (&[Some(0), None, Some(1)][..], 3));
    assert_eq!(named.names.unwrap(), ["x", "y", "z"]);
    assert_eq!(read(None, Some("2")).unwrap().classes, [Some(0), None, Some(1)]);
    assert_eq!(read(None, Some("-100")).unwrap().classes, [Some(0), Some(2), Some(1)]);
    let error = read(Some(&["x", "y"]), None).unwrap_err().to_string();
    assert!(error.contains("labels.npy: 3 columns for the 2 classes of option `classes`"), "{error}");
    let error = read(Some(&["x", "y", "x"]), None).unwrap_err().to_string();
    assert!(error.contains("labels.npy: option `classes` has x twice"), "{error}");
}

#[test]
fn soft_labels_have_no_classes_to_be_told() {
    let folder = Folder::new();
    let path = folder.rows(2, &[0.25, 0.75, 0.5, 0.5]);
    assert!(Labels::read(&path, &LabelOptions::default()).unwrap().soft.is_some());
    for (told, option) in
        [(options(None, Some("1")), "ignore_label"), (options(Some(&["a", "b"]), None), "classes")]
    {
        let error = Labels::read(&path, &told).unwrap_err().to_string();
        assert!(error.contains("soft labels") && error.contains(&format!("option `{option}`")), "{error}");
    }
}

#[test]
fn classes_told_twice_are_refused() {
    let path = Folder::new();
    let path = path.text("labels.csv", "label\na\nb\n");
    for (names, expected) in [(["a", "a"], "option `classes` has a twice"), (["a", ""], "no name for class 1")] {
        let error = Labels::read(&path, &options(Some(&names), None)).unwrap_err().to_string();
        assert!(error.contains("labels.csv: ") && error.contains(expected), "{error}");
    }
}

#[test]
fn the_columns_of_a_table_of_labels_may_be_named() {
    let folder = Folder::new();
    let plain = LabelOptions::default();
    let path = folder.text("t.csv", "who,label,species\na,0,cat\nb,1,dog\n");
    let mut table = LabelTable { id_column: Some("who".into()), ..LabelTable::default() };
    assert_eq!(Labels::read_with(&path, &plain, &table).unwrap().names, None);
    table.label_column = Some("species".into());
    assert_eq!(Labels::read_with(&path, &plain, &table).unwrap().names.unwrap(), ["cat", "dog"]);
    table.label_column = Some("kind".into());
    let error = Labels::read_with(&path, &plain, &table).unwrap_err().to_string();
    assert!(error.contains("no column `kind`, the columns are who, label, species"), "{error}");
    let path = folder.text("u.csv", "who|species\na|cat\n");
    let error = Labels::read_with(&path, &plain, &table).unwrap_err().to_string();
    assert!(error.contains("option `separator`") && error.contains("such as |"), "{error}");
    let path = folder.text("v.csv", "who,species\na,cat\n");
    let error = Labels::read(&path, &plain).unwrap_err().to_string();
    assert!(
        error.contains("no column of labels") && error.contains("expected one of label, labels, gold"),
        "{error}"
    );
    // How rows are written says nothing of an array.
    let rows = TableOptions { format: Some(RowFormat::Csv), ..TableOptions::default() };
    let path = folder.rows(2, &[0.0, 1.0]);
    let table = LabelTable { table: rows, ..LabelTable::default() };
    assert_eq!(Labels::read_with(path, &plain, &table).unwrap().classes, [Some(1)]);
}
