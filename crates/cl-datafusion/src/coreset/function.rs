use std::sync::Arc;

use cl_prune::coreset::{CoresetInputs, Features};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, ListArray, StructArray, UInt32Array, new_empty_array,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::{cast, concat, take};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Float32Type, Float64Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};
use datafusion::physical_expr::expressions::Literal;

use super::options::PartOptions;
use crate::error::EngineError;
use crate::id_order::codes_of;

/// The aggregate function `coreset`: what a part of the examples chooses, the first round of GreeDi.
///
/// ```text
/// coreset(id, features, 'method=..., count=..., [seed=...,] [key=value, ...]')        grouped by the part
///
/// id         an integer or a text
/// features   a list of d numbers, or d arguments of a number each; in single precision where all are
/// options    a literal text: one of cl-prune's methods whose choices can be merged, how many it chooses (or all of a smaller
///            part), and the method's own options
/// ```
///
/// The value is a list of the examples chosen, in the order of choice, each with `id`, `gain` and `features`: what
/// [`CoresetSettings::select`](cl_prune::coreset::CoresetSettings::select) chooses of the part in the order of its ids, whatever
/// the order of rows and of partitions. The state is the part: its memory is that of the features, and that of the method.
pub fn coreset_function() -> AggregateUDF {
    AggregateUDF::from(CoresetFunction { signature: Signature::user_defined(Volatility::Immutable) })
}

const NAME: &str = "coreset";

const CALL: &str = "an id, a list of numbers or numbers in as many arguments, and 'method=..., count=...'";

#[derive(Debug, PartialEq, Eq, Hash)]
struct CoresetFunction {
    signature: Signature,
}

/// The types of ids and features.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Types {
    id: DataType,
    number: DataType,
    is_list: bool,
}

impl Types {
    fn of(arguments: &[DataType]) -> std::result::Result<Self, EngineError> {
        let wrong = |problem: &str| {
            let found: Vec<String> = arguments.iter().map(ToString::to_string).collect();
            let (function, found) = (NAME.to_owned(), found.join(", "));
            EngineError::Call { function, found, problem: problem.to_owned(), expected: CALL }
        };
        let [id, features @ .., options] = arguments else { return Err(wrong("too few arguments")) };
        let is_text = |kind: &DataType| matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        let id = match id {
            kind if kind.is_integer() => DataType::Int64,
            kind if is_text(kind) => DataType::Utf8,
            _ => return Err(wrong("the id is neither an integer nor a text")),
        };
        if !is_text(options) {
            return Err(wrong("the last argument is no text"));
        }
        let (numbers, is_list) = match features {
            [] => return Err(wrong("no features")),
            [DataType::List(element) | DataType::LargeList(element) | DataType::FixedSizeList(element, _)] => {
                (vec![element.data_type()], true)
            }
            several => (several.iter().collect(), false),
        };
        if numbers.iter().any(|kind| !kind.is_numeric()) {
            return Err(wrong("features that are no numbers"));
        }
        let single = |kind: &&DataType| matches!(kind, DataType::Float16 | DataType::Float32);
        let number = if numbers.iter().all(single) { DataType::Float32 } else { DataType::Float64 };
        Ok(Self { id, number, is_list })
    }

    fn list(&self) -> DataType {
        DataType::new_list(self.number.clone(), true)
    }

    fn coerced(&self, n_arguments: usize) -> Vec<DataType> {
        let feature = if self.is_list { self.list() } else { self.number.clone() };
        let features = std::iter::repeat_n(feature, n_arguments - 2);
        [self.id.clone()].into_iter().chain(features).chain([DataType::Utf8]).collect()
    }

    /// What is said of an example that is chosen.
    fn chosen(&self) -> Fields {
        let field = |name: &str, kind: DataType| Field::new(name, kind, true);
        [field("id", self.id.clone()), field("gain", DataType::Float64), field("features", self.list())]
            .into_iter()
            .collect()
    }
}

impl AggregateUDFImpl for CoresetFunction {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(Types::of(types)?.coerced(types.len()))
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(DataType::new_list(DataType::Struct(Types::of(types)?.chosen()), true))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let types: Vec<DataType> = arguments.input_fields.iter().map(|field| field.data_type().clone()).collect();
        let types = Types::of(&types)?;
        let field = |part, kind| Field::new(format_state_name(arguments.name, part), kind, true).into();
        Ok(vec![
            field("ids", DataType::new_list(types.id.clone(), true)),
            field("features", DataType::new_list(types.list(), true)),
        ])
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let types: Vec<DataType> = arguments.expr_fields.iter().map(|field| field.data_type().clone()).collect();
        let options = arguments.exprs.last().and_then(|argument| argument.downcast_ref::<Literal>());
        let text = match options.map(Literal::value) {
            Some(
                ScalarValue::Utf8(Some(text))
                | ScalarValue::LargeUtf8(Some(text))
                | ScalarValue::Utf8View(Some(text)),
            ) => text,
            _ => {
                return Err(EngineError::cell(NAME, "the last argument", "no literal", "options as a text").into());
            }
        };
        let (types, options) = (Types::of(&types)?, PartOptions::parse(text)?);
        Ok(Box::new(Part { types, options, ids: Vec::new(), features: Vec::new() }))
    }
}

/// A copy: a slice would keep, and count as, the whole of what it is of.
fn compact(array: &ArrayRef) -> Result<ArrayRef> {
    Ok(take(array, &UInt32Array::from_iter_values(0..array.len() as u32), None)?)
}

/// The examples of a part.
#[derive(Debug)]
struct Part {
    types: Types,
    options: PartOptions,
    /// Batches.
    ids: Vec<ArrayRef>,
    /// Of lists.
    features: Vec<ArrayRef>,
}

impl Part {
    /// All ids, and all features as lists.
    fn all(&self) -> Result<(ArrayRef, ArrayRef)> {
        let whole = |arrays: &[ArrayRef], kind: &DataType| -> Result<ArrayRef> {
            if arrays.is_empty() {
                return Ok(new_empty_array(kind));
            }
            Ok(concat(&arrays.iter().map(AsRef::as_ref).collect::<Vec<_>>())?)
        };
        Ok((whole(&self.ids, &self.types.id)?, whole(&self.features, &self.types.list())?))
    }

    /// As one value.
    fn list_of(array: ArrayRef) -> ScalarValue {
        let field = Arc::new(Field::new_list_field(array.data_type().clone(), true));
        let lengths = OffsetBuffer::from_lengths([array.len()]);
        ScalarValue::List(Arc::new(ListArray::new(field, lengths, array, None)))
    }

    /// The positions of the examples in the order of their ids.
    fn in_order(ids: &ArrayRef) -> Result<Vec<u32>> {
        let codes = codes_of(ids);
        let mut order: Vec<u32> = (0..ids.len() as u32).collect();
        order.sort_unstable_by(|&a, &b| codes.value(a as usize).cmp(codes.value(b as usize)));
        let code = |example: u32| codes.value(example as usize);
        if let Some(pair) = order.windows(2).find(|pair| code(pair[0]) == code(pair[1])) {
            let shown = cast(ids, &DataType::Utf8)?;
            let id = shown.as_string::<i32>().value(pair[0] as usize).to_owned();
            return Err(EngineError::cell(NAME, "an id", format!("{id}, there twice"), "each id once").into());
        }
        Ok(order)
    }

    fn select(&self, lists: &ArrayRef) -> Result<cl_prune::coreset::Coreset, EngineError> {
        let PartOptions { settings, count, seed } = &self.options;
        let lists = lists.as_list::<i32>();
        let (n, numbers) = (lists.len(), lists.values());
        let width = if n == 0 { 1 } else { lists.value_length(0) as usize };
        let cell = |found: String, expected: &str| EngineError::cell(NAME, "the features", found, expected);
        if lists.null_count() > 0 || numbers.null_count() > 0 {
            return Err(cell("null".into(), "a number for every feature"));
        }
        if let Some(row) = (0..n).find(|&row| lists.value_length(row) as usize != width) {
            let found = format!("{} of one example and {width} of another", lists.value_length(row));
            return Err(cell(found, "as many of each"));
        }
        let (count, inputs) = ((*count).min(n), CoresetInputs::default());
        Ok(match self.types.number {
            DataType::Float32 => {
                let features = Features::new(numbers.as_primitive::<Float32Type>().values(), width)?;
                settings.select(features, count, *seed, &inputs)?
            }
            _ => {
                let features = Features::new(numbers.as_primitive::<Float64Type>().values(), width)?;
                settings.select(features, count, *seed, &inputs)?
            }
        })
    }
}

impl Accumulator for Part {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [ids, features @ .., _] = values else { return Ok(()) };
        if ids.is_empty() {
            return Ok(());
        }
        if ids.null_count() > 0 {
            return Err(EngineError::cell(NAME, "an id", "null", "a value in every row").into());
        }
        let lists = if self.types.is_list {
            compact(&features[0])?
        } else {
            let columns: Vec<&dyn Array> = features.iter().map(AsRef::as_ref).collect();
            let (n, width) = (ids.len() as u32, columns.len() as u32);
            let rows = (0..n).flat_map(|row| (0..width).map(move |column| column * n + row));
            let numbers = take(&concat(&columns)?, &UInt32Array::from_iter_values(rows), None)?;
            let field = Arc::new(Field::new_list_field(self.types.number.clone(), true));
            let lists: ArrayRef = Arc::new(FixedSizeListArray::new(field, width as i32, numbers, None));
            cast(&lists, &self.types.list())?
        };
        self.ids.push(compact(ids)?);
        self.features.push(lists);
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let (ids, features) = (states[0].as_list::<i32>(), states[1].as_list::<i32>());
        for state in 0..ids.len() {
            if ids.is_valid(state) && ids.value_length(state) > 0 {
                self.ids.push(compact(&ids.value(state))?);
                self.features.push(compact(&features.value(state))?);
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let (ids, features) = self.all()?;
        Ok(vec![Self::list_of(ids), Self::list_of(features)])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let (ids, features) = self.all()?;
        let order = UInt32Array::from(Self::in_order(&ids)?);
        let (ids, features) = (take(&ids, &order, None)?, take(&features, &order, None)?);
        let coreset = self.select(&features)?;
        let chosen = UInt32Array::from_iter_values(coreset.order.iter().map(|&example| example as u32));
        let gains = datafusion::arrow::array::Float64Array::from(coreset.gains);
        let columns =
            vec![take(&ids, &chosen, None)?, Arc::new(gains) as ArrayRef, take(&features, &chosen, None)?];
        Ok(Self::list_of(Arc::new(StructArray::new(self.types.chosen(), columns, None))))
    }

    fn size(&self) -> usize {
        let bytes = |arrays: &[ArrayRef]| arrays.iter().map(|array| array.get_array_memory_size()).sum::<usize>();
        size_of::<Self>() + bytes(&self.ids) + bytes(&self.features)
    }
}
