//! `curriculum dedup` as a user meets it.

use std::process::{Command, Output};

use cl_data::io::{Array, ArrayData, write_npy};
use serde_json::Value;

fn curriculum(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_curriculum")).arg("dedup").args(arguments).output().unwrap()
}

fn report(arguments: &[&str]) -> Value {
    let output = curriculum(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refusal(arguments: &[&str]) -> String {
    let output = curriculum(arguments);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    message.strip_prefix("error: ").unwrap_or_else(|| panic!("{message}")).trim_end().to_owned()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        // The third is the first but for a little, the fourth twice the second, the last the second.
        let values = vec![1.0, 0.0, 0.0, 1.0, 0.999, 0.01, 0.0, 2.0, 0.6, 0.8, 0.0, 1.0];
        folder.npy("features.npy", &[6, 2], ArrayData::F32(values));
        folder.npy("scores.npy", &[6], ArrayData::F64(vec![0.5, -1.0, 0.75, -3.0, 9.0, -2.0]));
        folder
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn npy(&self, name: &str, shape: &[usize], data: ArrayData) {
        write_npy(self.path(name), &Array::new(shape.to_vec(), data).unwrap()).unwrap();
    }

    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }
}

#[test]
fn near_features_are_in_one_group() {
    let folder = Folder::new();
    let (features, scores) = (folder.path("features.npy"), folder.path("scores.npy"));
    let out = folder.path("groups.csv");
    let found = report(&[&features, "--threshold", "0.99", "-o", &out]);
    assert_eq!((&found["n_kept"], &found["n_groups"], &found["n_largest"]), (&3.into(), &2.into(), &3.into()));
    assert_eq!(found["cosine"]["recall"], 1.0);
    let rows = "index,group,size,kept\n0,0,2,1\n1,1,3,1\n2,0,2,0\n3,1,3,0\n4,4,1,1\n5,1,3,0\n";
    assert_eq!(folder.read("groups.csv"), rows);
    // What it writes, other commands read.
    let lines = folder.path("kept.txt");
    report(&[&features, "--threshold", "0.99", "--keep", "highest", "--score", &scores, "-o", &lines]);
    assert_eq!(folder.read("kept.txt"), "1\n2\n4\n");
    report(&[&features, "--threshold", "0.99", "--keep", "lowest", "--score", &scores, "-o", &lines]);
    assert_eq!(folder.read("kept.txt"), "0\n3\n4\n");
    report(&[&features, "--threshold", "0.99", "--keep", "center", "-o", &lines]);
    assert_eq!(folder.read("kept.txt"), "0\n1\n4\n");
    report(&[&features, "--method", "exact", "-o", &lines]);
    assert_eq!(folder.read("kept.txt"), "0\n1\n2\n3\n4\n");
}

#[test]
fn near_texts_are_in_one_group() {
    let folder = Folder::new();
    let lines = "the cat sat on the mat today\na dog\nthe cat sat on the mat now\na dog\n";
    let (texts, out) = (folder.write("texts.txt", lines), folder.path("kept.txt"));
    let found = report(&[&texts, "--shingle", "2", "--threshold", "0.6", "-o", &out]);
    assert_eq!((&found["method"], &found["minhash"]["n_exact"]), (&"minhash".into(), &1.into()));
    assert_eq!(folder.read("kept.txt"), "0\n1\n");
    report(&[&texts, "--method", "exact", "-o", &out]);
    assert_eq!(folder.read("kept.txt"), "0\n1\n2\n");
    let table = folder.write("texts.csv", "id,body,score\nx,a b c,1\ny,d e f,2\nz,a b c,3\n");
    let arguments = [&table, "--text", "body", "--keep", "highest", "--score", "score", "-o", &out];
    report(&arguments);
    assert_eq!(folder.read("kept.txt"), "y\nz\n");
    report(&[&table, "--text", "body", "-o", &folder.path("groups.jsonl")]);
    let first = "{\"id\":\"x\",\"group\":\"x\",\"size\":2,\"kept\":1}\n";
    assert!(folder.read("groups.jsonl").starts_with(first), "{}", folder.read("groups.jsonl"));
}

#[test]
fn what_does_not_go_together_is_told() {
    let folder = Folder::new();
    let (features, out) = (folder.path("features.npy"), folder.path("out.csv"));
    let texts = folder.write("texts.txt", "a\nb\n");
    let refused = |arguments: &[&str]| refusal(&[arguments, &["-o", &out]].concat());
    assert!(refused(&[&features, "--method", "minhash"]).contains("expected texts"));
    assert!(refused(&[&texts, "--method", "cosine"]).contains("expected features"));
    assert!(refused(&[&features, "--shingle", "3"]).contains("--shingle: only of --method minhash"));
    assert!(refused(&[&features, "--threshold", "1.5"]).contains("threshold is 1.5, expected a cosine in (0, 1]"));
    assert!(refused(&[&features, "--keep", "highest"]).contains("expected --score COLUMN"));
    assert!(refused(&[&texts, "--keep", "center"]).contains("texts have no mean"));
    let short = folder.path("short.npy");
    folder.npy("short.npy", &[2], ArrayData::F64(vec![1.0, 2.0]));
    assert!(refused(&[&features, "--keep", "lowest", "--score", &short]).contains("short.npy: shape [2]"));
    let table = folder.write("texts.csv", "id,body\nx,a\n");
    assert!(refused(&[&table, "--text", "content"]).contains("content"));
    assert!(!std::path::Path::new(&out).exists());
}
