//! Tables of logs that are refused: messages name the file, the row, the column and the option that helps.

use std::path::Path;

use cl_difficulty::MetricSettings;
use cl_difficulty::log::{self, Missing, NotNumbers, Options, OutputKind};

use super::long_log::{Form, Kind, Log, Row, bits, score, score_with, values, write};

/// The error of a file with this content.
fn error_with(name: &str, content: impl AsRef<[u8]>, metric: &str, options: &Options) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    let error = score(&path, &[metric], options).unwrap_err().to_string();
    assert!(error.contains(name), "{error}");
    error
}

fn error_of(name: &str, content: impl AsRef<[u8]>, metric: &str) -> String {
    error_with(name, content, metric, &Options::default())
}

#[test]
fn a_row_that_is_wrong_is_named_with_column_and_option() {
    let wide = "{\"id\":1,\"epoch\":0,\"label\":0,\"logits\":[1,2]}\n";
    for (name, content, parts) in [
        ("t.csv", "id,epoch,loss\na,0,1\n,0,1\n", &["line 3, column `id`", "empty", "`id_column`"][..]),
        ("t.csv", "id,epoch,loss\na,0.5,1\n", &["line 2, column `epoch`", "0.5", "`epoch_column`"]),
        ("t.csv", "id,epoch,loss\na,-1,1\n", &["line 2, column `epoch`", "-1", "`epoch_column`"]),
        ("t.csv", "id,epoch,loss\na,first,1\n", &["line 2, column `epoch`", "\"first\""]),
        ("t.csv", "id,epoch,loss\na,,1\n", &["line 2, column `epoch`", "empty"]),
        ("t.csv", "id,epoch,loss\na,0,oops\n", &["line 2, column `loss`", "\"oops\"", "a number"]),
        ("t.csv", "id;epoch;loss\na;0;0,5\n", &["line 2, column `loss`", "\"0,5\"", "`decimal_comma`"]),
        ("t.csv", "id,epoch,loss\na,0\n", &["line 2", "2 columns, expected 3"]),
        ("t.csv", "id,epoch,loss,loss\na,0,1,1\n", &["`loss` occurs twice"]),
        ("t.csv", "id,epoch,loss\n", &["no rows"]),
        ("t.csv", "", &["empty"]),
        ("t.csv", "name,epoch,loss\na,0,1\n", &["no column of ids", "name, epoch, loss", "`id_column`"]),
        (
            "t.csv",
            "id,round,loss\na,0,1\n",
            &["no column of epochs", "id, round, loss", "`epoch_column`", "`none`"],
        ),
        ("t.csv", "id,epoch,cost\na,0,1\n", &["no column of outputs", "id, epoch, cost", "`outputs_column`"]),
        ("t.csv", "id,epoch,loss\na,0,1\na,0,2\n", &["1 rows", "id a in epoch 0", "`duplicates`"]),
        ("t.csv", "id,epoch,loss\na,0,1\nb,0,1\na,1,1\n", &["id b in epoch 1", "1 of 2", "`missing` skip"]),
        ("t.csv", "id,epoch,loss\na,0,\n", &["epoch 0, example a", "NaN", "`nan` skip"]),
        ("t.csv", "id,epoch,run,loss\na,0,,1\n", &["line 2, column `run`", "empty"]),
        (
            "t.jsonl",
            "{\"id\":1,\"epoch\":0,\"loss\":1}\n{\"id\":\"b\",\"epoch\":0,\"loss\":1}\n",
            &["line 2, column `id`", "mixed types"],
        ),
        ("t.jsonl", "{\"id\":1,\"id\":2,\"epoch\":0,\"loss\":1}\n", &["line 1", "`id` is there twice"]),
        ("t.jsonl", "{\"id\":1,\"epoch\":0,\"loss\":1}\n[1]\n", &["line 2"]),
        ("t.jsonl", "{\"id\":1,\"epoch\":0,\"loss\":1}\n{\"id\":1,\"ep", &["line 2"]),
        ("t.jsonl", "{\"id\":{},\"epoch\":0,\"loss\":1}\n", &["line 1, column `id`", "an object"]),
        ("t.jsonl", "{\"id\":null,\"epoch\":0,\"loss\":1}\n", &["line 1, column `id`", "`id_column`"]),
    ] {
        let error = error_of(name, content, "loss_mean");
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }
    let second = |row: &str| format!("{wide}{row}\n");
    for (row, parts) in [
        ("{\"id\":2,\"epoch\":0,\"label\":1,\"logits\":[1,2,3]}", &["line 2, column `logits`", "2 numbers"][..]),
        ("{\"id\":2,\"epoch\":0,\"label\":1,\"logits\":[]}", &["line 2, column `logits`", "0 numbers"]),
        (
            "{\"id\":2,\"epoch\":0,\"label\":1,\"logits\":[\"x\",\"y\"]}",
            &["line 2, column `logits`", "list of texts"],
        ),
        (
            "{\"id\":2,\"epoch\":0,\"label\":1,\"logits\":[[1,2],[3,4]]}",
            &["line 2, column `logits`", "list of lists"],
        ),
        (
            "{\"id\":2,\"epoch\":0,\"label\":1,\"logits\":[1,NaN]}",
            &["epoch 0, example 2", "class 1", "`nan` skip"],
        ),
        ("{\"id\":2,\"epoch\":0,\"label\":1}", &["epoch 0, example 2", "`nan` skip"]),
        ("{\"id\":2,\"epoch\":0,\"label\":null,\"logits\":[1,2]}", &["line 2, column `label`", "empty"]),
        ("{\"id\":2,\"epoch\":0,\"label\":5,\"logits\":[1,2]}", &["id 2", "label 5", "0..2"]),
        (
            "{\"id\":1,\"epoch\":1,\"label\":1,\"logits\":[1,2]}",
            &["line 2, column `label`", "earlier row of id 1"],
        ),
        ("{\"id\":2,\"epoch\":0,\"label\":-100,\"logits\":[1,2]}", &["id 2", "-100", "`ignore_label`"]),
    ] {
        let error = error_of("t.jsonl", second(row), "el2n");
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }
    assert!(error_of("t.jsonl", b"{\"id\":\"\xff\"}\n", "loss_mean").contains("line 1, byte 8"));
    assert!(error_of("t.csv", b"id,epoch,loss\n\xff,0,1\n", "loss_mean").contains("line 2"));
    let error = error_of("t.jsonl", wide.replace("\"label\":0,", ""), "el2n");
    assert!(
        error.contains("no labels") && error.contains("`labels`") && error.contains("`label_column`"),
        "{error}"
    );
    let named = Options { id_column: Some("nome".into()), ..Options::default() };
    let error = error_with("t.csv", "id,epoch,loss\na,0,1\n", "loss_mean", &named);
    assert!(error.contains("no column `nome`, the columns are id, epoch, loss"), "{error}");
}

#[test]
fn what_a_log_lacks_is_told_with_what_it_allows() {
    for (content, metric, problem, possible) in [
        ("id,epoch,loss\na,0,1\n", "el2n", "needs logits or probabilities, the input has losses", "loss"),
        ("id,epoch,loss\na,0,1\n", "forgetting", "the input has losses", "learning_time"),
        ("id,epoch,correct\na,0,1\n", "el2n", "the input has `correct`", "forgetting"),
        ("id,epoch,pred,label\na,0,1,1\n", "aum", "the input has `correct`", "first_learned"),
    ] {
        let error = error_of("t.csv", content, metric);
        assert!(error.contains(metric) && error.contains(problem), "{error}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, content).unwrap();
        let source = log::open(&path, &Options::default()).unwrap();
        let available = log::available(source.contents());
        let has = |name: &str| available.iter().any(|settings| settings.metric().name == name);
        assert!(has(possible) && !has(metric));
    }
}

#[test]
fn rows_that_are_no_numbers_are_left_out_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(Kind::Logits, 3, 5, 3);
    let mut rows = log.rows(|example| example.to_string());
    rows[7].values[1] = f64::NAN;
    let options = Options { nan: NotNumbers::Skip, ..Options::default() };
    let whole = score(
        &write(folder.path(), "whole", Form::CsvColumns, Kind::Logits, &log.rows(|example| example.to_string())),
        &["loss_mean"],
        &options,
    )
    .unwrap();
    for form in [Form::CsvColumns, Form::CsvLists, Form::JsonLines] {
        let path = write(folder.path(), "nan", form, Kind::Logits, &rows);
        let found = score(&path, &["loss_mean"], &options).unwrap();
        let note = found.notes.iter().find(|note| note.what == "nan").unwrap();
        assert!(note.count == 1 && note.text.contains("epoch 1, example 2"), "{note}");
        let (found, whole) = (values(&found, "loss_mean"), values(&whole, "loss_mean"));
        let same: Vec<bool> = found.iter().zip(&whole).map(|(a, b)| a == b).collect();
        assert_eq!(same, [true, true, false, true, true]);
    }
}

#[test]
fn probabilities_that_are_none_and_names_that_are_wrong() {
    let rows = "{\"id\":1,\"epoch\":0,\"label\":0,\"probs\":[3,1]}\n";
    let error = error_of("t.jsonl", rows, "confidence");
    assert!(error.contains("epoch 0, example 1") && error.contains("option `normalize`"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.jsonl");
    std::fs::write(&path, rows).unwrap();
    let found = score(&path, &["confidence"], &Options { normalize: true, ..Options::default() }).unwrap();
    assert_eq!(values(&found, "confidence"), [0.75]);
    assert!(found.notes.iter().any(|note| note.what == "normalized" && note.count == 1));
    let negative = Options { normalize: true, ..Options::default() };
    let error = error_with("t.jsonl", rows.replace("[3,1]", "[3,-1]"), "confidence", &negative);
    assert!(error.contains("expected 0 to 1"), "{error}");
    // What is called logits and holds probabilities.
    std::fs::write(&path, rows.replace("probs", "logits").replace("[3,1]", "[0.75,0.25]")).unwrap();
    let found = score(&path, &["confidence"], &Options::default()).unwrap();
    assert_eq!(values(&found, "confidence"), [0.75]);
    assert!(found.notes.iter().any(|note| note.what == "outputs"), "{:?}", found.notes);
    let told = Options { outputs: Some(OutputKind::Logits), ..Options::default() };
    let found = score(&path, &["confidence"], &told).unwrap();
    assert!((values(&found, "confidence")[0] - 1.0 / (1.0 + (-0.5f64).exp())).abs() < 1e-12);
}

#[test]
fn a_file_of_another_log_in_the_folder_is_named() {
    let write = |folder: &Path, name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    let logits = "id,label,logit_0,logit_1\n1,0,1,2\n2,1,0,1\n";
    for (other, parts) in [
        ("id,loss\n1,1\n2,1\n", &["column `loss`", "logit_0"][..]),
        ("id,label,pred\n1,0,0\n2,1,0\n", &["column `pred`", "logit_0"]),
        ("id,label,prob_0,prob_1\n1,0,0.5,0.5\n2,1,0.5,0.5\n", &["prob_0", "logit_0"]),
        ("id,label,logit_0,logit_1,logit_2\n1,0,1,2,3\n2,1,0,1,1\n", &["3 columns", "2 columns"]),
    ] {
        for order in [[logits, other], [other, logits]] {
            let folder = tempfile::tempdir().unwrap();
            write(folder.path(), "epoch_0.csv", order[0]);
            write(folder.path(), "epoch_1.csv", order[1]);
            let error = score(folder.path(), &["confidence"], &Options::default()).unwrap_err().to_string();
            assert!(error.contains("epoch_1.csv") && error.contains("epoch_0.csv"), "{error}");
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
            assert!(error.contains("option `outputs_column`"), "{error}");
        }
    }
    // The same numbers in other columns are the same.
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "epoch_0.csv", logits);
    write(
        folder.path(),
        "epoch_1.jsonl",
        "{\"id\":2,\"logits\":[0,1],\"label\":1}\n{\"id\":1,\"logits\":[1,2],\"label\":0}\n",
    );
    let found = score(folder.path(), &["variability"], &Options::default()).unwrap();
    assert_eq!(values(&found, "variability"), [0.0, 0.0]);
    // Labels that stand beside are used where the log has none.
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "epoch_0.csv", "id,logit_0,logit_1\n1,1,2\n2,0,1\n");
    write(folder.path(), "labels.csv", "id,label\n2,1\n1,0\n");
    assert_eq!(score(folder.path(), &["el2n"], &Options::default()).unwrap().labels, [0, 1]);
    write(folder.path(), "epoch_0.csv", logits);
    let found = score(folder.path(), &["el2n"], &Options::default()).unwrap();
    assert!(found.notes.iter().any(|note| note.what == "files" && note.text.contains("labels.csv")));
}

#[test]
fn a_key_that_comes_late_is_told() {
    let line = |id: usize, more: &str| format!("{{\"id\":{id},\"epoch\":0,\"loss\":1{more}}}\n");
    let lines: String = (0..100).map(|id| line(id, if id > 70 { ",\"seed\":1" } else { "" })).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.jsonl");
    std::fs::write(&path, lines).unwrap();
    let found = score(&path, &["loss_mean"], &Options::default()).unwrap();
    assert!(found.notes.iter().any(|note| note.what == "keys" && note.text.ends_with("lack: seed")));
}

/// A run that was cut off while it wrote its last epoch.
#[test]
fn what_is_broken_matters_where_it_is_asked_for() {
    let log = Log::new(Kind::Losses, 4, 6, 3);
    let rows = log.rows(|example| format!("d{example}"));
    let until = [MetricSettings::parse("loss_mean", &[("until", "3")]).unwrap()];
    let all = [MetricSettings::parse("loss_mean", &[]).unwrap()];
    let options = Options::default();
    let (folder, run) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let whole = write(folder.path(), "whole", Form::JsonLines, Kind::Losses, &rows);
    let expected = bits(&score_with(&whole, &until, &options).unwrap());
    let text = std::fs::read_to_string(&whole).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let csv = |name: &str, rows: &[Row]| {
        std::fs::read_to_string(write(folder.path(), name, Form::CsvColumns, Kind::Losses, rows)).unwrap()
    };
    let mut by_example = rows.clone();
    by_example.sort_by_key(|row| row.id.clone());
    // Cut off, with a row of another form, and with one that is no number, in order and not.
    let cut = text[..text.len() - 30].to_owned();
    let form = format!("{}\n{{\"id\":[1],\"epoch\":3,\"loss\":1}}\n", lines[..20].join("\n"));
    let csv_cut = csv("whole", &rows).trim_end().rsplit_once(',').unwrap().0.to_owned();
    let csv_wrong = |rows: &[Row]| csv("wrong", rows).replacen("d2,3,1,", "d2,3,1,oops", 1);
    for (name, text, place) in [
        ("cut.jsonl", cut, "line 24"),
        ("form.jsonl", form, "column `id`"),
        ("cut.csv", csv_cut, "line 25"),
        ("number.csv", csv_wrong(&rows), "column `losses`"),
        ("by_example.csv", csv_wrong(&by_example), "column `losses`"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let error = score_with(&path, &all, &options).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(place), "{error}");
        if name != "form.jsonl" {
            let found = score_with(&path, &until, &options).map_err(|error| error.to_string());
            assert_eq!(found.map(|found| bits(&found)), Ok(expected.clone()), "{name}");
        }
    }
    for last in ["", "{\"id\":", "{\"id\":1}\n", "{\"id\":\"d0\",\"losses\":1}\n{\"id\":\"d1\""] {
        std::fs::write(run.path().join("dynamics_epoch_3.jsonl"), last).unwrap();
        let without = lines.iter().map(|line| line.replace("\"epoch\"", "\"at\""));
        for (epoch, lines) in without.collect::<Vec<_>>().chunks(6).enumerate().take(3) {
            std::fs::write(run.path().join(format!("dynamics_epoch_{epoch}.jsonl")), lines.join("\n")).unwrap();
        }
        let found = score_with(run.path(), &until, &options).map_err(|error| error.to_string());
        assert_eq!(found.map(|found| bits(&found)), Ok(expected.clone()), "{last}");
        let error = score_with(run.path(), &all, &options).unwrap_err().to_string();
        assert!(error.contains("dynamics_epoch_3.jsonl"), "{error}");
    }
}

#[test]
fn a_file_without_rows_is_no_epoch_that_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let text = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    text("epoch_0.csv", "id,loss\na,1\nb,2\n");
    text("epoch_1.csv", "id,loss\n");
    let error = score(folder.path(), &["loss_mean"], &Options::default()).unwrap_err().to_string();
    assert!(error.contains("no row of id a in epoch 1") && error.contains("2 of 2"), "{error}");
    let options = Options { missing: Missing::Skip, ..Options::default() };
    let found = score(folder.path(), &["loss_mean"], &options).unwrap();
    assert_eq!(values(&found, "loss_mean"), [1.0, 2.0]);
    assert!(found.notes.iter().any(|note| note.what == "missing" && note.count == 2), "{:?}", found.notes);
    let folder = tempfile::tempdir().unwrap();
    let text = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    text("one.csv", "id,epoch,loss\na,0,1\n");
    text("none.csv", "id,epoch,loss\n");
    let found = score(folder.path(), &["loss_mean"], &Options::default()).unwrap();
    assert!(found.notes.iter().any(|note| note.what == "empty" && note.text.ends_with(": none.csv")));
}

#[test]
fn the_kind_that_is_told_is_read_where_there_are_several() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.jsonl");
    let row = "{\"id\":1,\"epoch\":0,\"label\":0,\"logits\":[5,1],\"probs\":[0.25,0.75]}\n";
    for (text, told, confidence) in [
        (row.to_owned(), OutputKind::Probabilities, 0.25),
        (row.to_owned(), OutputKind::Logits, 1.0 / (1.0 + (-4f64).exp())),
        (row.replace("\"logits\":[5,1],\"probs\"", "\"logits\""), OutputKind::Probabilities, 0.25),
    ] {
        std::fs::write(&path, text).unwrap();
        let options = Options { outputs: Some(told), ..Options::default() };
        let found = values(&score(&path, &["confidence"], &options).unwrap(), "confidence");
        assert!((found[0] - confidence).abs() < 1e-12, "{told} {found:?}");
    }
}
