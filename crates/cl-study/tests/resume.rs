//! A killed study goes on where it was, a finished one is read back, and neither threads nor interruptions
//! change a byte of the results.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, path::Path};

use cl_data::seal::{open_json, seal_json};
use cl_study::{
    Better, Bootstrap, Metric, Outcome, Progress, Quiet, Record, Run, Study, StudyError, StudyResults,
};
use serde_json::{Value, json};

fn study() -> Study {
    Study::new("noise", (0..6).collect::<Vec<u64>>())
        .arm("random", json!({"gain": 0.0}))
        .arm("easy first", json!({"gain": 0.1, "pacing": ["linear", 0.2]}))
        .arm("broken", json!({"gain": null}))
        .setting("clean", json!(0.0))
        .setting("noise 20 %", json!(0.2))
}

/// Fails without a gain, panics on seed 5 of the easy arm under noise, diverges on seed 4 of the random arm.
fn train(run: &Run<'_>) -> Result<Record, String> {
    let gain = run.arm.settings["gain"].as_f64().ok_or("no gain")?;
    let noise = run.setting.settings.as_f64().ok_or("no noise")?;
    if noise > 0.0 && gain > 0.0 && run.seed == 5 {
        panic!("seed {} is unlucky", run.seed);
    }
    let accuracy = 0.7 + gain - noise + (run.seed as f64 * 0.37).sin() / 30.0;
    let diverged = noise > 0.0 && gain == 0.0 && run.seed == 4;
    Ok(Record::new()
        .scalar("accuracy", accuracy)
        .scalar("loss", if diverged { f64::NAN } else { 1.0 / 3.0 - accuracy })
        .scalar("updates", 300.0)
        .scalar("examples", 9600.0 * (1.0 - gain))
        .curve("updates", [100.0, 200.0, 300.0])
        .curve("accuracy", [accuracy - 0.2, accuracy - 0.1 + gain, accuracy]))
}

fn run(jobs: usize, journal: Option<&Path>) -> Result<StudyResults, StudyError> {
    study().run(Some(jobs), journal, &Quiet, train)
}

fn bytes(results: &StudyResults) -> String {
    serde_json::to_string(results).unwrap()
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let one = bytes(&run(1, None).unwrap());
    for jobs in [2, 7] {
        assert_eq!(bytes(&run(jobs, None).unwrap()), one);
    }
    let back: StudyResults = serde_json::from_str(&one).unwrap();
    assert_eq!(bytes(&back), one);
}

/// Results of another version or with a run in another's place are refused; without a version they are of the first.
#[test]
fn saved_results_are_checked() {
    let saved = serde_json::to_value(run(2, None).unwrap()).unwrap();
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut saved = saved.clone();
        change(&mut saved);
        serde_json::from_value::<StudyResults>(saved).map_err(|error| error.to_string())
    };
    assert!(
        refused(&|saved| {
            saved.as_object_mut().unwrap().remove("version");
        })
        .is_ok()
    );
    let error = refused(&|saved| saved["version"] = json!(2)).unwrap_err();
    assert!(error.contains("saved in version 2, expected version 1"), "{error}");
    let error = refused(&|saved| saved["version"] = json!("1")).unwrap_err();
    assert!(error.contains("expected u32"), "{error}");
    let error = refused(&|saved| saved["runs"].as_array_mut().unwrap().swap(0, 1)).unwrap_err();
    assert!(error.contains("random in clean, seed 1, expected random in clean, seed 0"), "{error}");
    let error = refused(&|saved| {
        saved["runs"].as_array_mut().unwrap().pop();
    })
    .unwrap_err();
    assert!(error.contains("runs has 35 entries, expected 36"), "{error}");
}

#[test]
fn a_study_killed_anywhere_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let whole = bytes(&run(2, Some(&path)).unwrap());
    let journal = fs::read(&path).unwrap();
    // Killed in the middle of the first line, at its end, within runs and at their ends.
    let header = journal.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    let cuts =
        (0..journal.len()).step_by(487).chain([header - 1, header, header + 1, journal.len() - 1, journal.len()]);
    for cut in cuts {
        fs::write(&path, &journal[..cut]).unwrap();
        let n_complete = journal[..cut].iter().filter(|&&byte| byte == b'\n').count().saturating_sub(1);
        let n_run = AtomicUsize::new(0);
        let results = study()
            .run(Some(2), Some(&path), &Quiet, |run| {
                n_run.fetch_add(1, Ordering::Relaxed);
                train(run)
            })
            .unwrap();
        assert_eq!(n_run.into_inner(), 36 - n_complete, "cut at {cut}");
        assert_eq!(bytes(&results), whole, "cut at {cut}");
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 37);
    }
}

#[test]
fn failures_are_recorded_and_sink_nothing() {
    let results = run(2, None).unwrap();
    assert_eq!(results.failed().count(), 13);
    assert!(results.failed().any(|run| run.outcome == Outcome::Failed("no gain".into())));
    assert!(results.failed().any(|run| run.outcome == Outcome::Failed("panicked: seed 5 is unlucky".into())));

    let accuracy = Metric::scalar("accuracy");
    assert_eq!(results.summary("noise 20 %", "easy first", &accuracy).unwrap().n, 5);
    let paired = results.paired("noise 20 %", "easy first", "random", &accuracy).unwrap();
    assert_eq!(paired.differences.len(), 5);
    assert!((paired.mean_difference - 0.1).abs() < 1e-12);
    // An arm all of whose runs failed has no mean, and a diverged run is not averaged away.
    assert!(matches!(results.summary("clean", "broken", &accuracy), Err(StudyError::TooFew { .. })));
    let diverged = results.summary("noise 20 %", "random", &Metric::scalar("loss")).unwrap_err();
    assert!(matches!(diverged, StudyError::NotFinite { index: 4, .. }), "{diverged}");
}

#[test]
fn arms_are_compared_with_the_control() {
    let study = study();
    let study = Study { arms: study.arms[..2].to_vec(), ..study };
    let results = study.run(Some(2), None, &Quiet, train).unwrap();
    let accuracy = Metric::scalar("accuracy");
    let comparisons = results.compare("clean", "random", &accuracy).unwrap();
    assert_eq!((comparisons.len(), comparisons[0].missing), (1, 0));
    assert_eq!(comparisons[0].holm_p, 2.0 / 64.0);
    assert_eq!((comparisons[0].equal_updates, comparisons[0].equal_examples), (Some(true), Some(false)));
    let table = results.table("clean", "random", &accuracy, 3).unwrap().to_markdown();
    assert!(table.contains("| easy first | 6 | 0.8"), "{table}");

    let early = results.paired("clean", "easy first", "random", &Metric::at_budget("accuracy", "updates", 250.0));
    assert!((early.unwrap().mean_difference - 0.2).abs() < 1e-12);
    assert!(results.values("clean", "random", &Metric::at_budget("accuracy", "updates", 99.0)).is_err());

    let bootstrap = Bootstrap::new(200, 0).unwrap();
    let times = results
        .time_ratio("clean", "easy first", "random", "accuracy", "updates", 0.66, Better::Higher, &bootstrap)
        .unwrap();
    assert_eq!((times.both, times.only_control), (6, 0));
    assert!(times.ratio.unwrap() < 1.0);
}

#[test]
fn unknown_names_are_errors_that_list_the_known() {
    let results = run(2, None).unwrap();
    let accuracy = Metric::scalar("accuracy");
    for (error, known) in [
        (results.summary("cleaner", "random", &accuracy).unwrap_err(), "clean, noise 20 %"),
        (results.summary("clean", "hard", &accuracy).unwrap_err(), "random, easy first, broken"),
        (
            results.summary("clean", "random", &Metric::scalar("auc")).unwrap_err(),
            "accuracy, examples, loss, updates",
        ),
        (results.compare("clean", "nobody", &accuracy).unwrap_err(), "random, easy first, broken"),
    ] {
        assert!(error.to_string().ends_with(known), "{error}");
    }
}

#[test]
fn journals_of_other_studies_are_refused_by_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    run(2, Some(&path)).unwrap();
    let refused = |study: Study, expected: &str| {
        let error = study.run(Some(1), Some(&path), &Quiet, train).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    refused(Study { name: "other".into(), ..study() }, "its name is \"noise\", expected \"other\"");
    refused(Study { seeds: vec![1], ..study() }, "its seeds are [0, 1, 2, 3, 4, 5], expected [1]");
    refused(study().arm("more", json!(null)), "it has 3 arms, expected 4");
    let mut other = study();
    other.arms[1].settings["gain"] = json!(0.2);
    refused(other, "arm \"easy first\" is {\"gain\":0.1");
    let mut other = study();
    other.settings[0].name = "pure".into();
    refused(other, "setting 0 is \"clean\", expected \"pure\"");
}

/// The line as it were had another been written.
fn sealed(line: &str, part: &str, other: &str) -> String {
    seal_json(&open_json(line).unwrap().replace(part, other))
}

/// Every byte of every run counts: with one changed, deleted or doubled the run is done again, and said to be.
#[test]
fn damaged_runs_are_done_again() {
    struct Told(Mutex<Vec<usize>>);
    impl Progress for Told {
        fn started(&self, _: usize) {}
        fn damaged(&self, _: &Path, lines: &[usize]) {
            self.0.lock().unwrap().extend(lines);
        }
        fn advanced(&self) {}
        fn finished(&self) {}
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let whole = bytes(&run(1, Some(&path)).unwrap());
    let journal = fs::read(&path).unwrap();
    let header = journal.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    for at in (header..journal.len()).step_by(211) {
        let (mut changed, mut deleted, mut doubled) = (journal.clone(), journal.clone(), journal.clone());
        changed[at] ^= 1 << (at % 8);
        deleted.remove(at);
        doubled.insert(at, journal[at]);
        for damaged in [changed, deleted, doubled] {
            fs::write(&path, &damaged).unwrap();
            let told = Told(Mutex::default());
            let results = study().run(Some(2), Some(&path), &told, train).unwrap();
            assert_eq!(bytes(&results), whole, "byte {at}");
            let line = journal[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
            let told = told.0.into_inner().unwrap();
            // A line break more is no damage, and one less spoils the next line, too, or the last one.
            assert!(told.iter().all(|told| (line..=line + 1).contains(told)), "byte {at}: {told:?}");
            assert!(!told.is_empty() || journal[at] == b'\n', "byte {at}");
            assert_eq!(bytes(&run(1, Some(&path)).unwrap()), whole, "the repaired journal, byte {at}");
        }
    }
}

#[test]
fn corrupt_journals_and_other_files_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    run(1, Some(&path)).unwrap();
    let journal = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = journal.lines().collect();
    let cases = [
        ("my diary".to_owned(), "line 1"),
        ("my diary\n".to_owned(), "line 1"),
        (
            format!("{}\n{}\n{}\n", lines[0], lines[1], lines[1]),
            "line 3: run (\"clean\", \"random\", 0) is there twice",
        ),
        (format!("{}\n{}\n", lines[0], sealed(lines[1], "clean", "dirty")), "is none of the study's"),
        (format!("{}\n{}\n", lines[0], sealed(lines[1], "seed", "need")), "line 2: missing field `seed`"),
        (
            format!("{}\n", lines[0].replace("\"journal_version\":2", "\"journal_version\":1")),
            "saved in version 1, expected version 2",
        ),
        (format!("{}\n{}\n", lines[0].replace("easy", "hard"), lines[1]), "line 1: the journal is damaged"),
        (format!("{}{}\n", lines[0], lines[1]), "line 1"),
    ];
    for (content, expected) in cases {
        fs::write(&path, &content).unwrap();
        let error = run(1, Some(&path)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[test]
fn a_journal_in_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let inner = study().run(Some(1), Some(&path), &Quiet, |_| match run(1, Some(&path)) {
        Err(StudyError::Io { source, .. }) if source.kind() == std::io::ErrorKind::WouldBlock => Ok(Record::new()),
        other => Err(format!("{other:?}")),
    });
    assert_eq!(inner.unwrap().failed().count(), 0);
}

#[test]
fn what_is_no_study_is_refused() {
    for study in [
        Study { arms: vec![], ..study() },
        Study { seeds: vec![], ..study() },
        Study { seeds: vec![3, 3], ..study() },
        study().arm("random", json!(1)),
        study().setting("clean", json!(1)),
    ] {
        assert!(study.run(Some(1), None, &Quiet, train).is_err());
    }
    assert!(study().run(Some(0), None, &Quiet, train).is_err());
}
