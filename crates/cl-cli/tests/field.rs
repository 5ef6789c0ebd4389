//! Files as trainers write them, each against what it must give; see `fixtures/README.md`.

use std::collections::BTreeMap;
use std::process::{Command, Output, Stdio};

use cl_data::io::read_npy;
use serde_json::Value;

const FIELD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/field");

fn curriculum(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_curriculum")).args(arguments).current_dir(FIELD).output().unwrap()
}

/// Scores by id and column.
struct Scores {
    rows: BTreeMap<String, BTreeMap<String, f64>>,
    /// The JSON report.
    report: Value,
}

impl Scores {
    fn column(&self, name: &str) -> BTreeMap<&str, f64> {
        self.rows.iter().map(|(id, row)| (id.as_str(), row[name])).collect()
    }

    fn count(&self, what: &str) -> Option<u64> {
        let notes = self.report["notes"].as_array()?;
        notes.iter().find(|note| note["what"] == what).and_then(|note| note["count"].as_u64())
    }
}

fn score(arguments: &[&str]) -> Scores {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("scores.csv");
    let output = curriculum(&[&["score"], arguments, &["--json", "-o", out.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(out).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let row = |fields: Vec<&str>| {
        let cells = header.iter().zip(&fields).skip(1);
        (fields[0].to_owned(), cells.map(|(name, field)| ((*name).to_owned(), field.parse().unwrap())).collect())
    };
    Scores { rows: lines.map(row).collect(), report: serde_json::from_slice(&output.stdout).unwrap() }
}

fn refusal(arguments: &[&str]) -> String {
    let output = curriculum(&[arguments, &["-o", "/dev/null/scores.csv"]].concat());
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// What the reference has of each example.
fn reference(key: &str) -> Vec<f64> {
    let text = std::fs::read_to_string(format!("{FIELD}/reference.json")).unwrap();
    let reference: Value = serde_json::from_str(&text).unwrap();
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| f64::from(u8::from(value.as_bool().unwrap())));
    reference[key].as_array().unwrap().iter().map(number).collect()
}

/// Toneva's count: the number of presentations where never right.
fn forgetting() -> Vec<f64> {
    let events = reference("forgetting_events").into_iter().zip(reference("ever_correct"));
    events.map(|(events, ever)| if ever == 0.0 { 4.0 } else { events }).collect()
}

#[track_caller]
fn assert_near(found: &BTreeMap<&str, f64>, id: impl Fn(usize) -> String, expected: &[f64], within: f64) {
    for (i, expected) in expected.iter().enumerate().filter(|(i, _)| found.contains_key(&*id(*i))) {
        let value = found[&*id(i)];
        assert!((value - expected).abs() <= within, "{}: {value}, expected {expected}", id(i));
    }
}

fn by_index(i: usize) -> String {
    i.to_string()
}

fn by_doc(i: usize) -> String {
    format!("doc-{i}")
}

#[test]
fn arrays_of_any_precision_and_labels_of_any_kind() {
    let el2n = reference("el2n_mean");
    let of = |file: &str, labels: &str, more: &[&str], within: f64| {
        let scores = score(&[&[file, "--labels", labels, "--metric", "el2n"], more].concat());
        assert_eq!(scores.rows.len(), 50, "{file}");
        assert_near(&scores.column("el2n"), by_index, &el2n, within);
        scores
    };
    let scores = score(&["logits.npy", "--labels", "labels.npy", "--metric", "el2n,forgetting"]);
    assert_near(&scores.column("el2n"), by_index, &el2n, 1e-12);
    assert_near(&scores.column("forgetting"), by_index, &forgetting(), 0.0);
    of("logits.npy", "labels_onehot.npy", &["--outputs", "logits"], 1e-12);
    let text = of("logits.npy", "labels_text.npy", &["--outputs", "logits"], 1e-12);
    assert_eq!(text.report["classes"], serde_json::json!(["cat", "dog", "emu"]));
    of("logits_f16.npy", "labels.npy", &[], 2e-3);
    of("logits_bf16_as_uint16.npy", "labels.npy", &["--dtype", "bf16", "--outputs", "logits"], 2e-2);
    of("log_probabilities.npy", "labels.npy", &["--outputs", "log-probabilities"], 1e-12);
    let message = refusal(&["score", "logits_bf16_as_uint16.npy", "--labels", "labels.npy", "--metric", "el2n"]);
    assert!(message.contains("logits_bf16_as_uint16.npy") && message.contains("--dtype bf16"), "{message}");
    let losses = score(&["losses.npy", "--outputs", "losses", "--metric", "loss_mean"]);
    assert_near(&losses.column("loss_mean"), by_index, &reference("loss_mean"), 1e-12);
}

#[test]
fn one_column_of_a_binary_task_is_the_probability_of_class_1() {
    let path = |name: &str| format!("{FIELD}/{name}");
    let p = read_npy(path("binary_one_column.npy")).unwrap().to_f64().unwrap();
    let labels = read_npy(path("binary_labels.npy")).unwrap().to_indices().unwrap();
    // EL2N of (1 - p, p) is sqrt 2 times the error.
    let error = |i: usize| -> f64 {
        let epochs = (0..4).map(|epoch| (p[epoch * 50 + i] - labels[i] as f64).abs() * 2f64.sqrt());
        epochs.sum::<f64>() / 4.0
    };
    let expected: Vec<f64> = (0..50).map(error).collect();
    let labels = ["--labels", "binary_labels.npy", "--outputs", "probabilities", "--metric", "el2n"];
    let scores = score(&[&["binary_one_column.npy"], &labels[..]].concat());
    assert_near(&scores.column("el2n"), by_index, &expected, 1e-12);
}

#[test]
fn what_is_left_out_is_counted_and_what_is_wrong_is_named() {
    let of = |labels: &str, more: &[&str]| -> Vec<String> {
        let arguments = ["score", "logits.npy", "--labels", labels, "--outputs", "logits", "--metric", "el2n"];
        arguments.iter().chain(more).map(|&argument| argument.to_owned()).collect()
    };
    fn borrowed(arguments: &[String]) -> Vec<&str> {
        arguments.iter().map(String::as_str).collect()
    }
    let ignoring = of("labels_ignored.npy", &["--ignore-label", "-100"]);
    let scores = score(&borrowed(&ignoring)[1..]);
    assert_eq!((scores.rows.len(), scores.count("ignored")), (49, Some(1)));
    assert!(!scores.rows.contains_key("5"));
    assert_near(&scores.column("el2n"), by_index, &reference("el2n_mean"), 1e-12);
    let message = refusal(&borrowed(&of("labels_ignored.npy", &[])));
    assert!(message.contains("element 5: label -100") && message.contains("--ignore-label -100"), "{message}");
    let message = refusal(&borrowed(&of("labels_out_of_range.npy", &[])));
    assert!(message.contains("labels_out_of_range.npy: element 11: label 4194305"), "{message}");
    let nan = ["logits_nan.npy", "--labels", "labels.npy", "--outputs", "logits", "--metric", "el2n"];
    let scores = score(&[&nan[..], &["--nan", "skip"]].concat());
    assert_eq!((scores.rows.len(), scores.count("nan")), (50, Some(1)));
    let message = refusal(&[&["score"], &nan[..]].concat());
    assert!(message.contains("epoch 2, example 7") && message.contains("--nan skip"), "{message}");
    let message = refusal(&["prune", "scores_minus_inf.npy", "--keep", "0.5", "--rule", "hardest"]);
    assert!(message.contains("scores_minus_inf.npy: element 3"), "{message}");
}

#[test]
fn tables_of_every_trainer() {
    let loss = reference("loss_mean");
    for file in ["losses.jsonl", "losses_long.csv"] {
        let scores = score(&[file, "--metric", "loss_mean"]);
        assert_eq!(scores.rows.len(), 50);
        assert_near(&scores.column("loss_mean"), by_doc, &loss, 1e-12);
    }
    for file in ["logits_guid_gold.jsonl", "logits_long.parquet"] {
        let scores = score(&[file, "--metric", "el2n,forgetting"]);
        assert_near(&scores.column("el2n"), by_doc, &reference("el2n_mean"), 1e-12);
        assert_near(&scores.column("forgetting"), by_doc, &forgetting(), 0.0);
    }
    let scores = score(&["correct_long.csv.gz", "--metric", "forgetting"]);
    assert_near(&scores.column("forgetting"), by_doc, &forgetting(), 0.0);
    let message = refusal(&["score", "correct_long.csv.gz", "--metric", "el2n"]);
    assert!(message.contains("needs logits or probabilities"), "{message}");
    assert!(message.contains("this log can give forgetting, "), "{message}");
    let scores = score(&["ids_beyond_2_53.csv", "--metric", "loss_mean"]);
    assert_eq!(scores.rows.len(), 50);
    assert_near(&scores.column("loss_mean"), |i| (9_007_199_254_740_993 + i).to_string(), &loss, 1e-12);
}

#[test]
fn rows_twice_missing_and_of_several_seeds() {
    let loss = reference("loss_mean");
    for rule in ["first", "last", "mean"] {
        let scores = score(&["padded_duplicates.csv", "--metric", "loss_mean", "--duplicates", rule]);
        assert_near(&scores.column("loss_mean"), by_doc, &loss, 1e-12);
        assert_eq!(scores.count("duplicates"), Some(3));
    }
    let message = refusal(&["score", "padded_duplicates.csv", "--metric", "loss_mean"]);
    assert!(message.contains("3 rows") && message.contains("first id doc-29 in epoch 1"), "{message}");
    assert!(message.contains("--duplicates first, last or mean"), "{message}");
    let scores = score(&["epoch_written_twice.csv", "--metric", "loss_mean", "--duplicates", "last"]);
    assert_near(&scores.column("loss_mean"), by_doc, &loss, 1e-12);

    let scores = score(&["missing_in_one_epoch.csv", "--metric", "loss_mean", "--missing", "skip"]);
    assert_eq!((scores.rows.len(), scores.count("missing")), (50, Some(1)));
    let losses = read_npy(format!("{FIELD}/losses.npy")).unwrap().to_f64().unwrap();
    let mut expected = loss.clone();
    expected[9] = [0, 1, 3].iter().map(|epoch| losses[epoch * 50 + 9]).sum::<f64>() / 3.0;
    assert_near(&scores.column("loss_mean"), by_doc, &expected, 1e-12);
    let message = refusal(&["score", "missing_in_one_epoch.csv", "--metric", "loss_mean"]);
    assert!(message.contains("id doc-9 in epoch 2") && message.contains("--missing skip"), "{message}");

    let scores = score(&["two_seeds.csv", "--metric", "loss_mean"]);
    let expected: Vec<f64> = loss.iter().map(|loss| loss + 0.5).collect();
    assert_near(&scores.column("loss_mean"), by_doc, &expected, 1e-12);
    assert_near(&scores.column("loss_mean_sd"), by_doc, &[0.5f64.sqrt(); 50], 1e-12);
    assert_eq!(scores.report["n_runs"], 2);
}

#[test]
fn tables_of_scores_of_every_writer_keep_the_same() {
    let keep = |file: &str, more: &[&str]| {
        let fixed = ["prune", file, "--keep", "0.5", "--rule", "hardest", "--column", "perplexity", "-o", "-"];
        let output = curriculum(&[&fixed[..], more].concat());
        assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let mut order: Vec<(f64, usize)> = reference("loss_mean").into_iter().zip(0..).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let expected: String = order[..25].iter().map(|(_, i)| format!("doc-{i}\n")).collect();
    for file in
        ["scores.parquet", "scores_pandas_index.csv", "scores_tab.tsv", "scores.jsonl", "scores_bom_crlf.csv"]
    {
        assert_eq!(keep(file, &[]), expected, "{file}");
    }
    assert_eq!(keep("scores_semicolon_comma.csv", &["--decimal", ","]), expected);
    let file = std::fs::File::open(format!("{FIELD}/scores_tab.tsv")).unwrap();
    let fixed = ["prune", "-", "--keep", "0.5", "--rule", "hardest", "--column", "perplexity", "-o", "-"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_curriculum"));
    let output = command.args(fixed).stdin(Stdio::from(file)).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}
