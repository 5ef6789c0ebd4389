//! `-` as input and output, and what is said where.

use std::io::{ErrorKind, Write};
use std::process::{Command, Output, Stdio};

use cl_data::io::{Array, ArrayData, read_npy, write_npy};
use serde_json::Value;

use super::support::closed_pipe;

const SCORES: &str = "id\tperplexity\na\t1\nb\t3\nc\t2\n";

/// Runs a command that reads `input`.
fn piped(input: &[u8], arguments: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_curriculum"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    match child.stdin.take().unwrap().write_all(input) {
        // What is refused before anything is read may have ended by now.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        written => written.unwrap(),
    }
    child.wait_with_output().unwrap()
}

/// Standard output and standard error of a command that must succeed.
fn both(input: &[u8], arguments: &[&str]) -> (String, String) {
    let Output { status, stdout, stderr } = piped(input, arguments);
    let [stdout, stderr] = [stdout, stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(status.success(), "{stderr}");
    (stdout, stderr)
}

const PRUNE: [&str; 8] = ["prune", "-", "--count", "2", "--rule", "hardest", "-o", "-"];

#[test]
fn a_result_on_standard_output_has_its_report_on_standard_error() {
    let (kept, told) = both(SCORES.as_bytes(), &PRUNE);
    assert_eq!(kept, "b\nc\n");
    assert!(told.contains("2 of 3 examples kept") && told.contains("written to standard output"), "{told}");
    let (kept, told) = both(SCORES.as_bytes(), &[&PRUNE[..], &["--json"]].concat());
    assert_eq!(kept, "b\nc\n");
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["direction"]["from"], "name");
    let (kept, told) = both(SCORES.as_bytes(), &[&["--quiet"], &PRUNE[..]].concat());
    assert_eq!((kept.as_str(), told.as_str()), ("b\nc\n", ""));
    let (kept, _) = both(SCORES.as_bytes(), &[&PRUNE[..], &["--output-format", "csv"]].concat());
    assert!(kept.starts_with("id,kept,reason\na,0,"), "{kept}");
    let refused = piped(SCORES.as_bytes(), &[&PRUNE[..], &["--output-format", "npz"]].concat());
    let message = String::from_utf8(refused.stderr).unwrap();
    assert!(message.contains("--output-format npz: expected csv, jsonl, npy or ids"), "{message}");
    // What fails prints nothing.
    let failed = piped(b"id\tperplexity\na\t1\na\t3\n", &PRUNE);
    assert!(failed.status.code() == Some(1) && failed.stdout.is_empty());
}

#[test]
fn every_command_reads_and_writes_streams() {
    let order = ["order", "-", "--batch-size", "3", "--steps", "0..1", "--order", "hard-first"];
    let (rows, told) = both(SCORES.as_bytes(), &order);
    assert!(rows.starts_with("step,index,id\n0,") && rows.lines().count() == 4, "{rows}");
    assert!(told.contains("3 examples shown"), "{told}");
    let (rows, _) = both(SCORES.as_bytes(), &[&order[..], &["--output-format", "jsonl"]].concat());
    assert!(rows.starts_with("{\"step\":0,\"index\":"), "{rows}");
    let weights = ["weights", "-", "--weighting", "hard", "--param", "lambda=2.5", "-o", "-"];
    let (rows, _) = both(SCORES.as_bytes(), &weights);
    assert_eq!(rows, "id,loss,weight\na,1,1\nb,3,0\nc,2,1\n");
    let (text, _) = both(SCORES.as_bytes(), &["inspect", "-"]);
    assert!(text.contains("-: CSV, 3 rows") && text.contains("perplexity"), "{text}");
    let two = "id,loss,el2n\na,1,3\nb,2,1\nc,3,2\n";
    let (svg, told) = both(two.as_bytes(), &["agree", "-", "-o", "-"]);
    assert!(svg.contains("<svg") && told.contains("loss: high is hard"), "{told}");
    let (rows, told) = both(b"", &["schedule", "--pacing", "full", "-n", "9", "--steps", "2", "-o", "-"]);
    assert!(rows.starts_with("step,fraction,count\n") && told.contains("9 examples"), "{told}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("features.npy");
    write_npy(&path, &Array::new(vec![4, 1], ArrayData::F32(vec![0.0, 1.0, 5.0, 9.0])).unwrap()).unwrap();
    let features = std::fs::read(&path).unwrap();
    let distance = ["distance", "-", "--metric", "neighbor_distance", "-k", "1", "-o", "-"];
    let (rows, _) = both(&features, &distance);
    assert_eq!(rows, "id,neighbor_distance\n0,1\n1,1\n2,4\n3,4\n");
    let (rows, _) = both(&features, &[&distance[..], &["--output-format", "jsonl"]].concat());
    assert!(rows.starts_with("{\"id\":\"0\",\"neighbor_distance\":1}\n"), "{rows}");
    let coreset = ["coreset", "-", "--method", "k-center", "--count", "2", "--start", "0", "-o", "-"];
    let (rows, _) = both(&features, &coreset);
    assert!(rows.starts_with("index,rank,gain\n0,0,") && rows.contains("\n3,1,"), "{rows}");
    let array = piped(&features, &[&coreset[..], &["--output-format", "npy"]].concat()).stdout;
    std::fs::write(&path, array).unwrap();
    assert_eq!(read_npy(&path).unwrap().to_indices().unwrap(), [0, 3]);
    let several = [&distance[..], &["--neighbors", "-"]].concat();
    let message = String::from_utf8(piped(&features, &several).stderr).unwrap();
    assert!(message.contains("2 results on standard output"), "{message}");
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let rows: String = (0..100_000).map(|at| format!("example-{at}\t{at}\n")).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.tsv");
    std::fs::write(&path, format!("id\tloss\n{rows}")).unwrap();
    let prune = ["--quiet", "prune", path.to_str().unwrap(), "--keep", "1", "--rule", "hardest", "-o", "-"];
    assert_eq!(closed_pipe(&prune), (Some(0), String::new()));
}
