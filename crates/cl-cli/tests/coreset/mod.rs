//! `curriculum coreset` as a user meets it.

mod choices;
mod constraints;
mod neighbors;
mod parts;

use std::process::{Command, Output};

use cl_data::io::{Array, ArrayData, read_npy, write_npy};
use serde_json::Value;

fn curriculum(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_curriculum")).args(arguments).output().unwrap()
}

/// The JSON report of a command that must succeed.
fn report(arguments: &[&str]) -> Value {
    let output = curriculum(&[&["coreset"], arguments, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a command that must fail says after `error: `.
fn refusal(arguments: &[&str]) -> String {
    let output = curriculum(&[&["coreset"], arguments].concat());
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(output.stdout.is_empty());
    message.strip_prefix("error: ").unwrap_or_else(|| panic!("{message}")).trim_end().to_owned()
}

/// A folder with features that goes with the test.
struct Folder(tempfile::TempDir);

const N: usize = 60;
const D: usize = 3;

fn values() -> Vec<f32> {
    (0..N * D).map(|at| 2.5 + (at as f32 * 0.37).sin() + (at / D % 4) as f32).collect()
}

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.npy("features.npy", &[N, D], ArrayData::F32(values()));
        folder.npy("labels.npy", &[N], ArrayData::I64((0..N as i64).map(|i| i % 3).collect()));
        folder
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn npy(&self, name: &str, shape: &[usize], data: ArrayData) -> String {
        write_npy(self.path(name), &Array::new(shape.to_vec(), data).unwrap()).unwrap();
        self.path(name)
    }

    fn order(&self, name: &str) -> Vec<usize> {
        read_npy(self.path(name)).unwrap().to_indices().unwrap()
    }
}
