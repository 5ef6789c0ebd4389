//! `cargo xtask reproduce` as a user runs it.

use std::path::Path;
use std::process::{Command, Output};

use cl_study::{EqualBudget, PruneCurves};
use serde_json::Value;

const FIRST_FIVE: &str = "clusters,self-paced,forgetting,focal,metrics";

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().unwrap()
}

fn reproduce(out: &Path, arguments: &[&str]) -> Output {
    let out = out.to_str().unwrap();
    xtask(&[&["reproduce", "--quick", "--out", out], arguments].concat())
}

fn results(out: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(out.join("results.json")).unwrap()).unwrap()
}

#[test]
fn the_articles_code_gives_what_it_gives() {
    let folder = tempfile::tempdir().unwrap();
    let run = reproduce(folder.path(), &["--only", FIRST_FIVE]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let results = results(folder.path());
    let numbers = |experiment: &str, name: &str| results["experiments"][experiment]["numbers"][name].clone();
    assert_eq!((numbers("clusters", "easy"), numbers("clusters", "hard")), (185.into(), 15.into()));
    let selected = numbers("self-paced", "article_selected");
    assert_eq!(selected.as_array().unwrap()[..7], [0, 0, 200, 199, 199, 199, 200].map(Value::from));
    let accuracy = numbers("self-paced", "article_accuracy");
    assert!(accuracy.as_array().unwrap()[..7].iter().all(|accuracy| *accuracy == 0.995));
    assert_eq!(numbers("forgetting", "article_unforgettable"), 200);
    let rho = numbers("metrics", "article_spearman_loss_margin").as_f64().unwrap();
    assert!((rho - 0.867_482_187_054_676_5).abs() < 1e-12, "{rho}");
    assert_eq!(numbers("metrics", "article_spearman_loss_forgetting"), Value::Null);
    let weights = |gamma: u8| -> Vec<f64> {
        serde_json::from_value(numbers("focal", &format!("weights_gamma_{gamma}"))).unwrap()
    };
    assert_eq!(weights(0), [1.0; 5]);
    for (gamma, expected) in [
        (1, [0.9, 0.7, 0.5, 0.3, 0.1]),
        (2, [0.81, 0.49, 0.25, 0.09, 0.01]),
        (5, [0.59049, 0.16807, 0.03125, 0.00243, 0.00001]),
    ] {
        for (weight, expected) in weights(gamma).into_iter().zip(expected) {
            assert!((weight - expected).abs() < 1e-12);
        }
    }

    // Every claim carries what the article says, what was measured and a verdict; the false ones are found so.
    let mut verdicts = std::collections::HashMap::new();
    for (id, experiment) in results["experiments"].as_object().unwrap() {
        assert!(experiment["failed"].is_null(), "{id}");
        for claim in experiment["claims"].as_array().unwrap() {
            assert!(claim["article"].is_string() && claim["measured"].is_string(), "{claim}");
            let key = (claim["id"].as_str().unwrap().to_owned(), claim["part"].as_str().unwrap().to_owned());
            verdicts.entry(key).or_insert(claim["verdict"].as_str().unwrap().to_owned());
        }
        let figure = folder.path().join(experiment["figures"][0].as_str().unwrap());
        assert!(std::fs::read_to_string(figure).unwrap().starts_with("<svg"));
    }
    for (claim, verdict) in [
        ("clusters/counts", "not reproduced"),
        ("clusters/shares", "not reproduced"),
        ("clusters/scale", "reproduced"),
        ("metrics/loss-margin", "reproduced"),
        ("metrics/margin-forgetting", "not tested"),
        ("metrics/all-correlate", "not tested"),
        ("self-paced/epoch-0", "not reproduced"),
        ("self-paced/epoch-5", "not reproduced"),
        ("self-paced/epoch-10", "not reproduced"),
        ("self-paced/lambda", "not reproduced"),
        ("self-paced/first-selection", "not reproduced"),
        ("self-paced/growth", "not reproduced"),
        ("self-paced/learning", "not reproduced"),
        ("self-paced/competence", "reproduced"),
        ("focal/gamma-0", "reproduced"),
        ("focal/gamma-1", "reproduced"),
        ("focal/gamma-2", "reproduced"),
        ("focal/gamma-5", "reproduced"),
        ("focal/shares", "reproduced"),
        ("focal/smallest-weight", "reproduced"),
        ("forgetting/unforgettable", "not reproduced"),
        ("forgetting/forgotten", "not reproduced"),
    ] {
        assert_eq!(verdicts[&(claim.to_owned(), "article".to_owned())], verdict, "{claim}");
    }
    // What the kept results say of the article's code is what the code gives.
    let kept = include_str!("../../RESULTS.md");
    for experiment in results["experiments"].as_object().unwrap().values() {
        for claim in experiment["claims"].as_array().unwrap().iter().filter(|claim| claim["part"] == "article") {
            let [id, article, measured, verdict] =
                ["id", "article", "measured", "verdict"].map(|key| claim[key].as_str().unwrap());
            let (first, last) = (format!("| {id} | "), format!(" | {article} | {measured} | {verdict} |"));
            let is_kept = |line: &str| line.starts_with(&first) && line.ends_with(&last);
            assert!(kept.lines().any(is_kept), "RESULTS.md lacks: {first}...{last}");
        }
    }
    for claim in ["clusters/counts", "forgetting/unforgettable", "forgetting/forgotten"] {
        assert_eq!(verdicts[&(claim.to_owned(), "changed".to_owned())], "reproduced", "{claim}");
    }
    let report = std::fs::read_to_string(folder.path().join("report.md")).unwrap();
    assert!(report.contains("| clusters/counts |") && report.contains("](clusters.svg)"));
    // However often a claim was measured, what it was measured on is named once.
    let judged: Vec<&str> = report.lines().filter(|line| line.contains("; measured on ")).collect();
    assert!(judged.iter().all(|line| line.matches("many repetitions or real data").count() <= 1), "{judged:?}");
    assert!(judged.iter().any(|line| line.ends_with("measured on the article's code, a changed setting")));
}

#[test]
fn results_are_the_same_bytes_for_any_number_of_threads() {
    let bytes = |jobs: &str| {
        let folder = tempfile::tempdir().unwrap();
        let run = reproduce(folder.path(), &["--jobs", jobs, "--seeds", "3"]);
        assert!(run.status.success());
        std::fs::read(folder.path().join("results.json")).unwrap()
    };
    let one = bytes("1");
    assert_eq!(one, bytes("7"));
}

/// What `curriculum crossover` reads, and what hardly depends on the sizes of a quick run: the hardest half of wrongly
/// labelled digits holds most of the wrong labels, and is worse than half at random.
#[test]
fn prune_studies_are_kept_as_files() {
    let folder = tempfile::tempdir().unwrap();
    assert!(reproduce(folder.path(), &["--only", "el2n"]).status.success());
    let study = std::fs::read_to_string(folder.path().join("el2n-digits-noise-20.json")).unwrap();
    let curves: PruneCurves = serde_json::from_str(&study).unwrap();
    let half = |method: &str| {
        let points = curves.curve(method, EqualBudget::Updates).unwrap();
        let point = points.into_iter().find(|point| point.kept == 0.5).unwrap();
        let wrong: usize = point.outcomes.iter().filter_map(|outcome| outcome.wrong_labels).sum();
        let kept: usize = point.outcomes.iter().map(|outcome| outcome.n_kept).sum();
        (point.accuracy.unwrap().mean, wrong as f64 / kept as f64)
    };
    let (hardest, random) = (half("EL2N, hardest"), half("random"));
    assert!(hardest.1 > 0.35 && (random.1 - 0.2).abs() < 0.03, "{hardest:?} {random:?}");
    assert!(hardest.0 < random.0, "{hardest:?} {random:?}");
}

#[test]
fn the_list_names_every_experiment() {
    let list = xtask(&["reproduce", "--list"]);
    assert!(list.status.success());
    let list = String::from_utf8(list.stdout).unwrap();
    for id in FIRST_FIVE.split(',') {
        assert!(list.lines().any(|line| line.starts_with(id)), "{id}");
    }
}

#[test]
fn bad_arguments_are_told_what_is_wrong() {
    let unknown = xtask(&["reproduce", "--only", "clusters,nonesuch"]);
    assert_eq!(unknown.status.code(), Some(2));
    let message = String::from_utf8(unknown.stderr).unwrap();
    assert!(message.contains("nonesuch") && message.contains("forgetting"), "{message}");
    assert_eq!(xtask(&["reproduce", "--seeds", "1"]).status.code(), Some(2));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    let run = reproduce(&file, &["--only", "clusters"]);
    assert_eq!(run.status.code(), Some(1));
    let message = String::from_utf8(run.stderr).unwrap();
    assert!(message.contains(file.to_str().unwrap()) && message.contains("cannot be written"), "{message}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
}

/// Killed (SIGKILL on Unix) once some of its runs are in the journal, and started again, a study goes on where it
/// was: the results are the same bytes as those of an uninterrupted run, and the finished runs are not run again.
#[test]
fn a_killed_run_goes_on_where_it_was() {
    let arguments = ["--only", "shapes", "--jobs", "1"];
    let whole = tempfile::tempdir().unwrap();
    assert!(reproduce(whole.path(), &arguments).status.success());

    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["reproduce", "--quick", "--out", out])
        .args(arguments)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let journalled = || -> usize {
        let builds = std::fs::read_dir(folder.path().join("journal")).into_iter().flatten();
        let files = builds.flat_map(|build| std::fs::read_dir(build.unwrap().path()).unwrap());
        files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap_or_default().lines().count()).sum()
    };
    while journalled() < 5 && child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(journalled() >= 5);
    assert!(!folder.path().join("results.json").exists(), "it ended before it could be killed");

    assert!(reproduce(folder.path(), &arguments).status.success());
    assert_eq!(journalled(), 0, "a finished run leaves no journal");
    let bytes = |folder: &Path| std::fs::read(folder.join("results.json")).unwrap();
    assert_eq!(bytes(folder.path()), bytes(whole.path()));
}
