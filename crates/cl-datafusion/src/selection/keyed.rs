use std::collections::BTreeMap;

use cl_prune::NeverLearnedFate;
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{DataType, Int64Type, UInt64Type};
use datafusion::functions_aggregate::expr_fn::{count, max, min};
use datafusion::logical_expr::{Expr, ExprFunctionExt, cast, when};
use datafusion::prelude::{DataFrame, col, ident, lit};

use super::columns::PruneColumns;
use super::functions::{key_digit, key_range, order_code, tie_hash};
use super::key::{NAN, code};
use super::ranges::Ranges;
use super::rule::TableRule;
use crate::error::EngineError;

pub(super) const GROUP: &str = "__group";
pub(super) const CODE: &str = "__code";
pub(super) const TIE: &str = "__tie";

/// A table of which each row has a group, and a key within it.
#[derive(Debug, Clone)]
pub(super) struct Keyed {
    pub(super) frame: DataFrame,
    pub(super) group: Expr,
    /// The upper half of the key; the lower one is [`TIE`].
    pub(super) code: Expr,
    /// The difficulty, higher = harder.
    pub(super) difficulty: Expr,
}

/// What there is of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GroupSize {
    pub(super) n: u64,
    /// The least and the largest code.
    pub(super) codes: (u64, u64),
}

/// A column that must be there.
pub(super) fn needed(frame: &DataFrame, column: &str) -> Result<Expr, EngineError> {
    if frame.schema().has_column_with_unqualified_name(column) {
        return Ok(ident(column));
    }
    let columns: Vec<&str> = frame.schema().fields().iter().map(|field| field.name().as_str()).collect();
    Err(EngineError::MissingColumn {
        table: "the table".into(),
        column: column.into(),
        columns: columns.join(", "),
    })
}

impl Keyed {
    /// The rows of a table with keys of a rule; `by_class` where classes are groups.
    pub(super) fn new(
        frame: &DataFrame,
        columns: &PruneColumns,
        rule: TableRule,
        by_class: bool,
        seed: u64,
    ) -> Result<Self, EngineError> {
        let score = cast(needed(frame, &columns.score)?, DataType::Float64);
        let difficulty = if columns.higher_is_harder { score } else { -score };
        let ordered = match rule {
            TableRule::Random => lit(0.0),
            TableRule::Forgetting { never, fate } => {
                let others = match fate {
                    NeverLearnedFate::KeptFirst => f64::INFINITY,
                    NeverLearnedFate::RemovedFirst => -1.0,
                    NeverLearnedFate::Unforgettable => 0.0,
                };
                when(difficulty.clone().lt(lit(never)), difficulty.clone()).otherwise(lit(others))?
            }
            _ => difficulty.clone(),
        };
        let id = needed(frame, &columns.id)?;
        let field = frame.schema().field_with_unqualified_name(&columns.id)?;
        let id = match field.data_type() {
            DataType::UInt64 => id,
            kind if kind.is_integer() => cast(id, DataType::Int64),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
                cast(id, DataType::Utf8)
            }
            kind => {
                return Err(EngineError::cell(
                    "prune",
                    format!("column {}", columns.id),
                    kind.to_string(),
                    "integers or texts",
                ));
            }
        };
        let group = match (&columns.label, by_class) {
            (_, false) => lit(0i64),
            (Some(label), true) => {
                let kind =
                    frame.schema().field_with_unqualified_name(label).map(|field| field.data_type().clone());
                let label_column = needed(frame, label)?;
                if let Ok(kind) = kind
                    && !kind.is_integer()
                {
                    return Err(EngineError::cell(
                        "prune",
                        format!("column {label}"),
                        kind.to_string(),
                        "integers",
                    ));
                }
                cast(label_column, DataType::Int64)
            }
            (None, true) => return Err(EngineError::argument("label", "none", "a column, which classes need")),
        };
        let mut expressions: Vec<Expr> =
            frame.schema().iter().map(|(qualifier, field)| Expr::from((qualifier, field))).collect();
        // What is no score at all has no key, whatever the rule reads.
        let code = when(difficulty.clone().is_null(), lit(datafusion::common::ScalarValue::UInt64(None)))
            .when(order_code(difficulty.clone()).eq(lit(NAN)), lit(NAN))
            .otherwise(order_code(ordered))?;
        expressions.extend([group.alias(GROUP), code.alias(CODE), tie_hash(id, seed).alias(TIE)]);
        Ok(Self { frame: frame.clone().select(expressions)?, group: col(GROUP), code: col(CODE), difficulty })
    }

    /// Those of its rows for which a condition holds.
    pub(super) fn filter(&self, condition: Expr) -> Result<Self, EngineError> {
        Ok(Self { frame: self.frame.clone().filter(condition)?, ..self.clone() })
    }

    /// The place among `ranges` of the one that a row's key lies in; null where in none.
    pub(super) fn range(&self, ranges: &Ranges) -> Expr {
        key_range(self.group.clone(), self.code.clone(), col(TIE), ranges)
    }

    /// Bits of a row's key.
    pub(super) fn digit(&self, shift: u32, bits: u32) -> Expr {
        key_digit(self.code.clone(), col(TIE), shift, bits)
    }

    /// The groups that there are, in increasing order, once every row has a key.
    ///
    /// # Errors
    /// Where a row has no score, no id or no class.
    pub(super) async fn sizes(&self, at_least_0: bool) -> Result<BTreeMap<i64, GroupSize>, EngineError> {
        let counted = |condition: Expr| count(lit(1i64)).filter(condition).build();
        let calls = vec![
            count(lit(1i64)).alias("n"),
            counted(col(CODE).is_null())?.alias("no_score"),
            counted(col(CODE).eq(lit(NAN)))?.alias("nan"),
            counted(col(TIE).is_null())?.alias("no_id"),
            counted(order_code(self.difficulty.clone()).lt(lit(code(0.0))))?.alias("negative"),
            min(col(CODE)).alias("least"),
            max(col(CODE)).alias("largest"),
        ];
        let batches = self.frame.clone().aggregate(vec![self.group.clone().alias("of")], calls)?.collect().await?;
        let mut sizes = BTreeMap::new();
        for batch in &batches {
            let groups = batch.column(0).as_primitive::<Int64Type>();
            let counts = |at: usize| batch.column(at).as_primitive::<Int64Type>();
            let codes = |at: usize| batch.column(at).as_primitive::<UInt64Type>();
            for row in 0..batch.num_rows() {
                for (at, found, expected) in [
                    (2, "null", "a score in every row"),
                    (3, "NaN", "a number in every row"),
                    (4, "without an id", "an id in every row"),
                    (5, "negative", "at least 0 in every row"),
                ] {
                    let n = counts(at).value(row);
                    if n > 0 && (at != 5 || at_least_0) {
                        return Err(EngineError::cell(
                            "prune",
                            "the score",
                            format!("{found} in {n} rows"),
                            expected,
                        ));
                    }
                }
                if groups.is_null(row) {
                    return Err(EngineError::cell("prune", "the label", "null", "a class in every row"));
                }
                let group = groups.value(row);
                if !(0..cl_data::MAX_CLASSES as i64).contains(&group) {
                    return Err(EngineError::cell(
                        "prune",
                        "the label",
                        group.to_string(),
                        "a class from 0, below 2^20",
                    ));
                }
                let size = GroupSize {
                    n: counts(1).value(row) as u64,
                    codes: (codes(6).value(row), codes(7).value(row)),
                };
                sizes.insert(group, size);
            }
        }
        Ok(sizes)
    }
}
