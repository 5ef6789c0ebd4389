use cl_data::io::{ArrayData, NpzReader};

use super::{DYNAMICS, Dynamics, Folder, closed_pipe, csv, curriculum, refusal, report};

#[test]
fn issues_and_joint_are_cleanlabs() {
    let folder = Folder::new();
    let out = folder.path("issues.csv");
    let mut archive = NpzReader::open(DYNAMICS).unwrap();
    let labels = Dynamics::read().labels;
    // The calibrated count of a pair of the last epoch is 1.5, which cleanlab rounds as its floating-point error
    // has it; no filter that needs it is compared there.
    let cases =
        [("mean", &["prune_by_noise_rate", "both", "confident_learning"][..]), ("last", &["confident_learning"])];
    for (epochs, filters) in cases {
        for filter in filters {
            let found = report(&["noise", DYNAMICS, "--probabilities", epochs, "--filter", filter, "-o", &out]);
            let issues = archive.read(&format!("cleanlab_{epochs}_{filter}")).unwrap().to_f64().unwrap();
            let columns = csv(&out);
            assert_eq!(columns[6].0, "issue");
            assert_eq!(columns[6].1, issues, "{epochs} {filter}");
            assert_eq!(found["n_issues"].as_f64().unwrap(), issues.iter().sum::<f64>());
            let joint: Vec<usize> =
                serde_json::from_value::<Vec<Vec<usize>>>(found["confident_joint"].clone()).unwrap().concat();
            let expected = archive.read(&format!("cleanlab_{epochs}_joint")).unwrap().to_indices().unwrap();
            assert_eq!(joint, expected, "{epochs}");
            let entries: Vec<(usize, usize, usize)> =
                serde_json::from_value(found["confident_entries"].clone()).unwrap();
            let cells =
                joint.iter().enumerate().map(|(cell, &count)| (cell / Dynamics::C, cell % Dynamics::C, count));
            assert!(entries.into_iter().eq(cells.filter(|&(.., count)| count > 0)), "{epochs}");
            // Calibrated, a row sums to the examples of its label.
            let calibrated: Vec<Vec<i64>> = serde_json::from_value(found["calibrated_joint"].clone()).unwrap();
            for (label, row) in calibrated.iter().enumerate() {
                let n = labels.iter().filter(|&&found| found == label as i64).count() as i64;
                assert_eq!(row.iter().sum::<i64>(), n);
            }
        }
        let found = report(&["noise", DYNAMICS, "--probabilities", epochs, "-o", &out]);
        let (rate, interval) = (found["noise_rate"].as_f64().unwrap(), &found["interval"]);
        assert!(interval[0].as_f64().unwrap() <= rate && rate <= interval[1].as_f64().unwrap());
    }
}

#[test]
fn logits_and_probabilities_are_the_same_input() {
    let folder = Folder::new();
    let (out, other) = (folder.path("a.csv"), folder.path("b.csv"));
    let dynamics = Dynamics::read();
    report(&["noise", DYNAMICS, "-o", &out]);
    let shape = [12, Dynamics::N, Dynamics::C];
    let input = folder.npy("probs.npy", &shape, ArrayData::F64(dynamics.probabilities()));
    let labels = folder.npy("labels.npy", &[Dynamics::N], ArrayData::I64(dynamics.labels));
    report(&["noise", &input, "--labels", &labels, "-o", &other]);
    let (a, b) = (csv(&out), csv(&other));
    for ((name, a), (_, b)) in a.iter().zip(&b).skip(1) {
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12), "{name}");
    }
    let text = String::from_utf8(curriculum(&["noise", DYNAMICS, "-o", &out]).stdout).unwrap();
    assert!(text.contains("estimated noise rate") && text.contains("95 % interval"), "{text}");
    assert_eq!(closed_pipe(&["noise", DYNAMICS, "-o", &out]), (Some(0), String::new()));
}

/// The probabilities of two examples per class, whose labels the model predicts but for the first.
fn two_of_each(folder: &Folder, c: usize) -> String {
    let row = |label: usize| (0..c).map(move |k| if k == label { 0.9 } else { 0.1 / (c - 1) as f64 });
    let mut labels: Vec<i64> = (0..2 * c as i64).map(|i| i / 2).collect();
    let probabilities = labels.iter().flat_map(|&label| row(label as usize)).collect();
    labels[0] = 1;
    let members = [
        ("probs", &[1, 2 * c, c][..], ArrayData::F64(probabilities)),
        ("labels", &[2 * c], ArrayData::I64(labels)),
    ];
    folder.npz(&format!("{c}.npz"), &members)
}

#[test]
fn many_classes_have_entries_instead_of_matrices() {
    let folder = Folder::new();
    let out = folder.path("issues.csv");
    for c in [100, 101] {
        let found = report(&["noise", &two_of_each(&folder, c), "-o", &out]);
        for joint in ["confident_joint", "calibrated_joint"] {
            assert_eq!(found[joint].as_array().map(Vec::len), (c == 100).then_some(c), "{joint} of {c}");
            assert!(found.get(joint).is_some());
        }
        let entries: Vec<(usize, usize, u64)> =
            serde_json::from_value(found["confident_entries"].clone()).unwrap();
        // Of label 1, the wrong one; every other label has its own.
        assert_eq!(entries[..3], [(0, 0, 1), (1, 0, 1), (1, 1, 2)]);
        assert_eq!(entries[3..], (2..c).map(|k| (k, k, 2)).collect::<Vec<_>>());
        let (rate, interval) = (found["noise_rate"].as_f64().unwrap(), &found["interval"]);
        assert!(interval[0].as_f64().unwrap() <= rate && rate <= interval[1].as_f64().unwrap());
    }
}

#[test]
fn where_cleanlab_may_differ_is_said() {
    let folder = Folder::new();
    let out = folder.path("issues.csv");
    let cases = [
        (8, "prune_by_noise_rate", false),
        (9, "prune_by_noise_rate", true),
        (9, "prune_by_class", true),
        (9, "both", true),
        (9, "confident_learning", false),
        (9, "predicted_neq_given", false),
        (9, "low_normalized_margin", false),
        (9, "low_self_confidence", false),
    ];
    let said = |text: &str| {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        ["cleanlab's unstable sort", "1.3 % of the issues", "by the order of the examples"]
            .map(|part| text.contains(part))
    };
    for (c, filter, expected) in cases {
        let input = two_of_each(&folder, c);
        let arguments = ["noise", &input, "-o", &out, "--filter", filter];
        let found = report(&arguments);
        assert_eq!(said(found["note"].as_str().unwrap_or_default()), [expected; 3], "{c} {filter}");
        assert!(found.get("note").is_some());
        let text = String::from_utf8(curriculum(&arguments).stdout).unwrap();
        assert_eq!(said(&text), [expected; 3], "{c} {filter}: {text}");
    }
    let help = String::from_utf8(curriculum(&["noise", "--help"]).stdout).unwrap();
    assert_eq!(said(&help), [true; 3], "{help}");
}

#[test]
fn a_class_that_never_occurs_and_bad_arguments() {
    let folder = Folder::new();
    let out = folder.path("issues.csv");
    let members = [
        ("probs", &[1, 3, 3][..], ArrayData::F64([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.7, 0.2, 0.1]].concat())),
        ("labels", &[3], ArrayData::I64(vec![0, 1, 1])),
    ];
    let input = folder.npz("p.npz", &members);
    let found = report(&["noise", &input, "-o", &out]);
    assert_eq!((found["thresholds"][2].as_f64(), found["n_classes"].as_u64()), (Some(2.0), Some(3)));
    let output = curriculum(&["noise", &input, "-o", &out, "--filter", "best"]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(message.contains("unknown filter \"best\", expected one of: prune_by_noise_rate, "), "{message}");
    assert!(refusal(&["noise", &input, "-o", &folder.path("x.npz")]).ends_with("expected .csv"));
    assert!(refusal(&["noise", &input, "-o", &out, "--level", "1"]).contains("a level between 0 and 1"));
}
