//! Scores, weights and coresets are the same bytes, whatever instructions the processor has.

use std::process::Command;

use cl_data::instructions::{Instructions, VARIABLE};
use cl_data::io::{Array, ArrayData, write_npy};

const DYNAMICS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/dynamics.npz");

#[test]
fn files_are_the_same_bytes_from_all_instructions() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let values: Vec<f32> = (0..50 * 7).map(|at| (at as f32 * 0.37).sin()).collect();
    write_npy(path("features.npy"), &Array::new(vec![50, 7], ArrayData::F32(values)).unwrap()).unwrap();
    let losses: Vec<f64> = (0..300).map(|at| (f64::from(at) * 0.73).sin().abs() * 5.0).collect();
    write_npy(path("losses.npy"), &Array::new(vec![300], ArrayData::F64(losses)).unwrap()).unwrap();
    let files = |instructions: Instructions| -> Vec<Vec<u8>> {
        let out = |name: &str| path(&format!("{}-{name}", instructions.name()));
        let (scores, weights, coreset) = (out("scores.csv"), out("weights.npy"), out("coreset.csv"));
        for arguments in [
            ["score", DYNAMICS, "--metric", "el2n,forgetting,aum,confidence,dual", "-o", &scores].as_slice(),
            &["weights", &path("losses.npy"), "--weighting", "superloss", "--param", "tau=1.5", "-o", &weights],
            &["coreset", &path("features.npy"), "--method", "facility-location", "--count", "9", "-o", &coreset],
        ] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_curriculum"));
            let output = command.args(arguments).env(VARIABLE, instructions.name()).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        [scores, weights, coreset].iter().map(|file| std::fs::read(file).unwrap()).collect()
    };
    let all: Vec<_> = Instructions::available().into_iter().map(files).collect();
    assert!(all.iter().all(|files| *files == all[0]));
}

#[test]
fn instructions_that_the_machine_lacks_are_refused() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_curriculum"));
    let output = command.args(["weights", "--list"]).env(VARIABLE, "mmx").output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(message.starts_with("error: environment variable CURRICULUM_INSTRUCTIONS is \"mmx\""), "{message}");
}
