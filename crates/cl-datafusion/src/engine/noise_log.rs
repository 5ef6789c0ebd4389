use std::path::{Path, PathBuf};

use cl_difficulty::{DifficultyError, IssueFilter, LabelIssue};
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::dataframe::DataFrameWriteOptions;
use datafusion::functions_aggregate::expr_fn::min;
use datafusion::logical_expr::cast;
use datafusion::prelude::{DataFrame, ParquetReadOptions, SessionContext, col, ident, lit};
use serde::Serialize;

use super::folder::write_folder;
use super::log_columns::{LogColumns, LogOptions};
use super::score::{Missing, epochs};
use crate::error::EngineError;
use crate::id_order::id_order;
use crate::metric::mean_probabilities_call;
use crate::noise::{LabelIssues, NoiseColumns, label_issues};
use crate::tables::{collect, ids, labels, read_parquet};

/// Resamples behind the interval of the noise rate.
const N_RESAMPLES: usize = 1000;

/// Issues that a report shows.
const N_WORST: usize = 10;

/// What is asked of a log.
#[derive(Debug, Clone)]
pub struct NoiseRequest {
    /// A Parquet file, or a folder of them: a row per example and epoch.
    pub log: PathBuf,
    /// What its columns do not tell.
    pub options: LogOptions,
    /// What becomes of an epoch that lacks examples.
    pub missing: Missing,
    /// Whether the last epoch enters alone, and not the mean over epochs.
    pub last: bool,
    /// Which labels are issues.
    pub filter: IssueFilter,
    /// The level of the interval of the noise rate.
    pub level: f64,
    /// The seed of its resamples.
    pub seed: u64,
    /// A folder for the mean probabilities while they are worked on, about C numbers per example. Without, as on a
    /// cluster whose machines share none, they are computed of the log in each of up to five passes.
    pub scratch: Option<PathBuf>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NoiseReport {
    /// Where the examples are, each with its label's quality and whether it is an issue.
    pub output: String,
    /// How many examples there are.
    pub n_examples: u64,
    /// The number of classes.
    pub n_classes: usize,
    /// The epochs that entered.
    pub epochs: Vec<u64>,
    /// The filter.
    pub filter: String,
    /// How many labels are issues by it.
    pub n_issues: usize,
    /// The estimated share of wrong labels.
    pub noise_rate: f64,
    /// Its interval.
    pub interval: (f64, f64),
    /// The interval's level.
    pub level: f64,
    /// Of each class.
    pub thresholds: Vec<f64>,
    /// Given label, confident class and count, where it is not 0.
    pub confident_entries: Vec<(usize, usize, u64)>,
    /// The issues of lowest self-confidence.
    pub worst: Vec<LabelIssue>,
}

/// The probabilities of each example of a log averaged over its epochs: `id`, `label` and `probabilities`, a list;
/// computed when it is read. What [`label_issues`](crate::label_issues) takes.
///
/// # Errors
/// Where the log has no label or no numbers per class.
pub fn mean_probabilities(log: &DataFrame, columns: &LogColumns) -> Result<DataFrame, EngineError> {
    let LogColumns { id, metric } = columns;
    let label = metric.label.as_ref().ok_or_else(|| {
        EngineError::argument("label_column", "not told, and none is called so", "the column of labels")
    })?;
    let label = min(cast(ident(label), DataType::Int64));
    let calls = vec![label.alias("label"), mean_probabilities_call(metric)?.alias("probabilities")];
    let grouped = log.clone().aggregate(vec![ident(id).alias("__id")], calls)?;
    Ok(grouped.select(vec![col("__id").alias("id"), col("label"), col("probabilities")])?)
}

/// Finds label issues in a log and writes a row per example: [`label_issues`](crate::label_issues) over files, what
/// `curriculum noise` does.
///
/// `output` is a CSV file, its rows in the order of ids and held before they are written, or a folder of Parquet files
/// (an ending `/`), written partition by partition. Whole or not at all.
///
/// # Errors
/// As [`mean_probabilities`] and [`label_issues`](crate::label_issues); where an epoch lacks examples, unless these are
/// to be skipped; where the input cannot be read or the output not be written.
pub async fn label_issues_of_log(
    context: &SessionContext,
    request: &NoiseRequest,
    output: &Path,
) -> Result<NoiseReport, EngineError> {
    let into_folder = output.to_string_lossy().ends_with('/');
    if !into_folder && output.extension().is_none_or(|ending| ending != "csv") {
        let expected = "a name that ends in .csv, or in / for a folder of Parquet files";
        return Err(EngineError::argument("output", output.display(), expected));
    }
    let mut log = read_parquet(context, &request.log).await?;
    let columns = LogColumns::find(&request.log.display().to_string(), log.schema(), &request.options)?;
    let mut counts = epochs(&log, &columns).await?;
    let most = counts.values().copied().max().unwrap_or(0);
    if let Some((&last, &found)) = counts.last_key_value().filter(|_| request.last) {
        check_epoch(request.missing, last, found, most)?;
        let epoch = columns.metric.epoch.as_ref().map(ident);
        log = epoch.map_or(Ok(log.clone()), |epoch| log.filter(epoch.eq(lit(last))))?;
        counts = [(last, found)].into();
    }
    let probabilities = mean_probabilities(&log, &columns)?;
    let failed = |error: std::io::Error| EngineError::from(datafusion::error::DataFusionError::from(error));
    let scratch = request.scratch.as_ref();
    let scratch = scratch.map(|folder| tempfile::Builder::new().prefix("label-noise-").tempdir_in(folder));
    let scratch = scratch.transpose().map_err(failed)?;
    let probabilities = match &scratch {
        None => probabilities,
        Some(folder) => {
            let path = format!("{}/", folder.path().display());
            probabilities.write_parquet(&path, DataFrameWriteOptions::new(), None).await?;
            context.read_parquet(path.as_str(), ParquetReadOptions::default()).await?
        }
    };
    let [id, label, of_classes] = ["id", "label", "probabilities"].map(String::from);
    let names = NoiseColumns { id, label, probabilities: of_classes };
    let LabelIssues { frame, learned, label_counts } =
        label_issues(&probabilities, &names, request.filter).await?;
    let n_examples = label_counts.iter().sum();
    for (&epoch, &found) in &counts {
        check_epoch(request.missing, epoch, found, n_examples)?;
    }
    let rate = learned.noise_rate(N_RESAMPLES, request.level, request.seed)?;
    let (n_issues, worst) = if into_folder {
        write_folder(frame, output).await?;
        let written = read_parquet(context, output).await?.filter(col("issue"))?;
        let order = vec![col("self_confidence").sort(true, false), id_order(col("id")).sort(true, false)];
        let worst = written.clone().sort(order)?.limit(0, Some(N_WORST))?;
        (written.count().await?, rows(&collect(worst).await?)?)
    } else {
        let sorted = frame.sort(vec![id_order(col("id")).sort(true, false)])?;
        let rows = rows(&collect(sorted).await?)?;
        LabelIssue::write_csv(output, &rows).map_err(DifficultyError::from)?;
        let mut issues: Vec<LabelIssue> = rows.into_iter().filter(|row| row.issue).collect();
        issues.sort_by(|a, b| a.self_confidence.total_cmp(&b.self_confidence));
        let n_issues = issues.len();
        issues.truncate(N_WORST);
        (n_issues, issues)
    };
    Ok(NoiseReport {
        output: output.display().to_string(),
        n_examples,
        n_classes: learned.n_classes(),
        epochs: counts.into_keys().collect(),
        filter: request.filter.to_string(),
        n_issues,
        noise_rate: rate.estimate,
        interval: (rate.low, rate.high),
        level: request.level,
        thresholds: learned.thresholds().to_vec(),
        confident_entries: learned.confident_entries().collect(),
        worst,
    })
}

fn check_epoch(missing: Missing, epoch: u64, found: u64, n: u64) -> Result<(), EngineError> {
    if found == n || missing == Missing::Skip {
        return Ok(());
    }
    let (what, found) = (format!("epoch {epoch}"), format!("of {found} of {n} examples"));
    Err(EngineError::cell("noise", what, found, "all, or option `missing` = skip"))
}

/// The rows of a batch.
fn rows(batch: &RecordBatch) -> Result<Vec<LabelIssue>, EngineError> {
    let (ids, labels) = (ids(batch.column(0))?, labels(batch.column(1))?);
    let predicted = batch.column(2).as_primitive::<Int64Type>();
    let number = |at: usize, row: usize| batch.column(at).as_primitive::<Float64Type>().value(row);
    let issues = batch.column(6).as_boolean();
    let row = |(row, (id, label)): (usize, (_, usize))| LabelIssue {
        id: std::borrow::Cow::into_owned(id),
        label,
        predicted: predicted.value(row) as usize,
        self_confidence: number(3, row),
        normalized_margin: number(4, row),
        confidence_weighted_entropy: number(5, row),
        issue: issues.value(row),
    };
    Ok(ids.iter().zip(labels).enumerate().map(row).collect())
}
