use std::collections::BTreeMap;

use cl_difficulty::{MetricSettings, Needs};
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::compute::cast as cast_array;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::functions_aggregate::expr_fn::{count, min};
use datafusion::logical_expr::{Expr, cast};
use datafusion::prelude::{DataFrame, col, ident, lit};

use super::log_columns::LogColumns;
use crate::error::EngineError;
use crate::metric::{Reduction, dynamics_call, metric_call, value_at, value_type};

/// What becomes of an epoch that lacks examples.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Missing {
    /// It is an error.
    #[default]
    Error,
    /// Each example is scored by the epochs that it is in.
    Skip,
}

/// What is asked of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreRequest {
    /// Which columns mean what.
    pub columns: LogColumns,
    /// The metrics.
    pub metrics: Vec<MetricSettings>,
}

/// The metrics of each example of a log with a row per example and epoch: `id`, `label` where the log has labels, and a
/// column per metric under its name; computed when it is read.
///
/// The values are those of `curriculum score`, to the bit, for any number of partitions and any order of rows: see
/// [`metric_functions`](crate::metric_functions). One pass over the rows for all metrics, which share one state, or have one
/// each where that is one number per row. Each example is scored by the epochs that it is in: that one lacks some,
/// [`score_log`](crate::score_log) tells.
///
/// # Errors
/// Where a metric cannot be had from such outputs, or needs another log; where two bear one name.
pub fn score(log: &DataFrame, request: &ScoreRequest) -> Result<DataFrame, EngineError> {
    let ScoreRequest { columns: LogColumns { id, metric }, metrics } = request;
    if metrics.is_empty() {
        return Err(EngineError::argument("metrics", "none", "at least one"));
    }
    for (at, settings) in metrics.iter().enumerate() {
        let name = &settings.metric().name;
        if metrics[..at].iter().any(|other| other.metric().name == *name) {
            return Err(EngineError::argument("metrics", format!("{name} twice"), "each name once"));
        }
        if settings.description().needs == Needs::SecondSplit {
            let reason = "needs the log of training on another split".to_owned();
            return Err(cl_difficulty::DifficultyError::Unavailable { metric: name.clone(), reason }.into());
        }
    }
    // Several share one state, unless a number per row is all that is kept for each.
    let reduces = |settings: &MetricSettings| !metric.kind.is_scalar() && Reduction::of(settings).is_some();
    let is_apart = metrics.len() == 1 || metrics.iter().all(reduces);
    let (apart, together): (&[MetricSettings], &[MetricSettings]) =
        if is_apart { (metrics, &[]) } else { (&[], metrics) };
    let mut calls: Vec<Expr> =
        apart.iter().map(|settings| metric_call(settings, metric)).collect::<Result<_, _>>()?;
    if !together.is_empty() {
        calls.push(dynamics_call(together, metric)?.alias(VALUES));
    }
    calls.extend(metric.label.iter().map(|label| min(cast(ident(label), DataType::Int64)).alias(LABEL)));
    let grouped = log.clone().aggregate(vec![ident(id).alias(ID)], calls)?;
    let mut selected = vec![col(ID)];
    if metric.label.is_some() {
        selected.push(col(LABEL).alias("label"));
    }
    for settings in metrics {
        let name = settings.metric().name.as_str();
        let place = together.iter().position(|other| other.metric().name == name);
        selected.push(match place {
            None => ident(name),
            Some(place) => {
                let value = value_at(col(VALUES), place);
                match value_type(settings.description().method.name)? {
                    DataType::Float64 => value,
                    DataType::Boolean => value.not_eq(lit(0.0)),
                    kind => cast(value, kind),
                }
                .alias(name)
            }
        });
    }
    Ok(grouped.select(selected)?.select(renamed(metric.label.is_some(), metrics))?)
}

const ID: &str = "__id";
const LABEL: &str = "__label";
const VALUES: &str = "__values";

/// The columns under their names.
fn renamed(labelled: bool, metrics: &[MetricSettings]) -> Vec<Expr> {
    let labels = labelled.then(|| col("label"));
    let names = metrics.iter().map(|settings| ident(settings.metric().name.as_str()));
    [col(ID).alias("id")].into_iter().chain(labels).chain(names).collect()
}

/// The epochs of a log in increasing order, and how many rows each has.
///
/// # Errors
/// On an epoch that is none.
pub(super) async fn epochs(log: &DataFrame, columns: &LogColumns) -> Result<BTreeMap<u64, u64>, EngineError> {
    let Some(epoch) = &columns.metric.epoch else { return Ok(BTreeMap::new()) };
    let counts = log.clone().aggregate(vec![ident(epoch)], vec![count(lit(1i64)).alias("n")])?;
    let mut epochs = BTreeMap::new();
    for batch in counts.collect().await? {
        let values =
            cast_array(batch.column(0), &DataType::Int64).map_err(datafusion::error::DataFusionError::from)?;
        let (values, counts) = (values.as_primitive::<Int64Type>(), batch.column(1).as_primitive::<Int64Type>());
        for row in 0..batch.num_rows() {
            let value = values.is_valid(row).then(|| values.value(row));
            let epoch = value.and_then(|value| u64::try_from(value).ok()).ok_or_else(|| {
                let found = value.map_or("null".to_owned(), |value| value.to_string());
                EngineError::cell("score", "the epoch", found, "an integer from 0")
            })?;
            epochs.insert(epoch, counts.value(row) as u64);
        }
    }
    Ok(epochs)
}
