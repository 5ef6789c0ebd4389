use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, ListArray};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};

/// The type of several numbers of an example.
pub(crate) fn values_type() -> DataType {
    DataType::List(element(DataType::Float64))
}

/// Lists of `width` numbers each, null where none is there.
pub(super) fn lists_of(numbers: Vec<f64>, width: usize, is_there: NullBuffer) -> ArrayRef {
    let lengths = OffsetBuffer::from_lengths(std::iter::repeat_n(width, is_there.len()));
    let numbers = Arc::new(Float64Array::from(numbers));
    Arc::new(ListArray::new(element(DataType::Float64), lengths, numbers, Some(is_there)))
}

pub(super) fn element(kind: DataType) -> FieldRef {
    Arc::new(Field::new_list_field(kind, false))
}
