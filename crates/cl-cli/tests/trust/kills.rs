//! A run that is killed at any moment loses nothing that was whole before, leaves nothing behind, and goes on to the same
//! bytes.
//!
//! ```sh
//! KILLS=100 cargo test -p cl-cli --release --test all -- --ignored trust::kills --nocapture
//! ```

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::data::{Array, Values};
use super::draws::Draws;
use super::{names, told};

const N: usize = 6000;
const C: usize = 10;
const E: usize = 12;

/// A log that takes some tenths of a second.
fn write_log(folder: &Path) {
    std::fs::create_dir(folder.join("run")).unwrap();
    let mut draws = Draws::of(1);
    let write = |name: &str, array: &Array| std::fs::write(folder.join("run").join(name), array.npy()).unwrap();
    for epoch in 0..E {
        let logit = |at: usize| {
            let (example, class) = (at / C, at % C);
            let right = if class == example % C { 0.4 * epoch as f64 } else { 0.0 };
            right + (draws.next() % 4096) as f64 / 1024.0 - 2.0
        };
        let values = Values::Singles((0..N * C).map(logit).collect());
        write(&format!("logits_{epoch}.npy"), &Array { shape: vec![N, C], values });
    }
    let labels = Values::Integers((0..N).map(|example| (example % C) as i64).collect());
    write("labels.npy", &Array { shape: vec![N], values: labels });
}

const BY_EPOCHS: &str = "score run --by epochs --metric all --option tdds.epochs=10 --state run.state -o out.csv";
const BY_EXAMPLES: &str =
    "score run --by examples --block 300 --metric all --option tdds.epochs=10 --state run.state -o out.csv";
const WITHOUT: &str = "score run --metric all --option tdds.epochs=10 -o out.csv";

fn start(folder: &Path, line: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_curriculum"))
        .args(line.split(' '))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn finish(folder: &Path, line: &str) {
    assert!(start(folder, line).wait().unwrap().success(), "{line}");
}

/// The files that a run leaves, without its log: of the state, which knows when it was written, the name alone.
fn left(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = names(folder).into_iter().filter(|name| !name.starts_with("run/"));
    let content = |name: &String| match name.as_str() {
        "run.state" => Vec::new(),
        name => std::fs::read(folder.join(name)).unwrap(),
    };
    files.map(|name| (name.clone(), content(&name))).collect()
}

/// How long a run takes as a rule.
fn duration(folder: &Path, line: &str) -> Duration {
    let durations = (0..3).map(|_| {
        let _ = std::fs::remove_file(folder.join("run.state"));
        let start = Instant::now();
        finish(folder, line);
        start.elapsed()
    });
    durations.max().unwrap()
}

/// Kills runs at random moments and lets them go on.
fn kills(line: &str) {
    let folder = tempfile::tempdir().unwrap();
    write_log(folder.path());
    let whole = duration(folder.path(), line);
    let expected = left(folder.path());
    let n_kills = told("KILLS").unwrap_or(100);
    let (mut n_early, mut n_saved) = (0, 0);
    for kill in 0..n_kills {
        for name in ["out.csv", "out.csv.json", "run.state"] {
            let _ = std::fs::remove_file(folder.path().join(name));
        }
        let mut run = start(folder.path(), line);
        std::thread::sleep(whole.mul_f64((Draws::of(kill).next() % 1000) as f64 / 1000.0));
        n_early += u64::from(run.try_wait().unwrap().is_none());
        // SIGKILL, of a run that may have ended.
        let _ = run.kill();
        run.wait().unwrap();
        n_saved += u64::from(folder.path().join("run.state").exists());
        finish(folder.path(), line);
        let found = left(folder.path());
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "kill {kill}");
        assert!(found == expected, "kill {kill}: other bytes");
    }
    println!(
        "{line}: of {n_kills} kills {n_early} before the end of {whole:?}, {n_saved} with a state to go on from"
    );
}

#[test]
#[ignore = "takes minutes"]
fn killed_runs_by_epochs_go_on_to_the_same_bytes() {
    kills(BY_EPOCHS);
}

#[test]
#[ignore = "takes minutes"]
fn killed_runs_by_examples_go_on_to_the_same_bytes() {
    kills(BY_EXAMPLES);
}

#[cfg(unix)]
#[test]
#[ignore = "takes minutes"]
fn interrupted_runs_leave_the_old_output_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    write_log(folder.path());
    let whole = duration(folder.path(), WITHOUT);
    let new = left(folder.path());
    let old: BTreeMap<String, Vec<u8>> =
        new.keys().map(|name| (name.clone(), format!("the old {name}").into_bytes())).collect();
    let n_kills = told("KILLS").unwrap_or(100);
    let (mut n_early, mut n_old) = (0, 0);
    for kill in 0..n_kills {
        old.iter().for_each(|(name, content)| std::fs::write(folder.path().join(name), content).unwrap());
        let mut run = start(folder.path(), WITHOUT);
        std::thread::sleep(whole.mul_f64((Draws::of(kill).next() % 1000) as f64 / 1000.0));
        n_early += u64::from(run.try_wait().unwrap().is_none());
        let signal = if kill % 2 == 0 { "-INT" } else { "-TERM" };
        Command::new("kill").args([signal, &run.id().to_string()]).stderr(Stdio::null()).status().unwrap();
        run.wait().unwrap();
        let found = left(folder.path());
        assert_eq!(found.keys().collect::<Vec<_>>(), old.keys().collect::<Vec<_>>(), "kill {kill}");
        for (name, content) in &found {
            let is_whole = *content == old[name] || *content == new[name];
            assert!(is_whole, "kill {kill}: {name} is neither the old nor the new one");
        }
        n_old += u64::from(found == old);
    }
    println!("{WITHOUT}: of {n_kills} signals {n_early} before the end of {whole:?}, {n_old} left the old output");
}
