use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use cl_data::Ids;
use cl_data::io::{ID_COLUMNS, write_atomically};
use cl_difficulty::table::{TableFormat, write_columns_as};
use cl_difficulty::{Column, ColumnValues, DifficultyError, Metric};
use cl_prune::coreset::CoresetSettings;
use datafusion::prelude::SessionContext;
use serde::Serialize;

use super::log_columns::columns_of;
use crate::coreset::{CoresetColumns, choose_coreset};
use crate::error::EngineError;
use crate::tables::read_parquet;

/// What columns of features are called, the surest first.
const FEATURE_COLUMNS: &[&str] = &["features", "feature", "embedding", "embeddings", "gradient", "gradients"];

/// What is asked of a table of features.
#[derive(Debug, Clone)]
pub struct CoresetRequest {
    /// A Parquet file, or a folder of them: a row per example.
    pub features: PathBuf,
    /// The column of ids, where its name does not tell it.
    pub id_column: Option<String>,
    /// The column of features, or what numbered columns begin with, where the name does not tell it.
    pub features_column: Option<String>,
    /// The method and its options.
    pub settings: CoresetSettings,
    /// How many examples are chosen.
    pub count: usize,
    /// In how many parts they choose first.
    pub parts: u64,
    /// The seed of the parts and of ties.
    pub seed: u64,
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CoresetReport {
    /// Where it is.
    pub output: String,
    /// The method.
    pub method: String,
    /// Its options, defaults among them.
    pub options: BTreeMap<String, String>,
    /// How many examples there are.
    pub n_examples: u64,
    /// How many were chosen.
    pub n_chosen: usize,
    /// Of each part, how many examples it has and how many it chose.
    pub parts: Vec<(u64, usize)>,
    /// What holds of the value.
    pub guarantee: String,
    /// The seed of the parts and of ties.
    pub seed: u64,
    /// The sum of all gains, counted on what the parts chose.
    pub value: f64,
}

/// Chooses a coreset of a table of features in two rounds, [`choose_coreset`] over files, and writes it in the order of choice:
/// by the ending of `output` a table (.csv, .jsonl, .npz, .parquet: `id`, `rank`, `gain`), or for all other names the ids,
/// one per line. Whole or not at all.
///
/// # Errors
/// As [`choose_coreset`]; where there is no column of ids or features, or not the one that was told.
pub async fn coreset_of_table(
    context: &SessionContext,
    request: &CoresetRequest,
    output: &Path,
) -> Result<CoresetReport, EngineError> {
    let table = read_parquet(context, &request.features).await?;
    let names: Vec<&str> = table.schema().fields().iter().map(|field| field.name().as_str()).collect();
    let missing = |column: &str| EngineError::MissingColumn {
        table: request.features.display().to_string(),
        column: column.to_owned(),
        columns: names.join(", "),
    };
    let id = match &request.id_column {
        Some(told) => names.iter().find(|name| *name == told).ok_or_else(|| missing(told))?,
        None => {
            let found = ID_COLUMNS.iter().find(|known| names.contains(*known));
            found.ok_or_else(|| missing(ID_COLUMNS[0]))?
        }
    };
    let features = match &request.features_column {
        Some(told) => columns_of(&names, told).ok_or_else(|| missing(told))?,
        None => {
            let found = FEATURE_COLUMNS.iter().find_map(|known| columns_of(&names, known));
            found.ok_or_else(|| missing(FEATURE_COLUMNS[0]))?
        }
    };
    let columns = CoresetColumns { id: (*id).to_owned(), features };
    let CoresetRequest { settings, count, parts, seed, .. } = request;
    let chosen = choose_coreset(&table, &columns, settings, *count, *parts, *seed).await?;
    write(output, &chosen.candidates, &chosen.coreset.order, &chosen.coreset.gains)?;
    Ok(CoresetReport {
        output: output.display().to_string(),
        method: settings.description().method.name.to_owned(),
        options: settings.options().clone(),
        n_examples: chosen.n_examples,
        n_chosen: chosen.coreset.order.len(),
        parts: chosen.parts,
        guarantee: chosen.guarantee.to_string(),
        seed: *seed,
        value: chosen.coreset.value(),
    })
}

fn write(output: &Path, candidates: &Ids, order: &[usize], gains: &[f64]) -> Result<(), EngineError> {
    let ids = candidates.select(order).map_err(DifficultyError::from)?;
    let format = match output.extension().and_then(|ending| ending.to_str()) {
        Some("csv" | "jsonl" | "ndjson" | "npz" | "parquet") => TableFormat::of(output),
        _ => {
            let written =
                write_atomically(output, |writer| ids.iter().try_for_each(|id| writeln!(writer, "{id}")));
            return Ok(written.map_err(DifficultyError::from)?);
        }
    };
    let column = |name: &str, values| Column {
        name: name.to_owned(),
        values,
        higher_is_harder: None,
        metric: Metric::new(name),
    };
    let ranks = ColumnValues::Integer((0..order.len() as i64).collect());
    let columns = vec![column("rank", ranks), column("gain", ColumnValues::Float(gains.to_vec()))];
    Ok(write_columns_as(format.map_err(DifficultyError::from)?, output, &ids, None, columns)?)
}
