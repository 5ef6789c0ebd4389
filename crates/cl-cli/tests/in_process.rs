//! The command as another program runs it, within its own process.

use serde_json::Value;

use super::support::Folder;

const DYNAMICS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/dynamics.npz");

#[test]
fn scores_come_from_the_arguments_given() {
    let folder = Folder::new();
    let out = folder.path("scores.csv");
    let given = ["curriculum", "--quiet", "score", DYNAMICS, "--metric", "el2n", "-o", &out];
    for _ in 0..2 {
        assert_eq!(cl_cli::run(given), 0);
        let beside: Value =
            serde_json::from_slice(&std::fs::read(folder.path("scores.csv.json")).unwrap()).unwrap();
        assert_eq!(beside["command"], Value::from(given.to_vec()));
        std::fs::remove_file(&out).unwrap();
    }
}

#[test]
fn what_is_wrong_ends_no_process() {
    assert_eq!(cl_cli::run(["curriculum", "score", "--metric"]), 2);
    assert_eq!(cl_cli::run(["curriculum", "score", "\u{1b}[2J", "--colour"]), 2);
    assert_eq!(cl_cli::run(["curriculum", "inspect", "no-such-file.csv"]), 1);
    assert_eq!(cl_cli::run(["curriculum", "score", DYNAMICS, "--metric", "el2n", "-o", DYNAMICS]), 2);
}
