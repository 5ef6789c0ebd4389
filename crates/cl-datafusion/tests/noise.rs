//! Label issues as aggregations: what confident learning finds embedded, for any partitions.

use std::sync::Arc;

use cl_data::Ids;
use cl_data::random::{below, stream};
use cl_datafusion::{
    EngineOptions, LogOptions, Missing, NoiseColumns, NoiseRequest, label_issues, label_issues_of_log,
};
use cl_difficulty::log::{self, Options};
use cl_difficulty::{ConfidentLearning, IssueFilter, LabelIssue};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, Float64Array, Int64Array, RecordBatch, StringArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema};

use crate::files::folder_of;
use crate::log_table::{LogTable, session};

/// Probabilities of few values, so that many are equal, of which most agree with the labels.
struct Examples {
    n_classes: usize,
    probabilities: Vec<f64>,
    labels: Vec<usize>,
}

impl Examples {
    fn new(n: usize, n_classes: usize, share_wrong: usize, seed: u64) -> Self {
        let rng = &mut stream(seed, "test probabilities", 0);
        let (mut probabilities, mut labels) = (Vec::new(), Vec::new());
        for _ in 0..n {
            let class = below(rng, n_classes);
            let wrong = below(rng, 100) < share_wrong;
            labels.push(if wrong { below(rng, n_classes) } else { class });
            let weights: Vec<usize> = (0..n_classes)
                .map(|k| 1 + below(rng, 4) + if k == class { 2 * below(rng, 5) } else { 0 })
                .collect();
            let sum: usize = weights.iter().sum();
            probabilities.extend(weights.iter().map(|&weight| weight as f64 / sum as f64));
        }
        Self { n_classes, probabilities, labels }
    }

    fn rows(&self, ids: ArrayRef) -> RecordBatch {
        let field = Arc::new(Field::new("item", DataType::Float64, false));
        let numbers = Arc::new(Float64Array::from(self.probabilities.clone()));
        let lists: ArrayRef = Arc::new(FixedSizeListArray::new(field, self.n_classes as i32, numbers, None));
        let labels: ArrayRef = Arc::new(self.labels.iter().map(|&label| label as i64).collect::<Int64Array>());
        let field = |name: &str, array: &ArrayRef| Field::new(name, array.data_type().clone(), false);
        let schema = Schema::new(vec![field("id", &ids), field("label", &labels), field("p", &lists)]);
        RecordBatch::try_new(Arc::new(schema), vec![ids, labels, lists]).unwrap()
    }
}

fn columns() -> NoiseColumns {
    NoiseColumns { id: "id".into(), label: "label".into(), probabilities: "p".into() }
}

/// What the engine finds, by the order of ids.
async fn found(batch: &RecordBatch, partitions: usize, filter: IssueFilter) -> (ConfidentLearning, RecordBatch) {
    let context = session(batch, partitions, 5);
    let issues = label_issues(&context.table("log").await.unwrap(), &columns(), filter).await.unwrap();
    context.register_table("issues", issues.frame.into_view()).unwrap();
    let sorted = context.sql("SELECT * FROM issues ORDER BY id_order(id)").await.unwrap();
    let schema = Arc::new(sorted.schema().as_arrow().clone());
    let batches = sorted.collect().await.unwrap();
    (issues.learned, datafusion::arrow::compute::concat_batches(&schema, &batches).unwrap())
}

fn assert_same(examples: &Examples, learned: &ConfidentLearning, rows: &RecordBatch, filter: IssueFilter) {
    let Examples { n_classes, probabilities, labels } = examples;
    let expected = ConfidentLearning::fit(probabilities, labels, *n_classes).unwrap();
    // Sums of n probabilities, each rounded.
    let bound = labels.len() as f64 * f64::EPSILON;
    for (own, expected) in learned.thresholds().iter().zip(expected.thresholds()) {
        assert!((own - expected).abs() <= bound * expected, "{own} {expected}");
    }
    assert!(learned.confident_entries().eq(expected.confident_entries()));
    assert!(learned.calibrated_entries().eq(expected.calibrated_entries()));
    let ids = Ids::range(labels.len());
    let expected = LabelIssue::of_all(&expected, probabilities, &ids, labels, filter).unwrap();
    let integers = |at: usize| rows.column(at).as_primitive::<Int64Type>();
    let number = |at: usize, row: usize| rows.column(at).as_primitive::<Float64Type>().value(row);
    assert_eq!(rows.num_rows(), labels.len());
    for (row, issue) in expected.iter().enumerate() {
        assert_eq!(integers(1).value(row) as usize, issue.label);
        assert_eq!(integers(2).value(row) as usize, issue.predicted);
        assert_eq!(number(3, row), issue.self_confidence);
        assert_eq!(number(4, row), issue.normalized_margin);
        assert_eq!(number(5, row), issue.confidence_weighted_entropy);
        assert_eq!(rows.column(6).as_boolean().value(row), issue.issue, "{filter} row {row}");
    }
}

#[tokio::test]
async fn issues_are_those_of_the_embedded_path() {
    // Few wrong labels; more, in two classes; and labels that have nothing to do with what is predicted.
    for (examples, seed) in [(3, 10), (2, 25), (5, 100)].into_iter().zip(0..) {
        let (n_classes, share_wrong) = examples;
        let examples = Examples::new(700, n_classes, share_wrong, seed);
        let ids: ArrayRef = Arc::new((0..700).map(|id| id * 3 - 500).collect::<Int64Array>());
        let batch = examples.rows(ids);
        for (_, filter) in IssueFilter::NAMES {
            for partitions in [1, 7] {
                let (learned, rows) = found(&batch, partitions, filter).await;
                assert_same(&examples, &learned, &rows, filter);
            }
        }
        let (learned, rows) = found(&batch, 16, IssueFilter::Both).await;
        assert_same(&examples, &learned, &rows, IssueFilter::Both);
    }
}

/// Of equal examples those whose ids come first: `image-2` before `image-10`.
#[tokio::test]
async fn ids_that_are_texts_decide_by_their_order() {
    let examples = Examples::new(300, 3, 20, 9);
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values((0..300).map(|id| format!("image-{id}"))));
    let batch = examples.rows(ids);
    for filter in [IssueFilter::PruneByNoiseRate, IssueFilter::LowSelfConfidence] {
        let (learned, rows) = found(&batch, 4, filter).await;
        assert_same(&examples, &learned, &rows, filter);
    }
}

/// A class of one example and one of none.
#[tokio::test]
async fn small_classes_are_as_embedded() {
    let mut examples = Examples::new(60, 4, 30, 11);
    examples.labels.iter_mut().for_each(|label| *label %= 2);
    examples.labels[17] = 2;
    let batch = examples.rows(Arc::new((0..60).collect::<Int64Array>()));
    for (_, filter) in IssueFilter::NAMES {
        let (learned, rows) = found(&batch, 3, filter).await;
        assert_same(&examples, &learned, &rows, filter);
    }
}

fn request(log: &std::path::Path, last: bool, filter: IssueFilter) -> NoiseRequest {
    NoiseRequest {
        log: log.to_owned(),
        options: LogOptions::default(),
        missing: Missing::Error,
        last,
        filter,
        level: 0.95,
        seed: 0,
        scratch: None,
    }
}

#[tokio::test]
async fn logs_give_the_bytes_of_the_embedded_path() {
    let folder = tempfile::tempdir().unwrap();
    let log_table = LogTable::new(300, 5, 31);
    for outputs in ["logits", "log-probabilities"] {
        let input = folder.path().join(outputs);
        let options = match outputs {
            "logits" => LogOptions::default(),
            _ => LogOptions {
                outputs_column: Some(outputs.into()),
                outputs: Some("log-probabilities".parse().unwrap()),
                ..LogOptions::default()
            },
        };
        folder_of(&log_table, &[outputs], &input);
        for last in [false, true] {
            let read = Options {
                outputs: options.outputs,
                outputs_column: options.outputs_column.clone(),
                ..Options::default()
            };
            let mut source = log::open(&input, &read).unwrap();
            let ids = source.contents().ids.clone();
            let labels = source.contents().labels.clone();
            let mean = log::mean_probabilities(source.as_mut(), if last { 4 } else { 0 }, &mut ()).unwrap();
            let learned = ConfidentLearning::fit(&mean.probabilities, &labels, 4).unwrap();
            let filter = IssueFilter::PruneByNoiseRate;
            let rows = LabelIssue::of_all(&learned, &mean.probabilities, &ids, &labels, filter).unwrap();
            let expected = folder.path().join("expected.csv");
            LabelIssue::write_csv(&expected, &rows).unwrap();
            for (partitions, scratch) in [(1, true), (7, false)] {
                let context =
                    EngineOptions { partitions: Some(partitions), ..EngineOptions::default() }.session().unwrap();
                let own = folder.path().join("own.csv");
                let request = NoiseRequest {
                    options: options.clone(),
                    scratch: scratch.then(|| folder.path().to_owned()),
                    ..request(&input, last, filter)
                };
                let report = label_issues_of_log(&context, &request, &own).await.unwrap();
                assert!(std::fs::read(&own).unwrap() == std::fs::read(&expected).unwrap(), "{outputs} {last}");
                let rate = learned.noise_rate(1000, 0.95, 0).unwrap();
                assert_eq!((report.n_examples, report.n_classes, report.noise_rate), (300, 4, rate.estimate));
                assert_eq!(report.n_issues, rows.iter().filter(|row| row.issue).count());
                assert_eq!(report.interval, (rate.low, rate.high));

                let parts = format!("{}/parts-{partitions}-{last}-{outputs}/", folder.path().display());
                let written = label_issues_of_log(&context, &request, parts.as_ref()).await.unwrap();
                assert_eq!((written.n_issues, written.worst), (report.n_issues, report.worst));
            }
        }
    }
    // Nothing of what was kept meanwhile is left.
    let left = std::fs::read_dir(folder.path()).unwrap();
    assert!(left.into_iter().all(|entry| !entry.unwrap().file_name().to_string_lossy().contains("label-noise")));
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let context = EngineOptions::default().session().unwrap();
    let input = folder.path().join("losses");
    folder_of(&LogTable::new(20, 2, 33), &["losses"], &input);
    let error = async |request: &NoiseRequest, output: &str| {
        label_issues_of_log(&context, request, &folder.path().join(output)).await.unwrap_err().to_string()
    };
    let by_default = IssueFilter::PruneByNoiseRate;
    let losses = error(&request(&input, false, by_default), "own.csv").await;
    assert!(losses.contains("losses") && losses.contains("expected logits, probabilities"), "{losses}");
    let ending = error(&request(&input, false, by_default), "own.json").await;
    assert!(ending.contains("expected a name that ends in .csv"), "{ending}");

    let wrong = async |probabilities: Vec<f64>, labels: Vec<usize>| {
        let batch = Examples { n_classes: 2, probabilities, labels }.rows(Arc::new(Int64Array::from(vec![0, 1])));
        let table = session(&batch, 1, 0).table("log").await.unwrap();
        label_issues(&table, &columns(), by_default).await.unwrap_err().to_string()
    };
    let found = wrong(vec![0.5, 0.5, 1.5, -0.5], vec![0, 1]).await;
    assert!(found.contains("a probability is 1.5, expected a number in [0, 1]"), "{found}");
    let found = wrong(vec![0.5, 0.5, 0.5, 0.4], vec![0, 1]).await;
    assert!(found.contains("sum of probabilities is 0.9, expected 1 within 0.001"), "{found}");
    let found = wrong(vec![0.5, 0.5, 0.5, 0.5], vec![0, 2]).await;
    assert!(found.contains("the label is 2, expected a class below 2"), "{found}");
}
