use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use cl_data::io::write_atomically;
use cl_difficulty::table::{Sidecar, TableFormat, write_columns_as};
use cl_difficulty::{Column, Metric, description_of};
use cl_prune::{Budget, RuleSettings};
use datafusion::prelude::{DataFrame, SessionContext, col, ident};
use serde::Serialize;

use super::folder::write_folder;
use crate::error::EngineError;
use crate::id_order::id_order;
use crate::selection::{PruneColumns, prune};
use crate::tables::{collect, ids, labels, read_parquet, values};

/// What is asked of a table of scores.
#[derive(Debug, Clone)]
pub struct PruneRequest {
    /// A Parquet file, or a folder of them.
    pub scores: PathBuf,
    /// The rule and its options.
    pub rule: RuleSettings,
    /// How many examples are kept.
    pub budget: Budget,
    /// The seed of ties.
    pub seed: u64,
    /// The column of scores.
    pub column: String,
    /// The column of ids.
    pub id: String,
    /// The column of labels, where classes share the budget.
    pub label: Option<String>,
    /// Whether a high score means a hard example, where neither sidecar nor metric tell or that is wrong.
    pub higher_is_harder: Option<bool>,
}

/// What was kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PruneReport {
    /// Where it is.
    pub output: String,
    /// The rule.
    pub rule: String,
    /// Its options, defaults among them.
    pub options: BTreeMap<String, String>,
    /// The seed of ties.
    pub seed: u64,
    /// Whether a high score was taken for a hard example.
    pub higher_is_harder: bool,
    /// How many examples there are.
    pub n_examples: u64,
    /// How many are kept.
    pub n_kept: u64,
    /// Of each class its label, how many there are and how many are kept of its own share.
    pub classes: Vec<(usize, u64, u64)>,
}

/// Keeps a part of a table of scores: [`prune`] over files.
///
/// `output` is, by its ending, a table of the examples kept (.csv, .jsonl, .npz, .parquet: `id`, the label where classes share
/// the budget, and the score), a folder of Parquet files (an ending `/`: all columns, as many rows at a time as the engine
/// has), or for all other names the ids kept, one per line; in increasing order of ids but for the folder, which is written
/// partition by partition. Files are written whole or not at all.
///
/// # Errors
/// As [`prune`]; where nothing tells which way the column points; where the folder is there already.
pub async fn prune_table(
    context: &SessionContext,
    request: &PruneRequest,
    output: &Path,
) -> Result<PruneReport, EngineError> {
    let table = read_parquet(context, &request.scores).await?;
    let higher_is_harder = direction(request)?;
    let columns = PruneColumns {
        id: request.id.clone(),
        score: request.column.clone(),
        higher_is_harder,
        label: request.label.clone(),
    };
    let pruned = prune(&table, &columns, &request.rule, request.budget, request.seed).await?;
    if output.to_string_lossy().ends_with('/') {
        write_folder(pruned.frame, output).await?;
    } else {
        write_file(pruned.frame, request, higher_is_harder, output).await?;
    }
    Ok(PruneReport {
        output: output.display().to_string(),
        rule: request.rule.description().method.name.to_owned(),
        options: request.rule.options().clone(),
        seed: request.seed,
        higher_is_harder,
        n_examples: pruned.n_examples,
        n_kept: pruned.n_kept,
        classes: pruned.classes,
    })
}

/// Which way the column points: as told, as the sidecar says, or as its metric does.
fn direction(request: &PruneRequest) -> Result<bool, EngineError> {
    if let Some(told) = request.higher_is_harder {
        return Ok(told);
    }
    let sidecar = Sidecar::read(&request.scores).map_err(cl_difficulty::DifficultyError::from)?;
    let columns = sidecar.into_iter().flat_map(|sidecar| sidecar.columns);
    let of_sidecar =
        columns.into_iter().find(|column| column.name == request.column).map(|column| column.higher_is_harder);
    let found = of_sidecar.or_else(|| description_of(&request.column).map(|metric| metric.higher_is_harder));
    found.flatten().ok_or_else(|| {
        let value = format!("not told of column {}", request.column);
        EngineError::argument(
            "higher_is_harder",
            value,
            "whether a high score is hard, where no sidecar or metric says so",
        )
    })
}

async fn write_file(
    kept: DataFrame,
    request: &PruneRequest,
    higher_is_harder: bool,
    output: &Path,
) -> Result<(), EngineError> {
    let format = match output.extension().and_then(|ending| ending.to_str()) {
        Some("csv" | "jsonl" | "ndjson" | "npz" | "parquet") => {
            Some(TableFormat::of(output).map_err(cl_difficulty::DifficultyError::from)?)
        }
        _ => None,
    };
    let label = request.label.as_ref().map(|label| ident(label).alias("__label"));
    let selected = [ident(&request.id).alias("__id")].into_iter().chain(label);
    let selected: Vec<_> = selected.chain([ident(&request.column).alias("__score")]).collect();
    let batch = collect(kept.select(selected)?.sort(vec![id_order(col("__id")).sort(true, false)])?).await?;
    let ids = ids(batch.column(0))?;
    let Some(format) = format else {
        let written = write_atomically(output, |writer| ids.iter().try_for_each(|id| writeln!(writer, "{id}")));
        return Ok(written.map_err(cl_difficulty::DifficultyError::from)?);
    };
    let labels = request.label.as_ref().map(|_| labels(batch.column(1))).transpose()?;
    let column = Column {
        name: request.column.clone(),
        values: values(&request.column, batch.column(batch.num_columns() - 1))?,
        higher_is_harder: Some(higher_is_harder),
        metric: Metric::new(&request.column),
    };
    Ok(write_columns_as(format, output, &ids, labels.as_deref(), vec![column])?)
}
