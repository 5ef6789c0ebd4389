use half::f16;

use super::element::{ElementType, decode_text};
use super::n_elements;
use crate::{dataset::Scalar, error::DataError};

/// The elements of an [`Array`], in the type they were stored in.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ArrayData {
    /// Truth values.
    Bool(Vec<bool>),
    /// 8-bit integers.
    I8(Vec<i8>),
    /// 16-bit integers.
    I16(Vec<i16>),
    /// 32-bit integers.
    I32(Vec<i32>),
    /// 64-bit integers.
    I64(Vec<i64>),
    /// 8-bit integers without sign.
    U8(Vec<u8>),
    /// 16-bit integers without sign.
    U16(Vec<u16>),
    /// 32-bit integers without sign.
    U32(Vec<u32>),
    /// 64-bit integers without sign.
    U64(Vec<u64>),
    /// Single precision, half precision included.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
    /// Texts.
    Text(Vec<String>),
}

/// `$body` with `$values` bound to the elements, whatever their type.
macro_rules! of_any_type {
    ($data:expr, $values:ident => $body:expr) => {
        match $data {
            ArrayData::Bool($values) => $body,
            ArrayData::I8($values) => $body,
            ArrayData::I16($values) => $body,
            ArrayData::I32($values) => $body,
            ArrayData::I64($values) => $body,
            ArrayData::U8($values) => $body,
            ArrayData::U16($values) => $body,
            ArrayData::U32($values) => $body,
            ArrayData::U64($values) => $body,
            ArrayData::F32($values) => $body,
            ArrayData::F64($values) => $body,
            ArrayData::Text($values) => $body,
        }
    };
}

/// The same variant of `ArrayData` with `$values` mapped to `$body`.
macro_rules! map_any_type {
    ($data:expr, $values:ident => $body:expr) => {
        match $data {
            ArrayData::Bool($values) => ArrayData::Bool($body),
            ArrayData::I8($values) => ArrayData::I8($body),
            ArrayData::I16($values) => ArrayData::I16($body),
            ArrayData::I32($values) => ArrayData::I32($body),
            ArrayData::I64($values) => ArrayData::I64($body),
            ArrayData::U8($values) => ArrayData::U8($body),
            ArrayData::U16($values) => ArrayData::U16($body),
            ArrayData::U32($values) => ArrayData::U32($body),
            ArrayData::U64($values) => ArrayData::U64($body),
            ArrayData::F32($values) => ArrayData::F32($body),
            ArrayData::F64($values) => ArrayData::F64($body),
            ArrayData::Text($values) => ArrayData::Text($body),
        }
    };
}

impl ArrayData {
    /// The number of elements.
    pub fn len(&self) -> usize {
        of_any_type!(self, values => values.len())
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element type that the data are written in; texts are as wide as the longest.
    pub fn element_type(&self) -> ElementType {
        match self {
            Self::Bool(_) => ElementType::Bool,
            Self::I8(_) => ElementType::I8,
            Self::I16(_) => ElementType::I16,
            Self::I32(_) => ElementType::I32,
            Self::I64(_) => ElementType::I64,
            Self::U8(_) => ElementType::U8,
            Self::U16(_) => ElementType::U16,
            Self::U32(_) => ElementType::U32,
            Self::U64(_) => ElementType::U64,
            Self::F32(_) => ElementType::F32,
            Self::F64(_) => ElementType::F64,
            Self::Text(texts) => {
                ElementType::Unicode(texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1))
            }
        }
    }

    /// Appends the elements to `values` as floating-point numbers: `true` is 1, 64-bit integers beyond 2^53 are
    /// rounded. O(n).
    ///
    /// # Errors
    /// [`DataError::InvalidArgument`] where the elements are texts.
    pub fn append_floats<T: Scalar>(&self, values: &mut Vec<T>) -> Result<(), DataError> {
        match self {
            Self::Bool(data) => values.extend(data.iter().map(|&x| T::of_f64(f64::from(u8::from(x))))),
            Self::I8(data) => values.extend(data.iter().map(|&x| T::of_f64(x.into()))),
            Self::I16(data) => values.extend(data.iter().map(|&x| T::of_f64(x.into()))),
            Self::I32(data) => values.extend(data.iter().map(|&x| T::of_f64(x.into()))),
            Self::I64(data) => values.extend(data.iter().map(|&x| T::of_f64(x as f64))),
            Self::U8(data) => values.extend(data.iter().map(|&x| T::of_f64(x.into()))),
            Self::U16(data) => values.extend(data.iter().map(|&x| T::of_f64(x.into()))),
            Self::U32(data) => values.extend(data.iter().map(|&x| T::of_f64(x.into()))),
            Self::U64(data) => values.extend(data.iter().map(|&x| T::of_f64(x as f64))),
            Self::F32(data) => values.extend(data.iter().map(|&x| T::of_f64(x.into()))),
            Self::F64(data) => values.extend(data.iter().map(|&x| T::of_f64(x))),
            Self::Text(_) => return Err(DataError::argument("array", "of texts", "an array of numbers")),
        }
        Ok(())
    }

    /// No elements of the given type, with memory for `capacity` of them.
    pub(crate) fn with_capacity(element: ElementType, capacity: usize) -> Self {
        match element {
            ElementType::Bool => Self::Bool(Vec::with_capacity(capacity)),
            ElementType::I8 => Self::I8(Vec::with_capacity(capacity)),
            ElementType::I16 => Self::I16(Vec::with_capacity(capacity)),
            ElementType::I32 => Self::I32(Vec::with_capacity(capacity)),
            ElementType::I64 => Self::I64(Vec::with_capacity(capacity)),
            ElementType::U8 => Self::U8(Vec::with_capacity(capacity)),
            ElementType::U16 => Self::U16(Vec::with_capacity(capacity)),
            ElementType::U32 => Self::U32(Vec::with_capacity(capacity)),
            ElementType::U64 => Self::U64(Vec::with_capacity(capacity)),
            ElementType::F16 | ElementType::F32 => Self::F32(Vec::with_capacity(capacity)),
            ElementType::F64 => Self::F64(Vec::with_capacity(capacity)),
            ElementType::Unicode(_) | ElementType::Bytes(_) => Self::Text(Vec::with_capacity(capacity)),
        }
    }

    /// Appends the whole elements in `bytes`, which are of the type that `self` was made for; else what is
    /// wrong with them.
    pub(crate) fn decode(&mut self, element: ElementType, big_endian: bool, bytes: &[u8]) -> Result<(), String> {
        macro_rules! numbers {
            ($values:ident, $type:ty) => {{
                let (elements, _) = bytes.as_chunks();
                if big_endian {
                    $values.extend(elements.iter().map(|&bytes| <$type>::from_be_bytes(bytes)));
                } else {
                    $values.extend(elements.iter().map(|&bytes| <$type>::from_le_bytes(bytes)));
                }
            }};
        }
        match self {
            Self::Bool(values) => values.extend(bytes.iter().map(|&byte| byte != 0)),
            Self::I8(values) => numbers!(values, i8),
            Self::I16(values) => numbers!(values, i16),
            Self::I32(values) => numbers!(values, i32),
            Self::I64(values) => numbers!(values, i64),
            Self::U8(values) => values.extend_from_slice(bytes),
            Self::U16(values) => numbers!(values, u16),
            Self::U32(values) => numbers!(values, u32),
            Self::U64(values) => numbers!(values, u64),
            Self::F32(values) if element == ElementType::F16 => {
                let mut halves: Vec<f16> = Vec::with_capacity(bytes.len() / 2);
                numbers!(halves, f16);
                values.extend(halves.into_iter().map(f16::to_f32));
            }
            Self::F32(values) => numbers!(values, f32),
            Self::F64(values) => numbers!(values, f64),
            Self::Text(texts) => {
                for text in bytes.chunks_exact(element.n_bytes()) {
                    texts.push(decode_text(element, big_endian, text)?);
                }
            }
        }
        Ok(())
    }

    /// The elements as little-endian bytes.
    pub(crate) fn encode(&self, write: &mut dyn std::io::Write) -> std::io::Result<()> {
        if let Self::Text(texts) = self {
            let width = self.element_type().n_bytes();
            let mut cell = Vec::with_capacity(width);
            for text in texts {
                cell.clear();
                cell.extend(text.chars().flat_map(|character| u32::from(character).to_le_bytes()));
                cell.resize(width, 0);
                write.write_all(&cell)?;
            }
            return Ok(());
        }
        macro_rules! numbers {
            ($values:expr) => {
                $values.iter().try_for_each(|value| write.write_all(&value.to_le_bytes()))
            };
        }
        match self {
            Self::Bool(values) => values.iter().try_for_each(|&value| write.write_all(&[u8::from(value)])),
            Self::I8(values) => numbers!(values),
            Self::I16(values) => numbers!(values),
            Self::I32(values) => numbers!(values),
            Self::I64(values) => numbers!(values),
            Self::U8(values) => write.write_all(values),
            Self::U16(values) => numbers!(values),
            Self::U32(values) => numbers!(values),
            Self::U64(values) => numbers!(values),
            Self::F32(values) => numbers!(values),
            Self::F64(values) => numbers!(values),
            Self::Text(_) => Ok(()),
        }
    }

    /// The elements in C order, where they stand in Fortran order.
    pub(crate) fn into_c_order(self, shape: &[usize]) -> Self {
        map_any_type!(self, values => transpose(values, shape))
    }
}

/// An n-dimensional array as stored in `.npy`, `.npz` and IDX files: its shape and its elements in C order
/// (last index fastest).
///
/// ```
/// use cl_data::io::{Array, ArrayData};
///
/// let array = Array::new(vec![2, 3], ArrayData::U8(vec![1, 2, 3, 4, 5, 6]))?;
/// assert_eq!(array.to_f64()?, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
/// assert_eq!(array.to_indices()?, [1, 2, 3, 4, 5, 6]);
/// # Ok::<(), cl_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    shape: Vec<usize>,
    data: ArrayData,
}

impl Array {
    /// An array of this shape.
    ///
    /// # Errors
    /// [`DataError::LengthMismatch`] unless the data have as many elements as the shape says.
    pub fn new(shape: Vec<usize>, data: ArrayData) -> Result<Self, DataError> {
        if n_elements(&shape) != Some(data.len()) {
            let expected = n_elements(&shape).unwrap_or(usize::MAX);
            let why = "the product of the shape";
            return Err(DataError::LengthMismatch { what: "array data", found: data.len(), expected, why });
        }
        Ok(Self { shape, data })
    }

    /// The size along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements in C order.
    pub fn data(&self) -> &ArrayData {
        &self.data
    }

    /// The elements in C order, without the shape.
    pub fn into_data(self) -> ArrayData {
        self.data
    }

    /// The type of the elements.
    pub fn element_type(&self) -> ElementType {
        self.data.element_type()
    }

    /// The elements as `f64`, in C order; see [`ArrayData::append_floats`].
    ///
    /// # Errors
    /// [`DataError::InvalidArgument`] for an array of texts.
    pub fn to_f64(&self) -> Result<Vec<f64>, DataError> {
        self.to_floats()
    }

    /// The elements as `f32` or `f64`, in C order; see [`ArrayData::append_floats`].
    ///
    /// # Errors
    /// [`DataError::InvalidArgument`] for an array of texts.
    pub fn to_floats<T: Scalar>(&self) -> Result<Vec<T>, DataError> {
        let mut values = Vec::with_capacity(self.data.len());
        self.data.append_floats(&mut values)?;
        Ok(values)
    }

    /// The elements as indices, such as labels: exact, whatever type they were stored in.
    ///
    /// # Errors
    /// [`DataError::InvalidArgument`] naming the first element that is negative, fractional, not finite or a
    /// text.
    pub fn to_indices(&self) -> Result<Vec<usize>, DataError> {
        let fail = |at: usize, value: String| {
            DataError::argument("array", format!("{value} at element {at}"), "integers of at least 0")
        };
        macro_rules! integers {
            ($values:expr) => {
                $values
                    .iter()
                    .enumerate()
                    .map(|(at, &value)| usize::try_from(value).map_err(|_| fail(at, value.to_string())))
                    .collect()
            };
        }
        match &self.data {
            ArrayData::Bool(values) => Ok(values.iter().map(|&value| usize::from(value)).collect()),
            ArrayData::I8(values) => integers!(values),
            ArrayData::I16(values) => integers!(values),
            ArrayData::I32(values) => integers!(values),
            ArrayData::I64(values) => integers!(values),
            ArrayData::U8(values) => integers!(values),
            ArrayData::U16(values) => integers!(values),
            ArrayData::U32(values) => integers!(values),
            ArrayData::U64(values) => integers!(values),
            ArrayData::F32(_) | ArrayData::F64(_) => {
                // Above 2^53 a floating-point number no longer tells one integer from the next.
                let exact = |value: f64| (0.0..=9_007_199_254_740_992.0).contains(&value) && value.fract() == 0.0;
                let values = self.to_f64()?;
                let convert = |(at, value): (usize, f64)| {
                    if exact(value) { Ok(value as usize) } else { Err(fail(at, value.to_string())) }
                };
                values.into_iter().enumerate().map(convert).collect()
            }
            ArrayData::Text(_) => Err(DataError::argument("array", "of texts", "integers of at least 0")),
        }
    }
}

/// Elements in Fortran order (first index fastest), in C order.
fn transpose<T: Clone>(values: Vec<T>, shape: &[usize]) -> Vec<T> {
    if values.is_empty() {
        return values;
    }
    let mut strides = Vec::with_capacity(shape.len());
    let mut stride = 1;
    for &dimension in shape {
        strides.push(stride);
        stride *= dimension;
    }
    let mut index = vec![0; shape.len()];
    let mut at = 0;
    let mut ordered = Vec::with_capacity(values.len());
    for _ in 0..values.len() {
        ordered.push(values[at].clone());
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            at += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            at -= strides[axis] * shape[axis];
            index[axis] = 0;
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_is_sign_exponent_fraction() {
        let bytes: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_be_bytes).collect();
        let mut data = ArrayData::with_capacity(ElementType::F16, 1 << 16);
        data.decode(ElementType::F16, true, &bytes).unwrap();
        let ArrayData::F32(values) = data else { panic!("half precision is read as single precision") };
        for (bits, value) in (0..=u16::MAX).zip(values) {
            let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
            let magnitude = match exponent {
                0 => fraction * 2f64.powi(-24),
                31 if fraction == 0.0 => f64::INFINITY,
                31 => f64::NAN,
                _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
            };
            let value = f64::from(value);
            assert_eq!(value.is_sign_negative(), bits >> 15 == 1, "{bits:#x}");
            assert!(value.abs() == magnitude || value.is_nan() && magnitude.is_nan(), "{bits:#x}");
        }
    }

    #[test]
    fn fortran_order_becomes_c_order() {
        let shape = [2, 3, 4];
        // Element (i, j, k) holds 100 i + 10 j + k.
        let fortran = (0..24).map(|at| 100 * (at % 2) + 10 * (at / 2 % 3) + at / 6).collect::<Vec<i64>>();
        let c = (0..24).map(|at| 100 * (at / 12) + 10 * (at / 4 % 3) + at % 4).collect::<Vec<i64>>();
        assert_eq!(transpose(fortran, &shape), c);
    }

    #[test]
    fn indices_are_exact_or_refused() {
        let indices = |data: ArrayData| Array::new(vec![data.len()], data).unwrap().to_indices();
        assert_eq!(indices(ArrayData::F32(vec![0.0, 7.0])).unwrap(), [0, 7]);
        assert_eq!(indices(ArrayData::U64(vec![u64::MAX >> 1])).unwrap(), [usize::MAX >> 1]);
        for bad in [f64::NAN, f64::INFINITY, -1.0, 0.5, 1e17] {
            assert!(indices(ArrayData::F64(vec![bad])).is_err(), "{bad}");
        }
        let error = indices(ArrayData::I64(vec![3, -1])).unwrap_err();
        assert_eq!(error.to_string(), "argument array is -1 at element 1, expected integers of at least 0");
    }

    #[test]
    fn shape_and_data_must_agree() {
        assert!(Array::new(vec![2, 2], ArrayData::U8(vec![0; 3])).is_err());
        assert!(Array::new(vec![usize::MAX, 2], ArrayData::U8(vec![])).is_err());
        assert!(Array::new(vec![usize::MAX, 0], ArrayData::U8(vec![])).is_ok());
        assert!(Array::new(vec![], ArrayData::U8(vec![1])).is_ok());
    }
}
