use cl_difficulty::{DifficultyError, MetricSettings, OutputKind};
use datafusion::logical_expr::Expr;
use datafusion::prelude::{ident, lit};

use super::function::{dynamics_function, mean_probabilities_function, metric_function};
use super::options::{KIND, text, text_of_several};
use crate::error::EngineError;

/// The columns of a log with a row per example and epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricColumns {
    /// Of integers that count epochs, where there are several epochs.
    pub epoch: Option<String>,
    /// A list of c numbers, c columns of a number, a column of losses, or one of flags.
    pub outputs: Vec<String>,
    /// Of integers, the classes from 0.
    pub label: Option<String>,
    /// What the outputs are.
    pub kind: OutputKind,
}

/// Several metrics of these columns as one expression, [`dynamics_function`](super::dynamics_function), under its name: a
/// list of their values, to be grouped by the id.
///
/// # Errors
/// Where a metric cannot be had of outputs of this kind.
pub fn dynamics_call(metrics: &[MetricSettings], columns: &MetricColumns) -> Result<Expr, EngineError> {
    metrics.iter().try_for_each(|settings| check(settings, columns.kind))?;
    Ok(dynamics_function().call(arguments(columns, text_of_several(metrics, columns.kind))))
}

/// The mean of the probabilities over epochs of these columns as one expression,
/// [`mean_probabilities_function`](super::mean_probabilities_function): a list, to be grouped by the id.
///
/// # Errors
/// Where outputs are not per class.
pub fn mean_probabilities_call(columns: &MetricColumns) -> Result<Expr, EngineError> {
    if columns.kind.is_scalar() {
        let expected = "logits, probabilities or log-probabilities";
        return Err(EngineError::argument("outputs", columns.kind, expected));
    }
    Ok(mean_probabilities_function().call(arguments(columns, format!("{KIND}={}", columns.kind))))
}

fn check(settings: &MetricSettings, kind: OutputKind) -> Result<(), EngineError> {
    match settings.unavailable(kind) {
        None => Ok(()),
        Some(reason) => {
            Err(DifficultyError::Unavailable { metric: settings.metric().name.clone(), reason }.into())
        }
    }
}

fn arguments(columns: &MetricColumns, options: String) -> Vec<Expr> {
    let named = columns.epoch.iter().chain(&columns.outputs).chain(&columns.label).map(ident);
    named.chain([lit(options)]).collect()
}

/// A metric of these columns as an expression, under the metric's name: an aggregate, to be grouped by the id.
///
/// ```
/// use cl_datafusion::{MetricColumns, metric_call};
/// use cl_difficulty::{DifficultyError, MetricSettings, OutputKind};
///
/// let columns = MetricColumns {
///     epoch: Some("epoch".into()),
///     outputs: vec!["loss".into()],
///     label: None,
///     kind: OutputKind::Losses,
/// };
/// let loss = MetricSettings::parse("loss_last", &[])?;
/// assert!(metric_call(&loss, &columns)?.to_string().contains("kind=losses, average=last"));
/// # Ok::<(), cl_datafusion::EngineError>(())
/// ```
///
/// # Errors
/// Where the metric cannot be had of outputs of this kind.
pub fn metric_call(settings: &MetricSettings, columns: &MetricColumns) -> Result<Expr, EngineError> {
    check(settings, columns.kind)?;
    let function = metric_function(settings.description().method.name)?;
    Ok(function.call(arguments(columns, text(settings, columns.kind))).alias(settings.metric().name.as_str()))
}
