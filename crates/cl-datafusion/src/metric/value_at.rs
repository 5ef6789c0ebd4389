use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, Float64Array};
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::lit;

use super::lists::values_type;
use crate::error::EngineError;

/// The function `value_at(values, place)`: one of the values that `dynamics` gives, by its place from 0.
pub(crate) fn value_at_function() -> ScalarUDF {
    let types = vec![values_type(), DataType::UInt64];
    ScalarUDF::from(ValueAt { signature: Signature::exact(types, Volatility::Immutable) })
}

pub(crate) fn value_at(values: Expr, place: usize) -> Expr {
    value_at_function().call(vec![values, lit(place as u64)])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ValueAt {
    signature: Signature,
}

impl ScalarUDFImpl for ValueAt {
    fn name(&self) -> &str {
        "value_at"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let ColumnarValue::Scalar(ScalarValue::UInt64(Some(place))) = &arguments.args[1] else {
            return Err(EngineError::cell("value_at", "the place", "no literal", "a number").into());
        };
        let lists = arguments.args[0].to_array(arguments.number_rows)?;
        let lists = lists.as_list::<i32>();
        let (numbers, offsets) = (lists.values().as_primitive::<Float64Type>(), lists.value_offsets());
        let value = |row: usize| {
            let at = offsets[row] as usize + *place as usize;
            (lists.is_valid(row) && at < offsets[row + 1] as usize).then(|| numbers.value(at))
        };
        Ok(ColumnarValue::Array(Arc::new((0..lists.len()).map(value).collect::<Float64Array>())))
    }
}
