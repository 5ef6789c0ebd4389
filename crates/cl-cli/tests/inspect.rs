//! `curriculum inspect` as a user meets it: output, messages, exit status.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cl_data::io::{Array, ArrayData, write_csv, write_npy, write_npz, write_npz_dataset};
use serde_json::Value;

fn curriculum() -> Command {
    Command::new(env!("CARGO_BIN_EXE_curriculum"))
}

fn inspect(path: &Path, arguments: &[&str]) -> Output {
    curriculum().arg("inspect").arg(path).args(arguments).output().unwrap()
}

/// The JSON report of a good file.
fn report(path: &Path, arguments: &[&str]) -> Value {
    let output = inspect(path, &[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The message about a bad file, after `error: PATH: `.
fn refusal(path: &Path, arguments: &[&str]) -> String {
    let output = inspect(path, arguments);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(output.stdout.is_empty());
    let start = format!("error: {}: ", path.display());
    message.strip_prefix(&start).unwrap_or_else(|| panic!("{message}")).trim_end().to_owned()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn npy(shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

#[test]
fn a_csv_file_column_by_column() {
    let folder = Folder::new();
    let text = "id,a,b,c,species\n1,1,0.5,x,cat\n2,3,nan,,dog\n2,1,inf,y,cat\n4,1,0.5,x,cat\n";
    for path in [folder.file("data.csv", text), folder.file("zipped", gzip(text.as_bytes()))] {
        let report = report(&path, &["--label", "species"]);
        assert_eq!(report["format"], "CSV");
        assert_eq!(report["n_rows"], 4);
        assert_eq!(report["n_duplicate_rows"], 1);
        assert_eq!(report["n_duplicate_ids"], 1);
        let types: Vec<_> = report["parts"].as_array().unwrap().iter().map(|part| &part["type"]).collect();
        assert_eq!(types, ["integer", "integer", "number", "text", "text"]);
        let (a, b, c) = (&report["parts"][1], &report["parts"][2], &report["parts"][3]);
        assert_eq!((&a["min"], &a["max"], &a["mean"]), (&1.0.into(), &3.0.into(), &1.5.into()));
        assert_eq!((&b["n_nan"], &b["n_infinite"], &b["mean"]), (&1.into(), &1.into(), &0.5.into()));
        assert_eq!((&c["n_empty"], &c["mean"]), (&1.into(), &Value::Null));
        let classes = serde_json::json!([{"value": "cat", "count": 3}, {"value": "dog", "count": 1}]);
        assert_eq!(report["parts"][4]["values"], classes);
    }
    let text = String::from_utf8(inspect(&folder.path("data.csv"), &["--label", "4"]).stdout).unwrap();
    assert!(text.contains("CSV, 4 rows, 1 duplicate rows, 1 duplicate ids"), "{text}");
    assert!(text.contains("species: 2 values"), "{text}");
    let bare = folder.file("bare.tsv", "1\t2\tcat\n3\t4\tdog\n");
    assert_eq!(report(&bare, &["--delimiter", "\\t"])["parts"][2]["name"], "2");
}

#[test]
fn arrays_with_nan_are_looked_at() {
    let folder = Folder::new();
    let path = folder.path("losses.npy");
    let values = vec![1.0, f32::NAN, 3.0, f32::INFINITY, 1.0, f32::NAN];
    write_npy(&path, &Array::new(vec![3, 2], ArrayData::F32(values)).unwrap()).unwrap();
    let part = &report(&path, &[])["parts"][0];
    assert_eq!(part["shape"], serde_json::json!([3, 2]));
    assert_eq!(part["type"], "float32");
    assert_eq!((&part["n_nan"], &part["n_infinite"], &part["n_duplicates"]), (&2.into(), &1.into(), &1.into()));
    assert_eq!((&part["min"], &part["max"], &part["mean"]), (&1.0.into(), &3.0.into(), &(5.0 / 3.0).into()));
    // More than one chunk.
    let values: Vec<i64> = (0..200_000).map(|i| i % 1000).collect();
    write_npy(&path, &Array::new(vec![200, 1000], ArrayData::I64(values)).unwrap()).unwrap();
    let part = &report(&path, &[])["parts"][0];
    assert_eq!((&part["mean"], &part["n_duplicates"]), (&499.5.into(), &199.into()));
    let scalar = folder.file("scalar.npy", npy("()", &2.5f64.to_le_bytes()));
    assert_eq!(report(&scalar, &[])["parts"][0]["mean"], 2.5);
    let empty = folder.file("empty.npy", npy("(0, 3)", &[]));
    assert_eq!(report(&empty, &[])["parts"][0]["mean"], Value::Null);
}

#[test]
fn archives_member_by_member() {
    let folder = Folder::new();
    let path = folder.path("data.npz");
    write_npz_dataset(&path, &cl_data::bundled::iris()).unwrap();
    let found = report(&path, &[]);
    let names: Vec<_> = found["parts"].as_array().unwrap().iter().map(|part| &part["name"]).collect();
    assert_eq!(names, ["class_names", "feature_names", "features", "ids", "labels"]);
    assert_eq!(found["parts"][2]["shape"], serde_json::json!([150, 4]));
    // Two flowers of this data set are equal.
    assert_eq!(found["parts"][2]["n_duplicates"], 1);
    assert_eq!(found["parts"][4]["values"][2], serde_json::json!({"value": "2", "count": 50}));
    assert_eq!(found["n_duplicate_ids"], 0);
    let ids = Array::new(vec![3], ArrayData::Text(["a", "b", "a"].map(Into::into).into())).unwrap();
    write_npz(&path, [("ids", &ids)]).unwrap();
    assert_eq!(report(&path, &[])["n_duplicate_ids"], 1);
    let csv = folder.path("iris.csv");
    write_csv(&csv, &cl_data::bundled::iris()).unwrap();
    assert_eq!(report(&csv, &["--label", "label"])["n_duplicate_rows"], 1);
}

#[test]
fn images_of_idx_and_cifar() {
    let folder = Folder::new();
    let idx = [&[0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3][..], &[1, 2, 3, 1, 2, 3]].concat();
    for path in [folder.file("images-idx2-ubyte", &idx), folder.file("unnamed", gzip(&idx))] {
        let part = &report(&path, &[])["parts"][0];
        assert_eq!(
            (&part["type"], &part["n_duplicates"], &part["mean"]),
            (&"uint8".into(), &1.into(), &2.0.into())
        );
    }
    let mut record = vec![7];
    record.resize(3073, 200);
    let report_ten = report(&folder.file("test_batch.bin", &record), &[]);
    assert_eq!(report_ten["format"], "CIFAR-10");
    assert_eq!(report_ten["parts"][0]["shape"], serde_json::json!([1, 3, 32, 32]));
    assert_eq!(report_ten["parts"][1]["values"][7]["count"], 1);
    let mut record = vec![19, 99];
    record.resize(3074, 200);
    let report_hundred = report(&folder.file("train.bin", gzip(&record)), &[]);
    assert_eq!(report_hundred["format"], "CIFAR-100 (fine labels)");
    let output = inspect(&folder.file("short.bin", &record[1..3070]), &[]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        message.contains("3069 bytes, expected a multiple of 3073") && message.contains("of 3074"),
        "{message}"
    );
}

#[test]
fn every_bad_file_is_named_with_its_place() {
    let folder = Folder::new();
    let truncated = folder.file("train-images-idx3-ubyte", [0, 0, 8, 2, 0, 0, 0, 9, 0, 0, 0, 9, 1, 2]);
    assert_eq!(
        refusal(&truncated, &[]),
        "byte 14: the file ends after 2 bytes of data, expected 81 (uint8, shape [9, 9])"
    );
    let magic = folder.file("labels-idx1-ubyte", [1, 2, 3, 4]);
    assert!(refusal(&magic, &[]).starts_with("byte 0: magic [01, 02, 03, 04], expected"));
    let ragged = folder.file("ragged.csv", "a,b\n1,2\n3,4,5\n");
    assert_eq!(refusal(&ragged, &[]), "line 3: 3 columns, expected 2");
    let text = folder.file("text.csv", "a,b\n1,0\nn/a,1\n");
    assert_eq!(refusal(&text, &["--label", "y"]), "header: no label column `y`, the columns are a, b");
    let non_number = "line 3, column `a`: \"n/a\", expected a number as in other rows";
    assert_eq!(refusal(&text, &["--label", "b"]), non_number);
    assert_eq!(report(&text, &[])["parts"][0]["type"], "numbers and texts");
    assert_eq!(refusal(&folder.file("empty.csv", ""), &[]), "line 1: the file is empty, expected rows");
    assert_eq!(
        refusal(&folder.file("header.csv", "a,b\n"), &[]),
        "line 2: no row after the header, expected some"
    );
    let promising = folder.file("logits.npy", npy("(1000, 1000, 1000)", &[0; 16]));
    assert!(
        refusal(&promising, &[]).ends_with("16 bytes, expected 8000000000 (float64, shape [1000, 1000, 1000])")
    );
    let overflow = folder.file("overflow.npy", npy("(4294967296, 4294967296)", &[]));
    assert_eq!(
        refusal(&overflow, &[]),
        "header: shape [4294967296, 4294967296], expected one that memory can have"
    );
    let mut damaged = gzip(b"a,b\n1,2\n");
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    assert!(refusal(&folder.file("damaged.csv.gz", &damaged), &[]).contains("gzip"));
    assert!(refusal(&folder.file("cut.csv.gz", &damaged[..12]), &[]).contains("gzip"));
    assert!(refusal(&folder.file("cut.npz", b"PK\x03\x04 and no more"), &[]).starts_with("zip archive: "));
    assert!(refusal(&folder.path("missing.csv"), &[]).contains("No such file"));
    let unknown = folder.file("unknown", [0xff, 0xd8, 0xff, 0]);
    assert_eq!(
        refusal(&unknown, &[]),
        "format not recognised, expected CSV, JSON lines, Parquet, IDX, CIFAR (.bin), .npy or .npz"
    );
    let scalar = folder.file("scalar.npy", npy("()", &[0; 8]));
    assert!(refusal(&scalar, &["--label", "y"]).contains("columns of a table, expected one, this is NPY"));
}

#[test]
fn wrong_usage_and_help() {
    let status = |arguments: &[&str]| curriculum().args(arguments).output().unwrap().status.code();
    assert_eq!(status(&["inspect"]), Some(2));
    assert_eq!(status(&["inspect", "a", "--no-such-option"]), Some(2));
    assert_eq!(status(&["inspect", "a", "--delimiter", "ab"]), Some(2));
    assert_eq!(status(&["no-such-command"]), Some(2));
    assert_eq!(status(&[]), Some(2));
    let help = curriculum().arg("--help").output().unwrap();
    assert!(help.status.success());
    assert!(String::from_utf8(help.stdout).unwrap().contains("curriculum inspect train.csv --label species"));
    assert_eq!(status(&["inspect", "--help"]), Some(0));
    assert_eq!(status(&["--version"]), Some(0));
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let folder = Folder::new();
    // Enough columns to fill any pipe.
    let names: Vec<String> = (0..5000).map(|column| format!("column_{column}")).collect();
    let path = folder.file("wide.csv", format!("{}\n{}\n", names.join(","), vec!["1"; 5000].join(",")));
    for arguments in [&[][..], &["--json"]] {
        let mut child = curriculum()
            .arg("inspect")
            .arg(&path)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert!(output.status.success());
    }
}
