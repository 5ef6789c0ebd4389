//! Everything that can be wrong with training dynamics, each with the message that names its place.

use cl_data::io::ArrayData;

use super::{DYNAMICS, Dynamics, Folder, refusal};

/// The message about an input, without the path before it.
fn refused(input: &str, more: &[&str]) -> String {
    let folder = Folder::new();
    let out = folder.path("scores.csv");
    let message = refusal(&[&["score", input, "--metric", "all", "-o", &out], more].concat());
    assert!(folder.names().is_empty(), "nothing is written");
    message.strip_prefix(input).map_or(message.clone(), |rest| rest.trim_start_matches([':', '/', ' ']).to_owned())
}

fn npz(logits: Vec<f32>, shape: [usize; 3], labels: Vec<i64>) -> String {
    let folder = Folder::new();
    let n = labels.len();
    let input = folder
        .npz("d.npz", &[("logits", &shape, ArrayData::F32(logits)), ("labels", &[n], ArrayData::I64(labels))]);
    refused(&input, &[])
}

#[test]
fn archives() {
    let mut logits = vec![1.5; 12];
    logits[9] = f32::NAN;
    let skip = "; --nan skip leaves such rows out";
    let nan = format!("epoch 1, example 1: logit of class 1 is NaN, expected a finite number{skip}");
    assert_eq!(npz(logits.clone(), [2, 3, 2], vec![0, 1, 0]), nan);
    logits[9] = f32::INFINITY;
    assert_eq!(npz(logits.clone(), [2, 3, 2], vec![0, 1, 0]), nan.replace("NaN", "inf"));
    logits[9] = 1.5;
    let message = npz(logits.clone(), [2, 3, 2], vec![0, 2, 0]);
    let range = "label 2 is out of range, expected 0..2, the classes of the outputs";
    assert_eq!(message, format!("`labels`, element 1: {range}"));
    let message = npz(logits.clone(), [2, 3, 2], vec![0, -1, 0]);
    let negative = "label -1, expected a class from 0, or --ignore-label -1 to leave it out";
    assert_eq!(message, format!("`labels`, element 1: {negative}"));
    assert_eq!(npz(logits.clone(), [2, 3, 2], vec![0, 1]), "2 labels for 3 examples, expected one each");
    assert!(npz(vec![], [2, 0, 2], vec![]).contains("expected"));
    assert_eq!(npz(vec![], [0, 3, 2], vec![0; 3]), "0 epochs, expected at least one");

    let folder = Folder::new();
    let labels = || ("labels", &[2][..], ArrayData::I64(vec![0, 1]));
    let probabilities = vec![0.5, 0.5, 0.6, 0.5];
    let probs = folder.npz("p.npz", &[("probs", &[1, 2, 2], ArrayData::F64(probabilities)), labels()]);
    assert_eq!(refused(&probs, &[]), {
        let divided = "; --normalize divides them by their sum";
        format!("epoch 0, example 1: the probabilities sum to 1.1, expected 1{divided}")
    });
    let probs = folder.npz("p.npz", &[("probs", &[1, 2, 2], ArrayData::F64(vec![0.5, 0.5, -1.0, 2.0])), labels()]);
    assert_eq!(refused(&probs, &[]), "epoch 0, example 1: probability of class 0 is -1, expected 0 to 1");
    let logits = || ("logits", &[1, 2, 2][..], ArrayData::F64(vec![0.5; 4]));
    let twice = folder.npz("i.npz", &[logits(), labels(), ("ids", &[2], ArrayData::I64(vec![7, 7]))]);
    assert!(refused(&twice, &[]).contains("id 7 is borne by examples 0 and 1"));
    let few = folder.npz("i.npz", &[logits(), labels(), ("ids", &[1], ArrayData::I64(vec![7]))]);
    assert_eq!(refused(&few, &[]), "1 ids for 2 examples, expected one each");
    let nothing = folder.npz("n.npz", &[labels()]);
    assert_eq!(refused(&nothing, &[]), "no member `logits` or `probs`, the archive has labels");
    let unlabelled = folder.npz("u.npz", &[logits()]);
    assert_eq!(refused(&unlabelled, &[]), "no member `labels`, expected one, or --labels FILE");
    let array = folder.npy("logits.npy", &[1, 1, 2, 2], ArrayData::F32(vec![0.0; 4]));
    let labels = folder.npy("labels.npy", &[2], ArrayData::I64(vec![0, 1]));
    assert!(refused(&array, &["--labels", &labels]).contains("expected (epochs, examples, classes)"));
    let matrix = folder.npy("logits.npy", &[2, 2], ArrayData::F32(vec![3.0; 4]));
    assert_eq!(refused(&matrix, &[]), "a .npy file has no labels, expected --labels FILE");
    let unclear = folder.npy("epochs.npy", &[3, 2], ArrayData::F32(vec![0.2; 6]));
    let message = refused(&unclear, &["--labels", &folder.npy("l.npy", &[3], ArrayData::I64(vec![0, 1, 1]))]);
    assert!(message.ends_with("logits or probabilities? expected --outputs to tell"), "{message}");
    let square = folder.npy("square.npy", &[2, 2], ArrayData::F32(vec![0.2; 4]));
    let message = refused(&square, &["--labels", &labels, "--outputs", "logits"]);
    assert!(message.contains("one epoch of 2 classes or 2 epochs of one number per example"), "{message}");
    assert!(refused(&folder.text("x.txt", "nothing"), &[]).contains("no column of ids"));
    assert!(refused(&folder.path("missing.npz"), &[]).contains("No such file"));
}

#[test]
fn one_epoch_has_no_windows_and_a_class_may_be_empty() {
    let folder = Folder::new();
    let members = [
        ("logits", &[1, 3, 4][..], ArrayData::F32((0..12).map(|x| (x * x % 7) as f32).collect())),
        ("labels", &[3], ArrayData::I64(vec![0, 1, 1])),
    ];
    let input = folder.npz("one.npz", &members);
    let out = folder.path("scores.csv");
    let found = super::report(&["score", &input, "--metric", "all", "-o", &out]);
    let skipped: Vec<_> =
        found["skipped"].as_array().unwrap().iter().map(|skipped| skipped["metric"].as_str().unwrap()).collect();
    assert_eq!(skipped, ["dyn_unc", "dual", "tdds", "second_split_forgetting"]);
    let message = refusal(&["score", &input, "--metric", "dual", "-o", &out]);
    assert_eq!(message, "dual needs a window of 4 epochs, the input has 1");
}

#[test]
fn folders_of_arrays() {
    let dynamics = Dynamics::read();
    let folder = Folder::new();
    let (n, c) = (Dynamics::N, Dynamics::C);
    dynamics.write_epochs(&folder);
    folder.npy("logits_004.npy", &[n - 1, c], ArrayData::F32(vec![0.0; (n - 1) * c]));
    let message = refused(&folder.path(""), &[]);
    assert!(message.contains("logits_004.npy: shape [39, 7], expected [40, 7] as in "), "{message}");
    folder.npy("logits_04.npy", &[n, c], ArrayData::F32(vec![0.0; n * c]));
    assert!(refused(&folder.path(""), &[]).contains("epoch 4 twice, also in "));
    std::fs::remove_file(folder.path("logits_04.npy")).unwrap();
    let mut logits = dynamics.logits[4].clone();
    logits[3 * c + 2] = f32::NEG_INFINITY;
    folder.npy("logits_004.npy", &[n, c], ArrayData::F32(logits));
    let (message, id) = (refused(&folder.path(""), &[]), dynamics.ids[3]);
    let expected =
        format!("logits_004.npy: epoch 4, example {id}: logit of class 2 is -inf, expected a finite number");
    assert!(message.starts_with(&expected), "{message}");
    folder.npy("probs_0.npy", &[n, c], ArrayData::F32(vec![0.0; n * c]));
    let message = refused(&folder.path(""), &[]);
    assert!(message.contains("files of 2 kinds") && message.contains("logits_E.npy, probs_E.npy"), "{message}");
    std::fs::remove_file(folder.path("probs_0.npy")).unwrap();
    std::fs::remove_file(folder.path("labels.npy")).unwrap();
    assert!(refused(&folder.path(""), &[]).contains("labels.npy: no such file, expected the labels there or in"));
    assert!(refused(&Folder::new().path(""), &[]).contains("no training dynamics, expected tables"));
}

#[test]
fn cartography_line_by_line() {
    let dynamics = Dynamics::read();
    let folder = Folder::new();
    dynamics.write_cartography(&folder);
    let second = |lines: &[String]| {
        folder.text("dynamics_epoch_1.jsonl", lines.concat());
        let message = refused(&folder.path(""), &[]);
        message.strip_prefix("dynamics_epoch_1.jsonl: ").map(Into::into).unwrap_or(message)
    };
    let lines = dynamics.lines(1);
    let guid = dynamics.ids[Dynamics::order(1)[2]];
    let with = |from: &str, to: &str| {
        let mut lines = lines.clone();
        lines[2] = lines[2].replacen(from, to, 1);
        lines
    };
    let start = format!("\"guid\": {guid}");
    let message = second(&lines[..39]);
    let missing = dynamics.ids[Dynamics::order(1)[39]];
    assert!(message.starts_with(&format!("no row of id {missing} in epoch 1 (1 of 40 ids")), "{message}");
    assert!(message.contains("--missing skip"), "{message}");
    let message = second(&with(&start, "\"guid\": 1234"));
    assert!(message.starts_with("no row of id 1234 in epoch 0 (1 of 41 ids"), "{message}");
    let message = second(&[&lines[..], &lines[..1]].concat());
    let first = dynamics.ids[Dynamics::order(1)[0]];
    assert!(message.starts_with(&format!("1 rows of an id and epoch that another row has, first id {first}")));
    assert!(message.contains("--duplicates first, last or mean"), "{message}");
    let message = second(&with("\"logits_epoch_1\": [", "\"logits_epoch_1\": [1.0, "));
    let of_line =
        "line 3, column `logits_epoch_1`: a list of 8 numbers, expected 7 numbers as in the first row, not 8";
    assert_eq!(message, of_line);
    assert!(
        second(&with("logits_epoch_1", "logits_epoch_2"))
            .contains(&format!("example {guid}: logit of class 0 is NaN"))
    );
    let message = second(&with("\"gold\": ", "\"gold\": 1"));
    assert!(
        message.starts_with("line 3, column `gold`: 1") && message.contains("as in an earlier row of id"),
        "{message}"
    );
    let message = second(&with("\"gold\"", "\"golden\""));
    assert_eq!(message, "line 3, column `gold`: empty, expected a label");
    assert!(second(&with("{", "")).starts_with("line 3: "));
    // What lies between is no mistake of a log of some checkpoints.
    std::fs::remove_file(folder.path("dynamics_epoch_1.jsonl")).unwrap();
    let out = folder.path("scores.npz");
    let found = super::report(&["score", &folder.path(""), "--metric", "el2n", "-o", &out]);
    let gaps = "epochs are not consecutive in 1 places, first from 0 to 2";
    assert!(found["notes"].as_array().unwrap().iter().any(|note| note["text"] == gaps), "{found}");
    for name in folder.names() {
        std::fs::remove_file(folder.path(&name)).unwrap();
    }
    folder.text("dynamics_epoch_0.jsonl", "");
    folder.text("dynamics_epoch_1.jsonl", "");
    let message = refused(&folder.path(""), &[]);
    assert!(message.starts_with("dynamics_epoch_0.jsonl: ") && message.contains("the file is empty"), "{message}");
}

/// A row under another's id contradicts its label and leaves the other without one: the file of the row is named.
#[test]
fn an_id_in_anothers_place() {
    let folder = Folder::new();
    let row = |id: &str, epoch: usize, gold: usize| {
        format!("{{\"guid\": \"{id}\", \"logits_epoch_{epoch}\": [1.0, 0.5], \"gold\": {gold}}}\n")
    };
    folder.text("dynamics_epoch_0.jsonl", [row("a", 0, 0), row("a", 0, 1), row("c", 0, 1)].concat());
    folder.text("dynamics_epoch_1.jsonl", [row("a", 1, 0), row("b", 1, 1), row("c", 1, 1)].concat());
    let message = refused(&folder.path(""), &[]);
    assert!(message.starts_with("dynamics_epoch_0.jsonl: line 2, column `gold`"), "{message}");
    // An example that is left out is named, too, where it is doubled.
    let log = folder.text("log.csv", "id,epoch,label,loss\na,0,-100,1\na,0,-100,2\nb,0,1,3\nc,0,0,4\n");
    let out = folder.path("scores.csv");
    let rules = ["--metric", "loss_mean", "--ignore-label=-100", "--duplicates", "last", "-o", &out];
    let found = super::report(&[&["score", &log], &rules[..]].concat());
    let text = "1 rows of an id and epoch that another row has, first id a in epoch 0: the last counts";
    assert!(found["notes"].as_array().unwrap().iter().any(|note| note["text"] == text), "{found}");
    let labels = folder.text("labels.csv", "id,label\na,0\nb,2\n");
    let log = folder.text("two.csv", "id,epoch,logit_0,logit_1\na,0,1,2\nb,0,1,2\n");
    let message = refusal(&["score", &log, "--labels", &labels, "--metric", "el2n", "-o", &out]);
    let expected = format!("id b: label 2 is out of range, expected 0..2, the classes of the outputs of {log}");
    assert!(message.ends_with(&expected) && message.starts_with(&labels), "{message}");
}

#[test]
fn presentation_order() {
    let dynamics = Dynamics::read();
    let folder = Folder::new();
    let n = Dynamics::N;
    dynamics.write_tdds(&folder);
    let message = refused(&folder.path(""), &[]);
    assert!(message.contains("labels.npy: no such file, expected the labels there or in --labels"), "{message}");
    folder.npy("labels.npy", &[n], ArrayData::I64(dynamics.labels));
    let mut order: Vec<i64> = (0..n as i64).collect();
    let mut second = |at: usize, index: i64| {
        order[at] = index;
        folder.npy("1_Index.npy", &[n], ArrayData::I64(order.clone()));
        refused(&folder.path(""), &[])
    };
    assert_eq!(
        second(3, 4),
        "1_Index.npy: index 4 occurs twice, expected each example once, or --duplicates first or last"
    );
    assert_eq!(second(3, 40), "1_Index.npy: index 40 is out of range, expected 0..40");
    folder.npy("1_Index.npy", &[n - 1], ArrayData::I64((0..39).collect()));
    assert_eq!(refused(&folder.path(""), &[]), "1_Index.npy: 39 indices, expected 40, one for each row");
    std::fs::remove_file(folder.path("1_Index.npy")).unwrap();
    assert_eq!(refused(&folder.path(""), &[]), "1_Index.npy: no such file, beside 1_Output.npy");
}

#[test]
fn metrics_options_and_outputs() {
    let folder = Folder::new();
    let out = folder.path("scores.csv");
    let message = |metric: &str, out: &str, more: &[&str]| {
        refusal(&[&["score", DYNAMICS, "--metric", metric, "-o", out], more].concat())
    };
    assert!(message("eln2", &out, &[]).contains("unknown metric \"eln2\", expected one of: el2n, "));
    assert_eq!(message("el2n,all", &out, &[]), "--metric: `all` and `el2n`, expected `all` alone or names");
    assert_eq!(message("el2n,el2n", &out, &[]), "--metric: `el2n` twice");
    let unknown = message("tdds", &out, &["--option", "tdds.windows=3"]);
    assert!(unknown.contains("unknown parameter \"tdds.windows\", expected one of: window, "), "{unknown}");
    let other = message("el2n", &out, &["--option", "tdds.window=3"]);
    assert_eq!(other, "--option tdds.window: `tdds` is none of the metrics asked for");
    assert!(message("tdds", &out, &["--option", "tdds.window=1"]).contains("at least 2"));
    let columns = message("el2n,aum", &folder.path("s.npy"), &[]);
    assert!(columns.ends_with("a .npy file holds one column, expected one metric of one run, not 2"), "{columns}");
    let ending = message("el2n", &folder.path("s.txt"), &[]);
    assert!(ending.ends_with("unknown ending, expected .csv, .jsonl, .npy, .npz or .parquet"), "{ending}");
    assert!(message("el2n", &folder.path("no/s.csv"), &[]).contains("No such file"));
    let split = message("second_split_forgetting", &out, &[]);
    assert_eq!(split, "second_split_forgetting needs the log of training on another split, in --second-split");
}
