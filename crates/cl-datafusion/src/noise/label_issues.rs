use std::collections::BTreeMap;

use cl_difficulty::{ConfidentLearning, IssueFilter, LabelQuality};
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Int64Type, UInt64Type};
use datafusion::common::UnnestOptions;
use datafusion::functions_aggregate::expr_fn::{count, max, min, sum};
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{Expr, ExprFunctionExt, cast};
use datafusion::prelude::{DataFrame, col, ident, lit};

use super::columns::NoiseColumns;
use super::cuts::{Cuts, IssueTest, OFF_DIAGONAL};
use super::functions::{
    group_of_place, is_issue, is_last, label_quality, n_classes, noise_events, places, predicted_class,
};
use super::quotas::{AheadCounts, Quotas};
use crate::error::EngineError;
use crate::id_order::id_order;

/// Which labels are wrong, and how many.
#[derive(Debug, Clone)]
pub struct LabelIssues {
    /// A row per example: `id`, `label`, `predicted`, `self_confidence`, `normalized_margin`, `confidence_weighted_entropy`
    /// and `issue`; computed when it is read.
    pub frame: DataFrame,
    /// What was counted.
    pub learned: ConfidentLearning,
    /// The labels that occur, each with its number of examples.
    pub label_counts: Vec<u64>,
}

/// Digits behind the point of a probability in a sum: 10^11 of them fit, and each is off by 2^-53 of itself at most.
const SCALE: i8 = 27;

/// Label issues by confident learning over a table with a row per example, in any number of partitions and any order.
///
/// ```text
/// thresholds   t_j, the mean of p_j over examples labelled j                                    one aggregation
/// joint        C_ij, counted by given label and confident class                                  one more
/// cuts         of each pair of classes (or label, or of all) the example that is the last taken  one, sorted
/// issues       the examples up to the cuts                                                       when it is read
/// ```
///
/// The definitions are those of [`ConfidentLearning`] and [`IssueFilter`], and so are the issues: of equal examples those
/// whose ids come first are taken, as where the table is in the order of ids. Only sums are others: of whole numbers here
/// (probabilities in units of 10^-27), so that they are the same for any partitions, of floating point there. Thresholds
/// agree to n 2^-53 of themselves at worst, and counts where no probability is so near to a threshold less 1e-6.
///
/// Memory: that of the engine, O(C + pairs of classes that occur) here. Sorted are, of the filters that need it, the examples
/// that another class is ahead of, or all of a label where these are too few.
///
/// Source: Northcutt, Jiang, Chuang (2021), Confident Learning: Estimating Uncertainty in Dataset Labels.
///
/// ```
/// use cl_datafusion::{NoiseColumns, label_issues};
/// use cl_difficulty::IssueFilter;
/// use datafusion::prelude::SessionContext;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let context = SessionContext::new();
/// cl_datafusion::register(&context)?;
/// let table = context
///     .sql(
///         "SELECT id, min(label) AS label, mean_probabilities(a, b, 'kind=probabilities') AS p FROM (VALUES \
///          (1, 0, 0.9, 0.1), (2, 0, 0.8, 0.2), (3, 0, 0.1, 0.9), (4, 1, 0.1, 0.9), (5, 1, 0.2, 0.8), (6, 1, 0.7, 0.3)) \
///          AS log (id, label, a, b) GROUP BY id",
///     )
///     .await?;
/// let columns = NoiseColumns { id: "id".into(), label: "label".into(), probabilities: "p".into() };
/// let issues = label_issues(&table, &columns, IssueFilter::PruneByNoiseRate).await?;
/// assert_eq!(issues.learned.confident_joint(), [2, 1, 1, 2]);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`ConfidentLearning::fit`]; where there is no such column, or a null.
pub async fn label_issues(
    table: &DataFrame,
    columns: &NoiseColumns,
    filter: IssueFilter,
) -> Result<LabelIssues, EngineError> {
    let table = table.clone().select(vec![
        ident(&columns.id).alias(ID),
        cast(ident(&columns.label), DataType::Int64).alias(LABEL),
        cast(ident(&columns.probabilities), DataType::new_list(DataType::Float64, true)).alias(P),
    ])?;
    let (sums, label_counts) = sums(&table).await?;
    let counted = events(&table, &ConfidentLearning::thresholds_of(&sums, &label_counts)?).await?;
    let learned = ConfidentLearning::of_counts(&sums, &label_counts, counted.entries)?;
    let noise_rate = || Quotas::by_noise_rate(&learned, &label_counts, &counted.ahead);
    let class = || Quotas::by_class(&learned, &label_counts);
    let test = match filter {
        IssueFilter::PredictedNeqGiven => IssueTest::Disagrees,
        IssueFilter::ConfidentLearning => IssueTest::OffDiagonal(learned.thresholds().to_vec()),
        IssueFilter::PruneByNoiseRate => IssueTest::Taken(vec![cuts(&table, noise_rate()).await?]),
        IssueFilter::PruneByClass => IssueTest::Taken(vec![cuts(&table, class()).await?]),
        IssueFilter::Both => {
            IssueTest::Taken(vec![cuts(&table, noise_rate()).await?, cuts(&table, class()).await?])
        }
        IssueFilter::LowNormalizedMargin | IssueFilter::LowSelfConfidence => {
            let quality = match filter {
                IssueFilter::LowNormalizedMargin => LabelQuality::NormalizedMargin,
                _ => LabelQuality::SelfConfidence,
            };
            IssueTest::Lowest(cuts(&table, Quotas::lowest(quality, counted.n_off_diagonal)).await?)
        }
    };
    let quality = |name: &str| label_quality(col(P), col(LABEL), name).alias(name);
    let frame = table.select(vec![
        col(ID).alias("id"),
        col(LABEL).alias("label"),
        predicted_class(col(P)).alias("predicted"),
        quality("self_confidence"),
        quality("normalized_margin"),
        quality("confidence_weighted_entropy"),
        is_issue(col(P), col(LABEL), id_order(col(ID)), &test)?.alias("issue"),
    ])?;
    Ok(LabelIssues { frame, learned, label_counts })
}

const ID: &str = "__id";
const LABEL: &str = "__label";
const P: &str = "__probabilities";

/// Of each class the sum of its probability over the examples with its label, and their number.
async fn sums(table: &DataFrame) -> Result<(Vec<f64>, Vec<u64>), EngineError> {
    let own = label_quality(col(P), col(LABEL), "self_confidence");
    let decimal = cast(own, DataType::Decimal128(SCALE as u8 + 1, SCALE));
    let rows = table.clone().select(vec![col(LABEL), decimal.alias("own"), n_classes(col(P)).alias("n")])?;
    let calls = vec![sum(col("own")), count(lit(1i64)), min(col("n")), max(col("n"))];
    let rows = rows.aggregate(vec![col(LABEL)], calls)?;
    let mut by_label: BTreeMap<usize, (f64, u64)> = BTreeMap::new();
    let (mut fewest, mut most) = (u64::MAX, 0);
    for batch in rows.collect().await? {
        let labels = batch.column(0).as_primitive::<Int64Type>();
        let own = batch.column(1).as_primitive::<Decimal128Type>();
        let counts = batch.column(2).as_primitive::<Int64Type>();
        let [least, largest] = [3, 4].map(|at| batch.column(at).as_primitive::<UInt64Type>());
        for row in 0..batch.num_rows() {
            let sum = own.value(row) as f64 / 10f64.powi(i32::from(SCALE));
            by_label.insert(labels.value(row) as usize, (sum, counts.value(row) as u64));
            (fewest, most) = (fewest.min(least.value(row)), most.max(largest.value(row)));
        }
    }
    if by_label.is_empty() {
        return Err(EngineError::cell("noise", "the table", "without a row", "at least one example"));
    }
    if fewest != most || fewest < 2 {
        let found = if fewest == most { format!("{fewest}") } else { format!("{fewest} to {most}") };
        return Err(EngineError::cell(
            "noise",
            "probabilities per example",
            found,
            "as many of each, at least two",
        ));
    }
    let of = |class: usize| by_label.get(&class).copied().unwrap_or((0.0, 0));
    Ok((0..fewest as usize).map(of).unzip())
}

/// How often what was counted.
struct Counted {
    /// By label and confident class.
    entries: Vec<(usize, usize, u64)>,
    /// By label and class that is ahead of it.
    ahead: AheadCounts,
    n_off_diagonal: u64,
}

async fn events(table: &DataFrame, thresholds: &[f64]) -> Result<Counted, EngineError> {
    let events = noise_events(col(P), col(LABEL), thresholds)?;
    let rows = table.clone().select(vec![col(LABEL), events.alias("event")])?;
    let rows = unnest(rows, "event")?;
    let rows = rows.aggregate(vec![col(LABEL), col("event")], vec![count(lit(1i64))])?;
    let mut counted = Counted { entries: Vec::new(), ahead: BTreeMap::new(), n_off_diagonal: 0 };
    for batch in rows.collect().await? {
        let column = |at: usize| batch.column(at).as_primitive::<Int64Type>().values();
        for ((&label, &event), &n) in column(0).iter().zip(column(1)).zip(column(2)) {
            let (class, n) = (event / 2, n as u64);
            match event {
                OFF_DIAGONAL => counted.n_off_diagonal += n,
                event if event % 2 == 0 => counted.entries.push((label as usize, class as usize, n)),
                _ => drop(counted.ahead.insert((label as u32, class as u32), n)),
            }
        }
    }
    Ok(counted)
}

/// A row for each element of a list; none for an empty one.
fn unnest(rows: DataFrame, column: &str) -> Result<DataFrame, EngineError> {
    let options = UnnestOptions::new().with_preserve_nulls(false);
    Ok(rows.unnest_columns_with_options(&[column], options)?.filter(col(column).is_not_null())?)
}

/// The examples that are the last taken of their groups.
async fn cuts(table: &DataFrame, quotas: Quotas) -> Result<Cuts, EngineError> {
    if quotas.iter().next().is_none() {
        return Ok(Cuts::new(quotas, Vec::new()));
    }
    let places = places(col(P), col(LABEL), &quotas)?;
    let rows = table.clone().select(vec![places.alias("place"), id_order(col(ID)).alias("id_order")])?;
    let rows = unnest(rows, "place")?;
    let order = vec![col("place").sort(true, false), col("id_order").sort(true, false)];
    let rank = row_number().partition_by(vec![col("of_group")]).order_by(order).build()?;
    let ranked = rows
        .select(vec![group_of_place(col("place")).alias("of_group"), col("place"), col("id_order")])?
        .window(vec![rank.alias("rank")])?;
    let last: Expr = is_last(col("place"), cast(col("rank"), DataType::UInt64), &quotas)?;
    let ranked = ranked.filter(last)?.select(vec![col("place"), col("id_order")])?;
    let mut found = Vec::new();
    for batch in ranked.collect().await? {
        let column = |at: usize| batch.column(at).as_binary::<i32>();
        found.extend(
            (0..batch.num_rows()).map(|row| (column(0).value(row).to_vec(), column(1).value(row).to_vec())),
        );
    }
    Ok(Cuts::new(quotas, found))
}
