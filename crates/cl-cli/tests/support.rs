//! The command as a user runs it, and folders for its files.

use std::process::{Command, Output, Stdio};

use cl_data::io::{Array, ArrayData, write_npy};
use serde_json::Value;

pub(crate) fn curriculum(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_curriculum")).args(arguments).output().unwrap()
}

/// What a command that must succeed prints.
pub(crate) fn printed(arguments: &[&str]) -> String {
    let output = curriculum(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The JSON report of a command that must succeed.
pub(crate) fn report(arguments: &[&str]) -> Value {
    let output = curriculum(&[arguments, &["--json"]].concat());
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && message.is_empty(), "{message}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a command that must fail says after `error: `.
pub(crate) fn refusal(arguments: &[&str]) -> String {
    let output = curriculum(arguments);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(output.stdout.is_empty());
    message.strip_prefix("error: ").unwrap_or_else(|| panic!("{message}")).trim_end().to_owned()
}

/// The exit status and the message where nobody reads what is printed.
pub(crate) fn closed_pipe(arguments: &[&str]) -> (Option<i32>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_curriculum"))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A folder that goes with the test.
pub(crate) struct Folder(pub tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn text(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    pub(crate) fn npy(&self, name: &str, shape: &[usize], data: ArrayData) -> String {
        write_npy(self.path(name), &Array::new(shape.to_vec(), data).unwrap()).unwrap();
        self.path(name)
    }
}
