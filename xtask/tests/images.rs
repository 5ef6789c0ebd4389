//! The studies on CIFAR-10, on a few images of noise: all tables, and the same bytes after an interruption.

use std::fmt::Write as _;
use std::path::Path;

use cl_data::random;
use rand::Rng;
use xtask::images::{Images, images};
use xtask::run_record::RunRecord;

const N: usize = 130;

/// The files of the binary version, 26 images each, and labels of people that are wrong here and there.
fn write_data(folder: &Path) {
    let binary = folder.join("cifar-10-batches-bin");
    let people = folder.join("cifar-10n");
    std::fs::create_dir_all(&binary).unwrap();
    std::fs::create_dir_all(&people).unwrap();
    let mut rng = random::stream(1, "test", 0);
    let mut records = |name: String, first: usize, n: usize| {
        let mut bytes = Vec::new();
        for example in first..first + n {
            bytes.push((example % 10) as u8);
            bytes.extend((0..3072).map(|_| (rng.next_u32() >> 24) as u8));
        }
        std::fs::write(binary.join(name), bytes).unwrap();
    };
    for batch in 0..5 {
        records(format!("data_batch_{}.bin", batch + 1), batch * N / 5, N / 5);
    }
    records("test_batch.bin".into(), 0, 20);
    let mut text = "index,clean,aggregate,worst,random1,random2,random3\n".to_owned();
    for example in 0..N {
        let clean = example % 10;
        let worst = if example % 3 == 0 { (clean + 1) % 10 } else { clean };
        writeln!(text, "{example},{clean},{clean},{worst},{clean},{clean},{worst}").unwrap();
    }
    std::fs::write(people.join("cifar10n_train_labels.csv"), text).unwrap();
}

#[test]
fn an_interrupted_study_goes_on_to_the_same_bytes() {
    let (data, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_data(data.path());
    let arguments = Images {
        data_dir: data.path().into(),
        journal: out.path().into(),
        seeds: 2,
        epochs: 4,
        images: Some(128),
        jobs: None,
    };
    images(&arguments).unwrap();
    let read = |name: &str| std::fs::read_to_string(out.path().join(name)).unwrap();
    let (results, table) = (read("results.json"), read("table.md"));
    assert_eq!(RunRecord::read(out.path()).unwrap().version, env!("CARGO_PKG_VERSION"));
    for expected in ["perceptron, clean", "worst of three", "33.59 %", "random removed", "standard3", "n = 2"] {
        assert!(table.contains(expected), "no {expected} in {table}");
    }
    // As a run that was killed leaves it: some runs missing, and the last one torn.
    let journal = out.path().join("pruning.jsonl");
    let whole = std::fs::read_to_string(&journal).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let torn = [&lines[..lines.len() / 2].join("\n"), "\n", &lines[lines.len() / 2][..20]].concat();
    std::fs::write(&journal, torn).unwrap();
    images(&arguments).unwrap();
    assert_eq!((read("results.json"), read("table.md")), (results, table));
    // Of other settings it is not taken.
    let error = images(&Images { epochs: 5, ..arguments }).unwrap_err().to_string();
    assert!(error.contains("scores.jsonl"), "{error}");
}
