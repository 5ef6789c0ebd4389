use cl_data::io::{ArrayData, NpzReader, read_npy};
use serde_json::{Value, json};

use super::{DYNAMICS, Dynamics, Folder, closed_pipe, csv, curriculum, report, sidecar};

/// Scores of an input by all metrics, as columns.
fn all(input: &str, more: &[&str]) -> Vec<(String, Vec<f64>)> {
    let folder = Folder::new();
    let out = folder.path("scores.csv");
    report(&[&["score", input, "--metric", "all", "-o", &out], more].concat());
    csv(out)
}

#[test]
fn every_column_equals_its_definition() {
    let columns = all(DYNAMICS, &[]);
    let mut archive = NpzReader::open(DYNAMICS).unwrap();
    let mut n_compared = 0;
    for (name, values) in &columns[2..] {
        let reference = archive.read(&format!("reference_{name}")).unwrap().to_f64().unwrap();
        for (example, (&value, &reference)) in values.iter().zip(&reference).enumerate() {
            // NaN where NumPy's formula divides 0 by 0.
            let close = (value - reference).abs() <= 1e-6 * reference.abs() + 1e-12;
            assert!(close || reference.is_nan(), "{name} of example {example}: {value}, expected {reference}");
        }
        n_compared += 1;
    }
    assert_eq!(n_compared, archive.names().iter().filter(|name| name.starts_with("reference_")).count());
    let dynamics = Dynamics::read();
    assert_eq!(columns[0].0, "id");
    assert_eq!(columns[1].0, "label");
    assert_eq!(columns[0].1, dynamics.ids.iter().map(|&id| id as f64).collect::<Vec<_>>());
    assert_eq!(columns[1].1, dynamics.labels.iter().map(|&label| label as f64).collect::<Vec<_>>());
}

#[test]
fn every_layout_gives_the_same_scores() {
    let expected = all(DYNAMICS, &[]);
    let dynamics = Dynamics::read();
    let (arrays, cartography, tdds) = (Folder::new(), Folder::new(), Folder::new());
    dynamics.write_epochs(&arrays);
    assert_eq!(all(&arrays.path(""), &[]), expected);
    dynamics.write_cartography(&cartography);
    cartography.text("td_metrics.jsonl", "{}");
    assert_eq!(all(&cartography.path(""), &[]), expected);
    dynamics.write_tdds(&tdds);
    tdds.npy("ids.npy", &[Dynamics::N], ArrayData::I64(dynamics.ids.clone()));
    let labels = arrays.path("labels.npy");
    assert_eq!(all(&tdds.path(""), &["--labels", &labels]), expected);
    // Labels in the order of presentation.
    let presented = Dynamics::order(0).into_iter().map(|i| dynamics.labels[i]).collect();
    tdds.npy("0_Label.npy", &[Dynamics::N], ArrayData::I64(presented));
    assert_eq!(all(&tdds.path(""), &[]), expected);
    // One file without labels and ids.
    let logits = ArrayData::F32(dynamics.logits.concat());
    let single = arrays.npy("../logits.npy", &[12, Dynamics::N, Dynamics::C], logits);
    let found = all(&single, &["--labels", &labels]);
    assert_eq!(found[1..], expected[1..]);
    assert_eq!(found[0].1[39], 39.0);
    std::fs::remove_file(single).unwrap();
}

#[test]
fn half_precision_fortran_order_and_names_without_a_kind_are_read() {
    let dynamics = Dynamics::read();
    let folder = Folder::new();
    let (n, c) = (Dynamics::N, Dynamics::C);
    // In Fortran order the last axis varies slowest.
    let logits = &dynamics.logits[3];
    let columns: Vec<u8> =
        (0..c).flat_map(|k| (0..n).flat_map(move |i| logits[i * c + k].to_be_bytes())).collect();
    let mut header = format!("{{'descr': '>f4', 'fortran_order': True, 'shape': ({n}, {c}), }}");
    header.push('\n');
    let bytes = [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), &columns];
    std::fs::write(folder.path("logits_0.npy"), bytes.concat()).unwrap();
    folder.npy("labels.npy", &[n], ArrayData::I64(dynamics.labels.clone()));
    let out = folder.path("scores.csv");
    report(&["score", &folder.path(""), "--metric", "el2n,entropy", "-o", &out]);
    let fortran = csv(&out);
    folder.npy("logits_0.npy", &[n, c], ArrayData::F32(logits.clone()));
    report(&["score", &folder.path(""), "--metric", "el2n,entropy", "-o", &out]);
    assert_eq!(csv(&out), fortran);
    // A name that says nothing: the numbers do.
    std::fs::rename(folder.path("logits_0.npy"), folder.path("epoch_0.npy")).unwrap();
    assert_eq!(report(&["score", &folder.path(""), "--metric", "el2n", "-o", &out])["outputs"], "logits");
    let probabilities = ArrayData::F64(dynamics.probabilities()[..n * c].to_vec());
    folder.npy("epoch_0.npy", &[n, c], probabilities);
    assert_eq!(report(&["score", &folder.path(""), "--metric", "el2n", "-o", &out])["outputs"], "probabilities");
}

#[test]
fn probabilities_give_all_but_margins_of_logits() {
    let dynamics = Dynamics::read();
    let folder = Folder::new();
    let shape = [12, Dynamics::N, Dynamics::C];
    let input = folder.npz(
        "probs.npz",
        &[
            ("probs", &shape, ArrayData::F64(dynamics.probabilities())),
            ("labels", &[Dynamics::N], ArrayData::I64(dynamics.labels)),
        ],
    );
    let out = folder.path("scores.npz");
    let found = report(&["score", &input, "--metric", "all", "-o", &out]);
    assert_eq!(
        found["skipped"],
        json!([{"metric": "aum", "reason": "needs logits, the input has probabilities"},
        found["skipped"][1]])
    );
    report(&["score", &input, "--metric", "aum", "--option", "aum.outputs=probabilities", "-o", &out]);
    assert_eq!(sidecar(&out)["columns"][0]["options"]["outputs"], "probabilities");
}

#[test]
fn each_output_holds_the_same_numbers() {
    let folder = Folder::new();
    let (text, archive, array) = (folder.path("s.csv"), folder.path("s.npz"), folder.path("s.npy"));
    let metric = ["score", DYNAMICS, "--metric", "el2n,forgetting,never_learned", "-o"];
    report(&[&metric[..], &[&text]].concat());
    report(&[&metric[..], &[&archive]].concat());
    report(&["score", DYNAMICS, "--metric", "el2n", "-o", &array]);
    let columns = csv(&text);
    let mut archive = NpzReader::open(archive).unwrap();
    assert_eq!(archive.names(), ["el2n", "forgetting", "ids", "labels", "never_learned"]);
    for (name, values) in &columns[2..] {
        // Bit for bit, through the text too.
        assert_eq!(&archive.read(name).unwrap().to_f64().unwrap(), values, "{name}");
    }
    assert_eq!(read_npy(array).unwrap().to_f64().unwrap(), columns[2].1);
    let names = ["s.csv", "s.csv.json", "s.npy", "s.npy.json", "s.npz", "s.npz.json"];
    assert_eq!(folder.names(), names, "no temporary file is left");
}

#[test]
fn the_sidecar_tells_where_scores_come_from() {
    let folder = Folder::new();
    let out = folder.path("scores.csv");
    let options = ["--option", "tdds.window=6", "--option", "forgetting.never_learned=cartography"];
    let metric = ["score", DYNAMICS, "--metric", "tdds,forgetting,aum", "-o", &out];
    let report = report(&[&metric[..], &options].concat());
    let found = sidecar(&out);
    assert_eq!(found["columns"], report["columns"]);
    assert_eq!(report["output"], Value::String(out.clone()));
    assert_eq!(found["columns"][0]["options"]["window"], "6");
    assert_eq!(found["columns"][1]["options"]["never_learned"], "cartography");
    let directions: Vec<_> = (0..3).map(|i| found["columns"][i]["higher_is_harder"].clone()).collect();
    assert_eq!(directions, [json!(true), json!(true), json!(false)]);
    assert_eq!((&found["n_never_learned"], &found["n_classes"]), (&json!(4), &json!(7)));
    assert_eq!(found["epochs"], json!((0..12).collect::<Vec<_>>()));
    assert_eq!(found["fingerprint"].as_str().unwrap().len(), 64);
    assert_eq!(csv(&out)[3].1.iter().filter(|&&value| value == 1000.0).count(), 4);
}

#[test]
fn blocks_of_examples_give_the_same_scores() {
    let dynamics = Dynamics::read();
    let (inner, folder) = (Folder::new(), Folder::new());
    dynamics.write_epochs(&inner);
    let (input, state, out) = (inner.path(""), folder.path("run.state"), folder.path("out.csv"));
    let expected = all(&input, &[]);
    assert_eq!(all(&input, &["--by", "examples"]), expected);
    let resumed =
        ["score", &input, "--metric", "all", "-o", &out, "--by", "examples", "--block", "7", "--state", &state];
    report(&resumed);
    assert_eq!(csv(&out), expected);
    let bytes = std::fs::read(&state).unwrap();
    report(&resumed);
    assert_eq!((csv(&out), std::fs::read(&state).unwrap()), (expected.clone(), bytes.clone()), "all done");
    // Killed in the middle of a block: that block is scored again, in blocks of another size.
    let mut blocks = resumed;
    blocks[9] = "5";
    for end in [bytes.len() / 2, bytes.len() * 2 / 3, bytes.len() - 1] {
        std::fs::write(&state, &bytes[..end]).unwrap();
        report(&blocks);
        assert_eq!(csv(&out), expected);
    }
    // A block whose bytes are others is scored again, too.
    let mut damaged = bytes.clone();
    let last = damaged.len() - 3;
    damaged[last] ^= 1;
    std::fs::write(&state, damaged).unwrap();
    report(&resumed);
    assert_eq!((csv(&out), std::fs::read(&state).unwrap()), (expected, bytes.clone()));
    let refused = |arguments: &[&str], said: &str| {
        let message = super::refusal(arguments);
        assert!(message.contains(&state) && message.contains(said), "{message}");
    };
    let mut other = resumed;
    other[3] = "el2n";
    refused(&other, "metrics or their options differ");
    refused(&["score", &input, "--metric", "all", "-o", &out, "--state", &state], "no state of scoring by epochs");
    // Killed as it began the state: it begins anew, and says so.
    for end in [10, 30, 100] {
        std::fs::write(&state, &bytes[..end]).unwrap();
        let notes = report(&resumed)["notes"].to_string();
        assert!(notes.contains(&format!("{end} bytes after the first 0 blocks")), "{notes}");
        assert_eq!(std::fs::read(&state).unwrap(), bytes);
    }
    for at in [10, 30, 100] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        std::fs::write(&state, damaged).unwrap();
        refused(&resumed, if at < 24 { "no state of" } else { "damaged" });
    }
    std::fs::write(&state, &bytes).unwrap();
    std::fs::remove_file(inner.path("logits_011.npy")).unwrap();
    refused(&resumed, "the number of epochs, the file of epoch 11 differ");
    // Which epoch, which example, by its id.
    let mut bad = dynamics.logits[4].clone();
    bad[33 * Dynamics::C + 2] = f32::NAN;
    inner.npy("logits_004.npy", &[Dynamics::N, Dynamics::C], ArrayData::F32(bad));
    let message =
        super::refusal(&["score", &input, "--metric", "el2n", "-o", &out, "--by", "examples", "--block", "20"]);
    let id = dynamics.ids[33];
    assert!(
        message.contains("logits_004.npy") && message.contains(&format!("epoch 4, example {id}: logit")),
        "{message}"
    );
    let message = super::refusal(&["score", DYNAMICS, "--metric", "el2n", "-o", &out, "--by", "examples"]);
    assert!(message.contains("--by examples needs a folder"), "{message}");
}

#[test]
fn second_split_forgetting_is_of_the_other_log() {
    let dynamics = Dynamics::read();
    let (inner, folder) = (Folder::new(), Folder::new());
    dynamics.write_epochs(&inner);
    let (second, out) = (inner.path(""), folder.path("out.csv"));
    let metric = "el2n,second_split_forgetting,forgetting";
    let arguments = ["score", DYNAMICS, "--metric", metric, "--second-split", &second, "-o", &out];
    let found = report(&arguments);
    assert_eq!(found["second_split"], Value::String(second.clone()));
    let columns = csv(&out);
    let names: Vec<_> = columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["id", "label", "el2n", "second_split_forgetting", "forgetting"]);
    // By its definition: one more than the last right epoch of the second log.
    for (i, &time) in columns[3].1.iter().enumerate() {
        let label = dynamics.labels[i] as usize;
        let right = |epoch: &usize| {
            let z = &dynamics.logits[*epoch][i * Dynamics::C..][..Dynamics::C];
            (0..Dynamics::C).fold(0, |best, k| if z[k] > z[best] { k } else { best }) == label
        };
        assert_eq!(time, (0..12).rfind(right).map_or(0.0, |epoch| epoch as f64 + 1.0), "{i}");
    }
    let both = report(&["score", DYNAMICS, "--metric", "all", "--second-split", &second, "-o", &out]);
    assert_eq!(both["skipped"], json!([]));
    inner.npy("labels.npy", &[Dynamics::N], ArrayData::I64(vec![0; Dynamics::N]));
    assert!(super::refusal(&arguments).contains("expected the same examples"));
    let message = super::refusal(&["score", DYNAMICS, "--metric", "el2n", "--second-split", &second, "-o", &out]);
    assert!(message.contains("no metric asked for is of a second split"), "{message}");
}

#[test]
fn a_stopped_run_goes_on_where_it_was() {
    let dynamics = Dynamics::read();
    let folder = Folder::new();
    let inner = Folder::new();
    dynamics.write_epochs(&inner);
    let (state, out, whole) = (folder.path("run.state"), folder.path("out.csv"), folder.path("whole.csv"));
    report(&["score", &inner.path(""), "--metric", "all", "-o", &whole]);
    // The last five epochs are not there yet.
    for epoch in 7..12 {
        std::fs::rename(inner.path(&format!("logits_{epoch:03}.npy")), folder.path(&format!("{epoch}"))).unwrap();
    }
    let resumed = ["score", &inner.path(""), "--metric", "all", "-o", &out, "--state", &state];
    report(&resumed);
    assert_ne!(csv(&out), csv(&whole));
    for epoch in 7..12 {
        std::fs::rename(folder.path(&format!("{epoch}")), inner.path(&format!("logits_{epoch:03}.npy"))).unwrap();
    }
    // An epoch that was recorded is not read again: bytes in its middle are not looked at.
    report(&resumed);
    assert_eq!(csv(&out), csv(&whole));
    report(&resumed);
    assert_eq!(csv(&out), csv(&whole));
    let refused = |arguments: &[&str], said: &str| {
        let message = super::refusal(arguments);
        assert!(message.starts_with(&state) && message.contains(said), "{message}");
    };
    let mut other = resumed;
    other[3] = "el2n";
    refused(&other, "metrics or their options differ");
    inner.npy("logits_002.npy", &[Dynamics::N, Dynamics::C], ArrayData::F32(dynamics.logits[3].clone()));
    refused(&resumed, "the file of epoch 2 differ");
    inner.npy("labels.npy", &[Dynamics::N], ArrayData::I64(vec![0; Dynamics::N]));
    refused(&resumed, "ids or labels");
    let bytes = std::fs::read(&state).unwrap();
    dynamics.write_epochs(&inner);
    for end in [0, 10, 30, 200, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&state, &bytes[..end]).unwrap();
        refused(&resumed, if end < 24 { "no state of scoring by epochs" } else { "damaged" });
    }
    std::fs::write(&state, [&bytes[..], &[0]].concat()).unwrap();
    refused(&resumed, "damaged");
    let other = folder.path("other.state");
    let message = super::refusal(&["score", DYNAMICS, "--metric", "el2n", "-o", &out, "--state", &other]);
    assert!(message.contains("--state needs an input of one file per epoch"), "{message}");
}

#[test]
fn the_metrics_are_listed() {
    let text = String::from_utf8(curriculum(&["score", "--list-metrics"]).stdout).unwrap();
    assert!(text.contains("tdds.window"), "{text}");
    let found = report(&["score", "--list-metrics"]);
    let names: Vec<_> = found.as_array().unwrap().iter().map(|metric| metric["name"].as_str().unwrap()).collect();
    let scores = all(DYNAMICS, &[]);
    let expected = scores[2..].iter().map(|(name, _)| name.as_str()).chain(["second_split_forgetting"]);
    assert_eq!(names, expected.collect::<Vec<_>>());
    assert_eq!(closed_pipe(&["score", "--list-metrics"]), (Some(0), String::new()));
}

#[test]
fn wrong_usage() {
    let status = |arguments: &[&str]| curriculum(arguments).status.code();
    assert_eq!(status(&["score"]), Some(2));
    assert_eq!(status(&["score", DYNAMICS, "-o", "x.csv"]), Some(2));
    assert_eq!(status(&["score", DYNAMICS, "--metric", "el2n"]), Some(2));
    let option = ["score", DYNAMICS, "--metric", "el2n", "-o", "x.csv", "--option", "window=3"];
    assert_eq!(status(&option), Some(2));
    let help = String::from_utf8(curriculum(&["score", "--help"]).stdout).unwrap();
    assert!(help.contains("curriculum score dynamics.npz --metric el2n,forgetting,aum -o scores.csv"), "{help}");
}
