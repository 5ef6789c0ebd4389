use cl_difficulty::{MetricDescription, MetricSettings, metrics};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float16Type, Float32Type, Float64Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature, Volatility,
};
use datafusion::physical_expr::expressions::Literal;

use super::groups::{Answer, MetricGroups, state_types};
use super::layout::{CALL, Layout, Shape};
use super::lists::values_type;
use super::number::Number;
use super::options::{parse, parse_kind, parse_several};
use super::reduction::Reduction;
use super::single::MetricOfOne;
use super::values::value_type;
use crate::error::EngineError;

/// The aggregate function of every metric of [`cl_difficulty::metrics`], in their order, each under the metric's name.
///
/// ```text
/// metric([epoch,] outputs [, label] [, 'key=value, ...'])        grouped by the example's id
///
/// epoch      an integer; needed where the metric is bound to the order of epochs
/// outputs    a list of c numbers, or c arguments of a number each: logits, unless the options say
///            kind=probabilities or kind=log-probabilities
///            a number of floating point: the loss in nats, unless the options say kind=correct (1 or 0)
///            a boolean: whether the example was right
/// label      an integer, the class from 0; needed where outputs are per class
/// options    a literal text: the kind, and the metric's own options
/// ```
///
/// The value is that of [`cl_difficulty::DynamicsRecorder`] with partial epochs, to the bit, for any number of
/// partitions and whatever the order of rows: the rows of an example are kept until its value is asked for and then
/// enter in the order of their epochs. Without epochs they enter in the order of their numbers, which is the same for any
/// order of rows, too, and differs from that of the epochs in the last bits of sums alone.
///
/// Of a metric that reads only whether examples were right, or only their losses, that number is kept per row: 20
/// bytes. Of all others the outputs are kept as they came: 12 bytes and those of c numbers. O(c) per row to
/// update and merge, O(R log R) for R rows of a group.
///
/// Nulls, outputs of differing length, an epoch twice, labels that differ between epochs, and all that
/// [`cl_difficulty::DynamicsRecorder::record`] refuses, are errors. An example without a row (where a `FILTER` lets none pass) has
/// the value null.
///
/// ```
/// use datafusion::prelude::SessionContext;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> datafusion::error::Result<()> {
/// let context = SessionContext::new();
/// cl_datafusion::register(&context)?;
/// let frame = context
///     .sql(
///         "SELECT id, forgetting(epoch, correct) AS forgetting FROM (VALUES (7, 0, true), (7, 1, false), (7, 2, true), \
///          (7, 3, false)) AS log (id, epoch, correct) GROUP BY id",
///     )
///     .await?;
/// assert!(frame.to_string().await?.contains("| 7  | 2.0        |"));
/// # Ok(())
/// # }
/// ```
pub fn metric_functions() -> Vec<AggregateUDF> {
    metrics().iter().filter_map(|metric| MetricFunction::new(metric).ok()).map(AggregateUDF::from).collect()
}

/// The aggregate function of the metric of this name: see [`metric_functions`].
///
/// # Errors
/// On an unknown name: the known ones are named.
pub fn metric_function(name: &str) -> std::result::Result<AggregateUDF, EngineError> {
    let settings = MetricSettings::parse(name, &[])?;
    Ok(AggregateUDF::from(MetricFunction::new(settings.description())?))
}

/// The aggregate function of several metrics at once, `dynamics`, from one state: what an example's outputs take is kept
/// once.
///
/// ```text
/// dynamics(epoch, outputs [, label], '[kind=...;] metric [key=value, ...]; metric ...')        grouped by the example's id
/// ```
///
/// The value is a list of numbers, one for each metric in the order in which they are named; counts and flags (1 or 0)
/// are numbers, too. Arguments, values and errors are those of [`metric_functions`].
///
/// ```
/// use datafusion::prelude::SessionContext;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> datafusion::error::Result<()> {
/// let context = SessionContext::new();
/// cl_datafusion::register(&context)?;
/// let frame = context
///     .sql(
///         "SELECT id, dynamics(epoch, loss, 'loss; confidence until=1') AS values FROM (VALUES (7, 0, 0.0), \
///          (7, 1, 3.0)) AS log (id, epoch, loss) GROUP BY id",
///     )
///     .await?;
/// assert!(frame.to_string().await?.contains("[1.5, 1.0]"));
/// # Ok(())
/// # }
/// ```
pub fn dynamics_function() -> AggregateUDF {
    AggregateUDF::from(MetricFunction::of_list(DYNAMICS, Answer::Values, true))
}

const DYNAMICS: &str = "dynamics";

/// The aggregate function `mean_probabilities`: the mean of an example's probabilities over its epochs, a list of c numbers.
/// What [`label_issues`](crate::label_issues) takes.
///
/// ```text
/// mean_probabilities([epoch,] outputs [, label] [, 'kind=...'])        grouped by the example's id
/// ```
///
/// Arguments and errors are those of [`metric_functions`]; outputs are per class. The value is that of
/// [`cl_difficulty::log::mean_probabilities`], to the bit, whatever the order of rows.
///
/// ```
/// use datafusion::prelude::SessionContext;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> datafusion::error::Result<()> {
/// let context = SessionContext::new();
/// cl_datafusion::register(&context)?;
/// let frame = context
///     .sql(
///         "SELECT id, mean_probabilities(epoch, a, b, 'kind=probabilities') AS p FROM (VALUES (7, 0, 0.25, 0.75), \
///          (7, 1, 0.75, 0.25)) AS log (id, epoch, a, b) GROUP BY id",
///     )
///     .await?;
/// assert!(frame.to_string().await?.contains("[0.5, 0.5]"));
/// # Ok(())
/// # }
/// ```
pub fn mean_probabilities_function() -> AggregateUDF {
    AggregateUDF::from(MetricFunction::of_list(MEAN_PROBABILITIES, Answer::MeanProbabilities, false))
}

const MEAN_PROBABILITIES: &str = "mean_probabilities";

/// A metric as an aggregate function, or several.
#[derive(Debug, PartialEq, Eq, Hash)]
struct MetricFunction {
    name: &'static str,
    answer: Answer,
    needs_epochs: bool,
    value: DataType,
    reduction: Option<Reduction>,
    signature: Signature,
}

impl MetricFunction {
    fn new(description: &MetricDescription) -> std::result::Result<Self, EngineError> {
        let name = description.method.name;
        let reduction = Reduction::of(&MetricSettings::parse(name, &[])?);
        let (needs_epochs, value) = (description.order_bound, value_type(name)?);
        let signature = Signature::user_defined(Volatility::Immutable);
        Ok(Self { name, answer: Answer::Value, needs_epochs, value, reduction, signature })
    }

    /// That has a list for a value.
    fn of_list(name: &'static str, answer: Answer, needs_epochs: bool) -> Self {
        let (value, signature) = (values_type(), Signature::user_defined(Volatility::Immutable));
        Self { name, answer, needs_epochs, value, reduction: None, signature }
    }

    /// Of arguments of these types.
    fn layout(&self, types: &[DataType]) -> std::result::Result<(Layout, Vec<DataType>), EngineError> {
        let (layout, coerced) = Layout::new(self.name, types)?;
        let of_classes = matches!(layout.shape, Shape::List | Shape::Columns);
        let lacks = match (layout.epoch, layout.label) {
            (None, _) if self.needs_epochs => "no epoch before the outputs, to whose order metrics are bound",
            _ if self.answer == Answer::MeanProbabilities && !of_classes => "no numbers per class",
            (_, None) if of_classes && self.answer != Answer::MeanProbabilities => "no label behind the outputs",
            _ => return Ok((layout, coerced)),
        };
        let found: Vec<String> = types.iter().map(ToString::to_string).collect();
        Err(EngineError::Call {
            function: self.name.into(),
            found: found.join(", "),
            problem: lacks.into(),
            expected: CALL,
        })
    }

    /// What is kept of outputs of this layout.
    fn reduction(&self, layout: &Layout) -> Option<Reduction> {
        self.reduction.filter(|_| matches!(layout.shape, Shape::List | Shape::Columns))
    }

    /// The type of the numbers kept.
    fn kept(&self, layout: &Layout) -> DataType {
        self.reduction(layout).map_or_else(|| layout.number.clone(), |_| DataType::Float64)
    }

    fn groups<N: Number>(
        &self,
        layout: Layout,
        options: &str,
    ) -> std::result::Result<MetricGroups<N>, EngineError> {
        match self.answer {
            Answer::Values => {
                let (metrics, kind) = parse_several(self.name, layout.shape, options)?;
                return Ok(MetricGroups::new(self.name, metrics, self.answer, layout, kind, None));
            }
            Answer::MeanProbabilities => {
                let kind = parse_kind(self.name, layout.shape, options)?;
                return Ok(MetricGroups::new(self.name, Vec::new(), self.answer, layout, kind, None));
            }
            Answer::Value => {}
        }
        let (settings, kind) = parse(self.name, layout.shape, options)?;
        let reduction = self.reduction(&layout);
        if reduction.is_some() && Reduction::of(&settings) != reduction {
            let expected = "such that the metric reads what it does by default";
            return Err(EngineError::argument("options", options, expected));
        }
        Ok(MetricGroups::new(self.name, vec![settings], self.answer, layout, kind, reduction))
    }
}

/// The options, which are a literal.
fn options(function: &str, layout: &Layout, arguments: &AccumulatorArgs<'_>) -> Result<String> {
    let Some(at) = layout.options else { return Ok(String::new()) };
    let literal = arguments.exprs.get(at).and_then(|argument| argument.downcast_ref::<Literal>());
    match literal.map(Literal::value) {
        Some(
            ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)),
        ) => Ok(text.clone()),
        _ => Err(EngineError::cell(function, "the last argument", "no literal", "options as a text").into()),
    }
}

/// The types of the arguments of a call.
fn types(fields: &[FieldRef]) -> Vec<DataType> {
    fields.iter().map(|field| field.data_type().clone()).collect()
}

impl AggregateUDFImpl for MetricFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(self.layout(types)?.1)
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.layout(types)?;
        Ok(self.value.clone())
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let (layout, _) = self.layout(&types(arguments.input_fields))?;
        let kinds = state_types(self.kept(&layout));
        let field = |(part, kind)| Field::new(format_state_name(arguments.name, part), kind, true).into();
        Ok(["epochs", "outputs", "label"].into_iter().zip(kinds).map(field).collect())
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let (layout, _) = self.layout(&types(arguments.expr_fields))?;
        let options = options(self.name, &layout, &arguments)?;
        Ok(match self.kept(&layout) {
            DataType::Float16 => Box::new(MetricOfOne::new(self.groups::<Float16Type>(layout, &options)?)),
            DataType::Float32 => Box::new(MetricOfOne::new(self.groups::<Float32Type>(layout, &options)?)),
            _ => Box::new(MetricOfOne::new(self.groups::<Float64Type>(layout, &options)?)),
        })
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        let (layout, _) = self.layout(&types(arguments.expr_fields))?;
        let options = options(self.name, &layout, &arguments)?;
        Ok(match self.kept(&layout) {
            DataType::Float16 => Box::new(self.groups::<Float16Type>(layout, &options)?),
            DataType::Float32 => Box::new(self.groups::<Float32Type>(layout, &options)?),
            _ => Box::new(self.groups::<Float64Type>(layout, &options)?),
        })
    }
}
