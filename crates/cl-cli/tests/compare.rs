//! `curriculum compare`: what it writes, that its text follows from its JSON, and how it refuses.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// The command in a folder.
fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_curriculum")).args(arguments).current_dir(folder).output().unwrap()
}

/// What it prints on standard output and standard error.
fn succeeds(output: Output) -> (String, String) {
    let [out, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{error}");
    (out, error)
}

/// What it says is wrong.
fn fails(output: Output) -> String {
    assert!(!output.status.success() && output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_comparison_is_written_told_and_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["compare", "iris", "--arms", "easy-first,random-pruning", "--seeds", "6", "--budget", "4"];
    let (text, _) = succeeds(run_in(folder.path(), &arguments));
    assert!(text.contains("At the full budget of") && text.contains("easy first"), "{text}");
    let out = folder.path().join("compare-iris");
    let json: serde_json::Value = serde_json::from_slice(&fs::read(out.join("results.json")).unwrap()).unwrap();
    assert_eq!((&json["version"], &json["command"]), (&1.into(), &"compare".into()));
    let sentences: Vec<&str> = json["verdict"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
    let told = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(sentences.iter().all(|sentence| told.contains(sentence)), "{told}");
    assert_eq!(json["arms"].as_array().unwrap().len(), 3);
    assert!(json["arms"][0]["low"].is_number() && json["arms"][0]["difference"].is_number());
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    let links = page.matches("http").count();
    assert!(page.contains("<svg") && links == page.matches("http://www.w3.org").count(), "a page without network");

    // Again, of the journals alone: the same bytes.
    let first = fs::read(out.join("results.json")).unwrap();
    fs::remove_file(out.join("results.json")).unwrap();
    let (json_text, _) = succeeds(run_in(folder.path(), &[&arguments[..], &["--json"]].concat()));
    assert_eq!(fs::read(out.join("results.json")).unwrap(), first);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json_text).unwrap(), json);

    let other = [&arguments[..5], &["7", "--budget", "4"]].concat();
    let error = fails(run_in(folder.path(), &other));
    assert!(error.contains("another folder"), "{error}");
}

#[test]
fn wrong_arguments_name_what_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |arguments: &[&str]| fails(run_in(folder.path(), &[&["compare"], arguments].concat()));
    assert!(refused(&["iris", "--arms", "easyfirst"]).contains("easy-first"));
    assert!(refused(&["iris", "--metric", "acc"]).contains("balanced-accuracy"));
    assert!(refused(&["iris", "--time-limit", "5"]).contains("90s"));
    assert!(refused(&["iris", "--seeds", "3"]).contains("at least 6"));
    assert!(refused(&["nothing.csv"]).contains("nothing.csv"));
    fs::write(folder.path().join("one.csv"), "x,label\n".to_owned() + &"1,a\n".repeat(40)).unwrap();
    assert!(refused(&["one.csv"]).contains("every label is a"));
    // What is refused leaves nothing behind.
    assert!(!folder.path().join("compare-one").join("results.json").exists());
}
