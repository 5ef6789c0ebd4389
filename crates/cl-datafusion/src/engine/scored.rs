use std::path::Path;

use cl_data::Fingerprint;
use cl_difficulty::log::Note;
use cl_difficulty::table::{ColumnDescription, Sidecar, TableFormat, write_as};
use cl_difficulty::{Column, ColumnValues, MetricSettings, OutputKind};
use datafusion::arrow::array::AsArray;
use datafusion::prelude::{DataFrame, SessionContext, col, ident};
use serde::Serialize;

use super::log_columns::{LogColumns, LogOptions};
use super::score::{Missing, ScoreRequest, epochs, score};
use crate::error::EngineError;
use crate::id_order::id_order;
use crate::tables::{collect, ids, labels, read_parquet, values};

/// What was scored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoreReport {
    /// Where the scores are.
    pub output: String,
    /// How many examples have scores.
    pub n_examples: usize,
    /// The epochs of the log.
    pub epochs: Vec<u64>,
    /// The names of the metrics.
    pub metrics: Vec<String>,
    /// Examples that were right in no epoch; none where the log does not tell what was right.
    pub n_never_learned: Option<usize>,
    /// Of ids and labels.
    pub fingerprint: Fingerprint,
}

/// Scores a log, a Parquet file or a folder of them with a row per example and epoch, and writes a table of scores with
/// its sidecar as `curriculum score` does: the format by the ending of `output`, the examples in the order of their ids.
///
/// The log may be larger than memory: the session's limit bounds the states of examples, which are written to files beyond
/// it. The scores themselves, O(examples), are held before they are written, whole or not at all.
///
/// `command` is written into the sidecar.
///
/// # Errors
/// As [`score`] and [`LogColumns::find`]; where an epoch lacks examples, unless these are to be skipped; where the input
/// cannot be read or the output not be written.
pub async fn score_log(
    context: &SessionContext,
    input: &Path,
    options: &LogOptions,
    metrics: &[MetricSettings],
    missing: Missing,
    output: &Path,
    command: Vec<String>,
) -> Result<ScoreReport, EngineError> {
    let format = TableFormat::of(output).map_err(cl_difficulty::DifficultyError::from)?;
    let log = read_parquet(context, input).await?;
    let columns = LogColumns::find(&input.display().to_string(), log.schema(), options)?;
    let (recorded, never_at) = with_never_learned(metrics, columns.metric.kind)?;
    let request = ScoreRequest { columns, metrics: recorded };
    let frame = score(&log, &request)?.sort(vec![id_order(col("id")).sort(true, false)])?;
    let epochs = epochs(&log, &request.columns).await?;
    let batch = collect(frame).await?;
    let n = batch.num_rows();
    if n == 0 {
        return Err(EngineError::cell("score", "the log", "without a row", "at least one example"));
    }
    if let Some((epoch, found)) = epochs.iter().find(|(_, found)| **found != n as u64)
        && missing == Missing::Error
    {
        let (what, found) = (format!("epoch {epoch}"), format!("of {found} of {n} examples"));
        return Err(EngineError::cell("score", what, found, "all, or option `missing` = skip"));
    }
    let ids = ids(batch.column(0))?;
    let labelled = request.columns.metric.label.is_some();
    let labels = if labelled { labels(batch.column(1))? } else { Vec::new() };
    let first = 1 + usize::from(labelled);
    let column = |(at, settings): (usize, &MetricSettings)| {
        let metric = settings.metric().clone();
        let values = values(&metric.name, batch.column(first + at))?;
        Ok(Column {
            name: metric.name.clone(),
            values,
            higher_is_harder: settings.description().higher_is_harder,
            metric,
        })
    };
    let mut columns: Vec<Column> =
        request.metrics.iter().enumerate().map(column).collect::<Result<_, EngineError>>()?;
    let n_never_learned = never_at.and_then(|at| match &columns[at].values {
        ColumnValues::Flag(flags) => Some(flags.iter().filter(|&&never| never).count()),
        _ => None,
    });
    columns.truncate(metrics.len());
    let kind = request.columns.metric.kind;
    let n_classes = match (labelled, kind.is_scalar()) {
        (false, _) => 0,
        (true, true) => labels.iter().max().map_or(0, |&label| label + 1).max(2),
        (true, false) => width(&log, &request.columns).await?,
    };
    let (epochs, fingerprint) = (epochs.into_keys().collect::<Vec<u64>>(), Fingerprint::of(&ids, &labels));
    let describe = |column: &Column| ColumnDescription {
        name: column.name.clone(),
        metric: column.metric.name.clone(),
        options: column.metric.options.clone(),
        higher_is_harder: column.higher_is_harder,
        provenance: None,
    };
    let sidecar = Sidecar {
        version: env!("CARGO_PKG_VERSION").into(),
        command,
        input: input.display().to_string(),
        second_split: None,
        format: "parquet, by an engine".into(),
        outputs: Some(kind),
        n_examples: n,
        n_classes,
        epochs: epochs.clone(),
        fingerprint,
        set_fingerprint: Some(Fingerprint::of_set(&ids, &labels)),
        classes: None,
        n_runs: 1,
        n_never_learned,
        notes: notes(metrics, kind),
        columns: columns.iter().map(describe).collect(),
        skipped: Vec::new(),
    };
    let report = ScoreReport {
        output: output.display().to_string(),
        n_examples: n,
        epochs,
        metrics: columns.iter().map(|column| column.name.clone()).collect(),
        n_never_learned,
        fingerprint,
    };
    write_as(format, output, &ids, labelled.then_some(&labels[..]), columns, &sidecar)?;
    Ok(report)
}

/// The metrics and, where outputs tell it, what was never learned in the epochs that they are of, with its place.
fn with_never_learned(
    metrics: &[MetricSettings],
    kind: OutputKind,
) -> Result<(Vec<MetricSettings>, Option<usize>), EngineError> {
    const NAME: &str = "never_learned";
    if let Some(at) = metrics.iter().position(|settings| settings.metric().name == NAME) {
        return Ok((metrics.to_vec(), Some(at)));
    }
    let from = metrics.iter().map(|settings| settings.epochs().0).min().unwrap_or(0);
    let untils = metrics.iter().map(|settings| settings.epochs().1);
    let until = untils.reduce(|a, b| a.zip(b).map(|(a, b)| a.max(b))).flatten();
    let (from, until) = (from.to_string(), until.map(|until| until.to_string()));
    let mut options = Vec::new();
    if from != "0" {
        options.push(("from", from.as_str()));
    }
    options.extend(until.as_deref().map(|until| ("until", until)));
    let settings = MetricSettings::parse(NAME, &options)?;
    let at = settings.unavailable(kind).is_none().then_some(metrics.len());
    let recorded = metrics.iter().cloned().chain(at.map(|_| settings)).collect();
    Ok((recorded, at))
}

/// What is not plain about losses.
fn notes(metrics: &[MetricSettings], kind: OutputKind) -> Vec<Note> {
    let of_p =
        |settings: &&MetricSettings| !["loss", "learning_time"].contains(&settings.description().method.name);
    let n = metrics.iter().filter(of_p).count();
    if kind != OutputKind::Losses || n == 0 {
        return Vec::new();
    }
    let text = format!("exp(-loss) is taken for the probability of the label by {n} of the metrics");
    vec![Note { what: "losses".into(), count: n as u64, text }]
}

/// The number of classes: of lists the length of the first.
async fn width(log: &DataFrame, columns: &LogColumns) -> Result<usize, EngineError> {
    if let Some(width) = columns.n_classes(log.schema()) {
        return Ok(width);
    }
    let first = log.clone().select(vec![ident(&columns.metric.outputs[0])])?.limit(0, Some(1))?;
    let batch = collect(first).await?;
    let list = batch.column(0);
    Ok(match list.as_list_opt::<i32>() {
        Some(list) => list.value_length(0) as usize,
        None => list.as_list_opt::<i64>().map_or(0, |list| list.value_length(0) as usize),
    })
}
