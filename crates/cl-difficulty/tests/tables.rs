//! Scores in tables and back, and tables that are refused.

use cl_data::{Dataset, Ids};
use cl_difficulty::table::{Table, sidecar_path, write_scores};
use cl_difficulty::{DifficultyError, Metric, Provenance, Scores};

#[test]
fn scores_come_back_with_what_travels_with_them() {
    let data = Dataset::new(1, vec![0.0, 1.0, 2.0], vec![0, 1, 0], 2).unwrap();
    let provenance = Provenance { model: "perceptron".into(), epochs: vec![0, 1], seeds: vec![7] };
    let metric = Metric::new("forgetting").with_option("never_learned", "infinite");
    let values = vec![0.1, f64::INFINITY, 2.0];
    let forgetting = Scores::with_infinities(metric, values, &data, provenance.clone()).unwrap();
    let loss = Scores::new(Metric::new("loss"), vec![0.5; 3], &data, Provenance::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for name in ["scores.csv", "scores.npz"] {
        let path = folder.path().join(name);
        write_scores(&path, data.ids(), &[&forgetting, &loss]).unwrap();
        let table = Table::read(&path).unwrap();
        assert_eq!(table.scores(Some("forgetting"), None).unwrap(), forgetting);
        assert_eq!(table.scores(Some("loss"), None).unwrap(), loss);
        assert_eq!(table.sidecar.as_ref().unwrap().n_never_learned, Some(1));
        assert!(table.scores(None, None).unwrap_err().to_string().contains("expected option `column`"));
        // An example never learned would be the easiest there is.
        let error = table.scores(Some("forgetting"), Some(false)).unwrap_err().to_string();
        assert!(error.contains("forgetting of example 1 is -inf"), "{error}");
    }
    let path = folder.path().join("loss.npy");
    write_scores(&path, data.ids(), &[&loss]).unwrap();
    assert!(Table::read(&path).unwrap().scores(None, None).unwrap_err().to_string().contains("no ids"));
}

#[test]
fn other_data_and_other_forms_are_refused() {
    let data = Dataset::new(1, vec![0.0, 1.0], vec![0, 1], 2).unwrap();
    let loss = Scores::new(Metric::new("loss"), vec![0.5; 2], &data, Provenance::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    let other = Ids::integers(vec![7, 8]).unwrap();
    assert!(matches!(write_scores(&path, &other, &[&loss]), Err(DifficultyError::OtherData { .. })));
    assert!(write_scores(&path, data.ids(), &[&loss, &loss]).unwrap_err().to_string().contains("loss twice"));
    write_scores(&path, data.ids(), &[&loss]).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\n1,1,", "\n1,0,")).unwrap();
    assert!(Table::read(&path).unwrap_err().to_string().contains("they belong to other data"));
    std::fs::write(&path, text).unwrap();
    let beside = sidecar_path(&path);
    let json = std::fs::read_to_string(&beside).unwrap();
    std::fs::write(&beside, json.replace("\"form\": 1", "\"form\": 2")).unwrap();
    let error = Table::read(&path).unwrap_err().to_string();
    assert!(error.contains("scores.csv.json: saved in version 2, expected version 1"), "{error}");
    // A sidecar of before forms had a version.
    std::fs::write(&beside, json.replace("\"form\": 1,", "")).unwrap();
    assert_eq!(Table::read(&path).unwrap().scores(None, None).unwrap(), loss);
}

/// Sorted and filtered tables are still those of their sidecar; others are not.
#[test]
fn the_sidecar_goes_with_the_set() {
    let data = Dataset::new(1, vec![0.0, 1.0, 2.0], vec![0, 1, 1], 2).unwrap();
    let aum = Scores::new(Metric::new("aum"), vec![0.1, 0.2, 0.3], &data, Provenance::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    write_scores(&path, data.ids(), &[&aum]).unwrap();
    assert_eq!(Table::read(&path).unwrap().part_of_sidecar(), None);
    let read = |rows: &str| {
        std::fs::write(&path, format!("id,label,aum\n{rows}")).unwrap();
        Table::read(&path)
    };
    let sorted = read("2,1,0.3\n0,0,0.1\n1,1,0.2\n").unwrap();
    assert_eq!((sorted.part_of_sidecar(), sorted.higher_is_harder("aum")), (None, Some(true)));
    assert_eq!(sorted.scores(None, None).unwrap().values(), [0.3, 0.1, 0.2]);
    assert_eq!(read("2,1,0.3\n0,0,0.1\n").unwrap().part_of_sidecar(), Some((2, 3)));
    for other in ["2,1,0.3\n0,1,0.1\n1,0,0.2\n", "2,1,0\n0,0,0\n7,1,0\n", "0,0,0\n1,1,0\n2,1,0\n3,1,0\n"] {
        let error = read(other).unwrap_err().to_string();
        assert!(error.contains("they belong to other data"), "{error}");
    }
    // A sidecar that knows the order alone.
    let beside = sidecar_path(&path);
    let json: Vec<String> = std::fs::read_to_string(&beside).unwrap().lines().map(str::to_owned).collect();
    let older: Vec<&str> =
        json.iter().map(String::as_str).filter(|line| !line.contains("set_fingerprint")).collect();
    std::fs::write(&beside, older.join("\n")).unwrap();
    assert!(read("0,0,0.1\n1,1,0.2\n2,1,0.3\n").is_ok());
    assert!(read("2,1,0.3\n0,0,0.1\n1,1,0.2\n").is_err());
}
