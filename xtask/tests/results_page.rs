//! `cargo xtask results` over a run that is finished.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use xtask::results_page::page;
use xtask::run_record::run_record;

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().unwrap()
}

/// A quick run of two experiments, one of which has conditions by the dozen, which took an hour.
fn run() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let run = xtask(&["reproduce", "--quick", "--only", "clusters,self-paced-demo", "--out", out]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    run_record(folder.path(), Duration::from_secs(3723)).unwrap();
    folder
}

fn results(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("results.json")).unwrap()).unwrap()
}

/// Writes the results, changed, with a record of their own.
fn change(folder: &Path, change: impl FnOnce(&mut Value)) {
    let mut results = results(folder);
    change(&mut results);
    std::fs::write(folder.join("results.json"), serde_json::to_string_pretty(&results).unwrap()).unwrap();
    run_record(folder, Duration::ZERO).unwrap();
}

fn error(folder: &Path) -> String {
    format!("{:#}", page(&[folder.to_path_buf()]).unwrap_err())
}

#[test]
fn a_page_has_every_measurement_of_every_run() {
    let folder = run();
    let folders = [folder.path().to_path_buf(), folder.path().to_path_buf()];
    let page = page(&folders).unwrap();
    let sections: Vec<&str> = page.split("\n## ").skip(1).collect();
    assert_eq!(sections.len(), 2);
    assert_eq!(sections[0].trim_end(), sections[1].trim_end(), "twice the same run");
    let section = sections[0];
    assert!(section.starts_with("A quick run\n"), "{section}");
    for fact in [
        "- experiments: clusters, self-paced-demo\n",
        "6 repetitions of every study\n",
        "- real data: none",
        "- time: 1 h 2 min\n",
    ] {
        assert!(section.contains(fact), "{fact} is not in {section}");
    }

    let (table, measurements) = section.split_once("<details>").unwrap();
    let results = results(folder.path());
    let claims: Vec<&Value> = results["experiments"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|experiment| experiment["claims"].as_array().unwrap())
        .collect();
    for claim in &claims {
        let [id, conditions, measured, verdict, article] =
            ["id", "conditions", "measured", "verdict_in_words", "article"]
                .map(|key| claim[key].as_str().unwrap());
        let begins = format!("| {id} | {conditions} | {measured} |");
        let row =
            measurements.lines().find(|line| line.starts_with(&begins)).unwrap_or_else(|| panic!("{begins}"));
        assert!(row.contains(&format!(" | {verdict} | ")), "{row}");
        assert!(table.contains(&format!(" | {article} | ")), "{article}");
    }
    // A line for the article's code and one for all else, however many conditions there are.
    let lines = |id: &str| table.lines().filter(|line| line.starts_with(&format!("| {id} |"))).count();
    assert_eq!(["clusters/counts", "clusters/shares", "clusters/rising-entropy"].map(lines), [2, 1, 1]);
    assert!(table.contains("| clusters/rising-entropy | 15 conditions"), "{table}");
    // Each measurement has one verdict, and is counted once.
    let (n, counts) = table.lines().find_map(|line| line.split_once(" measurements: ")).unwrap();
    assert_eq!(n, claims.len().to_string());
    let counts = counts.split_once('.').unwrap().0.split(", ");
    let counted: usize = counts.map(|count| count.split_once(' ').unwrap().0.parse::<usize>().unwrap()).sum();
    assert_eq!(counted, claims.len());
}

#[test]
fn verdicts_are_those_of_the_values_and_claims_those_of_now() {
    let folder = run();
    let counts = |results: &mut Value, key: &str, value: Value| {
        let claims = results["experiments"]["clusters"]["claims"].as_array_mut().unwrap();
        let claim = claims.iter_mut().find(|claim| claim["id"] == "clusters/counts").unwrap();
        claim[key] = value;
    };
    let whole = std::fs::read(folder.path().join("results.json")).unwrap();
    let printed = serde_json::json!({ "kind": "text", "text": "Easy examples: 155, Hard examples: 45" });
    change(folder.path(), |results| counts(results, "measurement", printed));
    let told = error(folder.path());
    assert!(told.contains("clusters/counts") && told.contains("not reproduced, and reproduced by its"), "{told}");

    for (key, value) in [("article", "Easy examples: 200"), ("id", "clusters/gone"), ("judged_by", "taste")] {
        std::fs::write(folder.path().join("results.json"), &whole).unwrap();
        change(folder.path(), |results| counts(results, key, value.into()));
        let told = error(folder.path());
        assert!(told.contains("clusters/") && told.contains("run again"), "{key}: {told}");
    }
    std::fs::write(folder.path().join("results.json"), &whole).unwrap();
    change(folder.path(), |results| results["experiments"]["clusters"]["failed"] = "no memory".into());
    assert!(error(folder.path()).contains("experiment clusters failed: no memory"));

    // Of other results than lie beside it, and none.
    std::fs::write(folder.path().join("results.json"), &whole).unwrap();
    assert!(error(folder.path()).contains("run.json"));
    std::fs::remove_file(folder.path().join("run.json")).unwrap();
    assert!(error(folder.path()).contains("run.json"));
}

#[test]
fn a_run_that_lacks_what_the_readme_has_changes_nothing() {
    let folder = run();
    let files =
        ["README.md", "RESULTS.md"].map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name));
    let read = |path: &PathBuf| std::fs::read(path).ok();
    let before = files.each_ref().map(read);
    let run = xtask(&["results", "--run", folder.path().to_str().unwrap()]);
    assert_eq!(run.status.code(), Some(1));
    let message = String::from_utf8(run.stderr).unwrap();
    assert!(message.contains("self-paced/epoch-0, which this run did not measure"), "{message}");
    assert!(before == files.each_ref().map(read));
    assert_eq!(xtask(&["results"]).status.code(), Some(2), "no run is named");
}
