//! The commands of the READMEs run as they stand, on what `curriculum example` writes.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use cl_data::instructions::{Instructions, VARIABLE};

use super::support::{Folder, printed, refusal, report};

const README: &str = include_str!("../../../README.md");
const OWN_README: &str = include_str!("../README.md");

/// The arguments of the command that stands on a line, without what is said of it.
fn command(line: &str) -> Option<Vec<&str>> {
    let line = line.split(" #").next().unwrap_or_default();
    let starts = ["cargo run --release -p cl-cli -- ", "curriculum "];
    Some(starts.into_iter().find_map(|start| line.strip_prefix(start))?.split_whitespace().collect())
}

/// The commands of all blocks for a shell, in their order.
fn commands(text: &str) -> Vec<Vec<&str>> {
    let (mut found, mut is_shell) = (Vec::new(), false);
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(language) => is_shell = language == "sh",
            None => found.extend(command(line).filter(|_| is_shell)),
        }
    }
    found
}

/// Runs a command; in as much time as it asks for, where this machine or what it does beside the test makes that more.
#[track_caller]
fn run(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_curriculum"));
    let output = command.args(arguments).current_dir(folder).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    if let Some(least) = least_time(&message).filter(|_| !output.status.success()) {
        let limit = format!("{}s", 2 * least);
        let longer: Vec<&str> =
            arguments.iter().map(|&of| if of == SHORT { limit.as_str() } else { of }).collect();
        assert_ne!(arguments, longer, "{message}");
        return run(folder, &longer);
    }
    assert!(output.status.success(), "{}: {message}", arguments.join(" "));
}

/// The seconds that a limit of time that is too short says it takes at least.
fn least_time(message: &str) -> Option<u64> {
    let (_, rest) = message.split_once("argument time-limit is ")?;
    let (_, rest) = rest.split_once("expected at least ")?;
    rest.split_once(" s on this machine")?.0.parse().ok()
}

/// The files of a folder.
fn content(folder: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())).collect()
}

/// The limit of what takes minutes.
const SHORT: &str = "15s";

/// What takes minutes is given seconds.
fn shortened<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let given = arguments.iter().map(|&argument| if argument == "2m" { SHORT } else { argument });
    let limit: &[&str] = match arguments {
        ["advise", ..] if !arguments.contains(&"--time-limit") => &["--time-limit", SHORT],
        _ => &[],
    };
    given.chain(limit.iter().copied()).collect()
}

#[test]
fn every_command_of_the_readmes_runs() {
    for (name, text, n_least) in [("README.md", README, 3), ("crates/cl-cli/README.md", OWN_README, 25)] {
        let commands = commands(text);
        assert!(commands.len() >= n_least, "{name}: {} commands", commands.len());
        let folder = Folder::new();
        commands.iter().for_each(|arguments| run(folder.0.path(), &shortened(arguments)));
    }
}

#[test]
fn the_example_says_what_it_holds() {
    let folder = Folder::new();
    let example = folder.path("example");
    printed(&["example", &example]);
    let files = content(&example);
    let text = String::from_utf8(files["README.txt"].clone()).unwrap();
    for name in files.keys().filter(|name| *name != "README.txt") {
        assert!(text.contains(name.as_str()), "{name}");
    }
    let commands: Vec<_> = text.lines().filter_map(command).collect();
    assert!(commands.len() >= 10, "{text}");
    commands.iter().for_each(|arguments| run(Path::new(&example), arguments));
    let after = content(&example);
    assert!(files.iter().all(|(name, bytes)| after[name] == *bytes));
}

#[test]
fn the_example_is_the_same_bytes_every_time() {
    let folder = Folder::new();
    let (one, other) = (folder.path("one"), folder.path("other"));
    let text = printed(&["example", &one]);
    assert!(text.contains("500 digits, 25 of them under a wrong label"), "{text}");
    let first = content(&one);
    std::fs::create_dir(&other).unwrap();
    let found = report(&["example", &other]);
    assert_eq!(found["n_examples"], 500);
    assert_eq!(found["n_wrong"], 25);
    assert_eq!(found["n_epochs"], 15);
    assert!(found["accuracy"].as_f64().unwrap() > 0.85, "{found}");
    let names: Vec<&str> = found["files"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(names.len() == first.len() && names.iter().all(|name| first.contains_key(*name)), "{names:?}");
    assert!(content(&other) == first);
    // What is its own it writes anew, as any output is; what others wrote beside it stays.
    folder.text("one/scores.csv", "id,el2n\n1,2\n");
    folder.text("one/kept.txt", "1\n");
    printed(&["example", &one]);
    let mut again = content(&one);
    assert_eq!(again.remove("kept.txt").unwrap(), b"1\n");
    assert!(again == first);
    for instructions in Instructions::available() {
        let own = folder.path(instructions.name());
        let mut command = Command::new(env!("CARGO_BIN_EXE_curriculum"));
        let output = command.args(["example", &own]).env(VARIABLE, instructions.name()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(content(&own) == first, "{}", instructions.name());
    }
}

#[test]
fn the_scores_of_the_example_are_those_of_its_log() {
    let folder = Folder::new();
    let example = folder.path("example");
    printed(&["example", &example]);
    let file = |name: &str| std::fs::read_to_string(Path::new(&example).join(name)).unwrap();
    let (log, scores) = (folder.path("example/dynamics.npz"), folder.path("scores.csv"));
    let metrics = "el2n,forgetting,aum,confidence,variability,correctness";
    printed(&["score", &log, "--metric", metrics, "-o", &scores]);
    assert_eq!(std::fs::read_to_string(&scores).unwrap(), file("scores.csv"));
    // Wrong labels are hard.
    let wrong = file("wrong.txt");
    let wrong: Vec<&str> = wrong.lines().collect();
    assert_eq!(wrong.len(), 25);
    let mut sums = [(0.0, 0u32); 2];
    for row in file("scores.csv").lines().skip(1) {
        let fields: Vec<&str> = row.split(',').collect();
        let (sum, n) = &mut sums[usize::from(wrong.contains(&fields[0]))];
        *sum += fields[2].parse::<f64>().unwrap();
        *n += 1;
    }
    let [right, wrong] = sums.map(|(sum, n)| sum / f64::from(n));
    assert!(wrong > 2.0 * right, "EL2N {wrong} of wrong labels, {right} of the others");
}

#[test]
fn what_is_no_example_is_left_alone() {
    let folder = Folder::new();
    let file = folder.text("file", "mine");
    let message = refusal(&["example", &file]);
    assert_eq!(message, format!("{file}: not a folder, expected one or a name that is free"));
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
    let mine = folder.path("mine");
    std::fs::create_dir(&mine).unwrap();
    folder.text("mine/README.txt", "My experiments.\n");
    let message = refusal(&["example", &mine]);
    let expected = "holds other files (README.txt), expected a new folder, an empty one or an example";
    assert_eq!(message, format!("{mine}: {expected}"));
    assert_eq!(content(&mine).len(), 1);
    let message = refusal(&["example", &folder.path("none/example")]);
    assert!(message.contains("none/example: ") && message.contains("No such file"), "{message}");
    assert_eq!(refusal(&["example", "-"]), "-: standard output, expected a folder");
    assert_eq!(std::fs::read_dir(folder.0.path()).unwrap().count(), 2);
}
