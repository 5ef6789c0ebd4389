//! The large studies as a user runs them: killed and resumed, and what they say of a design.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

fn command(out: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["reproduce", "--quick", "--out", out.to_str().unwrap()]).args(arguments).stdout(Stdio::null());
    command
}

fn bytes(folder: &Path) -> Vec<u8> {
    std::fs::read(folder.join("results.json")).unwrap()
}

/// Lines in the journals, heads included.
fn journalled(folder: &Path) -> usize {
    let builds = std::fs::read_dir(folder.join("journal")).into_iter().flatten();
    let files = builds.flat_map(|build| std::fs::read_dir(build.unwrap().path()).unwrap());
    files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap_or_default().lines().count()).sum()
}

/// Killed (SIGKILL on Unix) among the runs that learning rates are chosen by, among the standard runs, among the
/// strategies, and among the winners: what is started again goes on, and the results are the same bytes as those of a
/// run that nobody killed, on another number of threads.
#[test]
fn killed_again_and_again_the_results_are_the_same() {
    let (whole, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert!(command(whole.path(), &["--only", "orderings", "--jobs", "3"]).status().unwrap().success());
    let arguments = ["--only", "orderings", "--jobs", "1"];
    // 280 for the learning rates (7 x 8 x 5), 84 standard runs (7 x 12), 756 of strategies (7 x 36 x 3), 210 on fresh splits
    // (7 x 5 x 6), 96 with unequal classes (4 x 4 x 6), and 11 heads.
    for n_lines in [30, 320, 700, 1_190] {
        let mut child = command(folder.path(), &arguments).spawn().unwrap();
        while journalled(folder.path()) < n_lines && child.try_wait().unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!((n_lines..1_437).contains(&journalled(folder.path())));
        assert!(!folder.path().join("results.json").exists(), "it ended before it could be killed");
    }
    assert!(command(folder.path(), &arguments).status().unwrap().success());
    assert_eq!(journalled(folder.path()), 0, "a finished run leaves no journal");
    assert_eq!(bytes(folder.path()), bytes(whole.path()));

    let results: Value = serde_json::from_slice(&bytes(whole.path())).unwrap();
    let orderings = &results["experiments"]["orderings"];
    assert!(orderings["failed"].is_null());
    // The number of runs is the design's, whatever part of it was run.
    let runs =
        orderings["claims"].as_array().unwrap().iter().find(|claim| claim["id"] == "orderings/runs").unwrap();
    assert_eq!((&runs["measured"], &runs["verdict"]), (&"1710".into(), &"not reproduced".into()));
    // Equal updates in every regime, the shortest a hundredth.
    let updates = |regime: &str| orderings["numbers"][format!("digits-{regime}")]["n_updates"].as_u64().unwrap();
    assert_eq!(
        ["standard", "limited-2", "limited-10", "limited-100", "noise-60"].map(updates),
        [280, 140, 28, 2, 280]
    );
    // The grid's random order with the pacing of the easy-first winner is the control.
    let again = orderings["numbers"]["digits-noise-40"]["run_again"].as_array().unwrap();
    let strategy = |at: usize| again[at][1].as_str().unwrap().to_owned();
    assert_eq!(strategy(0).replace("easy first", "random"), strategy(3));
}
