//! The scalar functions of which confident learning consists; they have their parameters in literals, so that any executor
//! that knows their names can run them.

use std::sync::Arc;

use cl_difficulty::{DifficultyError, LabelQuality};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryBuilder, BooleanArray, Float64Array, Int64Array, Int64Builder, ListBuilder,
    UInt64Array,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, UInt64Type};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::lit;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cuts::{IssueTest, events};
use super::place::group_of;
use super::quotas::Quotas;
use crate::error::EngineError;

/// What a function does with the probabilities p of an example and its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Role {
    /// (p, label, name) -> the label's quality by this measure.
    LabelQuality,
    /// (p) -> the most probable class, the first of equal ones.
    PredictedClass,
    /// (p) -> how many classes there are.
    NClasses,
    /// (p, label, thresholds) -> what the example is counted as.
    Events,
    /// (p, label, quotas) -> its places in its groups.
    Places,
    /// (place) -> the group that it is in.
    GroupOfPlace,
    /// (place, rank, quotas) -> whether it is the last that is taken of its group.
    IsLast,
    /// (p, label, order of the id, test) -> whether the label is an issue.
    IsIssue,
}

const ROLES: [Role; 8] = [
    Role::LabelQuality,
    Role::PredictedClass,
    Role::NClasses,
    Role::Events,
    Role::Places,
    Role::GroupOfPlace,
    Role::IsLast,
    Role::IsIssue,
];

#[derive(Debug, PartialEq, Eq, Hash)]
struct NoiseFunction {
    role: Role,
    signature: Signature,
}

/// All of them.
pub(crate) fn noise_functions() -> Vec<ScalarUDF> {
    ROLES.into_iter().map(function).collect()
}

fn function(role: Role) -> ScalarUDF {
    let n = match role {
        Role::PredictedClass | Role::NClasses | Role::GroupOfPlace => 1,
        Role::IsIssue => 4,
        _ => 3,
    };
    ScalarUDF::from(NoiseFunction { role, signature: Signature::any(n, Volatility::Immutable) })
}

const QUALITIES: [(&str, LabelQuality); 3] = [
    ("self_confidence", LabelQuality::SelfConfidence),
    ("normalized_margin", LabelQuality::NormalizedMargin),
    ("confidence_weighted_entropy", LabelQuality::ConfidenceWeightedEntropy),
];

pub(super) fn label_quality(p: Expr, label: Expr, name: &str) -> Expr {
    function(Role::LabelQuality).call(vec![p, label, lit(name)])
}

pub(super) fn predicted_class(p: Expr) -> Expr {
    function(Role::PredictedClass).call(vec![p])
}

pub(super) fn n_classes(p: Expr) -> Expr {
    function(Role::NClasses).call(vec![p])
}

pub(super) fn noise_events(p: Expr, label: Expr, thresholds: &[f64]) -> Result<Expr> {
    Ok(function(Role::Events).call(vec![p, label, literal(&thresholds)?]))
}

pub(super) fn places(p: Expr, label: Expr, quotas: &Quotas) -> Result<Expr> {
    Ok(function(Role::Places).call(vec![p, label, literal(quotas)?]))
}

pub(super) fn group_of_place(place: Expr) -> Expr {
    function(Role::GroupOfPlace).call(vec![place])
}

pub(super) fn is_last(place: Expr, rank: Expr, quotas: &Quotas) -> Result<Expr> {
    Ok(function(Role::IsLast).call(vec![place, rank, literal(quotas)?]))
}

pub(super) fn is_issue(p: Expr, label: Expr, id_order: Expr, test: &IssueTest) -> Result<Expr> {
    Ok(function(Role::IsIssue).call(vec![p, label, id_order, literal(test)?]))
}

/// Parameters as a text.
fn literal(parameters: &impl Serialize) -> Result<Expr> {
    let text = serde_json::to_string(parameters).map_err(|error| DataFusionError::External(Box::new(error)))?;
    Ok(lit(text))
}

fn text<'a>(function: &str, argument: &'a ColumnarValue) -> Result<&'a str> {
    match argument {
        ColumnarValue::Scalar(
            ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)),
        ) => Ok(text),
        _ => Err(EngineError::cell(function, "the last argument", "no literal", "a text").into()),
    }
}

fn parameters<T: DeserializeOwned>(function: &str, argument: &ColumnarValue) -> Result<T> {
    let read = serde_json::from_str(text(function, argument)?);
    read.map_err(|_| {
        EngineError::cell(function, "the last argument", "damaged", "parameters as they are written").into()
    })
}

/// Lists of as many probabilities each, and labels.
struct Examples {
    probabilities: Float64Array,
    labels: Vec<usize>,
    n_classes: usize,
}

impl Examples {
    fn new(function: &str, lists: &ArrayRef, labels: Option<&ArrayRef>) -> Result<Self> {
        let cell = |what: &str, found: String, expected: &str| EngineError::cell(function, what, found, expected);
        let is_list =
            matches!(lists.data_type(), DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..));
        if !is_list {
            let found = lists.data_type().to_string();
            return Err(cell("the probabilities", found, "a list of numbers").into());
        }
        let lists = cast(lists, &DataType::new_large_list(DataType::Float64, true))?;
        let lists = lists.as_list::<i64>();
        let numbers = lists.values().as_primitive::<Float64Type>();
        if lists.null_count() > 0 || numbers.null_count() > 0 {
            return Err(cell("the probabilities", "null".into(), "a number for every class").into());
        }
        let offsets = lists.value_offsets();
        let n_classes = if lists.is_empty() { 0 } else { lists.value_length(0) as usize };
        if let Some(row) = (0..lists.len()).find(|&row| lists.value_length(row) as usize != n_classes) {
            let found = format!("{} of one example and {n_classes} of another", lists.value_length(row));
            return Err(cell("the probabilities", found, "as many of each").into());
        }
        let (start, n) = (offsets.first().map_or(0, |&start| start as usize), lists.len());
        let labels = match labels {
            None => Vec::new(),
            Some(labels) => {
                let labels = cast(labels, &DataType::Int64)?;
                let labels = labels.as_primitive::<Int64Type>().iter().map(|label| {
                    let class = label.and_then(|label| usize::try_from(label).ok());
                    let found = || label.map_or("null".into(), |label| label.to_string());
                    class
                        .filter(|&class| class < n_classes)
                        .ok_or_else(|| cell("the label", found(), &format!("a class below {n_classes}")))
                });
                labels.collect::<std::result::Result<_, _>>()?
            }
        };
        Ok(Self { probabilities: numbers.slice(start, n * n_classes), labels, n_classes })
    }

    fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.probabilities.values().chunks_exact(self.n_classes.max(1))
    }

    fn labelled(&self) -> impl Iterator<Item = (&[f64], usize)> {
        self.rows().zip(self.labels.iter().copied())
    }
}

impl NoiseFunction {
    fn compute(&self, arguments: &[ColumnarValue], n_rows: usize) -> Result<ArrayRef> {
        let (function, column) = (self.name(), |at: usize| arguments[at].to_array(n_rows));
        let labelled = || Examples::new(function, &column(0)?, Some(&column(1)?));
        let unlabelled = || Examples::new(function, &column(0)?, None);
        Ok(match self.role {
            Role::LabelQuality => {
                let (examples, name) = (labelled()?, text(function, &arguments[2])?);
                let found = QUALITIES.iter().find(|(known, _)| *known == name);
                let (_, quality) = found.ok_or_else(|| {
                    let names = QUALITIES.map(|(name, _)| name).join(", ");
                    EngineError::argument("quality", name, names)
                })?;
                let scores = match n_rows {
                    0 => Ok(Vec::new()),
                    _ => quality.scores(examples.probabilities.values(), &examples.labels, examples.n_classes),
                };
                let scores = scores.map_err(|error| match error {
                    DifficultyError::InvalidScore { metric, value, expected, .. } => {
                        EngineError::cell(function, format!("a {metric}"), value.to_string(), expected)
                    }
                    error => error.into(),
                })?;
                Arc::new(Float64Array::from(scores))
            }
            Role::PredictedClass => {
                let predicted =
                    |p: &[f64]| (0..p.len()).fold(0, |best, class| if p[class] > p[best] { class } else { best });
                Arc::new(unlabelled()?.rows().map(|p| predicted(p) as i64).collect::<Int64Array>())
            }
            Role::NClasses => Arc::new(UInt64Array::from(vec![unlabelled()?.n_classes as u64; n_rows])),
            Role::Events => {
                let thresholds: Vec<f64> = parameters(function, &arguments[2])?;
                let mut lists = ListBuilder::new(Int64Builder::new());
                for (p, label) in labelled()?.labelled() {
                    lists.append_value(events(p, label, &thresholds).into_iter().map(Some));
                }
                Arc::new(lists.finish())
            }
            Role::Places => {
                let quotas: Quotas = parameters(function, &arguments[2])?;
                let mut lists = ListBuilder::new(BinaryBuilder::new());
                for (p, label) in labelled()?.labelled() {
                    lists.append_value(quotas.places(p, label).iter().map(Some));
                }
                Arc::new(lists.finish())
            }
            Role::GroupOfPlace => {
                let group = |place: Option<&[u8]>| {
                    let group = group_of(place?)?;
                    Some(u64::from(group.label) << 32 | u64::from(group.class))
                };
                Arc::new(column(0)?.as_binary::<i32>().iter().map(group).collect::<UInt64Array>())
            }
            Role::IsLast => {
                let quotas: Quotas = parameters(function, &arguments[2])?;
                let (places, ranks) = (column(0)?, column(1)?);
                let is_last = |(place, rank): (Option<&[u8]>, Option<u64>)| {
                    let quota = place.and_then(group_of).and_then(|group| quotas.of(group));
                    Some(quota.zip(rank).is_some_and(|(quota, rank)| quota.n == rank))
                };
                let pairs = places.as_binary::<i32>().iter().zip(ranks.as_primitive::<UInt64Type>());
                Arc::new(pairs.map(is_last).collect::<BooleanArray>())
            }
            Role::IsIssue => {
                let (test, orders): (IssueTest, ArrayRef) = (parameters(function, &arguments[3])?, column(2)?);
                let examples = labelled()?;
                let rows = examples.labelled().zip(orders.as_binary::<i32>());
                let is_issue = |((p, label), order): ((&[f64], usize), Option<&[u8]>)| {
                    test.is_issue(p, label, order.unwrap_or_default())
                };
                Arc::new(BooleanArray::from(rows.map(is_issue).collect::<Vec<bool>>()))
            }
        })
    }
}

impl ScalarUDFImpl for NoiseFunction {
    fn name(&self) -> &str {
        match self.role {
            Role::LabelQuality => "label_quality",
            Role::PredictedClass => "predicted_class",
            Role::NClasses => "n_classes",
            Role::Events => "noise_events",
            Role::Places => "noise_places",
            Role::GroupOfPlace => "noise_group",
            Role::IsLast => "is_last_of_group",
            Role::IsIssue => "is_label_issue",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.role {
            Role::LabelQuality => DataType::Float64,
            Role::PredictedClass => DataType::Int64,
            Role::NClasses | Role::GroupOfPlace => DataType::UInt64,
            Role::Events => DataType::new_list(DataType::Int64, true),
            Role::Places => DataType::new_list(DataType::Binary, true),
            Role::IsLast | Role::IsIssue => DataType::Boolean,
        })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Array(self.compute(&arguments.args, arguments.number_rows)?))
    }
}
