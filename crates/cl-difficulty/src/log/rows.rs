use std::ops::Range;
use std::path::Path;

use cl_data::DataError;
use cl_data::io::{Array, ArrayData, ElementType, NpyReader, malformed, read_npy};

use super::options::Dtype;
use super::screen::Screen;
use super::source::{Contents, Visitor};
use crate::error::DifficultyError;

/// Elements of a chunk: small enough for a cache, large enough that nothing else counts.
const CHUNK: usize = 1 << 20;

/// The elements of an array in C order, piece by piece.
pub(super) struct Rows<'a> {
    elements: Elements<'a>,
    dtype: Option<Dtype>,
}

enum Elements<'a> {
    Streamed(NpyReader<'a>),
    /// An array in Fortran order, whose rows lie scattered over the file.
    Whole(ArrayData, usize),
}

impl<'a> Rows<'a> {
    pub(super) fn whole(array: Array, dtype: Option<Dtype>) -> Self {
        Self { elements: Elements::Whole(array.into_data(), 0), dtype }
    }

    pub(super) fn streamed(reader: NpyReader<'a>, dtype: Option<Dtype>) -> Self {
        Self { elements: Elements::Streamed(reader), dtype }
    }

    pub(super) fn next(&mut self, n: usize) -> Result<ArrayData, DataError> {
        let data = match &mut self.elements {
            Elements::Streamed(reader) => reader.read_chunk(n)?,
            Elements::Whole(data, at) => {
                let range = *at..(*at + n).min(data.len());
                *at = range.end;
                match data {
                    ArrayData::F32(values) => ArrayData::F32(values[range].to_vec()),
                    ArrayData::F64(values) => ArrayData::F64(values[range].to_vec()),
                    ArrayData::U16(values) => ArrayData::U16(values[range].to_vec()),
                    other => {
                        let mut floats: Vec<f64> = Vec::new();
                        other.append_floats(&mut floats)?;
                        let part = floats[range].to_vec();
                        *other = ArrayData::F64(floats);
                        ArrayData::F64(part)
                    }
                }
            }
        };
        Ok(match (self.dtype, data) {
            (Some(Dtype::Bf16), ArrayData::U16(bits)) => {
                ArrayData::F32(bits.into_iter().map(|bits| f32::from_bits(u32::from(bits) << 16)).collect())
            }
            (_, data) => data,
        })
    }

    /// Shows one epoch of rows of `row_len` numbers, which are `examples` in this order.
    #[expect(clippy::too_many_arguments, reason = "the rows, what they are of, and who is shown them")]
    pub(super) fn visit(
        &mut self,
        contents: &Contents,
        file: &Path,
        position: usize,
        examples: &[usize],
        row_len: usize,
        screen: &mut Screen,
        visitor: &mut dyn Visitor,
    ) -> Result<(), DifficultyError> {
        for examples in examples.chunks((CHUNK / row_len.max(1)).max(1)) {
            let data = self.next(examples.len() * row_len)?;
            screen.show(contents, file, position, examples, &data, visitor)?;
        }
        visitor.epoch_ended(contents, position)
    }

    /// Passes over so many elements.
    pub(super) fn skip(&mut self, n: usize) -> Result<(), DataError> {
        match &mut self.elements {
            Elements::Streamed(reader) => reader.skip(n),
            Elements::Whole(_, at) => {
                *at += n;
                Ok(())
            }
        }
    }
}

/// The rows of a `.npy` file.
pub(super) fn open_rows(path: &Path, dtype: Option<Dtype>) -> Result<Rows<'static>, DataError> {
    let reader = NpyReader::open(path)?;
    Ok(match reader.is_fortran_order() {
        true => Rows::whole(read_npy(path)?, dtype),
        false => Rows::streamed(reader, dtype),
    })
}

/// Refuses an element type that outputs do not have.
pub(super) fn check_type(path: &Path, element: ElementType, dtype: Option<Dtype>) -> Result<(), DataError> {
    let problem = match (element, dtype) {
        (ElementType::U16, None) => {
            "outputs are uint16, expected floating-point numbers; option `dtype` bf16 reads them as bfloat16"
                .into()
        }
        (ElementType::U16, Some(Dtype::Bf16)) | (_, None) => return Ok(()),
        (element, Some(dtype)) => format!("outputs are {element}, expected uint16 with option `dtype` {dtype}"),
    };
    Err(malformed(path, "", problem))
}

/// Bits of the mantissa of numbers of a type.
pub(super) fn mantissa(element: ElementType, dtype: Option<Dtype>) -> u32 {
    match (element, dtype) {
        (ElementType::U16, Some(Dtype::Bf16)) => 8,
        (ElementType::F16, _) => 11,
        (ElementType::F32, _) => 24,
        _ => 53,
    }
}

/// The positions that there are of those asked for.
pub(super) fn within(positions: Range<usize>, contents: &Contents) -> Range<usize> {
    let n = contents.epochs.len();
    positions.start.min(n)..positions.end.min(n)
}
