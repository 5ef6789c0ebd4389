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
