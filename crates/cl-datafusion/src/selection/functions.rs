//! The scalar functions of which passes over a table consist; they have their parameters in literals, so that any
//! executor that knows their names can run them.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Int32Array, Int64Array, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, UInt64Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use datafusion::prelude::lit;

use super::key::{code, hash_of_integer, hash_of_text, key};
use super::ranges::Ranges;
use super::strata::Strata;
use crate::error::EngineError;

/// What a function does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Role {
    /// (number) -> the code of its place in the order of all numbers.
    OrderCode,
    /// (id, seed) -> the hash that decides ties.
    TieHash,
    /// (group, code, hash, ranges) -> the place of the range that the key lies in, null where in none.
    KeyRange,
    /// (code, hash, shift, bits) -> so many bits of the key.
    KeyDigit,
    /// (group, number, strata) -> the stratum of equal width, counted over all groups.
    Stratum,
}

const ROLES: [Role; 5] = [Role::OrderCode, Role::TieHash, Role::KeyRange, Role::KeyDigit, Role::Stratum];

#[derive(Debug, PartialEq, Eq, Hash)]
struct KeyFunction {
    role: Role,
    signature: Signature,
}

/// All of them.
pub(crate) fn key_functions() -> Vec<ScalarUDF> {
    ROLES.into_iter().map(function).collect()
}

fn function(role: Role) -> ScalarUDF {
    use DataType::{Binary, Float64, Int64, UInt64, Utf8};
    let exact = |types: &[DataType]| TypeSignature::Exact(types.to_vec());
    let one_of = match role {
        Role::OrderCode => vec![exact(&[Float64])],
        Role::TieHash => vec![exact(&[Int64, UInt64]), exact(&[UInt64, UInt64]), exact(&[Utf8, UInt64])],
        Role::KeyRange => vec![exact(&[Int64, UInt64, UInt64, Binary])],
        Role::KeyDigit => vec![exact(&[UInt64, UInt64, UInt64, UInt64])],
        Role::Stratum => vec![exact(&[Int64, Float64, Binary])],
    };
    ScalarUDF::from(KeyFunction { role, signature: Signature::one_of(one_of, Volatility::Immutable) })
}

pub(super) fn order_code(number: Expr) -> Expr {
    function(Role::OrderCode).call(vec![number])
}

pub(crate) fn tie_hash(id: Expr, seed: u64) -> Expr {
    function(Role::TieHash).call(vec![id, lit(seed)])
}

pub(super) fn key_range(group: Expr, code: Expr, tie: Expr, ranges: &Ranges) -> Expr {
    let ranges = lit(ScalarValue::Binary(Some(ranges.to_bytes())));
    function(Role::KeyRange).call(vec![group, code, tie, ranges])
}

pub(super) fn key_digit(code: Expr, tie: Expr, shift: u32, bits: u32) -> Expr {
    function(Role::KeyDigit).call(vec![code, tie, lit(u64::from(shift)), lit(u64::from(bits))])
}

pub(super) fn stratum(group: Expr, number: Expr, strata: &Strata) -> Expr {
    let strata = lit(ScalarValue::Binary(Some(strata.to_bytes())));
    function(Role::Stratum).call(vec![group, number, strata])
}

/// A parameter: a literal, which is not spread over the rows.
fn number(function: &str, argument: &ColumnarValue) -> Result<u64> {
    match argument {
        ColumnarValue::Scalar(ScalarValue::UInt64(Some(number))) => Ok(*number),
        _ => Err(EngineError::cell(function, "a parameter", "no literal", "a number").into()),
    }
}

/// A parameter of several numbers, in bytes.
fn parameters<T>(function: &str, argument: &ColumnarValue, read: impl Fn(&[u8]) -> Option<T>) -> Result<T> {
    let read = match argument {
        ColumnarValue::Scalar(ScalarValue::Binary(Some(bytes))) => read(bytes),
        _ => None,
    };
    Ok(read.ok_or_else(|| {
        EngineError::cell(function, "the last argument", "damaged", "parameters as they are written")
    })?)
}

impl KeyFunction {
    fn compute(&self, arguments: &[ColumnarValue], n_rows: usize) -> Result<ArrayRef> {
        let column = |at: usize| arguments[at].to_array(n_rows);
        Ok(match self.role {
            Role::OrderCode => Arc::new(column(0)?.as_primitive::<Float64Type>().unary::<_, UInt64Type>(code)),
            Role::TieHash => {
                let (ids, seed) = (column(0)?, number(self.name(), &arguments[1])?);
                match ids.data_type() {
                    DataType::Int64 => Arc::new(
                        ids.as_primitive::<Int64Type>().unary::<_, UInt64Type>(|id| hash_of_integer(seed, id)),
                    ),
                    DataType::UInt64 => {
                        Arc::new(ids.as_primitive::<UInt64Type>().unary::<_, UInt64Type>(
                            |id| match i64::try_from(id) {
                                Ok(id) => hash_of_integer(seed, id),
                                Err(_) => hash_of_text(seed, &id.to_string()),
                            },
                        ))
                    }
                    _ => {
                        let hash = |id: Option<&str>| id.map(|id| hash_of_text(seed, id));
                        Arc::new(ids.as_string::<i32>().iter().map(hash).collect::<UInt64Array>())
                    }
                }
            }
            Role::KeyRange => {
                let (groups, codes, ties) = (column(0)?, column(1)?, column(2)?);
                let ranges = parameters(self.name(), &arguments[3], Ranges::from_bytes)?;
                let [codes, ties] = [&codes, &ties].map(|halves| halves.as_primitive::<UInt64Type>());
                let groups = groups.as_primitive::<Int64Type>();
                let find = |((group, code), tie): ((Option<i64>, Option<u64>), Option<u64>)| {
                    ranges.find(group?, key(code?, tie?)).map(|at| at as i32)
                };
                Arc::new(groups.iter().zip(codes).zip(ties).map(find).collect::<Int32Array>())
            }
            Role::KeyDigit => {
                let (shift, bits) = (number(self.name(), &arguments[2])?, number(self.name(), &arguments[3])?);
                if shift > 127 || !(1..=63).contains(&bits) {
                    let found = format!("{bits} bits from bit {shift}");
                    return Err(EngineError::cell(self.name(), "a digit", found, "1 to 63 bits of 128").into());
                }
                let digit = |(code, tie): (Option<u64>, Option<u64>)| {
                    Some((key(code?, tie?) >> shift) as u64 & ((1 << bits) - 1))
                };
                let (codes, ties) = (column(0)?, column(1)?);
                let [codes, ties] = [&codes, &ties].map(|halves| halves.as_primitive::<UInt64Type>());
                Arc::new(codes.iter().zip(ties).map(digit).collect::<UInt64Array>())
            }
            Role::Stratum => {
                let (groups, numbers) = (column(0)?, column(1)?);
                let (groups, numbers) =
                    (groups.as_primitive::<Int64Type>(), numbers.as_primitive::<Float64Type>());
                let strata = parameters(self.name(), &arguments[2], Strata::from_bytes)?;
                let stratum = |(group, number): (Option<i64>, Option<f64>)| strata.find(group?, number?);
                Arc::new(groups.iter().zip(numbers).map(stratum).collect::<Int64Array>())
            }
        })
    }
}

impl ScalarUDFImpl for KeyFunction {
    fn name(&self) -> &str {
        match self.role {
            Role::OrderCode => "order_code",
            Role::TieHash => "tie_hash",
            Role::KeyRange => "key_range",
            Role::KeyDigit => "key_digit",
            Role::Stratum => "stratum",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.role {
            Role::KeyRange => DataType::Int32,
            Role::Stratum => DataType::Int64,
            Role::OrderCode | Role::TieHash | Role::KeyDigit => DataType::UInt64,
        })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Array(self.compute(&arguments.args, arguments.number_rows)?))
    }
}
