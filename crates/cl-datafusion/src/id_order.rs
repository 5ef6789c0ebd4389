//! The order of ids as a function, so that an engine can have the examples in the order in which logs have them.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, BinaryArray};
use datafusion::arrow::datatypes::{DataType, Int64Type, UInt64Type};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

/// The function `id_order(id)`: bytes whose order is that of ids in logs: integers by size, then texts with the numbers in
/// them by size.
pub(crate) fn id_order_function() -> ScalarUDF {
    let types = [DataType::Int64, DataType::UInt64, DataType::Utf8];
    let one_of = types.into_iter().map(|kind| TypeSignature::Exact(vec![kind])).collect();
    ScalarUDF::from(IdOrder { signature: Signature::one_of(one_of, Volatility::Immutable) })
}

pub(crate) fn id_order(id: Expr) -> Expr {
    id_order_function().call(vec![id])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct IdOrder {
    signature: Signature,
}

impl ScalarUDFImpl for IdOrder {
    fn name(&self) -> &str {
        "id_order"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let codes = codes_of(&arguments.args[0].to_array(arguments.number_rows)?);
        Ok(ColumnarValue::Array(Arc::new(codes) as ArrayRef))
    }
}

/// What [`id_order`] is of these ids, which are of one of its types.
pub(crate) fn codes_of(ids: &ArrayRef) -> BinaryArray {
    match ids.data_type() {
        DataType::Int64 => ids.as_primitive::<Int64Type>().iter().map(|id| id.map(of_integer)).collect(),
        DataType::UInt64 => {
            let ids = ids.as_primitive::<UInt64Type>();
            ids.iter().map(|id| id.map(|id| of_text(&id.to_string()))).collect()
        }
        _ => ids.as_string::<i32>().iter().map(|id| id.map(of_text)).collect(),
    }
}

/// Integers before all others, by size.
fn of_integer(id: i64) -> Vec<u8> {
    let mut code = vec![0];
    code.extend((id as u64 ^ 1 << 63).to_be_bytes());
    code
}

/// A text; one that is an integer, written plainly, is that.
fn of_text(id: &str) -> Vec<u8> {
    if let Some(integer) = id.parse::<i64>().ok().filter(|integer| integer.to_string() == id) {
        return of_integer(integer);
    }
    let mut code = vec![1];
    let mut rest = id.as_bytes();
    while let Some(&byte) = rest.first() {
        let n = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if n == 0 {
            code.push(byte);
            rest = &rest[1..];
            continue;
        }
        let (digits, behind) = rest.split_at(n);
        let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
        // A digit beside what is none, then by length and by digits.
        code.push(b'0');
        code.extend((u32::try_from(n - zeros).unwrap_or(u32::MAX)).to_be_bytes());
        code.extend(&digits[zeros..]);
        rest = behind;
    }
    // Where only zeros before numbers differ, by the texts.
    code.push(0);
    code.extend(id.as_bytes());
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ordered_as_in_logs() {
        let ordered = [
            "-9223372036854775808",
            "-1",
            "0",
            "7",
            "12",
            "9223372036854775807",
            "-0",
            "07",
            "9223372036854775808",
            "b",
            "doc",
            "doc-1",
            "doc-02",
            "doc-2",
            "doc-2x",
            "doc-10",
            "doc-10-3",
            "doc-10-20",
        ];
        let codes: Vec<Vec<u8>> = ordered.iter().map(|id| of_text(id)).collect();
        for (pair, ids) in codes.windows(2).zip(ordered.windows(2)) {
            assert!(pair[0] < pair[1], "{ids:?}");
        }
    }
}
