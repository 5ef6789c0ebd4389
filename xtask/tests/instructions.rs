//! The promise of `cl_data::instructions`: the same bytes from all of them.

use std::process::{Command, Output};

use cl_data::instructions::{Instructions, VARIABLE};

/// Experiments of products, softmax and samplers that are short even without vectors.
const SHORT: &str = "clusters,continuation,convergence,focal,race";

fn reproduce(instructions: &str, out: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["reproduce", "--quick", "--seeds", "3", "--only", SHORT, "--out", out])
        .env(VARIABLE, instructions)
        .output()
        .unwrap()
}

#[test]
fn results_are_the_same_bytes_from_all_instructions() {
    let folder = tempfile::tempdir().unwrap();
    let results = Instructions::available().into_iter().map(|instructions| {
        let out = folder.path().join(instructions.name());
        let run = reproduce(instructions.name(), out.to_str().unwrap());
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        (instructions, std::fs::read(out.join("results.json")).unwrap())
    });
    let results: Vec<_> = results.collect();
    for (instructions, result) in &results[1..] {
        // Not by `assert_eq`, which would print them.
        assert!(*result == results[0].1, "{instructions:?} differs from {:?}", results[0].0);
    }
}

#[test]
fn unknown_instructions_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = reproduce("sse9", folder.path().join("out").to_str().unwrap());
    let message = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(!run.status.success() && message.contains("CURRICULUM_INSTRUCTIONS is \"sse9\""), "{message}");
}
