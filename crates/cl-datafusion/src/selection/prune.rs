use std::collections::BTreeMap;
use std::ops::Range;

use cl_prune::{Allocation, Budget, PruneError, RuleSettings};
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::Expr;
use datafusion::prelude::{DataFrame, lit};

use super::bounds::windows;
use super::columns::PruneColumns;
use super::functions::stratum;
use super::key::{Key, key, number};
use super::keyed::{CODE, GROUP, GroupSize, Keyed, TIE};
use super::quotas::{even, floor, quotas};
use super::ranges::Ranges;
use super::rule::{TableRule, TableSelection, resolve};
use super::strata::Strata;
use crate::error::EngineError;

/// A part of a table.
#[derive(Debug, Clone)]
pub struct Pruned {
    /// The rows kept, with all their columns; computed when it is read.
    pub frame: DataFrame,
    /// How many rows there are.
    pub n_examples: u64,
    /// How many of them are kept.
    pub n_kept: u64,
    /// Of each class its label, how many there are and how many are kept; beyond the floors of
    /// [`cl_prune::Allocation::Global`], where classes compete, of those kept the floor. Empty where all compete with all.
    pub classes: Vec<(usize, u64, u64)>,
}

/// Keeps rows by a score, exactly as many as the budget says, whatever the partitions of the table and the order of its rows.
///
/// ```text
/// key      the place of the difficulty among all numbers, then the hash of id and seed
/// window   of the ranks of keys: hardest n - k .. n, easiest 0 .. k, middle from floor((n - k) / 2), offset, ...
/// kept     the rows whose keys lie between those at the ends of the window, class by class where they share the budget
/// ```
///
/// The keys at the ends are found exactly, by counting digits in a few passes over the table; counts add up over
/// partitions. Rules and options are those of [`cl_prune::RuleSettings`], as far as they need scores and classes alone:
/// `hardest`, `easiest`, `random`, `stratified-random`, `middle`, `offset`, `forgetting`, `ccs` and `prototypes`, with
/// `balance`, `floor` and `floor_share`. Shares of classes and strata are those of `cl-prune` under the same seed, and so
/// are the examples, but for ties: `cl-prune` shuffles equally difficult examples by their places in the table, of which
/// an engine knows nothing; here the hash of id and seed decides, so that of examples tied at the end of a window others
/// may be kept, as many. `random` and what is drawn within strata are such ties. Nested where the rule is.
///
/// Memory O(classes + 2^20), time O(n) per pass: one for counts, 2 to 8 for each search, one for the rows.
///
/// ```
/// use cl_datafusion::{PruneColumns, prune};
/// use cl_prune::{Budget, RuleSettings};
/// use datafusion::prelude::SessionContext;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let context = SessionContext::new();
/// let table = context.sql("SELECT * FROM (VALUES (1, 0.5), (2, 0.9), (3, 0.1)) AS scores (id, el2n)").await?;
/// let columns =
///     PruneColumns { id: "id".into(), score: "el2n".into(), higher_is_harder: true, label: None };
/// let rule = RuleSettings::parse("hardest", &[])?;
/// let pruned = prune(&table, &columns, &rule, Budget::Count(2), 0).await?;
/// assert_eq!((pruned.n_examples, pruned.n_kept), (3, 2));
/// assert_eq!(pruned.frame.count().await?, 2);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`cl_prune::SelectionRule::select`]; on a rule that needs more than scores and classes, a column that is not there,
/// a null or NaN, and an id that is there twice where a window ends.
pub async fn prune(
    table: &DataFrame,
    columns: &PruneColumns,
    settings: &RuleSettings,
    budget: Budget,
    seed: u64,
) -> Result<Pruned, EngineError> {
    let selection = TableSelection::new(settings)?;
    let keyed = Keyed::new(table, columns, selection.rule, selection.classes.is_some(), seed)?;
    let sizes = keyed.sizes(selection.at_least_0).await?;
    let n_examples: u64 = sizes.values().map(|size| size.n).sum();
    let n_kept = resolve(budget, n_examples)?;
    let labels: Vec<usize> = sizes.keys().map(|&label| label as usize).collect();
    let all: Vec<usize> = sizes.values().map(|size| size.n as usize).collect();
    let (of_groups, n_floors) = match selection.classes {
        None => (vec![n_kept; labels.len()], 0),
        Some((allocation, least)) => {
            let least = floor(least, &labels, &all, n_kept)?;
            (quotas(allocation, &all, least, n_kept, seed), least * labels.len())
        }
    };
    let of_groups: BTreeMap<i64, usize> = sizes.keys().copied().zip(of_groups).collect();
    let kept = keep(&keyed, selection.rule, &sizes, &of_groups).await?;
    let kept = match selection.classes {
        Some((Allocation::Global, _)) if n_kept > n_floors => {
            // Of all others the best over all classes.
            let others = Keyed { group: lit(0i64), ..keyed.filter(kept.clone().is_not_true())? };
            let sizes = others.sizes(false).await?;
            let best = keep(&others, selection.rule, &sizes, &BTreeMap::from([(0, n_kept - n_floors)])).await?;
            kept.is_true().or(best)
        }
        _ => kept,
    };
    let frame = keyed.frame.filter(kept)?.drop_columns(&[GROUP, CODE, TIE])?;
    let classes = if selection.classes.is_some() {
        let of_groups = of_groups.values().map(|&kept| kept as u64);
        labels
            .into_iter()
            .zip(sizes.values())
            .zip(of_groups)
            .map(|((label, size), kept)| (label, size.n, kept))
            .collect()
    } else {
        Vec::new()
    };
    Ok(Pruned { frame, n_examples, n_kept: n_kept as u64, classes })
}

/// Of which rows of each group its number is kept.
async fn keep(
    keyed: &Keyed,
    rule: TableRule,
    sizes: &BTreeMap<i64, GroupSize>,
    of_groups: &BTreeMap<i64, usize>,
) -> Result<Expr, EngineError> {
    let n = |group: &i64| sizes.get(group).map_or(0, |size| size.n);
    let window = |(&group, &n_kept): (&i64, &usize)| Ok((group, rule.window(n(&group) as usize, n_kept)?));
    let ranks: BTreeMap<i64, Range<usize>> = of_groups.iter().map(window).collect::<Result<_, PruneError>>()?;
    let counts: BTreeMap<i64, u64> = sizes.iter().map(|(&group, size)| (group, size.n)).collect();
    match rule {
        TableRule::Coverage { n_strata, .. } => cover(keyed, n_strata, sizes, &ranks, of_groups).await,
        _ => Ok(keyed.range(&windows(keyed, &counts, &ranks).await?).is_not_null()),
    }
}

/// Of which rows of each group its number is kept, evenly over strata of those that are left after a cut-off.
async fn cover(
    keyed: &Keyed,
    n_strata: usize,
    sizes: &BTreeMap<i64, GroupSize>,
    left: &BTreeMap<i64, Range<usize>>,
    of_groups: &BTreeMap<i64, usize>,
) -> Result<Expr, EngineError> {
    let ends = sizes.values().flat_map(|size| [number(size.codes.0), number(size.codes.1)]);
    if let Some(number) = ends.into_iter().find(|number| number.is_infinite()) {
        let expected = "a finite number, as strata of equal width need";
        return Err(EngineError::cell("prune", "a score", number.to_string(), expected));
    }
    // The ends are those of all where nothing is cut off.
    let cut: BTreeMap<i64, Range<usize>> = left
        .iter()
        .filter(|(group, ranks)| ranks.end < sizes[group].n as usize)
        .map(|(&group, ranks)| (group, ranks.clone()))
        .collect();
    let counts: BTreeMap<i64, u64> = sizes.iter().map(|(&group, size)| (group, size.n)).collect();
    let mut entries = windows(keyed, &counts, &cut).await?.entries().to_vec();
    let whole = left.iter().filter(|(group, ranks)| ranks.end == sizes[group].n as usize && !ranks.is_empty());
    entries.extend(
        whole.map(|(&group, _)| (group, key(sizes[&group].codes.0, 0), key(sizes[&group].codes.1, u64::MAX))),
    );
    let left = Ranges::new(entries);
    let ends = left.entries().iter().map(|&(group, first, last): &(i64, Key, Key)| {
        (group, number((first >> 64) as u64), number((last >> 64) as u64))
    });
    let strata = Strata::new(n_strata, ends.collect());
    let is_left = keyed.range(&left).is_not_null();
    // Within a stratum the hash alone decides.
    let by_strata = Keyed {
        group: stratum(keyed.group.clone(), keyed.difficulty.clone(), &strata),
        code: lit(0u64),
        ..keyed.filter(is_left.clone())?
    };
    let calls = vec![count(lit(1i64)).alias("n")];
    let counted = by_strata.frame.clone().aggregate(vec![by_strata.group.clone().alias("of")], calls)?;
    let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
    for batch in counted.collect().await? {
        let column = |at: usize| batch.column(at).as_primitive::<Int64Type>().values();
        counts.extend(column(0).iter().zip(column(1)).map(|(&stratum, &n)| (stratum, n as u64)));
    }
    let mut ranks = BTreeMap::new();
    for (at, &(group, ..)) in left.entries().iter().enumerate() {
        let first = (at * n_strata) as i64;
        let strata = first..first + n_strata as i64;
        let of_strata: Vec<usize> =
            strata.clone().map(|stratum| counts.get(&stratum).copied().unwrap_or(0) as usize).collect();
        ranks.extend(strata.zip(even(&of_strata, of_groups[&group])).map(|(stratum, quota)| (stratum, 0..quota)));
    }
    let drawn = windows(&by_strata, &counts, &ranks).await?;
    Ok(is_left.and(by_strata.range(&drawn).is_not_null()))
}
