use std::path::Path;

use cl_data::DataError;
use cl_data::io::{Array, NpyReader};

use super::note::Note;
use super::options::Options;
use super::rows::{Rows, check_type, mantissa};
use super::screen::{kind_of, tolerance, unknown_kind};
use super::source::OutputKind;

/// Numbers that are looked at to tell what all are.
const NUMBERS: usize = 1 << 18;

/// The first numbers of an array of outputs, in the order of its rows.
pub(super) struct Sample {
    pub(super) values: Vec<f64>,
    /// By how much probabilities of its type may miss 1.
    pub(super) tolerance: f64,
}

impl Sample {
    /// Of whole rows, as long as the last axis; `whole` reads the array where its rows lie scattered over the file.
    pub(super) fn of(
        path: &Path,
        reader: NpyReader<'_>,
        whole: impl FnOnce() -> Result<Array, DataError>,
        options: &Options,
    ) -> Result<Self, DataError> {
        let (element, dtype) = (reader.element_type(), options.dtype);
        check_type(path, element, dtype)?;
        let row_len = reader.shape().last().copied().unwrap_or(1).max(1);
        let n = (NUMBERS / row_len).max(1).saturating_mul(row_len).min(reader.n_remaining());
        let mut rows = match reader.is_fortran_order() {
            true => Rows::whole(whole()?, dtype),
            false => Rows::streamed(reader, dtype),
        };
        let mut values: Vec<f64> = Vec::new();
        rows.next(n)?.append_floats(&mut values)?;
        Ok(Self { values, tolerance: tolerance(mantissa(element, dtype)) })
    }

    /// What the numbers are, given what their name says: told, one number per example by name, or by content.
    pub(super) fn kind(
        &self,
        path: &Path,
        options: &Options,
        named: Option<OutputKind>,
        row_len: usize,
    ) -> Result<(OutputKind, Option<Note>), DataError> {
        match options.outputs.or(named.filter(|kind| kind.is_scalar())) {
            Some(told) if told.is_scalar() => Ok((told, None)),
            _ => kind_of(options, named, &self.values, row_len).ok_or_else(|| unknown_kind(path)),
        }
    }
}
