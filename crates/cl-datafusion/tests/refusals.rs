//! What cannot be computed is an error that says what is wrong.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, ListArray, RecordBatch};
use datafusion::arrow::datatypes::Float64Type;
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;

/// Two examples in two epochs.
fn session(logits: [Option<Vec<Option<f64>>>; 4], labels: [Option<i64>; 4], epochs: [i64; 4]) -> SessionContext {
    let columns: [(&str, ArrayRef); 5] = [
        ("id", Arc::new(Int64Array::from(vec![0, 1, 0, 1]))),
        ("epoch", Arc::new(Int64Array::from(epochs.to_vec()))),
        ("label", Arc::new(Int64Array::from(labels.to_vec()))),
        ("logits", Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(logits))),
        ("loss", Arc::new(Float64Array::from(vec![0.5, -1.0, 0.5, 0.5]))),
    ];
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap();
    let context = SessionContext::new();
    cl_datafusion::register(&context).unwrap();
    context
        .register_table("log", Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap()))
        .unwrap();
    context
}

fn plain() -> [Option<Vec<Option<f64>>>; 4] {
    [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [2.0, 1.0]].map(|row| Some(row.map(Some).to_vec()))
}

async fn error(context: &SessionContext, call: &str) -> String {
    let sql = format!("SELECT id, {call} FROM log GROUP BY id");
    match context.sql(&sql).await {
        Err(error) => error.to_string(),
        Ok(frame) => frame.collect().await.unwrap_err().to_string(),
    }
}

#[tokio::test]
async fn cells_are_told() {
    const LABELS: [Option<i64>; 4] = [Some(0), Some(1), Some(0), Some(1)];
    const EPOCHS: [i64; 4] = [0, 0, 1, 1];
    let with = |at: usize, row: Option<Vec<Option<f64>>>| {
        let mut logits = plain();
        logits[at] = row;
        session(logits, LABELS, EPOCHS)
    };
    let el2n = "el2n(epoch, logits, label)";
    for (context, call, expected) in [
        (with(1, None), el2n, "el2n: a list of outputs is null"),
        (with(1, Some(vec![Some(0.0), None])), el2n, "a number of a list of outputs is null"),
        (with(3, Some(vec![Some(0.0)])), el2n, "1 numbers beside one of 2"),
        (with(0, Some(vec![])), el2n, "expected as many numbers, at least one"),
        (
            with(2, Some(vec![Some(f64::NAN), Some(0.0)])),
            el2n,
            "el2n, in epoch 1 of an example: the logit of class 0 is NaN",
        ),
        // What is reduced as it comes says the same.
        (
            with(2, Some(vec![Some(f64::NAN), Some(0.0)])),
            "forgetting(epoch, logits, label)",
            "forgetting, in epoch 1 of an example: the logit of class 0 is NaN",
        ),
        (session(plain(), [Some(0), None, Some(0), Some(1)], EPOCHS), el2n, "the label is null"),
        (session(plain(), [Some(0), Some(-1), Some(0), Some(1)], EPOCHS), el2n, "the label is -1"),
        (session(plain(), [Some(2), Some(1), Some(2), Some(1)], EPOCHS), el2n, "label"),
        (session(plain(), [Some(0), Some(1), Some(1), Some(1)], EPOCHS), el2n, "the label of an example is"),
        (session(plain(), LABELS, [0, 0, 0, 1]), el2n, "in epoch 0 of an example: observed twice"),
        (session(plain(), LABELS, [0, 0, -1, 1]), el2n, "the epoch is -1"),
        (session(plain(), LABELS, EPOCHS), "confidence(epoch, loss)", "the loss is -1, expected at least 0"),
        (
            session(plain(), LABELS, EPOCHS),
            "dual(epoch, logits, label)",
            "dual needs 4 epochs of each example, but one has 2",
        ),
    ] {
        let found = error(&context, call).await;
        assert!(found.contains(expected), "{call}: {found}");
    }
}

#[tokio::test]
async fn calls_are_told() {
    let context = session(plain(), [Some(0); 4], [0, 0, 1, 1]);
    for (call, expected) in [
        ("el2n(epoch, logits)", "no label behind the outputs"),
        ("forgetting(logits, label)", "no epoch before the outputs"),
        ("el2n(epoch, label)", "no argument is a list"),
        ("el2n(epoch, logits, label, 'kind=losses')", "kind is losses"),
        ("el2n(epoch, logits, label, 'beta=3')", "beta"),
        ("aum(epoch, logits, label, 'kind=probabilities')", "needs logits"),
        ("el2n(epoch, loss)", "needs logits or probabilities"),
        ("el2n(epoch, logits, label, arrow_cast(id, 'Utf8'))", "no literal"),
        ("el2nn(epoch, logits, label)", "el2n"),
        ("el2n(epoch, logit, label)", "log.logits"),
    ] {
        let found = error(&context, call).await;
        assert!(found.contains(expected), "{call}: {found}");
    }
}
