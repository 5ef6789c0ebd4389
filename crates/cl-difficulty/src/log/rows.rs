use std::path::Path;

use cl_data::DataError;
use cl_data::io::{Array, ArrayData, NpyReader, read_npy};

use super::check::check;
use super::source::{Chunk, Contents, Values, Visitor};
use crate::error::DifficultyError;

/// Elements of a chunk: small enough for a cache, large enough that nothing else counts.
const CHUNK: usize = 1 << 20;

/// The elements of an array in C order, piece by piece.
pub(super) enum Rows<'a> {
    Streamed(NpyReader<'a>),
    /// An array in Fortran order, whose rows lie scattered over the file.
    Whole(ArrayData, usize),
}

impl Rows<'_> {
    pub(super) fn whole(array: Array) -> Self {
        Self::Whole(array.into_data(), 0)
    }

    fn next(&mut self, n: usize) -> Result<ArrayData, DataError> {
        match self {
            Self::Streamed(reader) => reader.read_chunk(n),
            Self::Whole(data, at) => {
                let range = *at..*at + n;
                *at += n;
                match data {
                    ArrayData::F32(values) => Ok(ArrayData::F32(values[range].to_vec())),
                    ArrayData::F64(values) => Ok(ArrayData::F64(values[range].to_vec())),
                    other => {
                        let mut floats: Vec<f64> = Vec::new();
                        other.append_floats(&mut floats)?;
                        let part = floats[range].to_vec();
                        *other = ArrayData::F64(floats);
                        Ok(ArrayData::F64(part))
                    }
                }
            }
        }
    }

    /// Shows one epoch, whose rows are `examples` in this order.
    pub(super) fn visit(
        &mut self,
        contents: &Contents,
        file: &Path,
        position: usize,
        examples: &[usize],
        visitor: &mut dyn Visitor,
    ) -> Result<(), DifficultyError> {
        for examples in examples.chunks((CHUNK / contents.n_classes).max(1)) {
            let data = self.next(examples.len() * contents.n_classes)?;
            show(contents, file, position, examples, &data, visitor)?;
        }
        visitor.epoch_ended(contents, position)
    }

    /// Passes over an epoch without showing it.
    pub(super) fn skip(&mut self, contents: &Contents) -> Result<(), DataError> {
        let mut left = contents.n_examples() * contents.n_classes;
        while left > 0 {
            left -= self.next(left.min(CHUNK))?.len();
        }
        Ok(())
    }
}

/// The rows of a `.npy` file.
pub(super) fn open_rows(path: &Path) -> Result<Rows<'static>, DataError> {
    let reader = NpyReader::open(path)?;
    Ok(if reader.is_fortran_order() { Rows::whole(read_npy(path)?) } else { Rows::Streamed(reader) })
}

/// Shows rows, once they are checked.
pub(super) fn show(
    contents: &Contents,
    file: &Path,
    position: usize,
    examples: &[usize],
    data: &ArrayData,
    visitor: &mut dyn Visitor,
) -> Result<(), DifficultyError> {
    let mut converted: Vec<f64> = Vec::new();
    let values = match data {
        ArrayData::F32(values) => Values::F32(values),
        ArrayData::F64(values) => Values::F64(values),
        other => {
            other.append_floats(&mut converted)?;
            Values::F64(&converted)
        }
    };
    let chunk = Chunk { file, position, examples, values };
    check(contents, &chunk)?;
    visitor.observe(contents, &chunk)
}
