use cl_data::Ids;
use cl_prune::PruneError;
use cl_prune::coreset::{Coreset, CoresetSettings, Features, Guarantee};
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::concat;
use datafusion::arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::Expr;
use datafusion::prelude::{DataFrame, col, ident, lit};

use super::columns::CoresetColumns;
use super::function::coreset_function;
use super::options::PartOptions;
use crate::error::EngineError;
use crate::selection::tie_hash;
use crate::tables::ids;

/// Few examples that stand for all.
#[derive(Debug, Clone)]
pub struct EngineCoreset {
    /// The examples that the parts chose.
    pub candidates: Ids,
    /// Which of them were chosen, in the order of choice, and what each added.
    pub coreset: Coreset,
    /// How many examples there are.
    pub n_examples: u64,
    /// Of each part, how many it has and how many it chose.
    pub parts: Vec<(u64, usize)>,
    /// What holds of the value.
    pub guarantee: Guarantee,
}

/// A coreset in two rounds, GreeDi, over a table in any number of partitions and any order.
///
/// ```text
/// parts     of the hash of id and seed, modulo n_parts: random, and the same for any partitions
/// round 1   A_p = greedy(V_p, k) of every part                                 an aggregation, the function `coreset`
/// round 2   B = greedy(A_1 + ... + A_m, k);  the best of B, A_1, ..., A_m      here
/// ```
///
/// The choices are those of [`CoresetSettings::select`] of each part, its examples in the order of their ids, and of
/// [`CoresetSettings::merge`]; the methods are those whose choices can be merged. Its
/// guarantee is that of [`CoresetSettings::merge_guarantee`], at least (1 - 1/e) / min(m, k) of the best value for monotone
/// objectives that count none but the chosen examples.
///
/// Memory: of an executor that of its parts, n / m examples each, and what the method takes for as many; here m k examples.
///
/// Source: Mirzasoleiman, Karbasi, Sarkar and Krause (2013), Distributed submodular maximization; Barbosa, Ene, Nguyen and
/// Ward (2015), The power of randomization.
///
/// ```
/// use cl_datafusion::{CoresetColumns, choose_coreset};
/// use cl_prune::coreset::CoresetSettings;
/// use datafusion::prelude::SessionContext;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let context = SessionContext::new();
/// let table = context
///     .sql("SELECT * FROM (VALUES (0, 0.0), (1, 1.0), (2, 2.0), (3, 9.0), (4, 10.0)) AS examples (id, x)")
///     .await?;
/// let columns = CoresetColumns { id: "id".into(), features: vec!["x".into()] };
/// let settings = CoresetSettings::parse("facility-location", &[("similarity", "max-distance")])?;
/// let chosen = choose_coreset(&table, &columns, &settings, 2, 1, 0).await?;
/// let ids: Vec<_> = chosen.coreset.order.iter().filter_map(|&example| chosen.candidates.get(example)).collect();
/// assert_eq!(ids.len(), 2);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Where there are fewer examples than `n_chosen`, or no part; as [`CoresetSettings::check_merge`] and
/// [`CoresetSettings::select`]; on a null, an id that is there twice, and features of differing length.
pub async fn choose_coreset(
    table: &DataFrame,
    columns: &CoresetColumns,
    settings: &CoresetSettings,
    n_chosen: usize,
    n_parts: u64,
    seed: u64,
) -> Result<EngineCoreset, EngineError> {
    settings.check_merge()?;
    if n_parts == 0 {
        return Err(EngineError::argument("parts", n_parts, "at least 1"));
    }
    let options = PartOptions { settings: settings.clone(), count: n_chosen, seed };
    let features = columns.features.iter().map(ident);
    let arguments: Vec<Expr> =
        [ident(&columns.id)].into_iter().chain(features).chain([lit(options.text())]).collect();
    // The hash of one seed decides ties elsewhere: another for the parts.
    let part = tie_hash(ident(&columns.id), seed ^ 0x7061_7274_7321_u64) % lit(n_parts);
    let calls = vec![coreset_function().call(arguments).alias(CHOSEN), count(lit(1i64)).alias(SIZE)];
    let rows = table.clone().aggregate(vec![part.alias(PART)], calls)?.sort(vec![col(PART).sort(true, false)])?;
    let (mut parts, mut chosen, mut all_ids, mut all_features) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut n_candidates = 0;
    for batch in rows.collect().await? {
        let (lists, sizes) = (batch.column(1).as_list::<i32>(), batch.column(2).as_primitive::<Int64Type>());
        for row in 0..batch.num_rows() {
            let examples = lists.value(row);
            let examples = examples.as_struct();
            let n = examples.len();
            parts.push((sizes.value(row) as u64, n));
            chosen.push((n_candidates..n_candidates + n).collect::<Vec<usize>>());
            n_candidates += n;
            all_ids.push(examples.column(0).clone());
            all_features.push(examples.column(2).clone());
        }
    }
    let n_examples: u64 = parts.iter().map(|(n, _)| n).sum();
    if n_examples < n_chosen as u64 || n_examples == 0 {
        return Err(PruneError::Count { count: n_chosen, n_examples: n_examples as usize }.into());
    }
    let whole = |arrays: &[ArrayRef]| -> Result<ArrayRef, EngineError> {
        let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
        Ok(concat(&arrays).map_err(datafusion::error::DataFusionError::from)?)
    };
    let (candidates, features) = (ids(&whole(&all_ids)?)?, whole(&all_features)?);
    let lists = features.as_list::<i32>();
    let width = if n_candidates == 0 { 1 } else { lists.value_length(0) as usize };
    let coreset = match lists.value_type() {
        DataType::Float32 => {
            let features = Features::new(lists.values().as_primitive::<Float32Type>().values(), width)?;
            settings.merge(features, &chosen, n_chosen, seed)?
        }
        _ => {
            let features = Features::new(lists.values().as_primitive::<Float64Type>().values(), width)?;
            settings.merge(features, &chosen, n_chosen, seed)?
        }
    };
    let guarantee = settings.merge_guarantee(&chosen, n_chosen)?;
    Ok(EngineCoreset { candidates, coreset, n_examples, parts, guarantee })
}

const PART: &str = "__part";
const CHOSEN: &str = "__chosen";
const SIZE: &str = "__size";
