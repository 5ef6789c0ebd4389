//! `--engine` hands the command to the engine's program.

use std::fs;
use std::process::{Command, Output};

fn curriculum(arguments: &[&str], path: &std::path::Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_curriculum")).args(arguments).env("PATH", path).output().unwrap()
}

fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn what_is_missing_is_named() {
    let empty = tempfile::tempdir().unwrap();
    let told = |arguments: &[&str]| said(&curriculum(arguments, empty.path()));
    let (status, message) = told(&["--engine", "datafusion", "score", "log"]);
    assert!(status == Some(1) && message.contains("needs the program curriculum-engine"), "{message}");
    let (status, message) = told(&["--engine", "ballista", "score", "log"]);
    assert!(status == Some(2) && message.contains("expected --scheduler HOST:PORT"), "{message}");
    let (status, message) = told(&["score", "log", "--engine=datafusion", "--scheduler=a:1"]);
    assert!(status == Some(2) && message.contains("expected --engine ballista"), "{message}");
    let (status, message) = told(&["--engine", "spark", "formats"]);
    assert!(status == Some(2) && message.contains("datafusion, ballista"), "{message}");
}

#[cfg(unix)]
#[test]
fn the_program_is_given_the_rest_and_its_status_is_the_commands() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("curriculum-engine");
    fs::write(&program, "#!/bin/sh\necho \"$@\"\nexit 3\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    for arguments in [
        &["--engine", "ballista", "score", "log", "--scheduler", "a:1", "-o", "x.csv"][..],
        &["score", "log", "--scheduler", "a:1", "-o", "x.csv", "--engine=ballista"],
    ] {
        let output = curriculum(arguments, folder.path());
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "score log --scheduler a:1 -o x.csv\n");
    }
}
