use std::ops::Range;
use std::sync::Arc;

use cl_difficulty::OutputKind;
use datafusion::arrow::datatypes::{DataType, Field};

use crate::error::EngineError;

/// How every metric is called.
pub(crate) const CALL: &str = "[epoch,] a list of numbers per class, or a number per class in as many arguments, or a \
                               loss, or whether it was right (a boolean) [, label] [, 'key=value, ...']; epoch and \
                               label are integers";

/// In which form the outputs come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Shape {
    /// A list of c numbers.
    List,
    /// c arguments of a number each.
    Columns,
    /// One number.
    Number,
    /// A boolean.
    Flag,
}

impl Shape {
    /// What the numbers are unless that is said.
    pub(crate) fn kind(self) -> OutputKind {
        match self {
            Self::List | Self::Columns => OutputKind::Logits,
            Self::Number => OutputKind::Losses,
            Self::Flag => OutputKind::Correct,
        }
    }
}

/// Where the arguments of a call stand, told by their types.
///
/// An integer before the outputs is the epoch, one behind them the label, a text at the end the options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) epoch: Option<usize>,
    pub(crate) outputs: Range<usize>,
    pub(crate) shape: Shape,
    pub(crate) label: Option<usize>,
    pub(crate) options: Option<usize>,
    /// The type of the outputs' numbers.
    pub(crate) number: DataType,
}

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Integer,
    Output(Shape),
    Text,
}

fn role(kind: &DataType) -> Option<Role> {
    match kind {
        DataType::Dictionary(_, values) => role(values),
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            Some(Role::Output(Shape::List))
        }
        DataType::ListView(_) | DataType::LargeListView(_) => Some(Role::Output(Shape::List)),
        DataType::Boolean => Some(Role::Output(Shape::Flag)),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(Role::Text),
        kind if kind.is_integer() => Some(Role::Integer),
        kind if kind.is_floating() || kind.is_decimal() => Some(Role::Output(Shape::Number)),
        _ => None,
    }
}

/// The type in which numbers of this one are kept: as they are, where they are numbers of floating point.
fn number(kind: &DataType) -> Option<DataType> {
    match kind {
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Some(kind.clone()),
        DataType::Dictionary(_, values) => number(values),
        kind if kind.is_numeric() => Some(DataType::Float64),
        _ => None,
    }
}

/// The type of the numbers of a list, and the list itself with these.
fn list(kind: &DataType) -> Option<(DataType, DataType)> {
    let field =
        |field: &Arc<Field>, number: &DataType| Arc::new(field.as_ref().clone().with_data_type(number.clone()));
    let (element, coerced) = match kind {
        DataType::List(element) | DataType::ListView(element) => {
            let number = number(element.data_type())?;
            (number.clone(), DataType::List(field(element, &number)))
        }
        DataType::LargeList(element) | DataType::LargeListView(element) => {
            let number = number(element.data_type())?;
            (number.clone(), DataType::LargeList(field(element, &number)))
        }
        DataType::FixedSizeList(element, width) => {
            let number = number(element.data_type())?;
            (number.clone(), DataType::FixedSizeList(field(element, &number), *width))
        }
        _ => return None,
    };
    Some((element, coerced))
}

impl Layout {
    /// Of arguments of these types, and the types to which they are cast.
    ///
    /// # Errors
    /// Where they are none that a metric takes.
    pub(crate) fn new(function: &str, types: &[DataType]) -> Result<(Self, Vec<DataType>), EngineError> {
        let wrong = |problem: String| {
            let found: Vec<String> = types.iter().map(ToString::to_string).collect();
            EngineError::Call { function: function.to_owned(), found: found.join(", "), problem, expected: CALL }
        };
        let roles = types.iter().enumerate().map(|(at, kind)| {
            role(kind).ok_or_else(|| wrong(format!("argument {} is neither number, list, flag nor text", at + 1)))
        });
        let mut roles = roles.collect::<Result<Vec<Role>, _>>()?;
        let options = (roles.last() == Some(&Role::Text)).then(|| roles.len() - 1);
        roles.truncate(options.unwrap_or(roles.len()));
        if let Some(at) = roles.iter().position(|role| *role == Role::Text) {
            return Err(wrong(format!("argument {} is a text, which only the last may be", at + 1)));
        }
        let is_output = |role: &Role| matches!(role, Role::Output(_));
        let Some(first) = roles.iter().position(is_output) else {
            return Err(wrong("no argument is a list, a number of floating point or a boolean".into()));
        };
        let n = roles[first..].iter().take_while(|role| is_output(role)).count();
        let outputs = first..first + n;
        let (before, behind) = (first, roles.len() - outputs.end);
        if before > 1 || behind > 1 {
            return Err(wrong(format!("{before} arguments before the outputs and {behind} behind them")));
        }
        let shape = match (&roles[outputs.clone()], n) {
            ([Role::Output(shape)], _) => *shape,
            (several, _) if several.iter().all(|role| *role == Role::Output(Shape::Number)) => Shape::Columns,
            _ => return Err(wrong("a list or a boolean among several outputs".into())),
        };

        let mut coerced: Vec<DataType> = vec![DataType::Int64; types.len()];
        if let Some(at) = options {
            coerced[at] = DataType::Utf8;
        }
        let number = match shape {
            Shape::Flag => {
                coerced[first] = DataType::Boolean;
                DataType::Float32
            }
            Shape::List => {
                let (element, list) =
                    list(&types[first]).ok_or_else(|| wrong("a list of what is no number".into()))?;
                coerced[first] = list;
                element
            }
            Shape::Number | Shape::Columns => {
                let mut kinds: Vec<_> = types[outputs.clone()].iter().filter_map(number).collect();
                kinds.dedup();
                // Where they differ, in what holds all of them.
                let kind = if kinds.len() == 1 { kinds.remove(0) } else { DataType::Float64 };
                outputs.clone().for_each(|at| coerced[at] = kind.clone());
                kind
            }
        };
        let label = (behind == 1).then_some(outputs.end);
        Ok((Self { epoch: (before == 1).then_some(0), outputs, shape, label, options, number }, coerced))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list_of(kind: DataType) -> DataType {
        DataType::new_list(kind, true)
    }

    #[test]
    fn arguments_are_told_by_their_types() {
        let layout = |types: &[DataType]| Layout::new("el2n", types).unwrap().0;
        let found = layout(&[DataType::Int32, list_of(DataType::Float32), DataType::UInt8, DataType::Utf8View]);
        assert_eq!((found.epoch, found.outputs, found.label, found.options), (Some(0), 1..2, Some(2), Some(3)));
        assert_eq!((found.shape, found.number), (Shape::List, DataType::Float32));
        let found = layout(&[DataType::Float32, DataType::Float64, DataType::Int64]);
        assert_eq!((found.epoch, found.outputs, found.label, found.options), (None, 0..2, Some(2), None));
        assert_eq!((found.shape, found.number), (Shape::Columns, DataType::Float64));
        let found = layout(&[DataType::Int64, DataType::Boolean]);
        assert_eq!((found.epoch, found.outputs, found.label, found.shape), (Some(0), 1..2, None, Shape::Flag));
        assert_eq!(layout(&[DataType::Float64]).shape, Shape::Number);
    }

    /// A planner coerces more than once.
    #[test]
    fn coerced_types_stay() {
        for types in [
            vec![
                DataType::Int8,
                DataType::new_large_list(DataType::Int32, true),
                DataType::UInt64,
                DataType::LargeUtf8,
            ],
            vec![DataType::Int64, DataType::Decimal128(10, 2)],
            vec![DataType::new_fixed_size_list(DataType::Float16, 10, false), DataType::Int16],
            vec![DataType::ListView(Arc::new(Field::new("item", DataType::Float32, true))), DataType::Int64],
            vec![DataType::Float16, DataType::Float32, DataType::Int64],
        ] {
            let (layout, coerced) = Layout::new("aum", &types).unwrap();
            assert_eq!(Layout::new("aum", &coerced).unwrap(), (layout, coerced));
        }
    }

    #[test]
    fn what_is_no_call_is_refused_and_told() {
        for (types, problem) in [
            (vec![DataType::Int64, DataType::Int64], "no argument is a list"),
            (vec![], "no argument is a list"),
            (vec![DataType::Int64, DataType::Int64, DataType::Float64], "2 arguments before the outputs"),
            (vec![DataType::Float64, DataType::Boolean], "among several outputs"),
            (vec![DataType::Utf8, DataType::Float64], "argument 1 is a text"),
            (vec![DataType::Date32], "argument 1 is neither"),
            (vec![list_of(DataType::Utf8), DataType::Int64], "a list of what is no number"),
        ] {
            let error = Layout::new("el2n", &types).unwrap_err().to_string();
            assert!(error.contains(problem) && error.contains("label are integers"), "{error}");
        }
    }
}
