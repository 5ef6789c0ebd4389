//! Outputs that are inputs, or one another, are refused before anything is read.

use std::process::Command;

/// Runs a command in a folder with a few files, which must all stay as they are.
fn refused(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("run")).unwrap();
    let files = ["d.npz", "s.csv", "s.csv.json", "f.npy", "study.json", "run/labels.npy", "run/logits_0.npy"];
    // No file of its kind: whoever reads one before it is refused says another thing.
    files.iter().for_each(|name| std::fs::write(path(name), name).unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_curriculum"));
    let output = command.args(arguments).current_dir(folder.path()).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
    for name in files {
        assert_eq!(std::fs::read(path(name)).unwrap(), name.as_bytes(), "{name}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 6);
    message
}

#[test]
fn every_command_is_kept_from_its_inputs() {
    let metric = ["--metric", "el2n"];
    let score = |more: &[&str]| refused(&[&["score"], more, &metric].concat());
    assert!(
        score(&["d.npz", "-o", "d.npz"]).contains("error: d.npz: it is read (d.npz), expected another output")
    );
    assert!(score(&["d.npz", "-o", "./run/../d.npz"]).contains("it is read"));
    assert!(score(&["run", "-o", "run/labels.npy"]).contains("it is in a folder that is read (run)"));
    assert!(score(&["d.npz", "--labels", "f.npy", "-o", "f.npy"]).contains("f.npy: it is read"));
    assert!(score(&["run", "-o", "new.csv", "--state", "new.csv"]).contains("are one file"));
    assert!(score(&["run", "-o", "new.csv", "--state", "new.csv.json"]).contains("are one file"));
    let prune = ["prune", "s.csv", "--keep", "0.5", "--rule", "hardest", "-o"];
    refused(&[&prune[..], &["s.csv"]].concat());
    assert!(
        refused(&[&prune[..], &["s.csv.json"]].concat()).contains("it says where an input comes from (s.csv)")
    );
    let order = ["order", "s.csv", "--batch-size", "2", "--steps", "0..3", "-o", "new.csv", "--exposure"];
    assert!(refused(&[&order[..], &["new.csv"]].concat()).contains("new.csv and new.csv are one file"));
    refused(&[&order[..], &["s.csv"]].concat());
    refused(&["weights", "f.npy", "--weighting", "linear", "--param", "lambda=1", "-o", "f.npy"]);
    refused(&["distance", "f.npy", "--metric", "neighbor_distance", "-o", "f.npy"]);
    refused(&["coreset", "f.npy", "--method", "k-center", "--count", "1", "-o", "f.npy"]);
    refused(&["noise", "d.npz", "-o", "d.npz"]);
    refused(&["crossover", "study.json", "--csv", "study.json"]);
    refused(&["agree", "s.csv", "-o", "s.csv"]);
    refused(&["map", "s.csv", "-o", "s.csv"]);
    assert!(refused(&["agree", "-", "s.csv", "-"]).contains("2 inputs are -"));
    assert!(score(&["-", "--labels", "-", "-o", "new.csv"]).contains("2 inputs are -"));
    let schedule = ["schedule", "--pacing", "linear", "--a", "0.5", "--b", "0.1", "-n", "9", "--steps", "9"];
    refused(&[&schedule[..], &["-o", "new.csv", "--plot", "new.csv"]].concat());
}
