//! `cargo xtask reproduce --data-dir` over a small folder in the layout of the real one.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Images of a class are brighter in a band of their own, more or less.
fn pixel(example: usize, at: usize, n_pixels: usize) -> u8 {
    let (class, band) = (example % 10, 10 * at / n_pixels);
    let noise = (example * 31 + at * 17 + (example * at) % 101) % 97;
    (noise + if class == band { 60 + example % 60 } else { 0 }) as u8
}

fn idx(sizes: &[usize], bytes: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut file = vec![0, 0, 8, sizes.len() as u8];
    sizes.iter().for_each(|&size| file.extend((size as u32).to_be_bytes()));
    file.extend(bytes);
    file
}

/// MNIST's files of `n_train` and 40 images.
fn write_images(folder: &Path, n_train: usize) {
    std::fs::create_dir_all(folder).unwrap();
    for (part, n) in [("train", n_train), ("t10k", 40)] {
        let pixels = (0..n).flat_map(|example| (0..784).map(move |at| pixel(example, at, 784)));
        std::fs::write(folder.join(format!("{part}-images-idx3-ubyte")), idx(&[n, 28, 28], pixels)).unwrap();
        let labels = idx(&[n], (0..n).map(|example| (example % 10) as u8));
        std::fs::write(folder.join(format!("{part}-labels-idx1-ubyte")), labels).unwrap();
    }
}

/// CIFAR-10 of 5 x 40 and 40 images; rows of C-scores and of human labels in another order.
fn write_cifar(folder: &Path, wrong_label: bool) {
    for name in ["cifar-10-batches-bin", "cscores", "cifar-10n"] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
    }
    let batch = |first: usize| -> Vec<u8> {
        let record = |example: usize| {
            std::iter::once((example % 10) as u8).chain((0..3072).map(move |at| pixel(example, at, 3072)))
        };
        (first..first + 40).flat_map(record).collect()
    };
    let batches = folder.join("cifar-10-batches-bin");
    for k in 0..5 {
        std::fs::write(batches.join(format!("data_batch_{}.bin", k + 1)), batch(40 * k)).unwrap();
    }
    std::fs::write(batches.join("test_batch.bin"), batch(200)).unwrap();
    let mut scores = String::from("index,label,cscore\n");
    let mut humans = String::from("index,clean,aggregate,worst,random1,random2,random3\n");
    for example in (0..200u64).rev() {
        let label = example % 10;
        let said = if wrong_label && example == 7 { 3 } else { label };
        writeln!(scores, "{example},{said},{}", example as f64 / 200.0).unwrap();
        // One in five has one dissenter, one in ten a wrong vote.
        let other = (label + 1) % 10;
        let [second, third] = [5, 10].map(|k| if (example / 10).is_multiple_of(k) { other } else { label });
        let worst = if second == other { other } else { label };
        writeln!(humans, "{example},{label},{third},{worst},{label},{second},{third}").unwrap();
    }
    std::fs::write(folder.join("cscores/cifar10_cscores.csv"), scores).unwrap();
    std::fs::write(folder.join("cifar-10n/cifar10n_train_labels.csv"), humans).unwrap();
}

fn reproduce(data: &Path, out: &Path, arguments: &[&str]) -> Output {
    let paths = ["--data-dir", data.to_str().unwrap(), "--out", out.to_str().unwrap()];
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args([&["reproduce", "--quick"], &paths[..], arguments].concat())
        .output()
        .unwrap()
}

#[test]
fn scores_are_compared_with_what_others_measured() {
    let data = tempfile::tempdir().unwrap();
    write_images(&data.path().join("fashion-mnist"), 600);
    write_cifar(data.path(), false);
    let run = |jobs: &str| {
        let out = tempfile::tempdir().unwrap();
        let run = reproduce(data.path(), out.path(), &["--only", "metrics,transfer", "--jobs", jobs]);
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let report = std::fs::read_to_string(out.path().join("report.md")).unwrap();
        assert!(report.contains("Left out, because the data folder lacks them: mnist/."), "{report}");
        std::fs::read(out.path().join("results.json")).unwrap()
    };
    let bytes = run("1");
    assert_eq!(bytes, run("7"));

    let results: Value = serde_json::from_slice(&bytes).unwrap();
    let experiment = |id: &str| &results["experiments"][id];
    let numbers = &experiment("metrics")["numbers"];
    assert!(numbers["fashion-mnist_scores"].is_array() && numbers["mnist_scores"].is_null());
    for key in ["cifar-10_spearman_with_1_-_C-score", "cifar-10_spearman_with_share_of_annotators_who_differ"] {
        assert_eq!(numbers[key].as_array().unwrap().len(), 6, "{key}: one row per seed");
    }
    // A tenth of the labels is wrong, against a pattern that can be learned: the loss finds most of them.
    let areas: Vec<f64> = serde_json::from_value(numbers["cifar-10_detection_loss"].clone()).unwrap();
    assert!(areas.iter().all(|area| *area > 0.6), "{areas:?}");
    let measured = |experiment: &Value, claim: &str, data: &str| {
        let claims = experiment["claims"].as_array().unwrap().iter();
        claims.filter(|c| c["id"] == claim && c["conditions"].as_str().unwrap().contains(data)).count()
    };
    assert_eq!(measured(experiment("metrics"), "metrics/c-scores", "published"), 5);
    assert_eq!(measured(experiment("metrics"), "metrics/human-disagreement", "three annotators"), 5);
    assert_eq!(measured(experiment("transfer"), "transfer/early", "Fashion-MNIST"), 4);
}

#[test]
fn scores_of_other_data_are_refused() {
    let (data, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_cifar(data.path(), true);
    let run = reproduce(data.path(), out.path(), &["--only", "metrics"]);
    assert_eq!(run.status.code(), Some(1));
    let message = String::from_utf8(run.stderr).unwrap();
    assert!(message.contains("cifar10_cscores.csv") && message.contains("the data has 7"), "{message}");
}

/// Killed once some of its runs are in the journal, `metrics` goes on where it was.
#[test]
fn a_killed_run_goes_on_to_the_same_bytes() {
    let data = tempfile::tempdir().unwrap();
    write_images(&data.path().join("mnist"), 300);
    let (whole, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let arguments = ["--only", "metrics", "--jobs", "1"];
    assert!(reproduce(data.path(), whole.path(), &arguments).status.success());

    let paths = ["--data-dir", data.path().to_str().unwrap(), "--out", killed.path().to_str().unwrap()];
    let mut child = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args([&["reproduce", "--quick"], &paths[..], &arguments].concat())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let journalled = || -> usize {
        let builds = std::fs::read_dir(killed.path().join("journal")).into_iter().flatten();
        let files = builds.flat_map(|build| std::fs::read_dir(build.unwrap().path()).unwrap());
        files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap_or_default().lines().count()).sum()
    };
    while journalled() < 4 && child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!killed.path().join("results.json").exists(), "it ended before it could be killed");

    assert!(reproduce(data.path(), killed.path(), &arguments).status.success());
    let bytes = |folder: &Path| std::fs::read(folder.join("results.json")).unwrap();
    assert_eq!(bytes(killed.path()), bytes(whole.path()));
}
