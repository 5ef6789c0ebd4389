//! Logs and tables in files: what is written is what the embedded path writes.

use std::fs::File;
use std::path::{Path, PathBuf};

use cl_datafusion::{EngineOptions, LogOptions, Missing, PruneRequest, prune_table, score_log};
use cl_difficulty::log::{self, Options, Scoring};
use cl_difficulty::table::{Sidecar, Table, write};
use cl_difficulty::{MetricSettings, OutputKind};
use cl_prune::{Budget, RuleInputs, RuleSettings};
use datafusion::arrow::array::{Float64Array, Int64Array, RecordBatch};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::prelude::SessionContext;

use crate::log_table::LogTable;

/// The log as a folder of several files, each with some epochs.
pub(crate) fn folder_of(log: &LogTable, outputs: &[&str], folder: &Path) {
    let batch = log.batch();
    std::fs::create_dir_all(folder).unwrap();
    let columns = ["id", "epoch", "label"].iter().chain(outputs);
    let columns: Vec<usize> = columns.map(|name| batch.schema().index_of(name).unwrap()).collect();
    let batch = batch.project(&columns).unwrap();
    let rows = log.n * log.n_epochs.div_ceil(3);
    for (file, start) in (0..batch.num_rows()).step_by(rows).enumerate() {
        let part = batch.slice(start, rows.min(batch.num_rows() - start));
        write_batch(&part, &folder.join(format!("part-{file}.parquet")));
    }
}

pub(crate) fn write_batch(batch: &RecordBatch, path: &Path) {
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

fn session(partitions: usize) -> SessionContext {
    EngineOptions { partitions: Some(partitions), ..EngineOptions::default() }.session().unwrap()
}

fn metrics(names: &[&str]) -> Vec<MetricSettings> {
    names.iter().map(|name| MetricSettings::parse(name, &[]).unwrap()).collect()
}

/// What `curriculum score` writes of it.
fn embedded(input: &Path, metrics: &[MetricSettings], output: &Path) -> Sidecar {
    let mut source = log::open(input, &Options::default()).unwrap();
    let scored = log::score(source.as_mut(), metrics, &Scoring::default(), &mut ()).unwrap();
    let sidecar = Sidecar::of_log(source.contents(), &scored);
    write(output, &scored.ids, Some(&scored.labels), scored.columns, &sidecar).unwrap();
    sidecar
}

#[tokio::test]
async fn tables_are_the_same_bytes_as_the_embedded_path_writes() {
    let folder = tempfile::tempdir().unwrap();
    let log = LogTable::new(120, 7, 21);
    for (outputs, names) in [
        (&["logits"][..], &["el2n", "aum", "forgetting", "tdds", "never_learned", "first_learned"][..]),
        (&["logit_0", "logit_1", "logit_2", "logit_3"], &["forgetting", "correctness"]),
        (&["losses"], &["loss_last", "confidence"]),
        (&["losses"], &["loss"]),
    ] {
        let input = folder.path().join(format!("log-{}-{}", outputs[0], names.len()));
        folder_of(&log, outputs, &input);
        for ending in ["csv", "jsonl", "npz", "parquet"] {
            let [own, other] = ["own", "other"].map(|name| folder.path().join(format!("{name}.{ending}")));
            let expected = embedded(&input, &metrics(names), &other);
            for partitions in [1, 7] {
                let options = LogOptions::default();
                let (context, metrics) = (session(partitions), metrics(names));
                let command = Vec::new();
                score_log(&context, &input, &options, &metrics, Missing::Error, &own, command).await.unwrap();
                assert!(std::fs::read(&own).unwrap() == std::fs::read(&other).unwrap(), "{names:?}, {ending}");
                let sidecar = Sidecar::read(&own).unwrap().unwrap();
                let found =
                    Sidecar { format: expected.format.clone(), notes: expected.notes.clone(), ..sidecar.clone() };
                assert_eq!(found, expected);
                let losses = |notes: &[log::Note]| {
                    notes.iter().filter(|note| note.what == "losses").cloned().collect::<Vec<_>>()
                };
                assert_eq!(losses(&sidecar.notes), losses(&expected.notes));
            }
        }
    }
}

#[tokio::test]
async fn a_bounded_memory_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("log");
    folder_of(&LogTable::new(20_000, 6, 22), &["logits"], &input);
    let run = async |memory: Option<usize>, name: &str| {
        let output = folder.path().join(name);
        let context = EngineOptions { memory, partitions: Some(2), ..EngineOptions::default() }.session().unwrap();
        context.sql("SET datafusion.execution.batch_size = 1024").await.unwrap();
        let (options, metrics) = (LogOptions::default(), metrics(&["el2n", "forgetting"]));
        score_log(&context, &input, &options, &metrics, Missing::Error, &output, Vec::new()).await.unwrap();
        std::fs::read(output).unwrap()
    };
    assert!(run(None, "whole.csv").await == run(Some(8 << 20), "bounded.csv").await);
}

#[tokio::test]
async fn what_is_wrong_with_a_log_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let log = LogTable::new(10, 3, 23);
    folder_of(&log, &["logits"], &path("logits"));
    folder_of(&log, &["losses"], &path("mixed"));
    // The same column of another type.
    let batch = RecordBatch::try_from_iter([
        ("id", std::sync::Arc::new(Int64Array::from(vec![0])) as _),
        ("epoch", std::sync::Arc::new(Int64Array::from(vec![5])) as _),
        ("label", std::sync::Arc::new(Int64Array::from(vec![1])) as _),
        ("losses", std::sync::Arc::new(Float64Array::from(vec![0.5])) as _),
    ]);
    write_batch(&batch.unwrap(), &path("mixed/part-9.parquet"));
    let lacking = log.batch().slice(0, 25);
    std::fs::create_dir_all(path("lacking")).unwrap();
    write_batch(&lacking, &path("lacking/log.parquet"));
    std::fs::create_dir_all(path("empty")).unwrap();
    let error = async |input: &str, names: &[&str], options: LogOptions, output: &str| {
        let (context, output) = (session(2), path(output));
        let scored =
            score_log(&context, &path(input), &options, &metrics(names), Missing::Error, &output, Vec::new())
                .await;
        assert!(!output.exists());
        scored.unwrap_err().to_string()
    };
    let plain = LogOptions::default;
    let told = LogOptions { label_column: Some("gold".into()), ..plain() };
    let losses = LogOptions { outputs: Some(OutputKind::Losses), ..plain() };
    for (input, names, options, output, expected) in [
        ("nowhere", &["el2n"][..], plain(), "out.csv", "is not there, expected a Parquet file or a folder"),
        ("empty", &["el2n"], plain(), "out.csv", "expected Parquet files"),
        ("logits", &["el2n"], told, "out.csv", "no column `gold`, the columns are id, epoch, label, logits"),
        ("logits", &["el2n"], losses, "out.csv", "no column `logits, probs, log_probs, loss or correct`"),
        ("logits", &["el2n"], plain(), "out.txt", "out.txt"),
        ("logits", &["el2n", "el2n"], plain(), "out.csv", "el2n twice"),
        ("logits", &["second_split_forgetting"], plain(), "out.csv", "another split"),
        ("mixed", &["loss"], plain(), "out.csv", "expected Parquet files with the same columns"),
        ("mixed", &["el2n"], plain(), "out.csv", "expected Parquet files with the same columns"),
        (
            "lacking",
            &["el2n"],
            plain(),
            "out.csv",
            "epoch 2 is of 5 of 10 examples, expected all, or option `missing` = skip",
        ),
        ("logits", &["dual"], plain(), "out.csv", "dual needs 4 epochs of each example, but one has 3"),
    ] {
        let found = error(input, names, options, output).await;
        assert!(found.contains(expected), "{input}: {found}");
    }
    let output = path("skipped.csv");
    let (options, names) = (plain(), metrics(&["el2n"]));
    score_log(&session(2), &path("lacking"), &options, &names, Missing::Skip, &output, Vec::new()).await.unwrap();
    assert_eq!(Table::read(&output).unwrap().n_examples(), 10);
}

#[tokio::test]
async fn tables_of_scores_are_pruned() {
    let folder = tempfile::tempdir().unwrap();
    let (input, scores) = (folder.path().join("log"), folder.path().join("scores.parquet"));
    folder_of(&LogTable::new(200, 6, 24), &["logits"], &input);
    let context = session(3);
    let names = metrics(&["confidence", "el2n"]);
    score_log(&context, &input, &LogOptions::default(), &names, Missing::Error, &scores, Vec::new())
        .await
        .unwrap();
    let table = Table::read(&scores).unwrap();
    let labels = table.labels.clone().unwrap();
    let rule = RuleSettings::parse("hardest", &[("balance", "equal")]).unwrap();
    // By its sidecar a low confidence is hard.
    let difficulty: Vec<f64> = table.column("confidence").unwrap().values.iter().map(|value| -value).collect();
    let inputs = RuleInputs { labels: Some(&labels), ..RuleInputs::default() };
    let kept = rule.rule(&inputs).unwrap().select(&difficulty, Budget::Count(50), 3).unwrap().kept_sorted();
    let ids = table.ids.unwrap();
    let expected: Vec<String> = kept.iter().map(|&example| ids.get(example).unwrap().into_owned()).collect();
    let request = PruneRequest {
        scores,
        rule,
        budget: Budget::Count(50),
        seed: 3,
        column: "confidence".into(),
        id: "id".into(),
        label: Some("label".into()),
        higher_is_harder: None,
    };
    let prune = async |request: &PruneRequest, name: &str| {
        let output = PathBuf::from(format!("{}/{name}", folder.path().display()));
        prune_table(&context, request, &output)
            .await
            .map(|report| (report, output))
            .map_err(|error| error.to_string())
    };
    let (report, output) = prune(&request, "kept.txt").await.unwrap();
    assert_eq!((report.n_examples, report.n_kept, report.higher_is_harder), (200, 50, false));
    assert_eq!(report.classes.iter().map(|(_, _, kept)| kept).sum::<u64>(), 50);
    // Texts are in the order of texts.
    let mut lines: Vec<String> = std::fs::read_to_string(output).unwrap().lines().map(str::to_owned).collect();
    lines.sort_by_key(|id| id.parse::<u64>().unwrap());
    assert_eq!(lines, expected);
    let (_, output) = prune(&request, "kept.csv").await.unwrap();
    assert_eq!(Table::read(&output).unwrap().n_examples(), 50);
    let (_, output) = prune(&request, "kept/").await.unwrap();
    let frame = context.read_parquet(output.to_str().unwrap(), Default::default()).await.unwrap();
    assert_eq!((frame.schema().fields().len(), frame.count().await.unwrap()), (4, 50));
    assert!(prune(&request, "kept/").await.unwrap_err().contains("there already"));
    let unknown = PruneRequest { column: "score".into(), ..request.clone() };
    assert!(prune(&unknown, "out.csv").await.unwrap_err().contains("not told of column score"));
    let missing = PruneRequest { column: "score".into(), higher_is_harder: Some(true), ..request };
    assert!(prune(&missing, "out.csv").await.unwrap_err().contains("the columns are id, label, confidence, el2n"));
}

#[test]
fn options_of_the_engine_are_checked() {
    let error = |options: EngineOptions| options.session().err().unwrap().to_string();
    assert!(error(EngineOptions { partitions: Some(0), ..EngineOptions::default() }).contains("partitions is 0"));
    assert!(error(EngineOptions { memory: Some(5), ..EngineOptions::default() }).contains("memory is 5"));
}
