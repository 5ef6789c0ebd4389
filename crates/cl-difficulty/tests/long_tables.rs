//! Logs as tables: the same scores as of arrays, whatever their form and order; what is not plain; what is refused.

use std::path::{Path, PathBuf};

use cl_data::Ids;
use cl_difficulty::MetricSettings;
use cl_difficulty::log::{Duplicates, Missing, Options, Scored};
use proptest::prelude::*;

use super::long_log::{FORMS, Form, Kind, Log, Row, bits, metrics, score, score_with, values, write};

const KINDS: [Kind; 5] = [Kind::Logits, Kind::Probabilities, Kind::LogProbabilities, Kind::Losses, Kind::Correct];

fn text(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn ids(scored: &Scored) -> Vec<String> {
    scored.ids.iter().map(Into::into).collect()
}

/// Whether there is a note of this kind that says so.
fn noted(scored: &Scored, what: &str, count: usize, text: &str) -> bool {
    scored.notes.iter().any(|note| note.what == what && note.count == count as u64 && note.text.contains(text))
}

fn shuffled<T>(mut items: Vec<T>, seed: u64) -> Vec<T> {
    let mut state = seed | 1;
    for at in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(at, (state >> 33) as usize % (at + 1));
    }
    items
}

#[test]
fn every_form_and_order_scores_as_arrays_do() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let log = Log::new(kind, 5, 11, 3);
        let archive = folder.path().join("log.npz");
        log.write_npz(&archive);
        let expected = score(&archive, metrics(kind), &Options::default()).unwrap();
        let rows = log.rows(|example| example.to_string());
        let mut by_example = rows.clone();
        by_example.sort_by_key(|row| row.id.parse::<usize>().unwrap());
        for rows in [rows.clone(), by_example, shuffled(rows, 5)] {
            for &form in FORMS {
                let path = write(folder.path(), "log", form, kind, &rows);
                let found = score(&path, metrics(kind), &Options::default()).unwrap();
                assert_eq!(bits(&found), bits(&expected), "{kind:?} {form:?}");
                assert_eq!((&found.ids, &found.labels), (&expected.ids, &expected.labels));
                assert_eq!(found.n_never_learned, expected.n_never_learned);
                assert_eq!(found.notes, expected.notes);
                assert!(found.notes.iter().all(|note| note.what == "losses"));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Rows in any order, in any number of files of any form, are the same log.
    #[test]
    fn no_order_and_no_split_changes_a_bit(
        kind in 0..KINDS.len(),
        (n_epochs, n) in (4usize..7, 1usize..9),
        seed in any::<u64>(),
        files in prop::collection::vec((0..FORMS.len(), 0usize..60), 1..4),
    ) {
        let kind = KINDS[kind];
        let log = Log::new(kind, n_epochs, n, 3);
        let folder = tempfile::tempdir().unwrap();
        let rows = log.rows(|example| format!("doc-{example}"));
        let whole = write(folder.path(), "whole", Form::JsonLines, kind, &rows);
        let expected = score(&whole, metrics(kind), &Options::default()).unwrap();
        let parts = folder.path().join("parts");
        std::fs::create_dir(&parts).unwrap();
        let rows = shuffled(rows, seed);
        let mut rest = &rows[..];
        for (at, &(form, n_rows)) in files.iter().enumerate() {
            let last = at + 1 == files.len();
            let (part, others) = rest.split_at(if last { rest.len() } else { n_rows.min(rest.len()) });
            rest = others;
            if !part.is_empty() {
                write(&parts, &format!("part-{at}"), FORMS[form], kind, part);
            }
        }
        let found = score(&parts, metrics(kind), &Options::default()).unwrap();
        prop_assert_eq!(bits(&found), bits(&expected));
        prop_assert_eq!((found.ids, found.labels), (expected.ids, expected.labels));
    }
}

/// More rows than one thread puts in their places.
#[test]
fn many_rows_come_to_their_places_for_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, n) in [(Kind::Losses, 40_000), (Kind::Logits, 20_000)] {
        let log = Log::new(kind, 4, n, 3);
        let archive = folder.path().join("log.npz");
        log.write_npz(&archive);
        let expected = score(&archive, metrics(kind), &Options::default()).unwrap();
        let rows = shuffled(log.rows(|example| example.to_string()), 7);
        let path = write(folder.path(), "log", Form::CsvColumns, kind, &rows);
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let found = pool.install(|| score(&path, metrics(kind), &Options::default()).unwrap());
            assert!(bits(&found) == bits(&expected), "{kind:?} {threads}");
            assert!(found.ids == expected.ids && found.labels == expected.labels);
        }
    }
}

#[test]
fn ranks_of_an_epoch_are_read_together_and_others_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(Kind::Logits, 11, 9, 3);
    let rows = log.rows(|example| format!("d{example}"));
    let whole = write(folder.path(), "whole", Form::JsonLines, Kind::Logits, &rows);
    let expected = score(&whole, metrics(Kind::Logits), &Options::default()).unwrap();
    let run = folder.path().join("training_dynamics");
    std::fs::create_dir(&run).unwrap();
    for epoch in 0..11 {
        for rank in 0..2 {
            let of_rank = rows.iter().skip(rank).step_by(2).filter(|row| row.epoch == epoch);
            let lines: String = of_rank
                .map(|Row { id, label, values, .. }| {
                    let label = label.as_deref().unwrap();
                    format!("{{\"guid\": \"{id}\", \"logits_epoch_{epoch}\": {values:?}, \"gold\": {label}}}\n")
                })
                .collect();
            text(&run, &format!("dynamics_epoch_{epoch}_rank{rank}.jsonl"), &lines);
        }
    }
    text(&run, "config.json", "{}");
    text(&run, "eval.csv", "step,accuracy\n1,0.5\n");
    for path in [run.as_path(), folder.path()] {
        if path == folder.path() {
            std::fs::remove_file(&whole).unwrap();
        }
        let found = score(path, metrics(Kind::Logits), &Options::default()).unwrap();
        assert_eq!(bits(&found), bits(&expected));
        assert!(noted(&found, "files", 2, "config.json, eval.csv"), "{:?}", found.notes);
    }
}

#[test]
fn of_rows_that_are_twice_the_rule_decides() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(Kind::Losses, 3, 4, 3);
    let mut rows = log.rows(|example| format!("d{example}"));
    let again: Vec<Row> = [5, 6].map(|at| Row { values: vec![9.0], ..rows[at].clone() }).into();
    rows.extend(again);
    let by_example = |mut rows: Vec<Row>| {
        rows.sort_by_key(|row| row.id.clone());
        rows
    };
    for rows in [rows.clone(), by_example(rows)] {
        for &form in FORMS {
            let path = write(folder.path(), "twice", form, Kind::Losses, &rows);
            let error = score(&path, &["loss_mean"], &Options::default()).unwrap_err().to_string();
            for part in ["twice.", "2 rows", "id d1 in epoch 1, id d2 in epoch 1", "option `duplicates`"] {
                assert!(error.contains(part), "{error}");
            }
            for (rule, of_two) in [
                (Duplicates::First, (|first| first) as fn(f64) -> f64),
                (Duplicates::Last, |_| 9.0),
                (Duplicates::Mean, |first| (first + 9.0) / 2.0),
            ] {
                let options = Options { duplicates: rule, ..Options::default() };
                let found = score(&path, &["loss_mean"], &options).unwrap();
                for (example, found) in values(&found, "loss_mean").into_iter().enumerate() {
                    let loss = |epoch: usize| match (epoch, example) {
                        (1, 1 | 2) => of_two(log.of(epoch, example)[0]),
                        _ => log.of(epoch, example)[0],
                    };
                    let expected = (loss(0) + loss(1) + loss(2)) / 3.0;
                    assert!((found - expected).abs() < 1e-12, "{rule} {form:?} {found} {expected}");
                }
                assert!(noted(&found, "duplicates", 2, "d1 in epoch 1"), "{:?}", found.notes);
            }
        }
    }
}

#[test]
fn an_epoch_may_lack_examples_and_the_last_be_broken() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(Kind::Correct, 5, 6, 3);
    let rows: Vec<Row> = log
        .rows(|example| example.to_string())
        .into_iter()
        .filter(|row| (row.epoch, &*row.id) != (2, "3"))
        .collect();
    for rows in [rows.clone(), shuffled(rows, 3)] {
        let path = write(folder.path(), "gap", Form::CsvColumns, Kind::Correct, &rows);
        let error = score(&path, &["forgetting"], &Options::default()).unwrap_err().to_string();
        for part in ["gap.csv", "no row of id 3 in epoch 2", "1 of 6", "option `missing` skip"] {
            assert!(error.contains(part), "{error}");
        }
        let options = Options { missing: Missing::Skip, ..Options::default() };
        let found = score(&path, &["forgetting_events", "correctness"], &options).unwrap();
        assert!(noted(&found, "missing", 1, ""), "{:?}", found.notes);
        let right: Vec<bool> = [0, 1, 3, 4].iter().map(|&epoch| log.of(epoch, 3)[0] == 1.0).collect();
        let forgotten = right.windows(2).filter(|pair| pair[0] && !pair[1]).count();
        assert_eq!(values(&found, "forgetting_events")[3], forgotten as f64);
        assert_eq!(values(&found, "correctness")[3], right.iter().filter(|&&right| right).count() as f64);
    }
    // What is not asked for need not be whole.
    let log = Log::new(Kind::Losses, 4, 5, 3);
    let rows = log.rows(|example| example.to_string());
    let whole = write(folder.path(), "whole", Form::CsvColumns, Kind::Losses, &rows);
    let until = [MetricSettings::parse("loss_mean", &[("until", "3")]).unwrap()];
    let expected = score_with(&whole, &until, &Options::default()).unwrap();
    let broken = std::fs::read_to_string(&whole).unwrap();
    let lines: Vec<&str> = broken.lines().collect();
    let broken = format!("{}\n{}\n4,3,0,oops\n", lines[..17].join("\n"), lines[18]);
    let path = text(folder.path(), "broken.csv", &broken);
    let found = score_with(&path, &until, &Options::default()).unwrap();
    assert_eq!(bits(&found), bits(&expected));
    let error = score(&path, &["loss_mean"], &Options::default()).unwrap_err().to_string();
    assert!(error.contains("broken.csv") && error.contains("epoch 3"), "{error}");
}

#[test]
fn runs_are_averaged_with_their_spread() {
    let folder = tempfile::tempdir().unwrap();
    let seeds = [3u64, 1, 20];
    let logs: Vec<Log> = (0..3).map(|run| Log::new(Kind::Losses, 2 + run, 5, 3)).collect();
    let mut lines = Vec::new();
    for (log, seed) in logs.iter().zip(seeds) {
        for row in log.rows(|example| format!("d{example}")) {
            let loss = row.values[0] * seed as f64;
            lines.push(format!("{seed},{},{},{loss:?}\n", row.id, row.epoch));
        }
    }
    for lines in [lines.clone(), shuffled(lines, 9)] {
        let table = format!("seed,id,epoch,loss\n{}", lines.concat());
        let path = text(folder.path(), "seeds.csv", &table);
        let found = score(&path, &["loss_mean"], &Options::default()).unwrap();
        assert_eq!(found.n_runs, 3);
        let (means, sds) = (values(&found, "loss_mean"), values(&found, "loss_mean_sd"));
        for example in 0..5 {
            let of_run = |(log, seed): (&Log, u64)| {
                let total: f64 = (0..log.n_epochs).map(|epoch| log.of(epoch, example)[0]).sum();
                total * seed as f64 / log.n_epochs as f64
            };
            let scores: Vec<f64> = logs.iter().zip(seeds).map(of_run).collect();
            let mean = scores.iter().sum::<f64>() / 3.0;
            let variance = scores.iter().map(|score| (score - mean) * (score - mean)).sum::<f64>() / 2.0;
            assert!((means[example] - mean).abs() < 1e-12 && (sds[example] - variance.sqrt()).abs() < 1e-12);
        }
        let bare = table.lines().map(|line| line.split_once(',').unwrap().1).collect::<Vec<_>>().join("\n");
        let error = score(&text(folder.path(), "bare.csv", &bare), &["loss_mean"], &Options::default());
        let error = error.unwrap_err().to_string();
        assert!(error.contains("option `duplicates`") && error.contains("option `run_column`"), "{error}");
    }
    // One that a run never learned is infinitely forgotten in the mean, whichever run comes first.
    let infinite = [MetricSettings::parse("forgetting", &[("never_learned", "infinite")]).unwrap()];
    for rows in ["a,0,0,1\na,1,0,0\n", "a,0,0,0\na,1,0,1\n"] {
        let path = text(folder.path(), "never.csv", &format!("id,seed,epoch,correct\n{rows}"));
        let found = score_with(&path, &infinite, &Options::default()).unwrap();
        assert_eq!(values(&found, "forgetting"), [f64::INFINITY]);
        assert_eq!(values(&found, "forgetting_sd"), [f64::INFINITY]);
    }
}

#[test]
fn losses_of_tokens_are_averaged() {
    let folder = tempfile::tempdir().unwrap();
    let lines = "{\"id\":\"a\",\"epoch\":0,\"loss\":[1,2,6],\"labels\":[-100,5,5]}\n\
                 {\"id\":\"b\",\"epoch\":0,\"loss\":[3],\"labels\":[7]}\n\
                 {\"id\":\"a\",\"epoch\":1,\"loss\":[5,1],\"labels\":[4,-100]}\n\
                 {\"id\":\"b\",\"epoch\":1,\"loss\":[2,4],\"labels\":[7,8]}\n";
    let csv = "id,epoch,loss,labels\na,0,\"[1, 2, 6]\",\"[-100, 5, 5]\"\nb,0,[3],[7]\n\
               a,1,[5 1],[4 -100]\nb,1,\"(2, 4)\",\"[7, 8]\"\n";
    for path in [text(folder.path(), "t.jsonl", lines), text(folder.path(), "t.csv", csv)] {
        let mut options = Options::default();
        let found = score(&path, &["loss_mean"], &options).unwrap();
        assert_eq!(values(&found, "loss_mean"), [3.0, 3.0]);
        options.classes.ignore = Some("-100".into());
        let found = score(&path, &["loss_mean"], &options).unwrap();
        assert_eq!(values(&found, "loss_mean"), [4.5, 3.0]);
    }
    let path = text(folder.path(), "long.jsonl", &lines.replace("[4,-100]", "[4,-100,3]"));
    let error = score(&path, &["loss_mean"], &Options::default()).unwrap_err().to_string();
    assert!(error.contains("line 3, column `labels`") && error.contains("one for each loss"), "{error}");
    let path = text(folder.path(), "none.jsonl", &lines.replace("[5,1],\"labels\":[4,-100]", "[],\"labels\":[]"));
    let error = score(&path, &["loss_mean"], &Options::default()).unwrap_err().to_string();
    assert!(error.contains("epoch 1, example a") && error.contains("option `nan`"), "{error}");
}

#[test]
fn labels_are_texts_lists_or_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(Kind::Logits, 4, 7, 3);
    let with = |label: &dyn Fn(usize) -> String| -> Vec<Row> {
        let rows = log.rows(|example| example.to_string()).into_iter();
        rows.map(|row| Row { label: Some(label(log.labels[row.id.parse::<usize>().unwrap()])), ..row }).collect()
    };
    let path = write(folder.path(), "plain", Form::JsonLines, Kind::Logits, &with(&|label| label.to_string()));
    let expected = score(&path, &["el2n", "forgetting"], &Options::default()).unwrap();
    let texts = with(&|label| format!("\"{}\"", ["a, \\\"b\\\"", "dog", "emu"][label]));
    let one_hot = with(&|label| ["[1,0,0]", "[0,1,0]", "[0,0,1]"][label].to_owned());
    for rows in [texts, one_hot, with(&|label| format!("{label}.0")), with(&|label| format!("[{label}]"))] {
        let path = write(folder.path(), "labels", Form::JsonLines, Kind::Logits, &rows);
        let found = score(&path, &["el2n", "forgetting"], &Options::default()).unwrap();
        assert_eq!((bits(&found), &found.labels), (bits(&expected), &expected.labels));
    }
    let shares = [[0.8, 0.1, 0.1], [0.1, 0.7, 0.2], [0.0, 0.5, 0.5]];
    let rows = with(&|label| format!("{:?}", shares[label]));
    let path = write(folder.path(), "soft", Form::JsonLines, Kind::Logits, &rows);
    let found = score(&path, &["el2n"], &Options::default()).unwrap();
    for (example, el2n) in values(&found, "el2n").into_iter().enumerate() {
        let norm = |epoch: usize| {
            let exponentials: Vec<f64> = log.of(epoch, example).iter().map(|z| z.exp()).collect();
            let total: f64 = exponentials.iter().sum();
            let off = exponentials.iter().zip(shares[log.labels[example]]).map(|(e, share)| e / total - share);
            off.map(|off| off * off).sum::<f64>().sqrt()
        };
        assert!((el2n - (0..4).map(norm).sum::<f64>() / 4.0).abs() < 1e-12);
    }
    for (labels, problem) in [
        (["[1,1,0]", "[0,1,0]", "[0,0,1]"], "multi-label"),
        (["[0,2,2]", "[1,1,0]", "[2,2,2]"], "several annotators"),
        (["0.5", "1.5", "2.5"], "targets of a regression"),
    ] {
        let rows = with(&|label| labels[label].to_owned());
        let path = write(folder.path(), "other", Form::JsonLines, Kind::Logits, &rows);
        let error = score(&path, &["el2n"], &Options::default()).unwrap_err().to_string();
        assert!(error.contains("other.jsonl") && error.contains(problem), "{error}");
        assert!(error.contains("not supported"), "{error}");
    }
    let rows = with(&|label| if label == 1 { "-100".into() } else { label.to_string() });
    for &form in FORMS {
        let path = write(folder.path(), "ignored", form, Kind::Logits, &rows);
        let error = score(&path, &["el2n"], &Options::default()).unwrap_err().to_string();
        assert!(error.contains("-100") && error.contains("option `ignore_label`"), "{error}");
        let mut options = Options::default();
        options.classes.ignore = Some("-100".into());
        let found = score(&path, &["el2n"], &options).unwrap();
        let kept: Vec<usize> = (0..7).filter(|&example| log.labels[example] != 1).collect();
        let all = values(&expected, "el2n");
        assert_eq!(values(&found, "el2n"), kept.iter().map(|&example| all[example]).collect::<Vec<_>>());
        assert!(noted(&found, "ignored", 7 - kept.len(), "label"), "{:?}", found.notes);
    }
}

#[test]
fn predictions_are_right_where_they_are_the_label() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "id,epoch,pred,label\na,0,dog,cat\na,1,cat,cat\nb,0,dog,dog\nb,1,emu,dog\n";
    let text_of = |rows: &str| text(folder.path(), "p.csv", rows);
    let correctness = |path: &Path, options: &Options| {
        score(path, &["correctness"], options).map(|found| values(&found, "correctness"))
    };
    assert_eq!(correctness(&text_of(rows), &Options::default()).unwrap(), [1.0, 1.0]);
    let numbers = rows.replace(",dog,", ",1,").replace(",cat,", ",0,").replace(",emu,", ",2,");
    let error = correctness(&text_of(&numbers), &Options::default()).unwrap_err().to_string();
    for part in ["p.csv: line 2, column `pred`", "\"1\"", "cat, dog", "option `classes`"] {
        assert!(error.contains(part), "{error}");
    }
    let mut options = Options::default();
    options.classes.classes = Some(["cat", "dog", "emu"].map(str::to_owned).into());
    assert_eq!(correctness(&text_of(&numbers), &options).unwrap(), [1.0, 1.0]);
    let labels = text(folder.path(), "truth.csv", "id,label\nb,1\na,0\n");
    let path = text_of("id,epoch,pred\na,0,1\na,1,0.0\nb,0,1\nb,1,2\n");
    let options = Options { labels: Some(labels), ..Options::default() };
    assert_eq!(correctness(&path, &options).unwrap(), [1.0, 1.0]);
    let error = correctness(&path, &Options::default()).unwrap_err().to_string();
    assert!(error.contains("`pred`") && error.contains("option `labels`"), "{error}");
}

#[test]
fn ids_keep_their_text() {
    let folder = tempfile::tempdir().unwrap();
    for ids in [
        ["9007199254740992", "9007199254740993", "18446744073709551615"],
        ["-9007199254740993", "-1", "0"],
        ["00000000-0000-0000-0000-000000000001", "007", "7"],
        ["18446744073709551614", "18446744073709551615", "99999999999999999999999"],
    ] {
        let rows: String =
            (0..2).flat_map(|epoch| ids.iter().map(move |id| format!("{id},{epoch},0.5\n"))).collect();
        let path = text(folder.path(), "t.csv", &format!("id,epoch,loss\n{rows}"));
        let mut found = self::ids(&score(&path, &["loss_mean"], &Options::default()).unwrap());
        found.sort();
        let mut expected = ids.map(str::to_owned);
        expected.sort();
        assert_eq!(found, expected);
    }
    // As JSON has them, integers of all sizes in one column.
    let ids = ["3", "18446744073709551615", "9223372036854775808", "9007199254740993"];
    let rows: String = (0..2)
        .flat_map(|epoch| ids.iter().map(move |id| format!("{{\"id\":{id},\"epoch\":{epoch},\"loss\":1}}\n")))
        .collect();
    let path = text(folder.path(), "t.jsonl", &rows);
    let found = score(&path, &["loss_mean"], &Options::default()).unwrap();
    assert_eq!(self::ids(&found), ["3", "9007199254740993", "9223372036854775808", "18446744073709551615"]);
    let path = text(folder.path(), "f.jsonl", "{\"id\":1180591620717411303425,\"epoch\":0,\"loss\":1}\n");
    let error = score(&path, &["loss_mean"], &Options::default()).unwrap_err().to_string();
    assert!(error.contains("f.jsonl: line 1, column `id`") && error.contains("an integer or a text"), "{error}");
    let found =
        score(&text(folder.path(), "i.csv", "ID,Epoch,Loss\n4,1,1\n"), &["loss_mean"], &Options::default());
    assert_eq!(found.unwrap().ids, Ids::integers(vec![4]).unwrap());
}
